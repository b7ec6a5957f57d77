//! `/help`: all commands on one screen of 80 by 24, in groups, or one of them whole. What they say is in the table.

use std::fmt::Write as _;

use crate::render::Meaning;

use super::parse::is_name;
use super::table::{self, Spec};
use super::view::View;

/// The groups of the left column, then of the right one. Every command but those of a proxy is in one of them.
const GROUPS: [&[(&str, &[&str])]; 2] = [
    &[
        ("connections", &["connect", "reconnect", "disconnect", "drop", "use", "connections", "headers", "info"]),
        ("sending", &["send", "text", "binary", "json", "fragment", "ping", "pong", "close", "frame"]),
    ],
    &[
        ("looking back", &["show", "last", "find", "stats", "history", "record", "save"]),
        ("scripts and the shell", &["eval", "run", "on", "alias", "source", "filter", "set", "note", "help", "quit"]),
    ],
];

/// Columns of a name, by column of the help, and of the left column as a whole.
const NAMES: [usize; 2] = [13, 9];
const LEFT: usize = 39;

/// Appends the list of all commands; those of a proxy have a line where that is there.
pub(super) fn list(view: &View, between: bool, out: &mut String) {
    if between {
        let names: Vec<String> = table::between().iter().map(|spec| format!("/{}", spec.name)).collect();
        let _ = writeln!(out, "  Of what goes through the proxy: {}", names.join(" "));
    } else {
        out.push_str("  A line is sent as text; //x sends /x, @bob hi sends it to bob, = x runs Rhai.\n");
    }
    let [left, right] = [0, 1].map(rows);
    for row in 0..left.len().max(right.len()) {
        let (left, right) = (left.get(row), right.get(row));
        out.push_str("  ");
        let used = left.map_or(0, |cell| paint(cell, view, out));
        if let Some(right) = right {
            let _ = write!(out, "{:1$}", "", LEFT - used);
            paint(right, view, out);
        }
        out.push('\n');
    }
    for line in [
        "  /help COMMAND explains one. Tab completes, Alt-Enter makes a new line,",
        "  Ctrl-C cancels a line, Ctrl-R searches the lines typed, Ctrl-D leaves.",
    ] {
        view.paint(Meaning::Dim, line, out);
        out.push('\n');
    }
}

/// Appends what there is to say of one command.
pub(super) fn explain(spec: &Spec, view: &View, out: &mut String) {
    view.paragraph(Meaning::Strong, &format!("/{}", spec.name), spec.synopsis, out);
    let _ = writeln!(out, "    {}", spec.summary);
    if !spec.aliases.is_empty() {
        let aliases: Vec<String> = spec
            .aliases
            .iter()
            .map(|alias| if is_name(alias) { format!("/{alias}") } else { (*alias).into() })
            .collect();
        let _ = writeln!(out, "    also {}", aliases.join(", "));
    }
    for line in spec.help.lines() {
        out.push_str("    ");
        let example = line.starts_with(['/', '@', '=']);
        view.paint(if example { Meaning::Sent } else { Meaning::Plain }, line, out);
        out.push('\n');
    }
}

/// A place in a column.
enum Cell {
    Title(&'static str),
    /// The name filled to its column's width, and the summary.
    Command(String, &'static str),
}

fn rows(column: usize) -> Vec<Cell> {
    let width = NAMES[column];
    let row = |name: &&str| {
        let summary = table::find(name).map_or("", |spec| spec.summary);
        Cell::Command(format!("{:width$}", format!("/{name}")), summary)
    };
    let group = |(title, names): &(&'static str, &[&str])| {
        std::iter::once(Cell::Title(title)).chain(names.iter().map(row)).collect::<Vec<_>>()
    };
    GROUPS[column].iter().flat_map(group).collect()
}

/// Appends a cell; its columns.
fn paint(cell: &Cell, view: &View, out: &mut String) -> usize {
    match cell {
        Cell::Title(title) => {
            view.paint(Meaning::Strong, title, out);
            title.len()
        }
        Cell::Command(name, summary) => {
            view.paint(Meaning::Sent, name, out);
            out.push_str(summary);
            name.len() + summary.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::samples::plain;
    use crate::shell::table::commands;

    #[test]
    fn the_list_names_every_command_once_and_fits_a_small_terminal() {
        let mut shown = String::new();
        list(&plain(), false, &mut shown);
        let between = table::between();
        for spec in commands().filter(|spec| between.iter().all(|other| other.name != spec.name)) {
            let name = format!("/{} ", spec.name);
            assert_eq!(shown.matches(&name).count(), 1 + usize::from(spec.name == "help"), "{name}");
            assert!(shown.contains(spec.summary), "{name}");
        }
        // A line for what was typed, and one for the next prompt.
        assert!(shown.lines().count() + 2 <= 24, "{shown}");
        assert!(shown.lines().all(|line| line.len() < 80), "{shown}");
        let mut of_a_proxy = String::new();
        list(&plain(), true, &mut of_a_proxy);
        assert_eq!(of_a_proxy.lines().count(), shown.lines().count());
        assert!(of_a_proxy.lines().all(|line| line.len() < 80), "{of_a_proxy}");
        assert!(of_a_proxy.starts_with("  Of what goes through the proxy: /hold /held /release "), "{of_a_proxy}");
    }

    #[test]
    fn what_explains_a_command_fits_the_lines_of_a_small_terminal() {
        let mut view = plain();
        view.set_width(Some(80));
        for spec in commands() {
            let mut shown = String::new();
            explain(spec, &view, &mut shown);
            assert!(shown.lines().all(|line| line.len() < 80), "{shown}");
        }
    }
}
