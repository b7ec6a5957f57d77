//! How the value of an expression is shown to who asked for it: JSON where it is JSON, a message as its summary, a
//! connection in words. Safe for a terminal.

use rhai::{Dynamic, FnPtr};

use crate::render::escape::escape;

use super::connection::Connection;
use super::failure::Failure;
use super::matcher::Pattern;
use super::message::Message;
use super::value::{cut, written};

/// The most characters of a line, and of an object that stands on one line.
const LONGEST: usize = 4000;
const ONE_LINE: usize = 90;

/// The most lines.
const MOST: usize = 200;

/// A value in lines.
#[must_use]
pub fn answer(value: &Dynamic) -> Vec<String> {
    let mut lines = Vec::new();
    lay_out(value, "", &mut lines);
    if lines.len() > MOST {
        let left = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("… {left} more lines"));
    }
    lines
}

fn lay_out(value: &Dynamic, before: &str, lines: &mut Vec<String>) {
    let line = |text: &str| cut(&format!("{before}{}", escape(text.as_bytes())), LONGEST);
    if !(value.is_map() || value.is_array()) {
        return lines.push(line(&plain(value)));
    }
    let json = || Some((serde_json::to_string(value).ok()?, serde_json::to_string_pretty(value).ok()?));
    if let Some((json, pretty)) = json().filter(|_| is_json(value)) {
        return if json.chars().count() > ONE_LINE {
            lines.extend(pretty.lines().map(line));
        } else {
            lines.push(line(&json));
        };
    }
    // What is in it is no JSON: a line each.
    if let Ok(array) = value.as_array_ref() {
        for (value, at) in array.iter().zip(0..) {
            lay_out(value, &format!("{before}[{at}] "), lines);
        }
    } else if let Ok(map) = value.as_map_ref() {
        for (name, value) in map.iter() {
            lay_out(value, &format!("{before}{}: ", escape(name.as_bytes())), lines);
        }
    }
}

fn is_json(value: &Dynamic) -> bool {
    if let Ok(array) = value.as_array_ref() {
        return array.iter().all(is_json);
    }
    if let Ok(map) = value.as_map_ref() {
        return map.values().all(is_json);
    }
    value.is_unit() || value.is_bool() || value.is_int() || value.is_float() || value.is_string()
}

fn plain(value: &Dynamic) -> String {
    if let Ok(text) = value.as_immutable_string_ref() {
        format!("{:?}", text.as_str())
    } else if let Some(message) = value.read_lock::<Message>() {
        format!("#{} {}", message.number(), message.summary())
    } else if let Some(connection) = value.read_lock::<Connection>() {
        let over = if connection.port().is_over() { " (closed)" } else { "" };
        format!("connection {} to {}{over}", connection.number(), connection.url())
    } else if let Some(failure) = value.read_lock::<Failure>() {
        failure.message.clone()
    } else if let Some(pattern) = value.read_lock::<Pattern>() {
        pattern.to_string()
    } else if value.is::<FnPtr>() {
        "a function".to_owned()
    } else {
        written(value)
    }
}
