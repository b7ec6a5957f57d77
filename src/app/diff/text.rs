//! The differences of two recordings for people.

use std::fmt::Write as _;

use super::{Both, Compared, Connection};
use crate::render::escape::escape;
use crate::render::quantity::counted;
use crate::render::{Meaning, Options};
use crate::replay::Score;
use crate::replay::compare;

/// Which file is which, and what differs, connection by connection.
pub(super) fn text(compared: &Compared, options: &Options, context: usize) -> String {
    let palette = options.palette;
    let mut out = String::new();
    let signs = [("- ", Meaning::Removed), ("+ ", Meaning::Added)];
    for ((sign, meaning), name) in signs.into_iter().zip(&compared.names) {
        palette.paint(meaning, sign, &mut out);
        palette.paint(Meaning::Strong, &escape(name.as_bytes()), &mut out);
        out.push('\n');
    }
    for connection in &compared.connections {
        out.push('\n');
        match connection {
            Connection::Both(both) => {
                heading(both, options, &mut out);
                handshake(both, options, &mut out);
                out.push_str(&compare::render(&both.verdict, options, context));
            }
            Connection::One(side, score) => {
                let (sign, meaning) = signs[*side];
                palette.paint(meaning, &format!("{sign}{}", one(score)), &mut out);
                out.push('\n');
            }
        }
    }
    out
}

fn heading(both: &Both, options: &Options, out: &mut String) {
    let (a, b) = (&both.a, &both.b);
    let mut title = format!("connection {}", a.number);
    // Writing to a String does not fail.
    if a.number != b.number {
        let _ = write!(title, " and {}", b.number);
    }
    options.palette.paint(Meaning::Strong, &title, out);
    let mut urls = format!("  {}", escape(a.url.as_bytes()));
    if a.url != b.url {
        let _ = write!(urls, " and {}", escape(b.url.as_bytes()));
    }
    if a.role != b.role {
        urls.push_str("  recorded by either side: sent is held against received");
    }
    options.palette.paint(Meaning::Plain, &urls, out);
    out.push('\n');
}

/// A line a difference, in columns.
fn handshake(both: &Both, options: &Options, out: &mut String) {
    let palette = options.palette;
    let name =
        |header: &Option<String>| header.as_ref().map_or_else(|| "start line".to_owned(), |name| format!("{name}:"));
    let widest =
        both.handshake.iter().map(|difference| name(&difference.header).chars().count()).max().unwrap_or_default();
    for difference in &both.handshake {
        palette.paint(Meaning::Changed, "~ ", out);
        palette.paint(Meaning::Plain, &format!("{:<9}", difference.part), out);
        let header = name(&difference.header);
        let blanks = " ".repeat(widest - header.chars().count() + 1);
        palette.paint(Meaning::Name, &escape(header.as_bytes()), out);
        out.push_str(&blanks);
        let [a, b] = difference
            .values
            .each_ref()
            .map(|value| value.as_deref().map_or("nothing".into(), |v| escape(v.as_bytes())));
        palette.paint(Meaning::Removed, &a, out);
        out.push_str(" -> ");
        palette.paint(Meaning::Added, &b, out);
        out.push('\n');
    }
}

fn one(score: &Score) -> String {
    let count = counted(score.conversation().messages.len(), "message");
    format!("connection {}  {}  {count}", score.number, escape(score.url.as_bytes()))
}
