//! One entry: a line of fixed width, so that the n-th is found without reading those before it.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::Digest;

/// A line's octets, its end included.
pub(super) const WIDTH: usize = SEQUENCE + 1 + TIME + 1 + DIGEST + 1 + DIGEST + 1;

const SEQUENCE: usize = 12;
const TIME: usize = 27;
const DIGEST: usize = 64;

const MOMENT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// One use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Counted from 1.
    pub sequence: u64,
    /// When, UTC, to the microsecond.
    pub at: OffsetDateTime,
    /// SHA-256 of what was to be signed.
    pub digest: Digest,
}

impl Entry {
    /// The line, and the chain at it.
    pub(super) fn line(&self, before: Digest) -> (String, Digest) {
        let said = self.said();
        let chain = chain(before, &said);
        (format!("{said} {chain}\n"), chain)
    }

    /// Reads a line. Gives the entry and the chain that stands in it.
    pub(super) fn parse(line: &[u8]) -> Option<(Self, Digest)> {
        let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut fields = line.split(' ');
        let entry = Self {
            sequence: fields.next().filter(|text| text.len() == SEQUENCE)?.parse().ok()?,
            at: read_time(fields.next()?)?,
            digest: fields.next()?.parse().ok()?,
        };
        let chain: Digest = fields.next()?.parse().ok()?;
        // One way to write it, so that nothing hides in another.
        (format!("{} {chain}", entry.said()) == line).then_some((entry, chain))
    }

    /// What the chain at this entry is, after the one before it.
    pub(super) fn chain(&self, before: Digest) -> Digest {
        chain(before, &self.said())
    }

    fn said(&self) -> String {
        format!("{:0SEQUENCE$} {} {}", self.sequence, write_time(self.at), self.digest)
    }
}

fn chain(before: Digest, said: &str) -> Digest {
    Digest::of_parts(&[&before.0, said.as_bytes()])
}

pub(super) fn write_time(moment: OffsetDateTime) -> String {
    // Years 0 to 9999 have this form; another moment gives a line that is not read again, and so is not written.
    moment.to_offset(UtcOffset::UTC).format(MOMENT).unwrap_or_default()
}

pub(super) fn read_time(text: &str) -> Option<OffsetDateTime> {
    (text.len() == TIME).then_some(())?;
    PrimitiveDateTime::parse(text, MOMENT).ok().map(PrimitiveDateTime::assume_utc)
}
