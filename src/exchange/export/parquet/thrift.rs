//! As much of Thrift's compact protocol as Parquet's own data needs: structs, numbers (none below zero), texts and lists.

/// A struct being written, field by field in order of their numbers. [`Struct::end`] closes it.
#[derive(Debug)]
pub(super) struct Struct<'a> {
    out: &'a mut Vec<u8>,
    /// The number of the field before.
    last: u8,
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl<'a> Struct<'a> {
    /// Begins it at the end of the buffer.
    pub(super) fn begin(out: &'a mut Vec<u8>) -> Struct<'a> {
        Struct { out, last: 0 }
    }

    pub(super) fn end(self) {
        self.out.push(0);
    }

    pub(super) fn flag(&mut self, field: u8, value: bool) {
        self.head(field, if value { TRUE } else { FALSE });
    }

    pub(super) fn byte(&mut self, field: u8, value: u8) {
        self.head(field, BYTE);
        self.out.push(value);
    }

    /// A number of 32 bits, or a member of an enumeration.
    pub(super) fn int(&mut self, field: u8, value: u32) {
        self.head(field, I32);
        number(value.into(), self.out);
    }

    pub(super) fn long(&mut self, field: u8, value: u64) {
        self.head(field, I64);
        number(value, self.out);
    }

    pub(super) fn text(&mut self, field: u8, value: &str) {
        self.head(field, BINARY);
        text(value, self.out);
    }

    /// A struct inside this one.
    pub(super) fn nested(&mut self, field: u8, write: impl FnOnce(&mut Struct<'_>)) {
        self.head(field, STRUCT);
        let mut inner = Struct::begin(self.out);
        write(&mut inner);
        inner.end();
    }

    pub(super) fn ints(&mut self, field: u8, values: &[u32]) {
        self.list(field, I32, values.len());
        for value in values {
            number((*value).into(), self.out);
        }
    }

    pub(super) fn texts(&mut self, field: u8, values: &[&str]) {
        self.list(field, BINARY, values.len());
        for value in values {
            text(value, self.out);
        }
    }

    /// A list of structs.
    pub(super) fn structs<T>(
        &mut self,
        field: u8,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Struct<'_>, T),
    ) {
        self.list(field, STRUCT, items.len());
        for item in items {
            let mut inner = Struct::begin(self.out);
            write(&mut inner, item);
            inner.end();
        }
    }

    fn list(&mut self, field: u8, kind: u8, length: usize) {
        self.head(field, LIST);
        match length {
            length @ 0..15 => self.out.push((length as u8) << 4 | kind),
            length => {
                self.out.push(0xF0 | kind);
                varint(length as u64, self.out);
            }
        }
    }

    /// Numbers of fields never leap by more than 15 in Parquet.
    fn head(&mut self, field: u8, kind: u8) {
        self.out.push((field - self.last) << 4 | kind);
        self.last = field;
    }
}

/// A number in groups of 7 bits, the lowest first.
pub(super) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A number with a sign, which is its lowest bit.
fn number(value: u64, out: &mut Vec<u8>) {
    varint(value << 1, out);
}

fn text(value: &str, out: &mut Vec<u8>) {
    varint(value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_byte_for_byte() {
        let mut out = Vec::new();
        let mut object = Struct::begin(&mut out);
        object.int(1, 3);
        object.long(4, 300);
        object.text(5, "ab");
        object.nested(8, |inner| inner.flag(1, true));
        object.ints(9, &[0, 1]);
        object.structs(10, [7u8].into_iter(), |inner, value| inner.byte(2, value));
        object.texts(11, &["x"; 15]);
        object.end();
        let many = [&[0x19, 0xF8, 15][..], &[1, b'x'].repeat(15)].concat();
        let expected = [
            &[0x15, 6, 0x36, 0xD8, 4, 0x18, 2, b'a', b'b', 0x3C, 0x11, 0, 0x19, 0x25, 0, 2, 0x19, 0x1C, 0x23, 7, 0][..],
            &many,
            &[0],
        ];
        assert_eq!(out, expected.concat());
    }
}
