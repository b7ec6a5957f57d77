//! Under ten thousand messages a second.

use super::peer::{Peer, Seen};
use super::{connected, text};
use crate::support::tmux::Terminal;

/// Messages a second.
const RATE: u32 = 10_000;

/// What is typed, with what shells and terminals get wrong: blanks, wide characters, brackets.
const LINE: &str = "ten keys a second: (ñ, 漢字) [whole]";

fn flooded() -> Option<(Peer, Terminal)> {
    let (peer, terminal) = connected("")?;
    terminal.enter(&format!("flood {RATE}"));
    terminal.wait_for("in a flood");
    Some((peer, terminal))
}

/// The number of the latest message of the flood that is on the screen.
fn latest(screen: &str) -> u64 {
    let numbers =
        screen.lines().filter_map(|line| line.split_once("drop ")?.1.strip_suffix(" in a flood")?.parse().ok());
    numbers.max().unwrap_or(0)
}

/// Fails if a line of the screen is torn: it is the prompt with the beginning of what is typed, or a whole line of another kind.
#[track_caller]
fn assert_whole(screen: &str, label: &str, typed: &str) {
    let lines: Vec<&str> = screen.trim_end().lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if line.contains(&format!("{label}>")) {
            let behind = line.strip_prefix(&format!("● {label}>")).map(str::trim_start);
            let whole = behind.is_some_and(|behind| typed.starts_with(behind) || behind == format!("flood {RATE}"));
            assert!(whole, "a torn prompt, {line:?}, in\n{screen}");
        } else if at + 1 < lines.len() && line.starts_with('▼') {
            assert!(line.contains(" in a flood"), "a torn line, {line:?}, in\n{screen}");
        } else if at + 1 < lines.len() {
            let known = ["▲", "…", ">", "<", "● connected"].iter().any(|sign| line.starts_with(sign));
            assert!(known || at == 0 && line.is_empty(), "a foreign line, {line:?}, in\n{screen}");
        }
    }
}

#[test]
fn a_line_typed_key_by_key_stays_whole() {
    let Some((peer, terminal)) = flooded() else { return };
    let label = format!("127.0.0.1:{}", peer.port);
    let mut typed = String::new();
    let first = latest(&terminal.screen());
    for key in LINE.chars() {
        terminal.type_text(&key.to_string());
        typed.push(key);
        assert_whole(&terminal.screen(), &label, &typed);
        let screen = terminal.wait_for_prompt('●', typed.trim_end());
        assert_whole(&screen, &label, &typed);
    }
    terminal.press(["BSpace", "Home", "End"]);
    typed.pop();
    let screen = terminal.wait_for_prompt('●', &typed);
    assert_whole(&screen, &label, &typed);
    let last = latest(&screen);
    assert!(last > first, "the flood went on meanwhile: {first} to {last}");
    terminal.press(["Enter"]);
    assert_eq!(peer.saw(), text(&typed));
    terminal.enter("calm");
    terminal.wait_for("it is calm");
    terminal.wait_for_prompt('●', "");
    // The echo is among the frames of the past, byte for byte.
    terminal.enter("/find \\[whole");
    let screen = terminal.wait_until("the message both ways", |screen| {
        let whole = |sign| screen.lines().any(|line: &str| line.starts_with(sign) && line.contains(&typed));
        whole('▲') && whole('▼')
    });
    assert!(screen.contains("B  "), "{screen}");
}

#[test]
fn the_terminal_may_change_its_size() {
    let Some((peer, terminal)) = flooded() else { return };
    let label = format!("127.0.0.1:{}", peer.port);
    terminal.type_text("half a line");
    for (columns, rows) in [(120, 40), (60, 12), (90, 24)] {
        terminal.resize(columns, rows);
        terminal.wait_for_prompt('●', "half a line");
        // Lines of the old width are gone once the new size is full of newer ones.
        let before = latest(&terminal.screen());
        let newer = |screen: &str| {
            let numbers: Vec<u64> = screen.lines().map(latest).filter(|number| *number > 0).collect();
            numbers.len() >= usize::from(rows) / 2 && numbers.iter().all(|number| *number > before)
        };
        let screen = terminal.wait_until("newer lines", newer);
        assert_whole(&screen, &label, "half a line");
    }
    let behind = (format!("● {label}> half a line").chars().count(), 23);
    terminal.wait_until("the cursor behind the line", |_| terminal.cursor() == behind);
}

#[test]
fn quit_leaves_with_a_closing_handshake() {
    let Some((peer, terminal)) = flooded() else { return };
    terminal.enter("/quit");
    assert_eq!(peer.saw(), Seen::Close(Some(1000)));
    assert_eq!(terminal.wait_for_end(), 0);
    let screen = terminal.screen();
    assert!(screen.contains("closed  1000 normal  by us"), "{screen}");
}

#[test]
fn what_is_not_shown_is_counted_and_found() {
    let Some((_peer, terminal)) = flooded() else { return };
    terminal.enter("/filter sent");
    terminal.wait_for("shown: sent");
    terminal.enter("calm");
    terminal.enter("/filter off");
    terminal.wait_for("all frames are shown");
    terminal.enter("/find ^it is calm$");
    terminal.wait_for("it is calm");
    terminal.enter("/stats");
    let all = |screen: &str| screen.lines().any(|line| line.trim_start().starts_with("received in all"));
    terminal.wait_until("the count", all);
}

#[test]
fn the_first_frame_is_there_after_thousands_unless_nothing_is_recorded() {
    for (args, recorded) in [("", true), ("--no-autosave", false)] {
        let Some((_peer, terminal)) = connected(args) else { return };
        terminal.enter(&format!("flood {RATE}"));
        terminal.wait_until("thousands of frames", |screen| latest(screen) > 3000);
        terminal.enter("calm");
        terminal.wait_for("it is calm");
        terminal.enter("/show 1");
        let shown = if recorded { "frame 1  sent at" } else { "error: frame 1 is no longer held" };
        let screen = terminal.wait_for(shown);
        assert!(recorded || screen.contains("hint: only the last 1000 of "), "{screen}");
        terminal.enter("/find drop 17 in");
        terminal.wait_for(if recorded { "drop 17 in a flood" } else { "nothing matches drop 17 in" });
    }
}
