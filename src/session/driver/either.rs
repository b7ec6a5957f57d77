//! One thread for two connections: a proxy's legs. No hand-over, so nothing is added to what a frame takes through both.

use std::time::Duration;

use super::{Driver, Waited, socket};

/// Which of two drivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either {
    First,
    Second,
}

/// Waits until something happens on either of two connections of one timeline, neither of which is over, or `until` passes:
/// which it was, and what. Otherwise as [`Driver::wait`].
pub fn wait_either(first: &mut Driver, second: &mut Driver, until: Option<Duration>) -> (Either, Waited) {
    loop {
        if let Some(waited) = first.advance() {
            return (Either::First, waited);
        }
        if let Some(waited) = second.advance() {
            return (Either::Second, waited);
        }
        let deadlines = [first.deadline(until), second.deadline(until)];
        let patience = [first.patience(deadlines[0]), second.patience(deadlines[1])].into_iter().flatten().min();
        match socket::poll([first, second], patience) {
            Ok([true, _]) => return (Either::First, Waited::Woken),
            Ok([_, true]) => return (Either::Second, Waited::Woken),
            Ok(_) => {}
            Err(error) => {
                first.cannot_wait(&error);
                second.cannot_wait(&error);
            }
        }
        if let Some(waited) = first.due(until, deadlines[0]) {
            return (Either::First, waited);
        }
        if let Some(waited) = second.due(until, deadlines[1]) {
            return (Either::Second, waited);
        }
    }
}
