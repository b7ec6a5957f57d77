//! Colours by meaning, in one table. Whether there is colour at all is a value passed in: nothing here asks the environment.

use std::fmt::Write;

use colored::Color;

/// What a stretch of text is, which decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Plain,
    Strong,
    Dim,
    /// What went out.
    Sent,
    /// What came in.
    Received,
    /// Ping, pong and close.
    Control,
    /// A broken rule or an error.
    Violation,
    /// The offending bytes themselves: reversed, and in brackets where there is no colour.
    Marked,
    /// An escape that stands for a character.
    Escape,
    /// A name in a JSON object, a header's name.
    Name,
    /// A JSON string.
    Text,
    /// A JSON number.
    Number,
    /// JSON's `true`, `false` and `null`.
    Word,
    /// Of two that are compared, what the first alone has.
    Removed,
    /// What the second alone has.
    Added,
    /// What both have, each in its way.
    Changed,
}

impl Meaning {
    /// SGR attribute (1 bold, 2 dim, 4 underlined, 7 reversed; 0 none) and colour.
    #[allow(clippy::match_same_arms, reason = "a table: a meaning a row")]
    const fn look(self) -> (u8, Option<Color>) {
        match self {
            Meaning::Plain => (0, None),
            Meaning::Strong => (1, None),
            Meaning::Dim => (2, None),
            Meaning::Sent => (0, Some(Color::Cyan)),
            Meaning::Received => (0, Some(Color::Green)),
            Meaning::Control => (0, Some(Color::Yellow)),
            Meaning::Violation => (1, Some(Color::Red)),
            Meaning::Marked => (7, Some(Color::Red)),
            Meaning::Escape => (0, Some(Color::Magenta)),
            Meaning::Name => (0, Some(Color::Blue)),
            Meaning::Text => (0, Some(Color::Green)),
            Meaning::Number => (0, Some(Color::Cyan)),
            Meaning::Word => (0, Some(Color::Yellow)),
            Meaning::Removed => (0, Some(Color::Red)),
            Meaning::Added => (0, Some(Color::Green)),
            Meaning::Changed => (0, Some(Color::Yellow)),
        }
    }
}

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// With or without colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Palette {
    coloured: bool,
}

impl Palette {
    pub const PLAIN: Palette = Palette { coloured: false };
    pub const COLOURED: Palette = Palette { coloured: true };

    /// What the user chose, given whether the output is a terminal and whether `NO_COLOR` is set and not empty.
    #[must_use]
    pub const fn choose(choice: ColourChoice, terminal: bool, no_color: bool) -> Palette {
        match choice {
            ColourChoice::Always => Palette::COLOURED,
            ColourChoice::Never => Palette::PLAIN,
            ColourChoice::Auto => Palette { coloured: terminal && !no_color },
        }
    }

    /// Whether there is colour.
    #[must_use]
    pub const fn is_coloured(self) -> bool {
        self.coloured
    }

    /// Appends `text` in the look of its meaning.
    pub fn paint(self, meaning: Meaning, text: &str, out: &mut String) {
        if !self.coloured {
            return match meaning {
                Meaning::Marked => out.extend(["[", text, "]"]),
                _ => out.push_str(text),
            };
        }
        // Writing to a String does not fail.
        let _ = match meaning.look() {
            (0, None) => return out.push_str(text),
            (0, Some(colour)) => write!(out, "\x1b[{}m", colour.to_fg_str()),
            (attribute, None) => write!(out, "\x1b[{attribute}m"),
            (attribute, Some(colour)) => write!(out, "\x1b[{attribute};{}m", colour.to_fg_str()),
        };
        out.push_str(text);
        out.push_str("\x1b[0m");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_the_users_choice_then_the_terminals() {
        assert!(Palette::choose(ColourChoice::Auto, true, false).is_coloured());
        assert!(!Palette::choose(ColourChoice::Auto, true, true).is_coloured());
        assert!(!Palette::choose(ColourChoice::Auto, false, false).is_coloured());
        assert!(Palette::choose(ColourChoice::Always, false, true).is_coloured());
        assert!(!Palette::choose(ColourChoice::Never, true, false).is_coloured());
    }

    #[test]
    fn a_mark_is_seen_with_and_without_colour() {
        let mut out = String::new();
        Palette::PLAIN.paint(Meaning::Marked, "83", &mut out);
        Palette::PLAIN.paint(Meaning::Violation, " 02", &mut out);
        Palette::COLOURED.paint(Meaning::Marked, "83", &mut out);
        Palette::COLOURED.paint(Meaning::Plain, " 02", &mut out);
        assert_eq!(out, "[83] 02\x1b[7;31m83\x1b[0m 02");
    }
}
