//! Runs the cases of scripts: what a file defines, which of it is wanted, in which order, and how each case ended.
//!
//! Nothing here knows of threads, files or terminals; what becomes of a case is data of a test run, [`crate::report`].

mod ended;
mod order;
mod select;
mod suite;

pub use ended::{Ended, tried};
pub use order::shuffle;
pub use select::{Key, Selection};
pub use suite::{Listed, Suite};
