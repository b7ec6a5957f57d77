//! The shell on a real terminal, against a server that shares no code with it: what a person types, and what they see.

mod between;
mod flood;
mod peer;
mod scripts;

use crate::support::tmux::{Terminal, is_installed};
use peer::{Peer, Seen};

/// A server and a shell connected to it, at an empty prompt; `None` without a tmux.
fn connected(args: &str) -> Option<(Peer, Terminal)> {
    is_installed().then(|| {
        let peer = Peer::start();
        let terminal = Terminal::new().run(&format!("{} {args}", peer.url()));
        terminal.wait_for("● connected");
        terminal.wait_for_prompt('●', "");
        (peer, terminal)
    })
}

fn text(text: &str) -> Seen {
    Seen::Text(text.into())
}

/// The frames on a screen: the sign and the words of each, its time apart.
fn frames(screen: &str) -> Vec<String> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let frames = screen.lines().filter(|line| line.starts_with(['▲', '▼'])).map(words);
    frames.map(|words| format!("{} {}", words[0], words[3..].join(" "))).collect()
}

#[test]
fn a_line_is_a_message_and_what_is_typed_ahead_is_not_lost() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.type_text("one\rtwo, and a blank \r//three\r");
    for message in ["one", "two, and a blank ", "/three"] {
        assert_eq!(peer.saw(), text(message));
    }
    terminal.wait_for_prompt('●', "");
    let screen = terminal.wait_until("the last echo", |screen| frames(screen).len() == 6);
    assert!(frames(&screen).contains(&"▲ text 6 B /three".to_owned()), "{screen}");
    // The keys that a terminal itself would take while no line is read.
    terminal.type_text("four\r\x12on\x05\rfive\r\x04");
    for message in ["four", "one", "five"] {
        assert_eq!(peer.saw(), text(message));
    }
    assert_eq!(peer.saw(), Seen::Close(Some(1000)));
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn lines_pasted_are_one_message_and_alt_enter_makes_a_new_line() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.paste("first\nsecond\nthird");
    terminal.wait_for("third");
    terminal.press(["Enter"]);
    assert_eq!(peer.saw(), text("first\nsecond\nthird"));
    terminal.type_text("above");
    terminal.press(["M-Enter"]);
    terminal.enter("below");
    assert_eq!(peer.saw(), text("above\nbelow"));
    terminal.enter("/json {\"a\": [1,");
    terminal.enter("2]}");
    assert_eq!(peer.saw(), text("{\"a\":[1,2]}"));
}

#[test]
fn lines_typed_come_back_in_the_next_run() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("the first line");
    assert_eq!(peer.saw(), text("the first line"));
    terminal.enter("another line");
    assert_eq!(peer.saw(), text("another line"));
    terminal.enter("/connect ws://user:secret@127.0.0.1:1/");
    terminal.wait_for("refused");
    terminal.press(["C-d"]);
    assert_eq!(terminal.wait_for_end(), 0);

    let terminal = terminal.again().run(&peer.url());
    assert_eq!(peer.saw(), Seen::Close(Some(1000)));
    terminal.wait_for_prompt('●', "");
    terminal.press(["Up"]);
    terminal.wait_for_prompt('●', "another line");
    terminal.press(["Up", "Enter"]);
    assert_eq!(peer.saw(), text("the first line"));
    terminal.wait_for_prompt('●', "");
    terminal.press(["C-r"]);
    terminal.wait_for("(reverse-i-search)");
    terminal.type_text("anoth");
    terminal.wait_for("anoth': another line");
    terminal.press(["Enter"]);
    assert_eq!(peer.saw(), text("another line"));
    let history = std::fs::read_to_string(terminal.home().join("state/wscope/history")).expect("a history");
    assert!(history.contains("the first line") && !history.contains("secret"), "{history}");
}

#[test]
fn tab_completes_commands_options_settings_and_names() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter(&format!("/connect {} as bob", peer.url()));
    terminal.wait_for("bob ● connected");
    for (typed, completed) in [
        ("/recon", "/reconnect"),
        ("/close --f", "/close --force"),
        ("/set timestamps cl", "/set timestamps clock"),
        ("/use b", "/use bob"),
        ("@b", "@bob"),
        ("@bob /not", "@bob /note TEXT"),
    ] {
        terminal.type_text(typed);
        terminal.press(["Tab"]);
        terminal.wait_for_prompt('●', completed);
        terminal.press(["C-u"]);
        terminal.wait_for_prompt('●', "");
    }
    terminal.type_text("/co");
    terminal.press(["Tab"]);
    let both = |screen: &str| screen.lines().any(|line| line.contains("/connect ") && line.contains("/connections"));
    terminal.wait_until("two candidates", both);
}

#[test]
fn a_slip_is_told_with_what_was_meant() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("/conect");
    let screen = terminal.wait_for("hint:");
    assert!(screen.contains("  error: unknown command \"/conect\"\n  hint: did you mean /connect?"), "{screen}");
    terminal.enter("/ping {");
    terminal.enter("still here");
    assert_eq!(peer.saw(), text("still here"));
}

#[test]
fn ctrl_c_cancels_a_line_and_ctrl_d_closes_with_a_handshake() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.type_text("never sent");
    terminal.press(["C-c"]);
    terminal.wait_for_prompt('●', "");
    terminal.type_text("/pi");
    terminal.wait_for("/ping [TEXT");
    terminal.press(["C-c"]);
    let screen = terminal.wait_for_prompt('●', "");
    assert!(screen.contains("  never sent^C\n") && screen.contains("  /pi^C\n"), "{screen}");
    assert!(!screen.contains("[TEXT"), "the hint is gone: {screen}");
    terminal.enter("sent");
    assert_eq!(peer.saw(), text("sent"));
    terminal.press(["C-d"]);
    assert_eq!(peer.saw(), Seen::Close(Some(1000)));
    assert_eq!(terminal.wait_for_end(), 0);
    let screen = terminal.screen();
    assert!(screen.contains("closed  1000 normal  by us"), "{screen}");
}

#[test]
fn named_connections_share_a_timeline() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter(&format!("/connect {} as bob", peer.url()));
    terminal.wait_for("bob ● connected");
    terminal.wait_for("● bob>");
    terminal.enter("/use 1");
    let one = format!("● 127.0.0.1:{}>", peer.port);
    terminal.wait_until("the first one's prompt", |screen| screen.trim_end().lines().last() == Some(&one));
    terminal.enter("@bob hello");
    assert_eq!(peer.saw(), text("hello"));
    terminal.enter("to the first");
    assert_eq!(peer.saw(), text("to the first"));
    terminal.wait_for("1   ▼ 4");
    terminal.enter("/connections");
    let listed = |line: &&str| line.split_whitespace().take(3).eq(["bob", "#2", "open"]);
    let screen = terminal.wait_until("the list", |screen| screen.lines().any(|line| listed(&line)));
    let tags: Vec<&str> = screen.lines().filter(|line| line.contains(" B  ")).map(|line| &line[..3]).collect();
    assert_eq!(tags, ["bob", "bob", "1  ", "1  "], "{screen}");
}

#[test]
fn a_lost_connection_is_opened_again() {
    let Some((peer, terminal)) = connected("--reconnect") else { return };
    terminal.enter("drop");
    let screen = terminal.wait_until("a second connection", |screen| screen.matches("● connected").count() == 2);
    assert!(screen.contains("closed abnormally") && screen.contains("reconnecting in "), "{screen}");
    terminal.wait_for_prompt('●', "");
    terminal.enter("again");
    assert_eq!(peer.saw(), text("again"));
}

#[test]
fn what_a_peer_sends_does_nothing_to_the_terminal() {
    if !is_installed() {
        return;
    }
    let peer = Peer::start();
    let terminal = Terminal::new().run_with("", &peer.url(), (160, 50));
    terminal.wait_for_prompt('●', "");
    let title = terminal.variable("pane_title");
    terminal.enter("escapes");
    let screen = terminal.wait_for("\\x08end");
    assert!(screen.contains("\\x1b[31mred\\x1b]0;taken over\\x07\\x1b[2J\\x1b[?25l"), "{screen}");
    assert!(screen.contains("● connected"), "nothing is cleared: {screen}");
    terminal.enter("/show");
    terminal.wait_for("payload");
    terminal.enter("/find taken");
    terminal.wait_for_prompt('●', "");
    assert_eq!(terminal.variable("pane_title"), title);
    assert_eq!(terminal.variable("cursor_flag"), "1", "the cursor is there");
}

#[test]
fn a_terminal_without_cursor_keys_will_do() {
    if !is_installed() {
        return;
    }
    let peer = Peer::start();
    let terminal = Terminal::new().run_with("TERM=dumb", &peer.url(), (100, 30));
    terminal.wait_for("● connected");
    terminal.enter("hello");
    assert_eq!(peer.saw(), text("hello"));
    terminal.wait_for("▼ 2");
    terminal.enter("/quit");
    assert_eq!(peer.saw(), Seen::Close(Some(1000)));
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn show_draws_the_header_of_a_frame() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("hello");
    assert_eq!(peer.saw(), text("hello"));
    terminal.wait_for("▼ 2");
    terminal.enter("/show 2");
    let screen = terminal.wait_for("68 65 6c 6c 6f");
    for row in ["1... ....  FIN", ".... 0001  opcode       1  text", "0... ....  MASK", ".000 0101  length       5"] {
        assert!(screen.contains(row), "{row}: {screen}");
    }
}

#[test]
fn a_forbidden_frame_is_sent_byte_for_byte() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("/frame op=3 fin=0 rsv=4 mask=01020304 len=16 hi");
    terminal.wait_for("closed");
    let wire = peer.wire();
    let head = wire.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a request") + 4;
    let frame = [0x43, 0x80 | 0x7e, 0, 2, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];
    assert_eq!(wire[head..head + frame.len()], frame);
}

#[test]
fn no_color_means_no_escape_sequence_on_the_screen() {
    if !is_installed() {
        return;
    }
    for (variable, colours) in [("NO_COLOR=1", false), ("", true)] {
        let peer = Peer::start();
        let terminal = Terminal::new().run_with(variable, &peer.url(), (100, 30));
        terminal.wait_for_prompt('●', "");
        terminal.enter("{\"a\": 1}");
        assert_eq!(peer.saw(), text("{\"a\": 1}"));
        terminal.wait_for("▼ 2");
        terminal.enter("/frob");
        terminal.wait_for("hint:");
        terminal.type_text("/pin");
        terminal.wait_for("/ping [TEXT");
        let screen = terminal.coloured();
        assert_eq!(screen.contains('\x1b'), colours, "{variable}: {screen:?}");
    }
}

#[test]
fn a_connection_that_ends_while_one_types_leaves_the_line_and_changes_the_dot() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter(&format!("/connect {} as bob", peer.url()));
    terminal.wait_for("bob ● connected");
    terminal.wait_for_prompt('●', "");
    terminal.type_text("@1 close");
    terminal.press(["Enter"]);
    let screen = terminal.wait_for("closed  1001 going away  \"enough\"  by the peer");
    assert!(screen.trim_end().ends_with("● bob>"), "bob is not the one that closed: {screen}");
    terminal.enter("drop");
    terminal.type_text("half a line");
    let screen = terminal.wait_for_prompt('○', "half a line");
    assert!(screen.contains("closed abnormally  the peer sent no close frame"), "{screen}");
    terminal.press(["Enter"]);
    terminal.wait_for("hint: /reconnect opens it again");
    terminal.enter("/reconnect");
    terminal.wait_for_prompt('●', "");
    terminal.press(["Up", "Up"]);
    terminal.wait_for_prompt('●', "half a line");
}

#[test]
fn alone_it_is_a_shell_without_a_connection_that_outlives_errors() {
    if !is_installed() {
        return;
    }
    let peer = Peer::start();
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port();
    let terminal = Terminal::new().run("");
    terminal.wait_for("○ wscope>");
    terminal.enter("hello?");
    terminal.wait_for("  hint: /connect URL opens a connection");
    terminal.enter(&format!("/connect ws://127.0.0.1:{free}/"));
    let screen = terminal.wait_for("hint: is the server listening?");
    let errors: Vec<&str> = screen.lines().filter(|line| line.starts_with('✗')).collect();
    assert_eq!(errors.len(), 1, "{screen}");
    assert!(
        errors[0].contains(&format!("error  cannot connect to ws://127.0.0.1:{free}/: connection refused")),
        "{screen}"
    );
    terminal.wait_for_prompt('○', "");
    terminal.enter(&format!("/connect {}", peer.url()));
    terminal.wait_for_prompt('●', "");
    terminal.enter("hello!");
    assert_eq!(peer.saw(), text("hello!"));
    terminal.enter("/quit");
    assert_eq!(peer.saw(), Seen::Close(Some(1000)));
    assert_eq!(terminal.wait_for_end(), 0);
}

/// Ticks of CPU time that a process has used, by itself and in the kernel.
#[cfg(target_os = "linux")]
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("the program runs");
    let fields = stat.rsplit_once(") ").expect("a name in parentheses").1.split(' ');
    fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn it_does_nothing_while_nothing_happens() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("hello");
    assert_eq!(peer.saw(), text("hello"));
    terminal.wait_for("▼ 2");
    terminal.wait_for_prompt('●', "");
    let program = terminal.program();
    let before = ticks(program);
    // What is counted is the work done in this time, which ought to be none.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let used = ticks(program) - before;
    assert!(used <= 2, "{used} ticks of CPU time in 2 s of silence");
}
