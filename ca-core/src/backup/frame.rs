//! The innermost layer: the first line, then frames of a kind and a length, digested as they pass.

use std::io::{self, Read, Write};

use ring::digest::{Context, SHA256};

use super::FORMAT;

/// Octets before a frame's payload: its kind and its length.
const HEAD: usize = 5;

/// The most octets of a payload. What claims more is damaged; no value of ours comes near.
const MOST_OCTETS: u64 = 1024 * 1024 * 1024;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Header,
    File,
    Put,
    Removal,
    Trailer,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Header, Self::File, Self::Put, Self::Removal, Self::Trailer];

    const fn octet(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::File => b'F',
            Self::Put => b'P',
            Self::Removal => b'R',
            Self::Trailer => b'T',
        }
    }
}

/// A frame as read.
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) payload: Vec<u8>,
}

/// What passed before a trailer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passed {
    pub(super) octets: u64,
    /// Lower-case hex.
    pub(super) sha256: String,
}

/// Counts and digests.
struct Tally {
    octets: u64,
    digest: Context,
}

impl Tally {
    fn new() -> Self {
        Self { octets: 0, digest: Context::new(&SHA256) }
    }

    fn add(&mut self, octets: &[u8]) {
        self.octets += octets.len() as u64;
        self.digest.update(octets);
    }

    fn passed(&self) -> Passed {
        Passed { octets: self.octets, sha256: hex::encode(self.digest.clone().finish()) }
    }
}

/// Writes frames.
pub(super) struct FrameWriter<W> {
    out: W,
    tally: Tally,
}

impl<W: Write> FrameWriter<W> {
    /// Writes the first line.
    pub(super) fn begin(out: W) -> io::Result<Self> {
        let mut writer = Self { out, tally: Tally::new() };
        writer.put(first_line().as_bytes())?;
        Ok(writer)
    }

    /// Writes a frame whose payload is these parts, one after the other; `false`, and nothing written, when they are
    /// more than a frame holds.
    pub(super) fn frame(&mut self, kind: Kind, parts: &[&[u8]]) -> io::Result<bool> {
        let length: u64 = parts.iter().map(|part| part.len() as u64).sum();
        let Some(length) = u32::try_from(length).ok().filter(|length| u64::from(*length) <= MOST_OCTETS)
        else {
            return Ok(false);
        };
        self.put(&[kind.octet()])?;
        self.put(&length.to_be_bytes())?;
        parts.iter().try_for_each(|part| self.put(part))?;
        Ok(true)
    }

    /// What was written so far.
    pub(super) fn passed(&self) -> Passed {
        self.tally.passed()
    }

    /// How many octets were written so far.
    pub(super) const fn octets(&self) -> u64 {
        self.tally.octets
    }

    /// The writer below.
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    fn put(&mut self, octets: &[u8]) -> io::Result<()> {
        self.tally.add(octets);
        self.out.write_all(octets)
    }
}

/// Why there is no frame.
pub(super) enum NoFrame {
    /// Reading failed.
    Io(io::Error),
    /// What was read is not a frame.
    Malformed(String),
    /// The first line is that of another version.
    OtherFormat(String),
}

impl From<io::Error> for NoFrame {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads frames.
pub(super) struct FrameReader<R> {
    input: R,
    tally: Tally,
    before_last: Option<Passed>,
}

impl<R: Read> FrameReader<R> {
    /// Reads the first line.
    pub(super) fn begin(mut input: R) -> Result<Self, NoFrame> {
        let mut line = vec![0; first_line().len()];
        input.read_exact(&mut line)?;
        let family = FORMAT.trim_end_matches(|c: char| c.is_ascii_digit());
        if line != first_line().as_bytes() {
            return Err(match std::str::from_utf8(&line) {
                Ok(text) if text.starts_with(family) => NoFrame::OtherFormat(text.trim().to_owned()),
                _ => NoFrame::Malformed("what it encrypts is not a backup of npki".to_owned()),
            });
        }
        let mut tally = Tally::new();
        tally.add(&line);
        Ok(Self { input, tally, before_last: None })
    }

    /// Reads a frame. Memory grows with what is there, not with what a length claims.
    pub(super) fn next(&mut self) -> Result<Frame, NoFrame> {
        let mut head = [0; HEAD];
        self.input.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let kind = Kind::ALL.into_iter().find(|known| known.octet() == kind);
        let kind =
            kind.ok_or_else(|| NoFrame::Malformed("an entry is of no kind that there is".to_owned()))?;
        let length = u64::from(u32::from_be_bytes(length));
        if length > MOST_OCTETS {
            return Err(NoFrame::Malformed("an entry claims to be larger than any".to_owned()));
        }
        let mut payload = Vec::new();
        if self.input.by_ref().take(length).read_to_end(&mut payload)? as u64 != length {
            return Err(NoFrame::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        if kind == Kind::Trailer {
            self.before_last = Some(self.tally.passed());
        }
        self.tally.add(&head);
        self.tally.add(&payload);
        Ok(Frame { kind, payload })
    }

    /// What passed before the trailer, once that was read.
    pub(super) const fn before_trailer(&self) -> Option<&Passed> {
        self.before_last.as_ref()
    }

    /// The reader below.
    pub(super) const fn input(&mut self) -> &mut R {
        &mut self.input
    }
}

fn first_line() -> String {
    format!("{FORMAT}\n")
}
