//! The file of a packet, `npki-packet-1`:
//!
//! ```text
//! "npki-packet-1" newline
//! the manifest, signed: a compact JSON Web Signature of type npki-packet+jws, newline
//! pieces: number of the entry (4 octets, big-endian), length (4), a letter for the registry
//! ```
//!
//! The manifest holds the digest of all pieces together, so that none can be left out, added or moved. A packet gets through
//! a slow line in one call; who enrolled more makes several.

use ca_core::fingerprint::{fingerprint, is_hex};
use ca_core::jws;
use ca_core::plain_name::is_plain;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::PacketError;

/// The type of a signed manifest (RFC 7515 section 4.1.9).
pub const PACKET_TYPE: &str = "npki-packet+jws";
/// The version of the form that is written and read here.
pub const VERSION: u32 = 1;
/// The most octets of a file: in base64 one call takes as much.
pub const MOST_OCTETS: usize = 184 * 1024;
/// The most octets of pieces: the rest is the manifest's.
pub const MOST_CONTENT: usize = 160 * 1024;
/// The most entries of a packet: one commit enters them.
pub const MOST_ENTRIES: usize = 200;

/// The most octets of a machine's name: it stands in keys and in names of files.
const MOST_DEVICE: usize = 48;

const FIRST_LINE: &str = "npki-packet-1";

/// What the officer signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`VERSION`].
    pub version: u32,
    /// The packet: 32 hexadecimal digits, drawn at random.
    pub packet: String,
    /// The address of the registry that it is for.
    pub registry: String,
    /// The machine it was made on.
    pub device: String,
    /// Which of that machine's packets it is, from 1.
    pub number: u64,
    /// The digest of the content of the packet before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// When it was sealed, by the machine's clock, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub sealed_at: OffsetDateTime,
    /// How many entries it has.
    pub entries: u32,
    /// The number of its last entry on the machine.
    pub last: u32,
    /// SHA-256 of all its pieces, hexadecimal.
    pub content_sha256: String,
}

/// A piece of an entry, sealed for the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The entry's number on the machine.
    pub entry: u32,
    /// The letter.
    pub letter: Vec<u8>,
}

/// A packet whose signature holds and whose pieces are those that were signed. Whether its signer counts is not judged here.
#[derive(Debug)]
pub struct Packet {
    /// What was signed.
    pub manifest: Manifest,
    /// The signer's certificate, DER.
    pub certificate: Vec<u8>,
    /// The pieces, those of one entry together.
    pub pieces: Vec<Sealed>,
}

impl Packet {
    /// The octets of pieces, as they are digested.
    pub fn content(pieces: &[Sealed]) -> Vec<u8> {
        let mut content = Vec::new();
        for Sealed { entry, letter } in pieces {
            content.extend(entry.to_be_bytes());
            // No letter is longer than a packet.
            content.extend(u32::try_from(letter.len()).unwrap_or(u32::MAX).to_be_bytes());
            content.extend(letter);
        }
        content
    }

    /// The file of a signed manifest and its pieces.
    pub fn file(manifest: &str, pieces: &[Sealed]) -> Vec<u8> {
        let mut file = format!("{FIRST_LINE}\n{manifest}\n").into_bytes();
        file.extend(Self::content(pieces));
        file
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is no packet, was altered or cut short, or is larger than packets are.
    pub fn read(file: &[u8]) -> Result<Self, PacketError> {
        if file.len() > MOST_OCTETS {
            return Err(PacketError::Unfit("it is larger than packets are"));
        }
        let mut lines = file.splitn(3, |octet| *octet == b'\n');
        if lines.next() != Some(FIRST_LINE.as_bytes()) {
            return Err(PacketError::Unfit("its first line is another"));
        }
        let signed = lines.next().and_then(|line| std::str::from_utf8(line).ok());
        let (signed, content) = signed.zip(lines.next()).ok_or(PacketError::Unfit("it was cut short"))?;
        let verified = jws::Unverified::parse(signed, PACKET_TYPE)?.verify()?;
        let manifest: Manifest = serde_json::from_slice(&verified.payload)
            .map_err(|_| PacketError::Unfit("its manifest has another form: update npki"))?;
        if manifest.version != VERSION {
            return Err(PacketError::Unfit("it is of another version: update npki"));
        }
        if !is_sound(&manifest) {
            return Err(PacketError::Unfit("its manifest does not name packet and machine as it should"));
        }
        if fingerprint(content) != manifest.content_sha256 {
            return Err(PacketError::Unfit("its entries are not those that were signed, or were cut short"));
        }
        let pieces = pieces(content)?;
        let mut numbers: Vec<u32> = pieces.iter().map(|piece| piece.entry).collect();
        numbers.dedup();
        let ascending = numbers.windows(2).all(|pair| pair.first() < pair.last());
        let counted = numbers.len() == manifest.entries as usize && numbers.last() == Some(&manifest.last);
        if !ascending || !counted || numbers.len() > MOST_ENTRIES {
            return Err(PacketError::Unfit("its entries are not as its manifest counts them"));
        }
        Ok(Self { manifest, certificate: verified.certificate, pieces })
    }
}

fn is_sound(manifest: &Manifest) -> bool {
    is_hex(&manifest.packet, 32)
        && is_plain(&manifest.device, MOST_DEVICE)
        && manifest.previous.as_ref().is_none_or(|digest| is_hex(digest, 64))
        && manifest.number > 0
}

fn pieces(mut content: &[u8]) -> Result<Vec<Sealed>, PacketError> {
    let cut = || PacketError::Unfit("a piece of it is not whole");
    let mut pieces = Vec::new();
    while !content.is_empty() {
        let (entry, rest) = content.split_first_chunk::<4>().ok_or_else(cut)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
        let (letter, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or_else(cut)?;
        pieces.push(Sealed { entry: u32::from_be_bytes(*entry), letter: letter.to_vec() });
        content = rest;
    }
    Ok(pieces)
}
