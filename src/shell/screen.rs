//! The screen as a sink: events become text in a bounded buffer, and somebody else carries it to the terminal.
//!
//! An I/O thread calls this with the timeline locked, so it must never wait for a terminal. When the terminal can't keep up,
//! frames are counted instead of formatted, and the count is shown in their place: nothing vanishes without a word. What has
//! come in since the last flush may not be recorded yet, so it does not go out.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::event::{Event, FrameEvent, Kind};
use crate::protocol::Opcode;
use crate::render::escape::escape;
use crate::script::{Print, Stop};
use crate::session::Sink;

use super::error::ShellError;
use super::request::Filter;
use super::ring::content;
use super::view::View;

/// Bytes of text that may wait for the terminal before frames are only counted: some thousand lines.
const PENDING: usize = 256 << 10;

/// Bytes of text that go to the terminal at once: several screens full.
pub(super) const BATCH: usize = 32 << 10;

/// How often one that waits for room looks for it.
const ROOM: Duration = Duration::from_millis(5);

/// Where events turn into text. Clones share one buffer.
#[derive(Clone)]
pub struct Screen {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Told when text comes in, when a prompt is drawn, and at the end.
    changed: Condvar,
}

struct State {
    view: View,
    filter: Filter,
    pending: String,
    /// How much of it may go out, in bytes: whole lines.
    flushed: usize,
    capacity: usize,
    skipped: Skipped,
    prompt: Drawn,
    /// Somebody sits at the prompt, so text must go above it.
    reading: bool,
    ended: bool,
}

/// Whether the prompt shows the states that connections are in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawn {
    Right,
    /// Something has happened that changes a state; the change is there by the next flush.
    BeforeChange,
    /// It must be drawn anew, text or not.
    Wrong,
}

/// What was counted instead of shown.
#[derive(Default)]
struct Skipped {
    frames: u64,
    violations: u64,
}

impl Screen {
    /// An empty screen.
    #[must_use]
    pub fn new(view: View) -> Screen {
        Screen::with_capacity(view, PENDING)
    }

    /// The same with room for `capacity` bytes of text before frames are only counted.
    fn with_capacity(view: View, capacity: usize) -> Screen {
        let state = State {
            view,
            filter: Filter::default(),
            pending: String::new(),
            flushed: 0,
            capacity,
            skipped: Skipped::default(),
            prompt: Drawn::Right,
            reading: false,
            ended: false,
        };
        Screen { shared: Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }) }
    }

    /// Puts the shell's own words on the screen, whatever waits there already. A line end is added if there is none.
    pub(super) fn print(&self, text: &str) {
        self.compose(|_, out| out.push_str(text));
    }

    /// Puts words of a script on the screen once there is room for them, unless `give_up` says so before.
    fn print_patiently(&self, text: &str, give_up: &dyn Fn() -> bool) {
        while self.lock().is_full() && !give_up() {
            let full = |state: &mut State| state.is_full();
            drop(self.shared.changed.wait_timeout_while(self.lock(), ROOM, full));
        }
        if !give_up() {
            self.print(text);
        }
    }

    /// Takes what a script prints, until that is to stop.
    #[must_use]
    pub fn printer(&self, stop: Stop) -> Box<Print> {
        let screen = self.clone();
        Box::new(move |text| {
            let lines: Vec<String> = text.split('\n').map(|line| format!("  {}", escape(line.as_bytes()))).collect();
            screen.print_patiently(&lines.join("\n"), &|| stop.check().is_err());
        })
    }

    /// Says what went wrong, and the next step.
    pub fn fail(&self, error: &ShellError) {
        self.compose(|view, out| error.show(view, out));
    }

    /// Puts on the screen what `compose` makes with the view.
    pub(super) fn compose<T>(&self, compose: impl FnOnce(&mut View, &mut String) -> T) -> T {
        let mut state = self.lock();
        // Behind an event that is not flushed it waits for that, which is a matter of microseconds.
        let all_flushed = state.flushed == state.pending.len();
        state.own_up();
        let State { view, pending, .. } = &mut *state;
        let from = pending.len();
        let made = compose(view, pending);
        view.mask(from, pending);
        if !pending.is_empty() && !pending.ends_with('\n') {
            pending.push('\n');
        }
        if all_flushed {
            state.flushed = state.pending.len();
        }
        self.shared.changed.notify_all();
        made
    }

    /// Which frames are shown from now on.
    pub(super) fn set_filter(&self, filter: Filter) {
        self.lock().filter = filter;
    }

    /// What is filtered now.
    pub(super) fn filter(&self) -> Filter {
        self.lock().filter.clone()
    }

    /// Takes at most `limit` bytes of text out, whole lines (one line at least), in order.
    pub(super) fn take(&self, limit: usize) -> String {
        let mut state = self.lock();
        if state.flushed == state.pending.len() && state.flushed <= limit {
            state.own_up();
            state.flushed = 0;
            return std::mem::take(&mut state.pending);
        }
        let text = &state.pending.as_bytes()[..state.flushed];
        let end = memchr::memrchr(b'\n', &text[..limit.min(text.len())]).or_else(|| memchr::memchr(b'\n', text));
        let size = end.map_or(text.len(), |end| end + 1);
        state.flushed -= size;
        let rest = state.pending.split_off(size);
        std::mem::replace(&mut state.pending, rest)
    }

    /// The same for the thread that draws the prompt: somebody sits there from now on.
    pub(super) fn take_at_prompt(&self, limit: usize) -> String {
        let mut state = self.lock();
        state.reading = true;
        if state.prompt == Drawn::Wrong {
            state.prompt = Drawn::Right;
        }
        drop(state);
        self.shared.changed.notify_all();
        self.take(limit)
    }

    /// How many columns the terminal has.
    pub(super) fn set_width(&self, columns: Option<usize>) {
        self.lock().view.set_width(columns);
    }

    /// Nobody sits at the prompt any more.
    pub(super) fn stop_reading(&self) {
        self.lock().reading = false;
    }

    /// Lets those who wait go.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.shared.changed.notify_all();
    }

    /// Waits for something to show; with `at_prompt`, only while somebody sits at the prompt. `false` at the end.
    pub(super) fn wait(&self, at_prompt: bool) -> bool {
        let mut state = self.lock();
        while !state.ended && (!state.has_news() || at_prompt && !state.reading) {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.ended
    }

    /// Lets `pause` pass, or less at the end.
    pub(super) fn pause(&self, pause: Duration) {
        let ended = |state: &mut State| !state.ended;
        drop(self.shared.changed.wait_timeout_while(self.lock(), pause, ended));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Screen {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut state = self.lock();
        if !matches!(&event.kind, Kind::Frame(frame) if frame.frame.header.opcode != Opcode::CLOSE) {
            state.prompt = Drawn::BeforeChange;
        }
        match &event.kind {
            Kind::Frame(frame) if state.filter.hides(frame) => return Ok(()),
            Kind::Frame(_) if state.is_full() => state.skipped.frames += 1,
            Kind::Violation { .. } | Kind::Undecoded(_) if state.is_full() => state.skipped.violations += 1,
            _ => {
                state.own_up();
                let State { view, pending, .. } = &mut *state;
                let from = pending.len();
                view.event(event, pending);
                view.mask(from, pending);
            }
        }
        Ok(())
    }

    /// An event that changes a connection's state comes just before the change. A thread flushes before it waits, and by
    /// then it has changed.
    fn flush(&mut self) -> io::Result<()> {
        let mut state = self.lock();
        state.flushed = state.pending.len();
        if state.prompt == Drawn::BeforeChange {
            state.prompt = Drawn::Wrong;
        }
        if state.has_news() {
            self.shared.changed.notify_all();
        }
        Ok(())
    }
}

impl State {
    /// Once full, it is so until an eighth has gone to the terminal, or the screen would show a line and a count in turn.
    fn is_full(&self) -> bool {
        let skipping = self.skipped.frames + self.skipped.violations > 0;
        self.pending.len() + if skipping { self.capacity / 8 } else { 0 } >= self.capacity
    }

    fn has_news(&self) -> bool {
        self.prompt == Drawn::Wrong || self.flushed > 0 || self.skipped.frames + self.skipped.violations > 0
    }

    /// Says what was skipped, in its place.
    fn own_up(&mut self) {
        let said = match std::mem::take(&mut self.skipped) {
            Skipped { frames: 0, violations: 0 } => return,
            Skipped { frames, violations: 0 } => format!("… {frames} frames not shown\n"),
            Skipped { frames, violations } => format!("… {frames} frames and {violations} violations not shown\n"),
        };
        self.pending.push_str(&said);
    }
}

impl Filter {
    fn hides(&self, frame: &FrameEvent) -> bool {
        self.direction.is_some_and(|direction| direction != frame.direction)
            || self.opcode.is_some_and(|opcode| opcode != frame.frame.header.opcode)
            || self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(content(frame)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Direction;
    use crate::protocol::Opcode;
    use crate::shell::samples::{brief, frame, note, plain, received};

    fn screen(capacity: usize) -> Screen {
        Screen::with_capacity(plain(), capacity)
    }

    fn feed(screen: &Screen, event: &Event) {
        let mut screen = screen.clone();
        screen.event(event).and_then(|()| screen.flush()).expect("a screen takes everything");
    }

    fn all(screen: &Screen) -> String {
        brief(&screen.take(usize::MAX))
    }

    #[test]
    fn a_flood_is_counted_in_its_place_and_shown_again_once_there_is_room() {
        let screen = screen(80);
        for number in 1..=20 {
            feed(&screen, &received(number, "abc"));
        }
        feed(&screen, &note("a note"));
        assert_eq!(all(&screen), "1 abc\n2 abc\n3 abc\n… 17 frames not shown\n·      note  a note\n");
        feed(&screen, &received(21, "abc"));
        assert_eq!(all(&screen), "21 abc\n");
    }

    #[test]
    fn it_stays_full_until_an_eighth_has_gone() {
        let line = "▼ 1    text         3 B  abc\n".len();
        let screen = screen(8 * line);
        for number in 1..=100 {
            feed(&screen, &received(number, "abc"));
        }
        assert_eq!(brief(&screen.take(line)), "1 abc\n");
        feed(&screen, &received(101, "abc"));
        assert_eq!(brief(&screen.take(line)), "2 abc\n");
        feed(&screen, &received(102, "abc"));
        let rest = all(&screen);
        assert!(rest.ends_with("8 abc\n… 93 frames not shown\n102 abc\n"), "{rest}");
    }

    #[test]
    fn batches_are_whole_lines_and_one_at_least() {
        let screen = screen(1000);
        screen.print("one\ntwo\nthree");
        assert_eq!(screen.take(9), "one\ntwo\n");
        assert_eq!(screen.take(2), "three\n");
        assert_eq!(screen.take(2), "");
    }

    #[test]
    fn the_shells_own_words_are_never_skipped() {
        let screen = screen(10);
        for number in 1..=5 {
            feed(&screen, &received(number, "abcdef"));
        }
        screen.print("help");
        assert_eq!(all(&screen), "1 abcdef\n… 4 frames not shown\nhelp\n");
    }

    #[test]
    fn what_may_not_be_recorded_yet_does_not_go_out() {
        let mut screen = screen(1000);
        feed(&screen, &received(1, "abc"));
        screen.event(&received(2, "def")).expect("a screen takes everything");
        screen.print("behind it");
        assert_eq!(all(&screen), "1 abc\n");
        screen.flush().expect("no terminal");
        assert_eq!(all(&screen), "2 def\nbehind it\n");
    }

    #[test]
    fn a_filter_hides_frames_and_nothing_else() {
        let screen = screen(1000);
        let pattern = Some(regex::bytes::Regex::new("b").expect("valid"));
        screen.set_filter(Filter { direction: Some(Direction::Received), opcode: Some(Opcode::TEXT), pattern });
        feed(&screen, &received(1, "abc"));
        feed(&screen, &received(2, "xyz"));
        feed(&screen, &frame(3, Direction::Sent, Opcode::TEXT, "abc"));
        feed(&screen, &frame(4, Direction::Received, Opcode::PING, "abc"));
        feed(&screen, &note("a note"));
        assert_eq!(all(&screen), "1 abc\n·      note  a note\n");
        screen.set_filter(Filter::default());
        feed(&screen, &received(5, "xyz"));
        assert_eq!(all(&screen), "5 xyz\n");
    }
}
