//! Customers as a label, up to a number.
//!
//! Whoever is seen first has a value of its own; everybody after that is `other`. The sum over all values is always right.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::label::OTHER;

/// A longer name is `other`: labels are to be read.
const NAME_BYTES_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Customers {
    most: usize,
    known: Mutex<HashMap<String, Arc<str>>>,
}

impl Customers {
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: Mutex::default() }
    }

    pub(super) fn label(&self, customer: &str) -> opentelemetry::Value {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(label) = known.get(customer) {
            return Arc::clone(label).into();
        }
        if known.len() >= self.most || customer.len() > NAME_BYTES_MAX {
            return OTHER.into();
        }
        let label: Arc<str> = customer.into();
        known.insert(customer.to_owned(), Arc::clone(&label));
        label.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_have_a_value_and_the_others_share_one() {
        let customers = Customers::new(2);
        let labels: Vec<String> =
            ["a", "b", "c", "a", "d", "b"].map(|name| customers.label(name).to_string()).into();
        assert_eq!(labels, ["a", "b", "other", "a", "other", "b"]);
        assert_eq!(Customers::new(0).label("a").to_string(), "other");
        assert_eq!(Customers::new(9).label(&"x".repeat(65)).to_string(), "other");
    }
}
