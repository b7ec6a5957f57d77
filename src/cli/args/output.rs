//! Options of what is shown, and how.

use clap::{Args, ValueEnum};

/// How events are shown.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// How an event is shown [default: short, raw in pipe mode]
    #[arg(long, value_name = "short|full|raw|json", value_enum, hide_possible_values = true)]
    pub format: Option<Format>,
    /// Time before an event
    #[arg(long, value_name = "relative|delta|clock|none", value_enum, default_value_t, hide_possible_values = true)]
    pub timestamps: Timestamps,
    /// How much of the opening handshake
    #[arg(long, value_name = "none|short|full", value_enum, default_value_t, hide_possible_values = true)]
    pub headers: HeadersShown,
    /// JSON as it came or indented
    #[arg(long, value_name = "compact|pretty", value_enum, default_value_t, hide_possible_values = true)]
    pub json: JsonShown,
    /// Auto: a terminal without NO_COLOR
    #[arg(long, value_name = "auto|always|never", value_enum, default_value_t, hide_possible_values = true)]
    pub color: ColorWhen,
    /// Recorded credentials: *** or as is
    #[arg(long, value_name = "mask|keep", value_enum, default_value_t, hide_possible_values = true)]
    pub secrets: Secrets,
    /// Show messages and errors only
    #[arg(short, long)]
    pub quiet: bool,
}

/// How an event is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line, long payloads cut.
    Short,
    /// With the whole payload and the bits of the header.
    Full,
    /// Received payloads alone.
    Raw,
    /// Lines of the recording format.
    Json,
}

/// Which time stands before an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Timestamps {
    /// Since the start.
    #[default]
    Relative,
    /// Since the event before.
    Delta,
    /// Of day.
    Clock,
    None,
}

/// How much of the opening handshake is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum HeadersShown {
    None,
    /// One line of what was agreed on.
    Short,
    /// Request and response as on the wire.
    #[default]
    Full,
}

/// How JSON in text messages is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum JsonShown {
    /// As it came.
    #[default]
    Compact,
    /// Indented and coloured.
    Pretty,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// Whether credentials are written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Secrets {
    /// As `***`.
    #[default]
    Mask,
    /// As they are.
    Keep,
}
