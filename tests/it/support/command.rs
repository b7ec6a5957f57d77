//! Runs the program under test as a user's shell would, and checks standard output, standard error and exit code together:
//! each says something about the other two.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// After which a test fails rather than hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A command line, its standard input and its environment.
///
/// Nothing of the environment that the tests run in changes what it does: no proxy, no settings, no profiles.
pub(crate) struct Wscope {
    command: Command,
    stdin: Stdin,
    stdout: Option<File>,
}

enum Stdin {
    Bytes(Vec<u8>),
    Given(Stdio),
    /// A pipe that stays open until the program has ended.
    Open,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; `None` for a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// The program while it runs.
pub(crate) struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    /// The lines of standard output and of standard error as they come.
    shown: Receiver<String>,
    lines: Receiver<String>,
}

/// The program with these arguments, and nothing to read on standard input.
pub(crate) fn wscope<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Wscope {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wscope"));
    let foreign = |name: &OsString| {
        let name = name.to_string_lossy().to_ascii_uppercase();
        name.ends_with("_PROXY") || name.starts_with("WSCOPE_") || name == "NO_COLOR" || name.starts_with("SSL_CERT")
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| foreign(name)) {
        command.env_remove(name);
    }
    command.env("XDG_CONFIG_HOME", "/dev/null").args(args);
    Wscope { command, stdin: Stdin::Bytes(Vec::new()), stdout: None }
}

impl Wscope {
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Wscope {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Wscope {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Wscope {
        self.command.env(name, value);
        self
    }

    /// In this folder.
    pub(crate) fn inside(mut self, folder: &Path) -> Wscope {
        self.command.current_dir(folder);
        self
    }

    /// These bytes on standard input, and then its end.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Wscope {
        self.stdin = Stdin::Bytes(bytes.into());
        self
    }

    /// This file as standard input.
    pub(crate) fn stdin_file(mut self, path: &Path) -> Wscope {
        self.stdin = Stdin::Given(File::open(path).unwrap().into());
        self
    }

    /// A standard input that never comes to its end.
    pub(crate) fn stdin_open(mut self) -> Wscope {
        self.stdin = Stdin::Open;
        self
    }

    /// A process without any standard input: its descriptor is closed.
    pub(crate) fn stdin_closed(mut self) -> Wscope {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$@\" <&-"]).arg(self.command.get_program()).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        self.command = shell;
        self
    }

    /// This file as standard output.
    pub(crate) fn stdout_file(mut self, file: File) -> Wscope {
        self.stdout = Some(file);
        self
    }

    /// Starts it.
    pub(crate) fn start(self) -> Running {
        let (show, shown) = channel();
        let mut running = self.start_with(move |stdout| line_by_line(BufReader::new(stdout), &show));
        running.shown = shown;
        running
    }

    /// Starts it and waits for the first `count` bytes that it writes.
    pub(crate) fn start_seen(self, count: usize) -> Running {
        let (seen, saw) = channel();
        let running = self.start_with(move |mut stdout| {
            let mut bytes = vec![0; count];
            seen.send(stdout.read_exact(&mut bytes)).unwrap();
            let _ = stdout.read_to_end(&mut bytes);
            bytes
        });
        saw.recv_timeout(PATIENCE).unwrap().unwrap();
        running
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Ended {
        self.start().end()
    }

    /// The same for a reader that takes `count` bytes of its output and goes away, as `head` does.
    pub(crate) fn run_for_a_reader_of(self, count: usize) -> Ended {
        let read = move |mut stdout: ChildStdout| {
            let mut bytes = vec![0; count];
            stdout.read_exact(&mut bytes).unwrap();
            bytes
        };
        self.start_with(read).end()
    }

    fn start_with(mut self, read: impl FnOnce(ChildStdout) -> Vec<u8> + Send + 'static) -> Running {
        let stdin = match &mut self.stdin {
            Stdin::Given(given) => std::mem::replace(given, Stdio::null()),
            _ => Stdio::piped(),
        };
        let stdout = self.stdout.map_or(Stdio::piped(), Stdio::from);
        let mut child = self.command.stdin(stdin).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
        if let Stdin::Bytes(bytes) = self.stdin {
            let mut stdin = child.stdin.take().unwrap();
            // A program that has had enough reads no further: no matter.
            std::thread::spawn(move || stdin.write_all(&bytes));
        }
        let (stdout, stderr) = (child.stdout.take(), BufReader::new(child.stderr.take().unwrap()));
        let stdout = apart(move || stdout.map(read).unwrap_or_default());
        let (tell, lines) = channel();
        let stderr = apart(move || line_by_line(stderr, &tell));
        Running { child, stdout, stderr, shown: channel().1, lines }
    }
}

impl Running {
    /// The next line on standard error, as it is.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("it tells something more")
    }

    /// The next line on standard output, as it is.
    #[track_caller]
    pub(crate) fn shown(&self) -> String {
        self.shown.recv_timeout(PATIENCE).expect("it shows something more")
    }

    /// The most memory that it has had, in KiB, where the system tells.
    pub(crate) fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
    }

    /// As Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let kill = format!("kill -INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Ends it without a chance to do anything about it, as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end. One that does not come is an error, with all that it wrote.
    pub(crate) fn end(mut self) -> Ended {
        let stdout = self.stdout.recv_timeout(PATIENCE);
        let stderr = self.stderr.recv_timeout(if stdout.is_ok() { PATIENCE } else { Duration::ZERO });
        let (Ok(stdout), Ok(stderr)) = (stdout, stderr) else {
            self.child.kill().unwrap();
            let stderr = self.stderr.recv_timeout(PATIENCE).unwrap_or_default();
            panic!("still running after {PATIENCE:?}; stderr: {}", String::from_utf8_lossy(&stderr));
        };
        let status = self.child.wait().unwrap();
        Ended { code: status.code(), stdout, stderr: String::from_utf8(stderr).unwrap() }
    }
}

impl Drop for Running {
    /// A test that fails leaves nothing behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Standard output, which is UTF-8.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// All three at once.
    #[track_caller]
    pub(crate) fn check(&self, code: i32, stdout: impl AsRef<[u8]>, stderr: &str) {
        let stdout = stdout.as_ref();
        if (self.code, self.stdout.as_slice(), self.stderr.as_str()) != (Some(code), stdout, stderr) {
            let expected = Ended { code: Some(code), stdout: stdout.to_vec(), stderr: stderr.to_owned() };
            panic!("expected\n{}\ngot\n{}", expected.shown(), self.shown());
        }
    }

    /// That it went well and wrote this.
    #[track_caller]
    pub(crate) fn success(&self, stdout: impl AsRef<[u8]>) {
        self.check(0, stdout, "");
    }

    fn shown(&self) -> String {
        let cut = &self.stdout[..self.stdout.len().min(2000)];
        let (length, stdout) = (self.stdout.len(), cut.escape_ascii());
        format!("  exit code {:?}\n  stdout ({length} bytes) {stdout}\n  stderr {}", self.code, self.stderr.trim_end())
    }
}

/// Reads to the end, and tells each line when it is there.
fn line_by_line(mut from: impl BufRead, tell: &Sender<String>) -> Vec<u8> {
    let (mut bytes, mut told) = (Vec::new(), 0);
    while from.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
        let _ = tell.send(String::from_utf8_lossy(&bytes[told..]).into_owned());
        told = bytes.len();
    }
    bytes
}

fn apart(read: impl FnOnce() -> Vec<u8> + Send + 'static) -> Receiver<Vec<u8>> {
    let (done, result) = channel();
    std::thread::spawn(move || done.send(read()));
    result
}
