//! `wscope show`: a recording as it would have been seen live, what is selected of it, or one frame of it whole.
//!
//! ```text
//! a line -> Selection::look (fixed fields) -> Item (event, and its line) -> Joiner (messages) -> Context -> Printer -> Out
//! ```

mod context;
mod joiner;
mod out;
mod printer;
mod selection;
mod whole;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::damage::Damages;
use super::interrupt::Interrupt;
use crate::cli::args::show::ShowArgs;
use crate::cli::report::stdout_written;
use crate::cli::settings::OutputSettings;
use crate::cli::{Exit, Report};
use crate::event::{Event, Kind};
use crate::recording::{Bound, Entry, ReadError, Reader};
use crate::session::waker;
use crate::transport::in_words;
use context::Context;
use joiner::Joiner;
use out::Out;
use printer::Printer;
use selection::{Selection, Sight};

/// How often a file that is followed is looked at again.
const PAUSE: Duration = Duration::from_millis(50);

/// An event on its way to the screen.
#[derive(Clone, Debug)]
struct Item {
    event: Event,
    sight: Sight,
}

impl Item {
    const fn is_frame(&self) -> bool {
        matches!(self.event.kind, Kind::Frame(_))
    }
}

/// Shows a recording.
///
/// # Errors
/// When the file is no recording or can't be read, has no frame of the number that is asked for, or the output can't be written.
pub fn run(file: &Path, args: &ShowArgs, settings: &OutputSettings) -> Result<Exit, Report> {
    let reader = Reader::open(file)?;
    let paged = !args.no_pager && !args.follow;
    let mut damages = Damages::default();
    if let Some(number) = args.number {
        let text = whole::show(reader, file, number, settings, &mut damages)?;
        let mut out = Out::new(paged);
        out.text(&text);
        return ended(out, damages);
    }
    let seekable = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    let mut printer = Printer::new(settings, reader.header(), args.selection.sent);
    let reader = if args.follow { reader.following() } else { reader };
    let mut reader = match args.selection.from {
        Some(from) if seekable => jump(reader, from, &mut printer)?,
        _ => reader,
    };
    let mut viewer = Viewer {
        selection: Selection::new(&args.selection, args.around.is_some())?,
        joiner: args.messages.then(Joiner::default),
        context: Context::new(args.around.unwrap_or_default()),
        printer,
        out: Out::new(paged),
        damages,
    };
    if let Some(pattern) = viewer.selection.sieve() {
        reader.step_over(Box::new(pattern));
    }
    viewer.printer.begin(reader.first_line(), &mut viewer.out);
    if args.follow {
        return viewer.follow(&mut reader);
    }
    let read = viewer.read(&mut reader);
    viewer.finish();
    let fault = viewer.selection.fault();
    let ended = ended(viewer.out, viewer.damages);
    read?;
    fault.map_or(ended, |fault| Err(fault.into()))
}

/// Goes to where it begins, with what rendering must know of before: how the first connection came to be.
fn jump(mut reader: Reader<File>, from: Bound, printer: &mut Printer) -> Result<Reader<File>, ReadError> {
    let mut first = None;
    while let (None, Some(Entry::Event(event))) = (&first, reader.entry()?) {
        match event.kind {
            Kind::Open(open) => first = Some(open),
            Kind::Frame(_) => break,
            _ => {}
        }
    }
    printer.presume(first);
    match from {
        Bound::Time(time) => reader.seek_time(time)?,
        Bound::Frame(number) => reader.seek_frame(number)?,
    }
    Ok(reader)
}

/// Waits for the pager, and then says what was damaged.
fn ended(out: Out, mut damages: Damages) -> Result<Exit, Report> {
    let written = out.end();
    damages.end();
    stdout_written(written)
}

struct Viewer {
    selection: Selection,
    /// Set if messages are shown instead of fragments.
    joiner: Option<Joiner>,
    context: Context,
    printer: Printer,
    out: Out,
    damages: Damages,
}

impl Viewer {
    /// Shows what there is, up to the end of the file or of what is selected: whether more of the file may be wanted.
    fn read(&mut self, reader: &mut Reader<File>) -> Result<bool, ReadError> {
        while !self.out.is_gone() && !self.selection.is_over() {
            let mut sight = Sight::default();
            let (selection, verbatim) = (&mut self.selection, self.printer.is_verbatim());
            let Some(entry) = reader.entry_if(&mut |glance| selection.look(glance, verbatim, &mut sight))? else {
                return Ok(!self.selection.is_over());
            };
            self.entry(entry, reader.time(), sight);
        }
        Ok(false)
    }

    fn entry(&mut self, entry: Entry, time: Duration, sight: Sight) {
        if let Entry::Append(_) = entry {
            // Whoever recorded before is gone, and so are its connections.
            self.printer.forget();
        }
        let item = match entry.told(time) {
            Ok(event) => Item { event, sight },
            Err(damage) => return self.damages.note(&damage, self.out.is_paged()),
        };
        let Some(joiner) = &mut self.joiner else { return self.show(item) };
        for item in joiner.take(item) {
            self.show(item);
        }
    }

    fn show(&mut self, item: Item) {
        if !self.selection.has_begun(&item) {
            return self.printer.pass_over(&item);
        }
        let hit = self.selection.is_hit(&item);
        self.context.take(item, hit, &mut self.printer, &mut self.out);
    }

    /// What waited for more that does not come.
    fn finish(&mut self) {
        for item in self.joiner.as_mut().map(Joiner::rest).unwrap_or_default() {
            self.show(item);
        }
    }

    /// Shows what is written to the file, until the user has enough.
    fn follow(mut self, reader: &mut Reader<File>) -> Result<Exit, Report> {
        let system = |error| Report::new(Exit::File, format!("cannot set up: {}", in_words(&error)));
        let (waker, wakened) = waker().map_err(system)?;
        let interrupt = Interrupt::watch(waker).map_err(system)?;
        interrupt.ends_at_once(false);
        let read = loop {
            match self.read(reader) {
                Ok(true) if !interrupt.happened() => {}
                read => break read,
            }
            self.out.flush();
            let _ = wakened.wait(PAUSE);
        };
        self.finish();
        let fault = self.selection.fault();
        let ended = ended(self.out, self.damages);
        read?;
        if let Some(fault) = fault {
            return Err(fault.into());
        }
        if interrupt.happened() { ended.map(|_| Exit::Interrupted) } else { ended }
    }
}
