//! A test run as plain data, and its reports: JSON, `JUnit` XML, TAP, an HTML page, GitHub's workflow commands.
//!
//! Whoever runs tests fills a [`Run`]; whoever reports reads one. Neither knows the other, so a script, a replay that is held
//! against its recording and shards joined from several machines are reported alike.
//!
//! ```text
//! Run -> suites (a file each) -> cases -> outcome: passed, failed, error, skipped
//! ```
//!
//! Reports show what they are given: secrets are masked by whoever renders frames and messages into a [`Failure`], as in
//! recordings. What breaks a format is escaped here.
//!
//! # The JSON report, version 1
//!
//! One object, UTF-8. It begins with the version; its members are those of [`Run`], and below them of [`Suite`], [`Case`],
//! [`Attempt`] and [`Failure`]:
//!
//! ```json
//! {
//!   "wscope_report": 1,
//!   "by": "wscope 0.1.0",
//!   "started": "2026-11-23T04:20:00.123456Z",
//!   "duration": 1.25,
//!   "shard": { "index": 1, "count": 3 },
//!   "seed": 42,
//!   "suites": [
//!     {
//!       "file": "tests/chat.test.rhai",
//!       "cases": [
//!         { "name": "echoes", "line": 3, "tags": ["smoke"], "duration": 0.5, "outcome": "passed" },
//!         { "name": "joins", "line": 9, "duration": 0.75, "outcome": "failed",
//!           "why": { "message": "expected 2, got 3", "line": 12, "column": 5 } },
//!         { "name": "leaves", "line": 20, "duration": 0.0, "outcome": "skipped", "why": "no server" }
//!       ]
//!     }
//!   ]
//! }
//! ```
//!
//! Durations are seconds to the microsecond, times RFC 3339 in UTC. A member that is absent is empty or unknown. Readers
//! ignore members that they do not know; the version is raised when one changes its meaning.

pub mod github;
pub mod html;
pub mod json;
pub mod junit;
mod merge;
mod result;
mod rewrite;
mod save;
mod shard;
pub mod tap;
mod text;
mod time;

#[cfg(test)]
mod samples;

pub use json::ReadError;
pub use merge::{Doubled, MergeError, Merged, merge};
pub use result::{Attempt, Case, Counts, Failure, Outcome, Run, Suite, caret};
pub use rewrite::Change;
pub use save::save;
pub use shard::Shard;
pub(crate) use text::markup;
pub use time::short;
