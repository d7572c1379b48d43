//! Customers as a label, up to a number.
//!
//! Whoever is seen first has a value of its own; everybody after that is `other`. The sum over all values is always right.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use super::label::OTHER;

/// A longer name is `other`: labels are to be read.
const NAME_BYTES_MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Customers {
    most: usize,
    known: RwLock<HashSet<String>>,
}

impl Customers {
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: RwLock::default() }
    }

    pub(super) fn label<'a>(&self, customer: &'a str) -> &'a str {
        if self.known.read().unwrap_or_else(PoisonError::into_inner).contains(customer) {
            return customer;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have let it in meanwhile.
        if !known.contains(customer) && (known.len() >= self.most || customer.len() > NAME_BYTES_MAX) {
            return OTHER;
        }
        known.insert(customer.to_owned());
        customer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_have_a_value_and_the_others_share_one() {
        let customers = Customers::new(2);
        let labels = ["a", "b", "c", "a", "d", "b"].map(|name| customers.label(name));
        assert_eq!(labels, ["a", "b", "other", "a", "other", "b"]);
        assert_eq!(Customers::new(0).label("a"), "other");
        assert_eq!(Customers::new(9).label(&"x".repeat(65)), "other");
    }
}
