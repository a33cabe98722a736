//! What is in a container: unpacked within bounds, in memory.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, BufReader, Read};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use super::error::ContainerError;
use super::layout::{self, Entry};
use super::names::{MIMETYPE, Role};
use crate::signature::content::ContentDigest;
use crate::signature::error::MAX_SIGNATURE_OCTETS;
use crate::validation::algorithm::DigestAlgorithm;

/// The media type of containers with one data object (EN 319 162-1 clause 4.3.3.1).
pub(super) const ASIC_S: &str = "application/vnd.etsi.asic-s+zip";
/// That of all others (clause 4.4.3.1).
pub(super) const ASIC_E: &str = "application/vnd.etsi.asic-e+zip";

/// Whether a file is a ZIP file, by how it begins. Whether it is a container is told by [`verify_container`](super::verify_container).
pub fn is_container(octets: &[u8]) -> bool {
    octets.starts_with(b"PK\x03\x04")
}

/// A container whose every octet is accounted for.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    octets: &'a [u8],
    entries: Vec<Entry>,
    /// Where among the entries each name stands.
    places: HashMap<String, usize>,
    /// Digests that were made already, of each entry: each file is read once for each algorithm, however many signatures are over it.
    digests: RefCell<HashMap<usize, Vec<ContentDigest>>>,
}

impl<'a> Contents<'a> {
    /// Of a container that unpacks to at most so many octets.
    pub(super) fn read(octets: &'a [u8], most_unpacked: u64) -> Result<Self, ContainerError> {
        let entries = layout::entries(octets, most_unpacked)?;
        let places = entries.iter().enumerate().map(|(place, entry)| (entry.name.clone(), place)).collect();
        let contents = Self { octets, entries, places, digests: RefCell::default() };
        let folder = |entry: &&Entry| Role::of(&entry.name) == Role::Folder && entry.size != 0;
        match contents.entries.iter().find(folder) {
            Some(full) => Err(ContainerError::Name(format!("{:?}, a folder with content", full.name))),
            None => Ok(contents),
        }
    }

    /// The names of the entries that are there for this.
    pub(super) fn of_role(&self, role: Role) -> Vec<&str> {
        let names = self.entries.iter().map(|entry| entry.name.as_str());
        names.filter(|name| Role::of(name) == role).collect()
    }

    /// The names of all entries, in the order in which they stand in the file.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The media type, where the container states it.
    pub(super) fn media_type(&self) -> Result<Option<String>, ContainerError> {
        let Some(&place) = self.places.get(MIMETYPE) else { return Ok(None) };
        // EN 319 162-1 clause A.1: the first entry, neither packed nor with an extra field, so that it stands at octet 38.
        match self.entries.get(place) {
            Some(entry) if place == 0 && !entry.is_packed && !entry.has_extra => {}
            _ => {
                return Err(ContainerError::MediaType("it is not first, is packed, or has an extra field"));
            }
        }
        let text = String::from_utf8(self.unpacked(MIMETYPE)?);
        text.map(Some).map_err(|_| ContainerError::MediaType("it is no text"))
    }

    /// A small file, whole: a signature, a manifest.
    pub(super) fn unpacked(&self, name: &str) -> Result<Vec<u8>, ContainerError> {
        let entry = self.entry(name)?;
        if entry.size > MAX_SIGNATURE_OCTETS as u64 {
            return Err(ContainerError::TooLarge);
        }
        let mut octets = Vec::new();
        let read = self.reader(entry).read_to_end(&mut octets);
        read.map_err(|_| ContainerError::Damaged(name.to_owned()))?;
        Ok(octets)
    }

    /// How many octets a file has.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.entry(name).ok().map(|entry| entry.size)
    }

    /// The octets of a file one after the other; reading fails at the end where they are not what the container says.
    pub(super) fn open(&self, name: &str) -> Result<impl Read + use<'a>, ContainerError> {
        Ok(self.reader(self.entry(name)?))
    }

    /// The digest of a file, which is never held in memory.
    pub(super) fn digest(
        &self,
        name: &str,
        algorithm: DigestAlgorithm,
    ) -> Result<ContentDigest, ContainerError> {
        let place = self.place(name)?;
        let mut digests = self.digests.borrow_mut();
        let made = digests.entry(place).or_default();
        if let Some(digest) = made.iter().find(|digest| digest.algorithm() == algorithm) {
            return Ok(digest.clone());
        }
        let digest = ContentDigest::read(self.reader(self.entry(name)?), algorithm);
        let digest = digest.map_err(|_| ContainerError::Damaged(name.to_owned()))?;
        made.push(digest.clone());
        Ok(digest)
    }

    fn place(&self, name: &str) -> Result<usize, ContainerError> {
        self.places.get(name).copied().ok_or_else(|| ContainerError::Missing(name.to_owned()))
    }

    fn entry(&self, name: &str) -> Result<&Entry, ContainerError> {
        let found = self.entries.get(self.place(name)?);
        found.ok_or_else(|| ContainerError::Missing(name.to_owned()))
    }

    fn reader(&self, entry: &Entry) -> Checked<'a> {
        let data = self.octets.get(entry.data.clone()).unwrap_or_default();
        let source = if entry.is_packed {
            Source::Packed(DeflateDecoder::new(BufReader::new(data)))
        } else {
            Source::Plain(data)
        };
        Checked { source, crc: Crc::new(), left: entry.size, packed: data.len() as u64, sum: entry.sum }
    }
}

enum Source<'a> {
    Plain(&'a [u8]),
    Packed(DeflateDecoder<BufReader<&'a [u8]>>),
}

/// Reads exactly as many octets as the container says, with the sum that it says, out of all that is there.
struct Checked<'a> {
    source: Source<'a>,
    crc: Crc,
    left: u64,
    packed: u64,
    sum: u32,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let damaged = || io::Error::from(io::ErrorKind::InvalidData);
        let read = match &mut self.source {
            Source::Plain(octets) => octets.read(buffer)?,
            Source::Packed(octets) => octets.read(buffer)?,
        };
        self.left = self.left.checked_sub(read as u64).ok_or_else(damaged)?;
        self.crc.update(buffer.get(..read).unwrap_or_default());
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        // What stands behind the end of the packed octets would be seen by nobody, or by somebody else.
        let consumed = match &self.source {
            Source::Plain(octets) => octets.is_empty(),
            Source::Packed(octets) => octets.total_in() == self.packed,
        };
        if consumed && self.left == 0 && self.crc.sum() == self.sum { Ok(0) } else { Err(damaged()) }
    }
}
