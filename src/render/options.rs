//! What the user chose to see.

use std::time::SystemTime;

use jiff::tz::TimeZone;

use super::style::Palette;

/// How much of an event is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A line a frame.
    #[default]
    Short,
    /// A line a frame with everything that its header says, and its payload under it.
    Full,
    /// Payloads of received messages alone.
    Raw,
}

/// Which time stands before an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// Since the timeline began.
    #[default]
    Relative,
    /// Since the event shown before.
    Delta,
    /// The time of day.
    Clock,
    None,
}

/// How much of the opening handshake is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadersShown {
    /// The summary alone.
    None,
    /// The start lines and `Sec-WebSocket-*`.
    #[default]
    Short,
    /// Every line as on the wire, and the certificate.
    Full,
}

/// How JSON text is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonShown {
    /// As sent.
    #[default]
    Compact,
    /// Indented and coloured; every token as sent.
    Pretty,
}

/// Everything that rendering depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    pub format: Format,
    pub timestamps: Timestamps,
    pub headers: HeadersShown,
    pub json: JsonShown,
    pub palette: Palette,
    /// Columns that a frame's line may take; `None`: as many as it needs.
    pub width: Option<usize>,
    /// The most bytes of one payload that are shown.
    pub max_payload: usize,
    /// Only messages, and what went wrong.
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            format: Format::default(),
            timestamps: Timestamps::default(),
            headers: HeadersShown::default(),
            json: JsonShown::default(),
            palette: Palette::PLAIN,
            width: None,
            max_payload: 64 << 10,
            quiet: false,
        }
    }
}

/// The wall time that the timeline began at, and where the user's clock hangs.
#[derive(Clone, Debug)]
pub struct WallClock {
    pub created: SystemTime,
    pub zone: TimeZone,
}

impl WallClock {
    /// In the system's time zone.
    #[must_use]
    pub fn local(created: SystemTime) -> WallClock {
        WallClock { created, zone: TimeZone::system() }
    }
}
