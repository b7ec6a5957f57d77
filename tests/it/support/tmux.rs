//! A real terminal: a tmux server of its own for each test, with the program in its only pane.
//!
//! What a test looks for is waited for until a deadline, never slept for.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::command::PATIENCE;

/// Between two looks at the screen.
const LOOK: Duration = Duration::from_millis(20);

/// A terminal with the program in it. Its history, its settings and what else it keeps are in a directory of its own.
pub(crate) struct Terminal {
    /// The server's socket, in the same directory.
    socket: PathBuf,
    home: tempfile::TempDir,
}

/// Whether there is a tmux; says so if not.
pub(crate) fn is_installed() -> bool {
    let found = Command::new("tmux").arg("-V").output().is_ok_and(|output| output.status.success());
    if !found {
        // Not by a macro: what those print of a test that passes is kept from who runs it.
        let _ = writeln!(std::io::stderr(), "skipped: tmux is not installed");
    }
    found
}

impl Terminal {
    /// A terminal of `columns` by `rows` with nothing in it yet.
    pub(crate) fn new() -> Terminal {
        let home = tempfile::tempdir().expect("a directory");
        Terminal { socket: home.path().join("tmux"), home }
    }

    /// Runs the program with these arguments, written as for a shell, in 100 columns and 30 rows.
    pub(crate) fn run(self, args: &str) -> Terminal {
        self.run_with("", args, (100, 30))
    }

    /// The same with variables of the environment (`NAME=VALUE ...`) and a size.
    pub(crate) fn run_with(self, variables: &str, args: &str, (columns, rows): (u16, u16)) -> Terminal {
        let home = self.home.path().display();
        let program = env!("CARGO_BIN_EXE_wscope");
        let command = format!(
            "env -u PAGER -u LESS -u NO_COLOR -u HTTPS_PROXY -u ALL_PROXY -u https_proxy -u all_proxy TERM=screen-256color \
             XDG_STATE_HOME='{home}/state' XDG_CONFIG_HOME='{home}/config' {variables} '{program}' {args}; \
             echo \"ended with $?\"; exec sleep 1000"
        );
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(["new-session", "-d", "-x", &columns, "-y", &rows, "-s", "test", &command]);
        self
    }

    /// Where the program keeps what it keeps.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Leaves the terminal; its directory stays for the next one.
    pub(crate) fn again(mut self) -> Terminal {
        self.kill();
        self.socket.set_extension("again");
        self
    }

    /// Presses keys by their names: `Enter`, `C-c`, `M-Enter`, `Up`.
    pub(crate) fn press<const N: usize>(&self, keys: [&str; N]) {
        self.tmux(["send-keys", "-t", "test"].into_iter().chain(keys));
    }

    /// Types text, all at once.
    pub(crate) fn type_text(&self, text: &str) {
        self.tmux(["send-keys", "-t", "test", "-l", "--", text]);
    }

    /// Types a line and presses Enter.
    pub(crate) fn enter(&self, line: &str) {
        self.type_text(line);
        self.press(["Enter"]);
    }

    /// Pastes text as a terminal does that knows of bracketed paste.
    pub(crate) fn paste(&self, text: &str) {
        self.tmux(["set-buffer", "-b", "paste", "--", text]);
        self.tmux(["paste-buffer", "-p", "-b", "paste", "-t", "test"]);
    }

    /// Makes the terminal another size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.tmux(["resize-window", "-t", "test", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// The screen as a person sees it.
    pub(crate) fn screen(&self) -> String {
        self.tmux(["capture-pane", "-p", "-t", "test"])
    }

    /// The screen with its colours as escape sequences.
    pub(crate) fn coloured(&self) -> String {
        self.tmux(["capture-pane", "-p", "-e", "-t", "test"])
    }

    /// Where the cursor is: column and row from 0.
    pub(crate) fn cursor(&self) -> (usize, usize) {
        let place = self.tmux(["display-message", "-p", "-t", "test", "#{cursor_x} #{cursor_y}"]);
        let (column, row) = place.trim().split_once(' ').expect("two numbers");
        (column.parse().expect("a number"), row.parse().expect("a number"))
    }

    /// What a variable of tmux is: `pane_title`, `cursor_flag`.
    pub(crate) fn variable(&self, name: &str) -> String {
        self.tmux(["display-message", "-p", "-t", "test", &format!("#{{{name}}}")]).trim().to_owned()
    }

    /// The process id of the program, the shell's only child.
    pub(crate) fn program(&self) -> u32 {
        let shell = self.variable("pane_pid");
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("Linux");
        children.trim().parse().unwrap_or_else(|_| panic!("one child, not {children:?}"))
    }

    /// Waits until `text` is on the screen: the screen then.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits for the prompt to be the screen's last line, with exactly this behind it: the screen then.
    pub(crate) fn wait_for_prompt(&self, dot: char, typed: &str) -> String {
        let is_it = |screen: &str| {
            let last = screen.trim_end().lines().last().unwrap_or_default();
            last.starts_with(dot) && last.split_once('>').is_some_and(|(_, rest)| rest.trim() == typed)
        };
        self.wait_until(&format!("the prompt {dot} with {typed:?}"), is_it)
    }

    /// Waits until the program has ended: with which exit code.
    pub(crate) fn wait_for_end(&self) -> i32 {
        let screen = self.wait_for("ended with ");
        let code = screen.rsplit("ended with ").next().unwrap_or_default();
        code.trim().parse().unwrap_or_else(|_| panic!("{screen}"))
    }

    /// Waits until the screen is as wanted.
    #[allow(clippy::disallowed_methods, reason = "a test has no timeline")]
    pub(crate) fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "no {what} on the screen:\n{screen}");
            std::thread::sleep(LOOK);
        }
    }

    fn kill(&self) {
        // It may have ended already.
        let kill = Command::new("tmux").arg("-S").arg(&self.socket).arg("kill-server").env_remove("TMUX").output();
        drop(kill);
    }

    fn tmux<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        let Output { status, stdout, stderr } = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(["-f", "/dev/null", "-u"])
            .args(args)
            .env_remove("TMUX")
            .output()
            .expect("tmux runs");
        assert!(status.success(), "tmux: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8_lossy(&stdout).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.kill();
    }
}
