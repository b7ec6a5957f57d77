//! The line editor and the terminal: what is typed stays whole while thousands of lines a second come in above it.
//!
//! One thread writes to the terminal: the one that reads lines. While it waits for keys, a second thread wakes it with an
//! empty external print, at most once in [`PACE`], and the waiting text goes out in front of the prompt of the repaint that
//! this causes. So no text can be stuck on its way when a line ends, and its order is that of the buffer. (Handing text over
//! as the external print itself can block, and what was handed over just before a line ended would come after what was
//! printed since.)
//!
//! Without a terminal that can be edited on (`TERM=dumb`), the second thread writes lines as they come.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::highlight::MatchingBracketHighlighter;
use rustyline::hint::HistoryHinter;
use rustyline::history::{History as _, MemHistory};
use rustyline::{
    Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Editor, Event, EventContext, EventHandler,
    ExternalPrinter, KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};

use super::completion::Known;
use super::helper::LineHelper;
use super::history::LINES;
use super::prompt::Prompt;
use super::screen::Screen;
use super::typeahead::Typeahead;

/// Between two wakings: about the time of a screen's refresh.
const PACE: Duration = Duration::from_millis(16);

/// An external print that shows nothing: rustyline ends each with a line end, so go a line up first.
const BELL: &str = "\x1b[A\n";

/// A line editor whose screen is shared with everything that happens meanwhile.
pub(super) struct Terminal {
    editor: Option<Editor<LineHelper, MemHistory>>,
    screen: Screen,
    prompt: Prompt,
    thread: Option<JoinHandle<()>>,
    /// Held while text is taken out and written, so that it stays in order.
    out: Arc<Mutex<()>>,
    /// Last, so that the terminal is put back when all else is done.
    _typeahead: Option<Typeahead>,
}

impl Terminal {
    pub(super) fn open(
        screen: &Screen,
        prompt: &Prompt,
        known: &Arc<Mutex<Known>>,
        coloured: bool,
        history: &[String],
    ) -> Result<Terminal, ReadlineError> {
        let config = Config::builder()
            .max_history_size(LINES)?
            .history_ignore_dups(true)?
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .keyseq_timeout(Some(100))
            .color_mode(ColorMode::Forced)
            .build();
        let history_kept = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history_kept)?;
        editor.set_helper(Some(LineHelper {
            screen: screen.clone(),
            prompt: prompt.clone(),
            known: Arc::clone(known),
            coloured,
            brackets: MatchingBracketHighlighter::new(),
            past: HistoryHinter::new(),
        }));
        editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), EventHandler::Simple(Cmd::Newline));
        let cancel = EventHandler::Conditional(Box::new(Cancel { screen: screen.clone() }));
        editor.bind_sequence(KeyEvent(KeyCode::Char('C'), Modifiers::CTRL), cancel);
        for line in history {
            editor.add_history_entry(line.as_str())?;
        }
        let out = Arc::new(Mutex::new(()));
        let printer = editor.create_external_printer();
        // Without an editor the kernel's own must stay.
        let typeahead = printer.is_ok().then(Typeahead::keep);
        let thread = {
            let (screen, out) = (screen.clone(), Arc::clone(&out));
            let run = move || match printer {
                Ok(mut printer) => ring(&screen, |bell| printer.print(bell).is_ok()),
                Err(_) => print_plainly(&screen, &out),
            };
            std::thread::Builder::new().name("screen".into()).spawn(run)?
        };
        Ok(Terminal {
            editor: Some(editor),
            screen: screen.clone(),
            prompt: prompt.clone(),
            thread: Some(thread),
            out,
            _typeahead: typeahead,
        })
    }

    /// Reads a line; `label` is what the prompt calls the connection.
    pub(super) fn read(&mut self, label: Option<&str>) -> Result<String, ReadlineError> {
        self.drain();
        let Some(editor) = &mut self.editor else { return Err(ReadlineError::Eof) };
        let line = editor.readline(&self.prompt.text(label));
        self.screen.stop_reading();
        line
    }

    /// Writes out all that waits for the screen. Not while a line is read.
    pub(super) fn drain(&self) {
        drain(&self.screen, &self.out);
    }

    /// Keeps a line for the arrow keys.
    pub(super) fn remember(&mut self, line: &str) {
        if let Some(editor) = &mut self.editor
            && let Err(error) = editor.history_mut().add(line)
        {
            self.screen.print(&format!("  history: {error}"));
        }
    }
}

impl Drop for Terminal {
    /// The editor goes first: the other thread may wait for it to take a bell.
    fn drop(&mut self) {
        self.screen.end();
        self.editor = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        self.drain();
    }
}

/// Ctrl-C at the prompt: the line goes up with a `^C` behind it, and the prompt is empty again. (Ending the read, as rustyline
/// does, would leave the hint on the screen as if it had been typed.)
struct Cancel {
    screen: Screen,
}

impl ConditionalEventHandler for Cancel {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let line = context.line();
        if line.is_empty() {
            self.screen.print("  Ctrl-D or /quit leaves");
        } else {
            let shown = |c: char| if c.is_control() { ' ' } else { c };
            let lines: Vec<String> = line.lines().map(|line| line.chars().map(shown).collect()).collect();
            self.screen.print(&format!("  {}^C", lines.join("\n  ")));
        }
        Some(Cmd::Kill(Movement::WholeBuffer))
    }
}

/// Wakes the reading thread when there is text, at most once in [`PACE`].
fn ring(screen: &Screen, mut bell: impl FnMut(String) -> bool) {
    while screen.wait(true) && bell(BELL.into()) {
        screen.pause(PACE);
    }
}

/// Writes text as it comes, at most once in [`PACE`].
fn print_plainly(screen: &Screen, out: &Mutex<()>) {
    while screen.wait(false) {
        drain(screen, out);
        screen.pause(PACE);
    }
}

/// A terminal that is gone takes nothing; the next read says so.
fn drain(screen: &Screen, out: &Mutex<()>) {
    let _order = out.lock().unwrap_or_else(PoisonError::into_inner);
    let text = screen.take(usize::MAX);
    let mut stdout = io::stdout().lock();
    drop(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}
