//! Writes a CertificateList (RFC 5280 section 5.1), entry by entry.
//!
//! Memory: the to-be-signed octets, once, about 40 to 60 for each entry, and nothing else that grows with the list.
//! They are held together because every signer takes the whole message: Ed25519 and ML-DSA go over it twice, and ring
//! and PKCS#11 tokens hash it themselves. The signed list is never put together in memory: see [`SignedList::pieces`].

use time::OffsetDateTime;

use super::encoding::{
    BIT_STRING, SEQUENCE, element, integer, push_generalized_time, push_header, push_integer, push_time,
};
use super::extensions::Extensions;
use crate::algorithm::SignatureAlgorithm;
use crate::status::RevocationReason;

/// Room before the entries for the two lengths that are known last.
const LENGTHS: usize = 20;

/// An entry of a CRL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed<'a> {
    /// Big-endian magnitude.
    pub(crate) serial: &'a [u8],
    pub(crate) at: OffsetDateTime,
    pub(crate) reason: Reason,
    pub(crate) invalid_since: Option<OffsetDateTime>,
}

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Revoked(RevocationReason),
    /// RFC 5280 section 5.3.1: in delta CRLs only; the certificate is no longer on hold.
    RemoveFromCrl,
}

impl Reason {
    const fn code(self) -> u8 {
        match self {
            Self::Revoked(reason) => reason.code(),
            Self::RemoveFromCrl => 8,
        }
    }
}

/// Entries of a list, DER, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    octets: Vec<u8>,
    entry: Vec<u8>,
    /// How many there are.
    count: u64,
}

/// A list being written.
#[derive(Debug)]
pub(crate) struct ListWriter {
    /// Behind room for the head.
    listed: Entries,
    head: Vec<u8>,
    algorithm: &'static [u8],
}

impl Entries {
    /// Adds an entry (RFC 5280 section 5.1.2.6).
    pub(crate) fn push(&mut self, listed: &Listed<'_>) {
        let entry = &mut self.entry;
        entry.clear();
        push_integer(entry, listed.serial);
        push_time(entry, listed.at);
        let code = listed.reason.code();
        // RFC 5280 section 5.3.1: reasonCode, an ENUMERATED, not critical; `unspecified` cannot be said.
        let reason = [0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 21, 0x04, 0x03, 0x0a, 0x01, code];
        let invalidity = listed.invalid_since.map(invalidity_date).unwrap_or_default();
        push_header(entry, SEQUENCE, reason.len() + invalidity.len());
        entry.extend_from_slice(&reason);
        entry.extend_from_slice(&invalidity);
        push_header(&mut self.octets, SEQUENCE, entry.len());
        self.octets.extend_from_slice(entry);
        self.count += 1;
    }
}

impl ListWriter {
    /// Begins a list. `issuer` is the issuer's name, DER, which the list repeats octet for octet.
    pub(crate) fn new(
        algorithm: SignatureAlgorithm,
        issuer: &[u8],
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
    ) -> Self {
        let algorithm = algorithm.identifier();
        // RFC 5280 section 5.1.2.1: version 2, written 1.
        let mut head = integer(1);
        // RFC 5280 section 5.1.2.2: as beside the signature.
        head.extend_from_slice(algorithm);
        // RFC 5280 section 5.1.2.3: the very octets of the issuer's subject.
        head.extend_from_slice(issuer);
        push_time(&mut head, this_update);
        push_time(&mut head, next_update);
        let listed = Entries { octets: vec![0; head.len() + LENGTHS], ..Entries::default() };
        Self { listed, head, algorithm }
    }

    /// Adds an entry.
    pub(crate) fn push(&mut self, listed: &Listed<'_>) {
        self.listed.push(listed);
    }

    /// Adds entries that were written elsewhere.
    pub(crate) fn append(&mut self, entries: &Entries) {
        self.listed.octets.extend_from_slice(&entries.octets);
        self.listed.count += entries.count;
    }

    /// Ends the list.
    pub(crate) fn finish(self, extensions: &Extensions<'_>) -> ToBeSignedList {
        let Self { listed: Entries { mut octets, count: entries, .. }, mut head, algorithm } = self;
        let room = head.len() + LENGTHS;
        let extensions = extensions.to_der();
        // RFC 5280 section 5.1.2.6: where nothing is revoked, the list MUST be absent.
        if entries > 0 {
            push_header(&mut head, SEQUENCE, octets.len() - room);
        }
        let mut front = Vec::with_capacity(room);
        push_header(&mut front, SEQUENCE, head.len() + octets.len() - room + extensions.len());
        front.append(&mut head);
        let start = room - front.len();
        if let Some(place) = octets.get_mut(start..room) {
            place.copy_from_slice(&front);
        }
        octets.extend_from_slice(&extensions);
        ToBeSignedList { octets, start, algorithm, entries }
    }
}

/// invalidityDate (RFC 5280 section 5.3.2): a GeneralizedTime, not critical.
fn invalidity_date(since: OffsetDateTime) -> Vec<u8> {
    let mut date = vec![0x30, 0x18, 0x06, 0x03, 0x55, 0x1d, 24, 0x04, 0x11];
    push_generalized_time(&mut date, since);
    date
}

/// A TBSCertList.
#[derive(Debug)]
pub(crate) struct ToBeSignedList {
    octets: Vec<u8>,
    start: usize,
    algorithm: &'static [u8],
    pub(crate) entries: u64,
}

impl ToBeSignedList {
    /// What is signed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.octets.get(self.start..).unwrap_or_default()
    }

    /// Joins it with its signature.
    pub(crate) fn signed(self, signature: &[u8]) -> SignedList {
        let mut tail = self.algorithm.to_vec();
        tail.extend(element(BIT_STRING, &[&[0], signature]));
        let mut head = Vec::new();
        push_header(&mut head, SEQUENCE, self.as_bytes().len() + tail.len());
        SignedList { head, list: self, tail }
    }
}

/// A CertificateList in three pieces.
#[derive(Debug)]
pub(crate) struct SignedList {
    head: Vec<u8>,
    list: ToBeSignedList,
    tail: Vec<u8>,
}

impl SignedList {
    /// The DER, piece by piece.
    pub(crate) fn pieces(&self) -> [&[u8]; 3] {
        [&self.head, self.list.as_bytes(), &self.tail]
    }

    /// How many octets the DER has.
    pub(crate) fn len(&self) -> usize {
        self.pieces().iter().map(|piece| piece.len()).sum()
    }

    /// The DER in one piece.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        self.pieces().concat()
    }

    /// The lower-case hex of the SHA-256 of the DER.
    pub(crate) fn sha256(&self) -> String {
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        self.pieces().iter().for_each(|piece| digest.update(piece));
        hex::encode(digest.finish())
    }

    /// How many certificates it lists.
    pub(crate) const fn entries(&self) -> u64 {
        self.list.entries
    }

    /// Gives the DER to `take` in chunks of `size` octets; the last may be shorter.
    pub(crate) fn chunks<E>(
        &self,
        size: usize,
        mut take: impl FnMut(Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut chunk = Vec::with_capacity(size);
        for mut piece in self.pieces() {
            while !piece.is_empty() {
                let fits = piece.len().min(size - chunk.len());
                let (now, later) = piece.split_at(fits);
                chunk.extend_from_slice(now);
                piece = later;
                if chunk.len() == size {
                    take(std::mem::replace(&mut chunk, Vec::with_capacity(size)))?;
                }
            }
        }
        if chunk.is_empty() { Ok(()) } else { take(chunk) }
    }
}
