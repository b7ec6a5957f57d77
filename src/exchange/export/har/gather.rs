//! Lists that grow side by side and are wanted one after the other: in memory, and what is more than that in a temporary file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};

use super::walk::Piece;
use crate::transport::in_words;

/// How much is held in memory, in bytes.
const HELD: usize = 4 << 20;

/// Lists by what they are of.
#[derive(Debug, Default)]
pub(super) struct Gather {
    lists: BTreeMap<Piece, List>,
    /// How much the lists hold in memory.
    held: usize,
    /// What was more than that, and how large it is.
    file: Option<File>,
    size: u64,
}

/// Elements with their separators.
#[derive(Debug, Default)]
struct List {
    /// Where in the file its beginning is, in pieces: where each begins, and how long it is.
    filed: Vec<(u64, u64)>,
    held: Vec<u8>,
}

impl Gather {
    /// Adds an element to a list.
    ///
    /// # Errors
    /// The temporary file can't be written.
    pub(super) fn add(&mut self, list: Piece, json: &[u8]) -> io::Result<()> {
        let list = self.lists.entry(list).or_default();
        let before = list.held.len();
        element(list.filed.is_empty() && before == 0, json, &mut list.held)?;
        self.held += list.held.len() - before;
        if self.held > HELD { self.file().map_err(|error| unfiled(&error)) } else { Ok(()) }
    }

    /// Writes a list, and forgets it: whether there was anything in it.
    ///
    /// # Errors
    /// It can't be written, or the temporary file not be read.
    pub(super) fn take(&mut self, list: Piece, out: &mut dyn Write) -> io::Result<bool> {
        let Some(list) = self.lists.remove(&list) else { return Ok(false) };
        for (start, size) in list.filed {
            let Some(file) = &mut self.file else { break };
            file.seek(SeekFrom::Start(start))?;
            io::copy(&mut file.take(size), out)?;
        }
        out.write_all(&list.held)?;
        self.held -= list.held.len();
        Ok(true)
    }

    /// Takes all that is held to the end of the file.
    fn file(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let mut out = BufWriter::new(file);
        out.seek(SeekFrom::Start(self.size))?;
        // Room is used again; of all lists together at most twice what they may hold.
        let room = 2 * HELD / self.lists.len().max(1);
        for list in self.lists.values_mut().filter(|list| !list.held.is_empty()) {
            out.write_all(&list.held)?;
            list.filed.push((self.size, list.held.len() as u64));
            self.size += list.held.len() as u64;
            list.held.clear();
            list.held.shrink_to(room);
        }
        self.held = 0;
        out.flush()
    }
}

fn unfiled(error: &io::Error) -> io::Error {
    let problem = format!("a temporary file in {}: {}", std::env::temp_dir().display(), in_words(error));
    io::Error::new(error.kind(), problem)
}

/// Writes an element of a list, one a line.
pub(super) fn element(is_first: bool, json: &[u8], out: &mut dyn Write) -> io::Result<()> {
    out.write_all(if is_first { b"\n" } else { b",\n" })?;
    out.write_all(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_back_whole_and_in_order_from_memory_and_from_the_file() {
        let element =
            |list: usize, number: usize| format!("{{\"list\":{list},\"number\":{number},\"{:x<300}\":0}}", "");
        let mut gather = Gather::default();
        let (lists, numbers) = (7, 4 * HELD / 7 / 300);
        for number in 0..numbers {
            for list in 0..lists {
                gather.add(Piece::Event(list), element(list, number).as_bytes()).unwrap();
            }
        }
        gather.add(Piece::Other, b"alone").unwrap();
        assert!(gather.size > 2 * HELD as u64 && gather.held > 0, "{} {}", gather.size, gather.held);
        for list in (0..lists).rev() {
            let mut out = Vec::new();
            assert!(gather.take(Piece::Event(list), &mut out).unwrap());
            let all: Vec<String> = (0..numbers).map(|number| element(list, number)).collect();
            assert_eq!(String::from_utf8(out).unwrap(), format!("\n{}", all.join(",\n")));
        }
        let mut out = Vec::new();
        assert!(gather.take(Piece::Other, &mut out).unwrap() && !gather.take(Piece::Other, &mut out).unwrap());
        assert_eq!(out, b"\nalone");
        assert_eq!((gather.held, gather.lists.len()), (0, 0));
    }
}
