//! What an expectation wants: a text, bytes, a regular expression, fields of JSON, whatever a function says, or several.

use std::fmt;

use regex::bytes::Regex;
use rhai::{Array, Dynamic, FLOAT, FnPtr, INT, NativeCallContext};

use crate::recording::why_no_regex;

use super::callback::ask;
use super::difference::{Difference, differences, fields};
use super::failure::{Failure, Raised};
use super::message::Message;
use super::value::{cut, written};

/// What a message is held against.
#[derive(Clone)]
pub enum Matcher {
    /// The text, or the bytes of a binary message, exactly.
    Exactly(Dynamic),
    Pattern(Pattern),
    /// Its JSON has these fields.
    Json(Dynamic),
    /// A function of the message says so.
    Function(FnPtr),
    Any(Vec<Matcher>),
    All(Vec<Matcher>),
}

/// Text to search for: `regex(...)` or `contains(...)`.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    /// As the script wrote it.
    written: String,
}

/// `any_of([...])` and `all_of([...])`.
#[derive(Clone)]
pub struct Several {
    pub matchers: Array,
    pub all: bool,
}

impl Pattern {
    /// A regular expression, searched for anywhere in the payload.
    ///
    /// # Errors
    /// It is none.
    pub fn regex(source: &str) -> Raised<Pattern> {
        let regex = Regex::new(source).map_err(|error| {
            let text = format!("{source:?} is no regular expression: {}", why_no_regex(&error));
            Failure::usage(text, "\\ before a character takes it as it is")
        })?;
        Ok(Pattern { regex, written: format!("regex({source:?})") })
    }

    /// What is searched for.
    #[must_use]
    pub fn into_regex(self) -> Regex {
        self.regex
    }

    /// A text anywhere in the payload.
    ///
    /// # Errors
    /// It is too long to search for.
    pub fn contains(text: &str) -> Raised<Pattern> {
        let pattern = Pattern::regex(&regex::escape(text))?;
        Ok(Pattern { written: format!("contains({text:?})"), ..pattern })
    }

    #[must_use]
    pub fn matches(&self, data: &[u8]) -> bool {
        self.regex.is_match(data)
    }

    /// What it finds first: its first group, or all of it if it has none.
    #[must_use]
    pub fn first<'d>(&self, data: &'d [u8]) -> Option<&'d [u8]> {
        let found = self.regex.captures(data)?;
        found.get(1).or(found.get(0)).map(|found| found.as_bytes())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&cut(&self.written, 200))
    }
}

impl Matcher {
    /// What a script's value means as an expectation.
    ///
    /// # Errors
    /// It means none.
    pub fn of(value: &Dynamic) -> Raised<Matcher> {
        if let Some(several) = value.read_lock::<Several>() {
            let matchers: Raised<Vec<_>> = several.matchers.iter().map(Matcher::of).collect();
            return Ok(if several.all { Matcher::All(matchers?) } else { Matcher::Any(matchers?) });
        }
        if let Some(pattern) = value.read_lock::<Pattern>() {
            return Ok(Matcher::Pattern(pattern.clone()));
        }
        if let Some(function) = value.read_lock::<FnPtr>() {
            return Ok(Matcher::Function(function.clone()));
        }
        if value.is_map() || value.is_array() {
            return Ok(Matcher::Json(value.flatten_clone()));
        }
        if value.is_string() || value.is_blob() {
            return Ok(Matcher::Exactly(value.flatten_clone()));
        }
        let hint =
            "a text, a blob, regex(...), contains(...), a map of JSON fields, a function, any_of([...]), all_of([...])";
        Err(Failure::usage(format!("nothing can be expected by {}", written(value)), hint).into())
    }

    /// Whether a message is as wanted.
    ///
    /// # Errors
    /// A function failed.
    pub fn matches(&self, message: &Message, context: &NativeCallContext<'_>) -> Raised<bool> {
        Ok(match self {
            Matcher::Exactly(wanted) => match wanted.as_immutable_string_ref() {
                Ok(text) => message.text().as_immutable_string_ref().is_ok_and(|got| *got == *text),
                Err(_) => {
                    message.opcode() == "binary"
                        && wanted.as_blob_ref().is_ok_and(|blob| blob[..] == message.data()[..])
                }
            },
            Matcher::Pattern(pattern) => pattern.matches(message.data()),
            Matcher::Json(_) => self.differences(message, context)?.is_some_and(|found| found.is_empty()),
            Matcher::Function(function) => ask(function, Dynamic::from(message.clone()), context)?,
            Matcher::Any(matchers) => {
                for matcher in matchers {
                    if matcher.matches(message, context)? {
                        return Ok(true);
                    }
                }
                false
            }
            Matcher::All(matchers) => {
                for matcher in matchers {
                    if !matcher.matches(message, context)? {
                        return Ok(false);
                    }
                }
                true
            }
        })
    }

    /// Field by field what is not as wanted in a message; `None` where there are no fields to compare.
    ///
    /// # Errors
    /// A function failed.
    pub fn differences(&self, message: &Message, context: &NativeCallContext<'_>) -> Raised<Option<Vec<Difference>>> {
        let Matcher::Json(wanted) = self else { return Ok(None) };
        let got = message.json();
        let is_same_kind = got.is_map() == wanted.is_map() && got.is_array() == wanted.is_array();
        if !is_same_kind {
            return Ok(None);
        }
        differences(wanted, &got, context).map(Some)
    }

    /// How many fields it wants.
    #[must_use]
    pub fn fields(&self) -> usize {
        if let Matcher::Json(wanted) = self { fields(wanted) } else { 0 }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = |f: &mut fmt::Formatter<'_>, word: &str, matchers: &[Matcher]| {
            for (matcher, number) in matchers.iter().zip(1..) {
                if number > 1 {
                    write!(f, " {word} ")?;
                }
                write!(f, "{matcher}")?;
            }
            Ok(())
        };
        match self {
            Matcher::Exactly(wanted) => f.write_str(&written(wanted)),
            Matcher::Pattern(pattern) => write!(f, "{pattern}"),
            Matcher::Json(wanted) => write!(f, "JSON {}", written(wanted)),
            Matcher::Function(_) => f.write_str("what the function takes"),
            Matcher::Any(matchers) => several(f, "or", matchers),
            Matcher::All(matchers) => several(f, "and", matchers),
        }
    }
}

/// Both as floating-point numbers, if both are numbers.
#[allow(clippy::cast_precision_loss, reason = "JSON's numbers are no more precise")]
pub(super) fn numbers(a: &Dynamic, b: &Dynamic) -> Option<(FLOAT, FLOAT)> {
    let number = |value: &Dynamic| value.as_float().or_else(|_| value.as_int().map(|int: INT| int as FLOAT)).ok();
    Some((number(a)?, number(b)?))
}
