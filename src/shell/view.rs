//! How the shell has events turned into text: by the renderer or as lines of the recording format, changeable while it runs.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::event::{Event, FrameEvent, Kind};
use crate::recording::{Lines, Masks};
use crate::render::{self, Format, HeadersShown, JsonShown, Meaning, Renderer, Subject, Timestamps};

use super::ring::Entry;

/// Turns events into text for the screen.
pub struct View {
    renderer: Renderer,
    masks: Masks,
    /// Set while the format is `json`.
    json: Option<Lines>,
}

/// Something that /set changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) values: &'static [&'static str],
}

/// What /set changes of a view, in the order of its list. Each value's index is that of its variant below.
pub(super) const SETTINGS: &[Setting] = &[
    Setting { name: "format", values: &["short", "full", "raw", "json"] },
    Setting { name: "timestamps", values: &["relative", "delta", "clock", "none"] },
    Setting { name: "headers", values: &["none", "short", "full"] },
    Setting { name: "json", values: &["compact", "pretty"] },
];

/// What the shell itself can set.
pub(super) const ON_VIOLATION: Setting = Setting { name: "on-violation", values: &["fail", "continue"] };

const FORMATS: [Format; 3] = [Format::Short, Format::Full, Format::Raw];
const TIMESTAMPS: [Timestamps; 4] = [Timestamps::Relative, Timestamps::Delta, Timestamps::Clock, Timestamps::None];
const HEADERS: [HeadersShown; 3] = [HeadersShown::None, HeadersShown::Short, HeadersShown::Full];
const JSON: [JsonShown; 2] = [JsonShown::Compact, JsonShown::Pretty];

impl View {
    /// A view by `renderer`; in the format `json` (with `json` set, or after `/set format json`) secrets are as said.
    #[must_use]
    pub fn new(renderer: Renderer, json: bool, masks: Masks) -> View {
        let json = json.then(|| Lines::new(masks.clone()));
        View { renderer, masks, json }
    }

    /// Appends the event's line or lines, each with its line end; nothing for an event that is not shown.
    pub(super) fn event(&mut self, event: &Event, out: &mut String) {
        match &mut self.json {
            Some(lines) => json_line(lines, event, out),
            None => self.renderer.event(event, out),
        }
    }

    /// Takes out what is secret of what was appended from there on.
    pub(super) fn mask(&self, from: usize, out: &mut String) {
        if let Cow::Owned(masked) = self.masks.without_values(&out[from..]) {
            out.replace_range(from.., &masked);
        }
    }

    /// What shows events of the past in the same way, leaving no trace in what comes next.
    pub(super) fn again(&self) -> View {
        let json = self.json.as_ref().map(|_| Lines::new(self.masks.clone()));
        View { renderer: self.renderer.clone(), masks: self.masks.clone(), json }
    }

    /// Appends a frame whole.
    pub(super) fn inspect(&self, entry: &Entry, fragments: &[&FrameEvent], out: &mut String) {
        let violations: Vec<_> = entry.violations().collect();
        let subject = Subject { event: &entry.frame, time: entry.time(), violations: &violations, fragments };
        render::inspect(&subject, self.renderer.options(), out);
    }

    /// Appends a connection's opening handshake as on the wire (`raw`), or what came of it.
    pub(super) fn opening(&self, events: &[Event], raw: bool, out: &mut String) {
        let mut renderer = self.renderer.clone();
        renderer.options_mut().headers = HeadersShown::Full;
        renderer.options_mut().format = Format::Full;
        let mut unseen = String::new();
        for event in events {
            let head = matches!(event.kind, Kind::Request(_) | Kind::Response(_) | Kind::Fault(_));
            let wanted = if raw { head } else { !head };
            renderer.event(event, if wanted { out } else { &mut unseen });
        }
    }

    /// Appends text in the look of its meaning.
    pub(super) fn paint(&self, meaning: Meaning, text: &str, out: &mut String) {
        self.renderer.options().palette.paint(meaning, text, out);
    }

    /// Appends words of the shell's own, folded to begin behind a label.
    pub(super) fn paragraph(&self, meaning: Meaning, label: &str, text: &str, out: &mut String) {
        render::paragraph(meaning, label, text, self.renderer.options(), out);
    }

    /// A setting's value now.
    pub(super) fn get(&self, setting: &Setting) -> &'static str {
        let options = self.renderer.options();
        let index = match setting.name {
            "format" if self.json.is_some() => Some(3),
            "format" => FORMATS.iter().position(|each| *each == options.format),
            "timestamps" => TIMESTAMPS.iter().position(|each| *each == options.timestamps),
            "headers" => HEADERS.iter().position(|each| *each == options.headers),
            _ => JSON.iter().position(|each| *each == options.json),
        };
        setting.values[index.unwrap_or(0)]
    }

    /// Changes a setting to one of its values, by index.
    pub(super) fn set(&mut self, setting: &Setting, value: usize) {
        let options = self.renderer.options_mut();
        match setting.name {
            "format" => match FORMATS.get(value) {
                Some(format) => {
                    options.format = *format;
                    self.json = None;
                }
                None => self.json = Some(Lines::new(self.masks.clone())),
            },
            "timestamps" => options.timestamps = TIMESTAMPS[value],
            "headers" => options.headers = HEADERS[value],
            _ => options.json = JSON[value],
        }
    }

    /// From now on this connection is called this.
    pub(super) fn name(&mut self, connection: u32, name: &str) {
        self.renderer.name_connection(connection, name);
    }

    /// From now on lines may have so many columns.
    pub(super) fn set_width(&mut self, columns: Option<usize>) {
        if self.renderer.options().width != columns {
            self.renderer.options_mut().width = columns;
        }
    }
}

/// A line of the recording format, in which no control character reaches a terminal.
fn json_line(lines: &mut Lines, event: &Event, out: &mut String) {
    let mut bytes = Vec::new();
    lines.event(event, &mut bytes);
    for c in String::from_utf8_lossy(&bytes).chars() {
        if c.is_control() && c != '\n' {
            // Writing to a String does not fail.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
}
