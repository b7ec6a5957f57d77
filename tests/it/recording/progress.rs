//! How far a recording is, on a real terminal.

use super::place;
use crate::support::frames::text;
use crate::support::server::says;
use crate::support::tmux::{Terminal, is_installed};

#[test]
fn progress_is_one_line_however_narrow_the_terminal_and_ends_with_all_of_it() {
    if !is_installed() {
        return;
    }
    let (folder, path) = place();
    let server = says([text("one"), text("three")].concat());
    let args = format!("record {} --no-compress -o '{}'", server.url(), path.display());
    let terminal = Terminal::new().run_with("", &args, (60, 10));
    let screen = terminal.wait_for(" 2 frames ");
    let progress = |screen: &str| screen.lines().filter(|line| line.contains(" frames ")).count();
    assert_eq!((progress(&screen), screen.trim_end().lines().count()), (1, 1), "{screen}");
    // Drawn over many times, it still is one line.
    let first = screen.trim_start().split(' ').next().unwrap().to_owned();
    let later = terminal.wait_until("a later time", |screen| !screen.contains(&first));
    assert_eq!(later.trim_end().lines().count(), 1, "{later}");
    assert!(later.contains("       8 B "), "{later}");
    terminal.press(["C-c"]);
    assert_eq!(terminal.wait_for_end(), 130);
    let screen: String = terminal.screen().lines().collect();
    assert!(screen.contains(&format!("recorded to {}", path.display())), "{screen}");
    drop(folder);
}
