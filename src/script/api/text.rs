//! Text taken apart, and in columns: numbers, times and sizes to read, and small bars.

use std::time::Duration;

use rhai::plugin::*;
use rhai::{Dynamic, FLOAT, INT};

use crate::render::{plot, quantity};
use crate::script::failure::{Failure, FailureKind, Raised};
use crate::script::matcher::Pattern;
use crate::script::value::written;

#[export_module]
pub mod api {
    /// What the group of a regular expression is in a text; without a group all that it finds. Fails if it finds nothing.
    #[rhai_fn(name = "capture", return_raw)]
    pub fn capture(text: &str, pattern: &str) -> Raised<String> {
        let found = Pattern::regex(pattern)?.first(text.as_bytes()).map(|found| String::from_utf8_lossy(found).into());
        found.ok_or_else(|| {
            let (pattern, text) = (written(&pattern.into()), written(&text.into()));
            Failure::new(FailureKind::Expectation, format!("{pattern} finds nothing in {text}")).into()
        })
    }

    /// A value as text, with blanks behind it up to this many characters.
    #[rhai_fn(name = "left")]
    pub fn left(value: Dynamic, width: INT) -> String {
        format!("{:<1$}", value.to_string(), columns(width))
    }

    /// A value as text, with blanks before it up to this many characters.
    #[rhai_fn(name = "right")]
    pub fn right(value: Dynamic, width: INT) -> String {
        format!("{:>1$}", value.to_string(), columns(width))
    }

    /// A number with this many decimals.
    #[rhai_fn(name = "fixed", return_raw)]
    pub fn fixed(number: Dynamic, decimals: INT) -> Raised<String> {
        Ok(format!("{:.1$}", amount(&number)?, columns(decimals).min(17)))
    }

    /// Seconds as a time to read: `0.8 ms`, `1.2 s`.
    #[rhai_fn(name = "time_text", return_raw)]
    pub fn time_text(seconds: Dynamic) -> Raised<String> {
        let time = Duration::try_from_secs_f64(amount(&seconds)?);
        let time =
            time.map_err(|_| Failure::usage(format!("{} is no time", written(&seconds)), "time_text(message.after)"))?;
        Ok(quantity::duration(time))
    }

    /// Bytes as a size to read: `12 B`, `64.0 KiB`.
    #[rhai_fn(name = "size_text")]
    pub fn size_text(bytes: INT) -> String {
        quantity::size(u64::try_from(bytes).unwrap_or_default())
    }

    /// A bar as long as `value` is beside `most`, which has this many columns.
    #[rhai_fn(name = "bar")]
    pub fn bar(value: INT, most: INT, width: INT) -> String {
        let whole = |number: INT| u64::try_from(number).unwrap_or_default();
        plot::bar(whole(value), whole(most), columns(width))
    }
}

/// No line of a terminal is longer.
fn columns(width: INT) -> usize {
    usize::try_from(width.clamp(0, 1000)).unwrap_or_default()
}

#[allow(clippy::cast_precision_loss, reason = "for people to read")]
fn amount(value: &Dynamic) -> Raised<FLOAT> {
    let number = value.as_float().or_else(|_| value.as_int().map(|int| int as FLOAT));
    number.map_err(|_| Failure::usage(format!("{} is no number", written(value)), "fixed(2.5, 1)").into())
}
