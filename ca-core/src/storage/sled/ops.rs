//! What a batch writes, octet for octet: the same in the journal and in the tree.
//!
//! Keys and values are those of `layout.rs`, so that doing it again, in the same order, gives the same state.
//!
//! | first octet | then |
//! |---|---|
//! | `1`: put | key length (4), value length (4), key, value |
//! | `2`: remove | key length (4), key |
//! | `3`: end of a step of whole changes | how many events the ledger has now (8) |
//!
//! All numbers are big-endian.

use crate::storage::StorageError;

const PUT: u8 = 1;
const REMOVE: u8 = 2;
const END: u8 = 3;

/// Writes in the making.
#[derive(Debug, Default)]
pub(super) struct Ops(Vec<u8>);

impl Ops {
    /// Puts what `fill` appends under `key`.
    pub(super) fn put(&mut self, key: &[u8], fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), StorageError> {
        self.0.push(PUT);
        self.0.extend_from_slice(&length(key.len())?);
        let lies_at = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        self.0.extend_from_slice(key);
        let begins = self.0.len();
        fill(&mut self.0);
        let size = length(self.0.len() - begins)?;
        self.0[lies_at..lies_at + 4].copy_from_slice(&size);
        Ok(())
    }

    /// Removes `key`.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<(), StorageError> {
        self.0.push(REMOVE);
        self.0.extend_from_slice(&length(key.len())?);
        self.0.extend_from_slice(key);
        Ok(())
    }

    /// Ends a step: the changes before are whole.
    pub(super) fn end(&mut self, ledger_size: u64) {
        self.0.push(END);
        self.0.extend_from_slice(&ledger_size.to_be_bytes());
    }

    /// Whether there are none.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it.
    pub(super) fn into_octets(self) -> Vec<u8> {
        self.0
    }
}

fn length(octets: usize) -> Result<[u8; 4], StorageError> {
    let length = u32::try_from(octets)
        .map_err(|_| StorageError("a key is longer than 4 GiB; nothing was written".to_owned()))?;
    Ok(length.to_be_bytes())
}

/// One write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op<'a> {
    /// This value under this key.
    Put(&'a [u8], &'a [u8]),
    /// Nothing under this key.
    Remove(&'a [u8]),
    /// The end of a step of whole changes, and the ledger's size after it.
    End(u64),
}

impl<'a> Op<'a> {
    /// The key written.
    pub(super) const fn key(self) -> Option<&'a [u8]> {
        match self {
            Self::Put(key, _) | Self::Remove(key) => Some(key),
            Self::End(_) => None,
        }
    }
}

/// The writes that lie in `octets`, in order.
pub(super) fn read(octets: &[u8]) -> impl Iterator<Item = Result<Op<'_>, StorageError>> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let next =
            next(&mut rest).ok_or_else(|| StorageError("the journal holds no writes of ours".to_owned()));
        if next.is_err() {
            rest = &[];
        }
        Some(next)
    })
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<Op<'a>> {
    match cut(rest, 1)? {
        [PUT] => {
            let (key, value) = (number(rest)?, number(rest)?);
            Some(Op::Put(cut(rest, key)?, cut(rest, value)?))
        }
        [REMOVE] => {
            let key = number(rest)?;
            Some(Op::Remove(cut(rest, key)?))
        }
        [END] => Some(Op::End(u64::from_be_bytes(cut(rest, 8)?.try_into().ok()?))),
        _ => None,
    }
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(cut(rest, 4)?.try_into().ok()?)).ok()
}

fn cut<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (cut, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(cut)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_part_of_it_is_an_error() {
        let mut ops = Ops::default();
        ops.put(b"key", |value| value.extend_from_slice(b"a value")).unwrap();
        ops.put(b"", |_| ()).unwrap();
        ops.remove(b"gone").unwrap();
        ops.end(9);
        let octets = ops.into_octets();
        let all = [Op::Put(b"key", b"a value"), Op::Put(b"", b""), Op::Remove(b"gone"), Op::End(9)];
        assert_eq!(read(&octets).collect::<Result<Vec<_>, _>>().unwrap(), all);
        for length in 0..octets.len() {
            let found: Vec<_> = read(&octets[..length]).collect();
            assert!(found.len() <= all.len());
            assert!(found.iter().flatten().zip(&all).all(|(found, written)| found == written));
        }
        assert!(read(&octets[..octets.len() - 1]).any(|op| op.is_err()));
        assert!(read(b"\x09").any(|op| op.is_err()));
    }
}
