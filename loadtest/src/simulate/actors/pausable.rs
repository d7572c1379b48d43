//! A process that can be stopped and goes on later, as by SIGSTOP or a long pause of its machine: time passes, requests that it has
//! sent are answered, and it knows of nothing until it wakes.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

use crate::simulate::stage::Control;

pub(super) struct Pausable<F> {
    inner: Pin<Box<F>>,
    control: Arc<Control>,
    wakes: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Pausable<F> {
    pub(super) fn new(inner: F, control: Arc<Control>) -> Self {
        Self { inner: Box::pin(inner), control, wakes: None }
    }
}

impl<F: Future> Future for Pausable<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let until = *this.control.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until.filter(|until| *until > Instant::now()) {
            let wakes = this.wakes.insert(Box::pin(tokio::time::sleep_until(until)));
            // It is polled again when this comes; whatever wakes it before finds it asleep.
            if wakes.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        this.wakes = None;
        this.inner.as_mut().poll(cx)
    }
}
