//! Makes containers of the form ASiC-E, and room for further signatures in them.

use std::collections::HashSet;
use std::io::{Cursor, Write};

use time::OffsetDateTime;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::contents::{ASIC_E, Contents};
use super::error::ContainerError;
use super::layout::MAX_ENTRIES;
use super::manifest::Manifest;
use super::names::{self, MIMETYPE, Role, numbered};
use crate::signature::content::ContentDigest;
use crate::validation::algorithm::DigestAlgorithm;

/// The most octets that a container unpacks to, which a signature is added to.
pub(super) const MAX_UNPACKED: u64 = 1024 * 1024 * 1024;
/// The most signatures of a container.
pub(super) const MAX_SIGNATURES: usize = 64;
/// The most files of a container that is made here: there is room for all signatures and their manifests besides.
const MAX_FILES: usize = MAX_ENTRIES - 2 * MAX_SIGNATURES;
/// What files are digested with in the manifests that are made here.
pub(super) const DIGEST: DigestAlgorithm = DigestAlgorithm::Sha256;

/// A file to be put into a container.
#[derive(Debug, Clone, Copy)]
pub struct DataFile<'a> {
    /// What it is called there.
    pub name: &'a str,
    /// Its octets.
    pub content: &'a [u8],
}

/// A container that waits for a signature over its manifest.
#[derive(Debug)]
pub struct PreparedContainer {
    octets: Vec<u8>,
    signature: String,
    manifest_name: String,
    manifest: Vec<u8>,
    at: OffsetDateTime,
}

impl PreparedContainer {
    /// A new one with these files.
    ///
    /// # Errors
    /// There are none or too many, two have one name, or one has a name that no container has.
    pub fn of(files: &[DataFile<'_>], at: OffsetDateTime) -> Result<Self, ContainerError> {
        if files.len() > MAX_FILES {
            return Err(ContainerError::Files { found: files.len(), most: MAX_FILES });
        }
        let mut seen = HashSet::new();
        for DataFile { name, .. } in files {
            names::read(name.as_bytes(), true)?;
            if Role::of(name) != Role::Data {
                return Err(ContainerError::Name(format!("{name:?} means something else in a container")));
            }
            if !seen.insert(name) {
                return Err(ContainerError::SameName((*name).to_owned()));
            }
        }
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        write(&mut writer, MIMETYPE, ASIC_E.as_bytes(), at)?;
        for file in files {
            write(&mut writer, file.name, file.content, at)?;
        }
        let octets = writer.finish().map_err(|error| unwritten(&error))?.into_inner();
        let digest = |file: &DataFile<'_>| (file.name.to_owned(), ContentDigest::of(file.content, DIGEST));
        Self::with_manifest(octets, &files.iter().map(digest).collect::<Vec<_>>(), 1, at)
    }

    /// One that exists, for a further signature over all files in it.
    ///
    /// # Errors
    /// It is none that can be read in one way only, is of another form, or has no room.
    pub fn adding_to(container: Vec<u8>, at: OffsetDateTime) -> Result<Self, ContainerError> {
        let contents = Contents::read(&container, MAX_UNPACKED)?;
        let is_extended = contents.media_type()?.is_some_and(|media_type| media_type == ASIC_E);
        if !is_extended || !contents.of_role(Role::Xades).is_empty() {
            return Err(ContainerError::NotExtended);
        }
        let free = |number: &usize| {
            let (signature, manifest) = numbered(*number);
            !contents.has(&signature) && !contents.has(&manifest)
        };
        let number = (1..=MAX_SIGNATURES).find(free).ok_or(ContainerError::TooMany)?;
        let digest = |name: &str| Ok((name.to_owned(), contents.digest(name, DIGEST)?));
        let digests = contents
            .of_role(Role::Data)
            .into_iter()
            .map(digest)
            .collect::<Result<Vec<_>, ContainerError>>()?;
        Self::with_manifest(container, &digests, number, at)
    }

    fn with_manifest(
        octets: Vec<u8>,
        digests: &[(String, ContentDigest)],
        number: usize,
        at: OffsetDateTime,
    ) -> Result<Self, ContainerError> {
        if digests.is_empty() {
            return Err(ContainerError::Nothing);
        }
        let (signature, manifest_name) = numbered(number);
        let manifest = Manifest::write(&signature, digests);
        Ok(Self { octets, signature, manifest_name, manifest, at })
    }

    /// What is to be signed: the manifest, which is beside its signature.
    pub fn manifest(&self) -> &[u8] {
        &self.manifest
    }

    /// The signed container. `signature` is over [`Self::manifest`], made by [`sign_detached`](crate::signature::sign_detached).
    ///
    /// # Errors
    /// It cannot be written, or would not be read again: it is too large.
    pub fn complete(self, signature: &[u8]) -> Result<Vec<u8>, ContainerError> {
        let appending = ZipWriter::new_append(Cursor::new(self.octets));
        let mut writer = appending.map_err(|error| unwritten(&error))?;
        write(&mut writer, &self.manifest_name, &self.manifest, self.at)?;
        write(&mut writer, &self.signature, signature, self.at)?;
        let octets = writer.finish().map_err(|error| unwritten(&error))?.into_inner();
        let _ = Contents::read(&octets, MAX_UNPACKED)?;
        Ok(octets)
    }
}

/// Not packed: what people sign is packed by itself mostly, and each reader gets at it at once. EN 319 162-1 clause A.1 asks for
/// this of the media type.
pub(super) fn write(
    writer: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    content: &[u8],
    at: OffsetDateTime,
) -> Result<(), ContainerError> {
    let mut options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    if let Some(moment) = moment(at) {
        options = options.last_modified_time(moment);
    }
    writer.start_file(name, options).map_err(|error| unwritten(&error))?;
    writer.write_all(content).map_err(|error| ContainerError::Writing(error.to_string()))
}

/// APPNOTE section 4.4.6: from 1980 on.
fn moment(at: OffsetDateTime) -> Option<DateTime> {
    let at = at.to_offset(time::UtcOffset::UTC);
    let year = u16::try_from(at.year()).ok()?;
    DateTime::from_date_and_time(year, at.month().into(), at.day(), at.hour(), at.minute(), at.second()).ok()
}

pub(super) fn unwritten(error: &zip::result::ZipError) -> ContainerError {
    ContainerError::Writing(error.to_string())
}
