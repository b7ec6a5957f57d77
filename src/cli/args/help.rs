//! What `--help` says beyond the options, and which of them `-h` leaves out.

use clap::builder::styling::{AnsiColor, Styles};

pub(super) const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

pub(super) const EXAMPLES: &str = "\
Every option can also be set by the environment (WSCOPE_CONNECT_TIMEOUT for --connect-timeout, a
list one item a line) and by a profile in ~/.config/wscope/config.toml. A flag is stronger than the
environment, and that than a profile; headers and cookies of all three add up.

Examples:
  wscope ws://localhost:7000/echo              a shell on a connection
  wscope :7000/echo -H 'X-Debug: 1'            localhost, with a header
  wscope @staging                              a profile
  echo hello | wscope wss://example.org/echo   send a line, print the answer
  wscope :7000/rpc -x '{\"id\":1}' --count 1     send a message, print one answer
  wscope :7000/ticker --until-close </dev/null | jq .price
  wscope :7000 --compress='server_no_context_takeover; client_max_window_bits=10'
  wscope record :7000/ticker -o ticker.wsrec --for 30s
  wscope show chat.wsrec --received --grep error --around 2
  wscope test tests --jobs 4 --junit report.xml
  wscope proxy wss://example.org --listen 9000 -o app.wsrec
  wscope demo                                  everything, without a server of your own";

/// Options that `-h` shows.
const COMMON: [&str; 61] = [
    "url",
    "command",
    "shell",
    "header",
    "subprotocol",
    "bearer",
    "follow_redirects",
    "proxy",
    "ca",
    "insecure",
    "format",
    "json",
    "quiet",
    "record",
    "duration",
    "file",
    "output",
    "mask",
    "execute",
    "count",
    "serve",
    "both_legs",
    "fault",
    "seed",
    "script",
    "number",
    "sent",
    "received",
    "op",
    "grep",
    "json_path",
    "from",
    "to",
    "messages",
    "around",
    "follow",
    "conn",
    "listen",
    "pace",
    "frames",
    "set",
    "capture",
    "polling",
    "files",
    "paths",
    "jobs",
    "retry",
    "timeout",
    "filter",
    "tag",
    "fail_fast",
    "list",
    "record_failures",
    "verbose",
    "var",
    "junit",
    "tap",
    "json_report",
    "html",
    "github",
    "help",
];

/// The table as `-h` shows it.
pub(super) fn brief(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| if COMMON.contains(&arg.get_id().as_str()) { arg } else { arg.hide(true) })
        .mut_subcommands(brief)
        .after_help("wscope --help shows all options, and examples.")
}
