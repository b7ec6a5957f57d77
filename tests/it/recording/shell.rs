//! Recordings of a shell, on a real terminal.

use std::fs;
use std::path::Path;

use super::{entries, received};
use crate::support::frames::text;
use crate::support::server::says;
use crate::support::tmux::{self, Terminal};

fn sessions(home: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(home.join("state/wscope/sessions"))
        .map(|all| all.flatten().map(|e| e.path()).collect())
        .unwrap_or_default()
}

#[test]
fn a_session_is_recorded_anyway_and_saved_after_the_fact() {
    if !tmux::is_installed() {
        return;
    }
    let server = says(text("from the start"));
    let terminal = Terminal::new().run(&format!("{} --no-compress", server.url()));
    terminal.wait_for("from the start");
    let (save, record) = (terminal.home().join("saved.wsrec"), terminal.home().join("later.wsrec"));
    terminal.enter(&format!("/record {}", record.display()));
    terminal.wait_for("recording to");
    terminal.enter("sent later");
    terminal.enter("/note a note");
    terminal.wait_for("note  a note");
    terminal.enter("/record stop");
    terminal.wait_for("recorded to");
    terminal.enter(&format!("/save {}", save.display()));
    terminal.wait_for("saved to");
    terminal.enter(&format!("/save {}", save.display()));
    terminal.wait_for("--force overwrites it");
    terminal.enter("/quit");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(received(&save), ["from the start"]);
    let later = fs::read_to_string(&record).unwrap();
    assert!(later.contains("sent later") && later.contains("a note") && !later.contains("from the start"), "{later}");
    let sessions = sessions(terminal.home());
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert!(entries(&sessions[0]).len() > entries(&save).len(), "the session goes on to its end");
}

#[test]
fn looking_back_shows_what_is_recorded_without_what_is_masked() {
    if !tmux::is_installed() {
        return;
    }
    let server = says(text("{\"user\":\"ann\",\"token\":\"t0p-secret\"}"));
    let terminal = Terminal::new().run(&format!("{} --no-compress --mask-json '**.token'", server.url()));
    // As it comes it is shown whole.
    terminal.wait_for("t0p-secret");
    terminal.enter("/find t0p");
    terminal.wait_for("nothing matches t0p");
    terminal.enter("/last");
    let screen = terminal.wait_for("\"token\":\"***\"");
    let times: Vec<&str> =
        screen.lines().filter(|line| line.starts_with('▼')).filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert!(times.len() == 2 && times[0] == times[1], "{screen}");
}

#[test]
fn no_session_is_kept_if_none_is_wanted() {
    if !tmux::is_installed() {
        return;
    }
    let server = says(text("x"));
    let terminal = Terminal::new().run(&format!("{} --no-autosave", server.url()));
    terminal.wait_for_prompt('●', "");
    terminal.enter("/save x.wsrec");
    terminal.wait_for("this session has no recording to save");
    terminal.enter("/quit");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(sessions(terminal.home()).len(), 0);
}
