//! UTF-8, whole or as it arrives (RFC 6455 section 8.1), with the place of the first bad byte.

/// The index of the first byte that can't be UTF-8, or where an unfinished character begins.
#[must_use]
pub fn first_error(bytes: &[u8]) -> Option<usize> {
    simdutf8::compat::from_utf8(bytes).err().map(|error| error.valid_up_to())
}

/// Checks a text that arrives piece by piece, and fails at the first byte that no continuation could mend.
#[derive(Clone, Debug, Default)]
pub struct Utf8 {
    /// The bytes of a character that is not complete yet.
    pending: [u8; 4],
    held: usize,
    /// Bytes of complete characters so far.
    checked: u64,
}

impl Utf8 {
    /// Takes the next piece.
    ///
    /// # Errors
    /// Where in the text, in bytes from its beginning, the sequence begins that can't be UTF-8.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), u64> {
        while self.held > 0 {
            let Some((next, rest)) = bytes.split_first() else { return Ok(()) };
            self.pending[self.held] = *next;
            self.held += 1;
            bytes = rest;
            match std::str::from_utf8(&self.pending[..self.held]) {
                Ok(_) => self.checked += std::mem::take(&mut self.held) as u64,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(self.checked),
            }
        }
        if simdutf8::basic::from_utf8(bytes).is_ok() {
            self.checked += bytes.len() as u64;
            return Ok(());
        }
        let Err(error) = std::str::from_utf8(bytes) else { return Ok(()) };
        let (good, tail) = bytes.split_at(error.valid_up_to());
        self.checked += good.len() as u64;
        if error.error_len().is_some() {
            return Err(self.checked);
        }
        self.pending[..tail.len()].copy_from_slice(tail);
        self.held = tail.len();
        Ok(())
    }

    /// Says that the text ends here.
    ///
    /// # Errors
    /// Where a character begins that is not complete.
    pub fn finish(&self) -> Result<(), u64> {
        if self.held == 0 { Ok(()) } else { Err(self.checked) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds `text` in pieces of `size` bytes: where it fails, and how many bytes had been given then.
    fn feed(text: &[u8], size: usize) -> (Result<(), u64>, usize) {
        let mut utf8 = Utf8::default();
        for (i, piece) in text.chunks(size).enumerate() {
            if let Err(at) = utf8.push(piece) {
                return (Err(at), i * size + piece.len());
            }
        }
        (utf8.finish(), text.len())
    }

    #[test]
    fn a_bad_byte_fails_at_once_and_an_unfinished_character_only_at_the_end() {
        assert_eq!(feed(b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited", 1), (Err(5), 7));
        assert_eq!(feed(b"\xf4\x90\x80\x80", 1), (Err(0), 2));
        assert_eq!(feed(b"ab\xf0\x9f\x98", 1), (Err(2), 5));
        assert_eq!(feed("ab😀é".as_bytes(), 1), (Ok(()), 8));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_agree_with_the_whole(text in prop::collection::vec(any::<u8>(), 0..40), size in 1usize..9) {
            prop_assert_eq!(feed(&text, size).0.err().map(|at| at as usize), first_error(&text));
        }

        #[test]
        fn text_passes_however_it_is_cut(text: String, size in 1usize..9) {
            prop_assert_eq!(feed(text.as_bytes(), size).0, Ok(()));
        }
    }
}
