//! A table of Parquet's format (<https://parquet.apache.org/docs/file-format/>): row groups with a page a column, plainly encoded
//! and not compressed, and the schema at the end. All readers know this part of it.
//!
//! By hand: it is a small part of the format, and a crate for all of it takes longer to build than the rest of the exporters.

use std::io::{self, Write};

use super::thrift::{Struct, varint};

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// A row group is written when its values take so many bytes, or when it has so many rows.
const MOST_BYTES: usize = 8 << 20;
const MOST_ROWS: usize = 1 << 17;

/// Encodings of values and of which of them are there.
const PLAIN: u32 = 0;
const RLE: u32 = 3;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether a row may have no value.
    pub(super) optional: bool,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// 64 bits without a sign.
    Unsigned,
    Double,
    /// Microseconds since the Unix epoch, in UTC.
    Time,
    Bytes,
    Text,
}

/// A table being written.
pub(super) struct Table<'a> {
    columns: &'static [Column],
    values: Vec<Values>,
    rows: usize,
    groups: Vec<Group>,
    out: &'a mut dyn Write,
    /// Bytes that are written.
    at: u64,
}

/// The values of a column in the row group that is being filled.
#[derive(Debug, Default)]
pub(super) struct Values {
    bytes: Vec<u8>,
    bits: Bits,
    /// Which rows have a value.
    there: Bits,
}

/// Bits, the lowest of each byte first.
#[derive(Debug, Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

/// A row group that is written.
#[derive(Debug)]
struct Group {
    rows: usize,
    /// Where each column begins, and its bytes.
    columns: Vec<(u64, usize)>,
}

impl Kind {
    /// The physical type.
    const fn stored(self) -> u32 {
        match self {
            Kind::Bool => 0,
            Kind::Int => 1,
            Kind::Long | Kind::Unsigned | Kind::Time => 2,
            Kind::Double => 5,
            Kind::Bytes | Kind::Text => 6,
        }
    }

    /// What the stored values mean, as older readers have it.
    const fn converted(self) -> Option<u32> {
        match self {
            Kind::Text => Some(0),
            Kind::Time => Some(10),
            Kind::Unsigned => Some(14),
            _ => None,
        }
    }

    /// The same as newer readers have it.
    fn logical(self, element: &mut Struct<'_>) {
        const FIELD: u8 = 10;
        match self {
            Kind::Text => element.nested(FIELD, |logical| logical.nested(1, |_| {})),
            Kind::Time => element.nested(FIELD, |logical| {
                logical.nested(8, |time| {
                    time.flag(1, true);
                    time.nested(2, |unit| unit.nested(2, |_| {}));
                });
            }),
            Kind::Unsigned => element.nested(FIELD, |logical| {
                logical.nested(10, |integer| {
                    integer.byte(1, 64);
                    integer.flag(2, false);
                });
            }),
            _ => {}
        }
    }
}

impl Values {
    pub(super) fn none(&mut self) {
        self.there.push(false);
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.there.push(true);
        self.bits.push(value);
    }

    pub(super) fn int(&mut self, value: u32) {
        self.fixed(value.to_le_bytes());
    }

    pub(super) fn long(&mut self, value: u64) {
        self.fixed(value.to_le_bytes());
    }

    pub(super) fn double(&mut self, value: f64) {
        self.fixed(value.to_le_bytes());
    }

    /// Bytes or a text, of less than 4 GiB.
    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.there.push(true);
        self.bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(value);
    }

    fn fixed<const N: usize>(&mut self, value: [u8; N]) {
        self.there.push(true);
        self.bytes.extend_from_slice(&value);
    }
}

impl Bits {
    fn push(&mut self, bit: bool) {
        if self.count.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (self.count % 8);
        }
        self.count += 1;
    }
}

impl<'a> Table<'a> {
    /// # Errors
    /// The output can't be written.
    pub(super) fn begin(columns: &'static [Column], out: &'a mut dyn Write) -> io::Result<Table<'a>> {
        out.write_all(MAGIC)?;
        let values = columns.iter().map(|_| Values::default()).collect();
        Ok(Table { columns, values, rows: 0, groups: Vec::new(), out, at: MAGIC.len() as u64 })
    }

    /// The columns of the row that is being written: each takes one value, or none if it may.
    pub(super) fn row(&mut self) -> &mut [Values] {
        &mut self.values
    }

    /// The row is complete.
    ///
    /// # Errors
    /// The output can't be written.
    pub(super) fn end_row(&mut self) -> io::Result<()> {
        self.rows += 1;
        let bytes: usize = self.values.iter().map(|values| values.bytes.len()).sum();
        if bytes >= MOST_BYTES || self.rows >= MOST_ROWS { self.end_group() } else { Ok(()) }
    }

    /// Writes what is left, and the schema.
    ///
    /// # Errors
    /// The output can't be written.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.end_group()?;
        let mut footer = Vec::new();
        self.footer(&mut footer);
        let size = footer.len() as u32;
        footer.extend_from_slice(&size.to_le_bytes());
        footer.extend_from_slice(MAGIC);
        self.out.write_all(&footer)
    }

    fn end_group(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, values) in self.columns.iter().zip(&mut self.values) {
            let mut head = Vec::new();
            let mut levels = Vec::new();
            if column.optional {
                // One run of bits as they are: whether there is a value.
                varint((values.there.bytes.len() as u64) << 1 | 1, &mut levels);
                levels.extend_from_slice(&values.there.bytes);
                let size = levels.len() as u32;
                levels.splice(..0, size.to_le_bytes());
            }
            let content = if column.kind == Kind::Bool { &values.bits.bytes } else { &values.bytes };
            page_header(self.rows, levels.len() + content.len(), &mut head);
            let size = head.len() + levels.len() + content.len();
            for part in [&head, &levels, content] {
                self.out.write_all(part)?;
            }
            columns.push((self.at, size));
            self.at += size as u64;
            for buffer in [&mut values.bytes, &mut values.bits.bytes, &mut values.there.bytes] {
                buffer.clear();
                // What one long row has taken is not kept for all others.
                buffer.shrink_to(MOST_BYTES);
            }
            (values.bits.count, values.there.count) = (0, 0);
        }
        self.groups.push(Group { rows: std::mem::take(&mut self.rows), columns });
        Ok(())
    }

    fn footer(&self, out: &mut Vec<u8>) {
        let mut file = Struct::begin(out);
        file.int(1, 1);
        let elements = std::iter::once(None).chain(self.columns.iter().map(Some)).collect::<Vec<_>>();
        file.structs(2, elements.into_iter(), |element, column| match column {
            None => {
                element.text(4, "frames");
                element.int(5, self.columns.len() as u32);
            }
            Some(column) => {
                element.int(1, column.kind.stored());
                element.int(3, u32::from(column.optional));
                element.text(4, column.name);
                if let Some(converted) = column.kind.converted() {
                    element.int(6, converted);
                }
                column.kind.logical(element);
            }
        });
        file.long(3, self.groups.iter().map(|group| group.rows as u64).sum());
        file.structs(4, self.groups.iter(), |element, group| self.group(element, group));
        file.text(6, concat!("wscope version ", env!("CARGO_PKG_VERSION")));
        file.end();
    }

    fn group(&self, element: &mut Struct<'_>, group: &Group) {
        element.structs(1, group.columns.iter().zip(self.columns), |chunk, ((at, size), column)| {
            let (at, size) = (*at, *size as u64);
            chunk.long(2, at);
            chunk.nested(3, |meta| {
                meta.int(1, column.kind.stored());
                meta.ints(2, &[PLAIN, RLE]);
                meta.texts(3, &[column.name]);
                meta.int(4, 0);
                meta.long(5, group.rows as u64);
                meta.long(6, size);
                meta.long(7, size);
                meta.long(9, at);
            });
        });
        element.long(2, group.columns.iter().map(|(_, size)| *size as u64).sum());
        element.long(3, group.rows as u64);
    }
}

/// What stands before a page of so many rows and bytes.
fn page_header(rows: usize, size: usize, out: &mut Vec<u8>) {
    let mut header = Struct::begin(out);
    header.int(1, 0);
    header.int(2, size as u32);
    header.int(3, size as u32);
    header.nested(5, |data| {
        data.int(1, rows as u32);
        data.int(2, PLAIN);
        data.int(3, RLE);
        data.int(4, RLE);
    });
    header.end();
}
