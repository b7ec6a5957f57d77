//! Rhai at the prompt and beside it.

use super::peer::Seen;
use super::{connected, text};

#[test]
fn an_expression_talks_to_the_connection_and_what_it_defines_stays() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("= ws.send(\"hello\"); let m = ws.expect(\"hello\"); m");
    assert_eq!(peer.saw(), text("hello"));
    terminal.wait_for("  #2 text \"hello\"");
    for line in ["= fn twice(n) {", "  2 * n", "}"] {
        terminal.enter(line);
    }
    terminal.wait_for_prompt('●', "");
    terminal.enter("= #{twice: twice(m.size), from: m.conn}");
    terminal.wait_for("  {\"from\":1,\"twice\":10}");
    terminal.enter("= 1 + nothing");
    terminal.wait_for("  error: variable not found: nothing\n    1 | 1 + nothing\n      |     ^\n");
    for (typed, completed) in [
        ("= ws.handsh", "= ws.handshake"),
        ("= twi", "= twice("),
        ("/on mes", "/on message"),
        ("/run Cargo.t", "/run Cargo.toml"),
    ] {
        terminal.type_text(typed);
        terminal.press(["Tab"]);
        terminal.wait_for_prompt('●', completed);
        terminal.press(["C-u"]);
        terminal.wait_for_prompt('●', "");
    }
    terminal.press(["Up", "Up", "Enter"]);
    terminal.wait_until("the same again", |screen| screen.matches("{\"from\":1,\"twice\":10}").count() == 2);
}

#[test]
fn ctrl_c_stops_what_is_evaluated_and_the_shell_goes_on() {
    let Some((peer, terminal)) = connected("") else { return };
    for (line, begun) in [
        ("= print(1 + 10); sleep(60)", "  11\n"),
        ("= print(2 + 20); loop {}", "  22\n"),
        ("= print(3 + 30); ws.recv(60)", "  33\n"),
        ("= print(4 + 40); parallel([|| sleep(60), || loop {}])", "  44\n"),
    ] {
        terminal.enter(line);
        terminal.wait_for(begun);
        terminal.press(["C-c"]);
        let stopped = format!("{begun}  error: stopped by Ctrl-C\n");
        terminal.wait_for(&stopped);
        terminal.wait_for_prompt('●', "");
    }
    terminal.enter("still here");
    assert_eq!(peer.saw(), text("still here"));
}

#[test]
fn a_script_and_an_alias_use_the_connection() {
    let Some((peer, terminal)) = connected("") else { return };
    let script = terminal.home().join("greet.rhai");
    std::fs::write(&script, "ws.send(`hello, ${args()[0]}`);\nprint(ws.recv().text);\nws.frob()").expect("writable");
    let script = script.display();
    terminal.enter(&format!("/alias greet = /run {script} $1"));
    terminal.enter("/greet bob");
    assert_eq!(peer.saw(), text("hello, bob"));
    terminal.wait_for("  hello, bob\n");
    terminal.wait_for("    3 | ws.frob()\n      |    ^\n");
}

#[test]
fn a_function_is_called_in_a_flood_while_one_types() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("/filter sent");
    terminal.enter("= let seen = 0;");
    terminal.enter("/on message |m| { seen += 1; if m.text == \"it is calm\" { ws.send(\"at last\") } }");
    terminal.enter("flood 10000");
    terminal.enter("/on message |m| if m.text == \"it is calm\" { ws.send(\"at last\"); print(\"so \" + \"be it\") }");
    terminal.enter("= ws.recv().text.len() > 5");
    terminal.wait_for("  true\n");
    terminal.enter("calm");
    assert_eq!(peer.saw(), text("at last"));
    terminal.wait_for("  so be it\n");
    terminal.enter("= seen > 0");
    terminal.wait_until("two answers", |screen| screen.matches("  true\n").count() == 2);
    terminal.enter("/on ping |m| print(m)");
    terminal.enter("/quit");
    assert_eq!(peer.saw(), Seen::Close(Some(1000)));
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn what_a_function_prints_in_a_flood_does_not_pile_up() {
    let Some((peer, terminal)) = connected("") else { return };
    terminal.enter("/on message |m| print(m.text + \" printed\")");
    terminal.enter("flood 10000");
    terminal.wait_for("in a flood printed");
    terminal.enter("/on message off");
    terminal.enter("calm");
    terminal.wait_for("it is calm");
    terminal.enter("/on");
    terminal.wait_for("  nothing is called");
    terminal.enter("back");
    assert_eq!(peer.saw(), text("back"));
}
