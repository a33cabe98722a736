//! Raises a container: its signatures to B-T and B-LT, and all of it to B-LTA by a time stamp over an archive manifest (EN 319 162-1
//! clause A.7).

use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;

use time::OffsetDateTime;
use zip::{ZipArchive, ZipWriter};

use super::contents::{ASIC_E, Contents};
use super::error::ContainerError;
use super::manifest::Manifest;
use super::names::{ARCHIVE_MANIFEST, Role, numbered_archive};
use super::sign::{DIGEST, MAX_SIGNATURES, MAX_UNPACKED, unwritten, write};
use super::stamps::carried;
use super::verdict::Manifests;
use crate::signature::material::Material;
use crate::signature::raise::{Gathered, token_with_material};
use crate::timestamp::TimestampToken;

/// A signature that no archive time stamp covers: something may be added to it.
#[derive(Debug, Clone)]
pub struct OpenSignature {
    /// Its name in the container.
    pub file: String,
    /// The signature, DER.
    pub signature: Vec<u8>,
    /// What it is over.
    pub manifest: Vec<u8>,
}

/// A container that is being raised.
#[derive(Debug)]
pub struct RaisedContainer {
    octets: Vec<u8>,
    open: Vec<OpenSignature>,
    /// Time stamps that no other covers.
    open_stamps: Vec<String>,
    /// What signatures and time stamps carry.
    carried: Material,
    replaced: BTreeMap<String, Vec<u8>>,
}

impl RaisedContainer {
    /// Of a container of the form ASiC-E with CAdES signatures.
    ///
    /// # Errors
    /// It is none that can be read in one way only, is of another form, or a signature in it has no manifest.
    pub fn of(container: Vec<u8>) -> Result<Self, ContainerError> {
        let contents = Contents::read(&container, MAX_UNPACKED)?;
        let signatures = contents.of_role(Role::Cades);
        let is_extended = contents.media_type()?.is_some_and(|media_type| media_type == ASIC_E);
        if !is_extended || signatures.is_empty() || !contents.of_role(Role::Xades).is_empty() {
            return Err(ContainerError::NotExtended);
        }
        let manifests = Manifests::read(&contents);
        let covered: HashSet<&str> = manifests.stamped_files();
        let mut open = Vec::new();
        for file in signatures.into_iter().filter(|file| !covered.contains(file)) {
            let (manifest, _) = manifests.about(file)?;
            let (signature, manifest) = (contents.unpacked(file)?, contents.unpacked(manifest)?);
            open.push(OpenSignature { file: file.to_owned(), signature, manifest });
        }
        let stamps = contents.of_role(Role::TimeStamp).into_iter();
        let open_stamps = stamps.filter(|file| !covered.contains(file)).map(str::to_owned).collect();
        let carried = carried(&contents);
        Ok(Self { octets: container, open, open_stamps, carried, replaced: BTreeMap::new() })
    }

    /// The signatures that something may be added to.
    pub fn open(&self) -> &[OpenSignature] {
        &self.open
    }

    /// Puts a raised signature in the place of the one that it was raised from.
    pub fn replace(&mut self, file: &str, signature: Vec<u8>) {
        self.replaced.insert(file.to_owned(), signature);
    }

    /// Puts what the container was judged by, as far as nothing in it carries that, into the time stamps that no other covers: so that the
    /// next one keeps it.
    ///
    /// # Errors
    /// A time stamp cannot be read, or would not be read again.
    pub fn keep(&mut self, gathered: &Gathered) -> Result<(), ContainerError> {
        let contents = Contents::read(&self.octets, MAX_UNPACKED)?;
        let fresh = gathered.without(&self.carried);
        for file in &self.open_stamps {
            let unread = |error: &dyn std::fmt::Display| ContainerError::Stamp(error.to_string());
            let token =
                token_with_material(&contents.unpacked(file)?, &fresh).map_err(|error| unread(&error))?;
            let _ = TimestampToken::parse(&token).map_err(|error| unread(&error))?;
            self.replaced.insert(file.clone(), token);
        }
        Ok(())
    }

    /// The container as it is now.
    ///
    /// # Errors
    /// It cannot be written, or would not be read again.
    pub fn written(&self, at: OffsetDateTime) -> Result<Vec<u8>, ContainerError> {
        self.renamed(None, at)
    }

    /// Makes room for a time stamp over all of it.
    ///
    /// # Errors
    /// It cannot be written, or has no room.
    pub fn to_be_stamped(&self, at: OffsetDateTime) -> Result<PreparedArchive, ContainerError> {
        let contents = Contents::read(&self.octets, MAX_UNPACKED)?;
        let free = |number: &usize| {
            let (stamp, manifest) = numbered_archive(*number);
            !contents.has(&stamp) && !contents.has(&manifest)
        };
        let number = (1..=MAX_SIGNATURES).find(free).ok_or(ContainerError::TooMany)?;
        let (stamp, former) = numbered_archive(number);
        let former = contents.has(ARCHIVE_MANIFEST).then_some(former);
        let octets = self.renamed(former.as_deref(), at)?;
        let contents = Contents::read(&octets, MAX_UNPACKED)?;
        let roles = [Role::Cades, Role::TimeStamp, Role::Manifest, Role::ArchiveManifest, Role::Data];
        let names = roles.into_iter().flat_map(|role| contents.of_role(role));
        let digest = |name: &str| Ok((name.to_owned(), contents.digest(name, DIGEST)?));
        let digests = names.map(digest).collect::<Result<Vec<_>, ContainerError>>()?;
        let manifest = Manifest::write_archive(&stamp, &digests, former.as_deref());
        Ok(PreparedArchive { octets, stamp, manifest, at })
    }

    /// Written anew: as it was but for what was replaced, and with the newest archive manifest under another name.
    fn renamed(&self, former: Option<&str>, at: OffsetDateTime) -> Result<Vec<u8>, ContainerError> {
        let contents = Contents::read(&self.octets, MAX_UNPACKED)?;
        let mut archive =
            ZipArchive::new(Cursor::new(self.octets.as_slice())).map_err(|error| unwritten(&error))?;
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for name in contents.names() {
            if let Some(replaced) = self.replaced.get(name) {
                write(&mut writer, name, replaced, at)?;
                continue;
            }
            let place =
                archive.index_for_name(name).ok_or_else(|| ContainerError::Missing(name.to_owned()))?;
            let file = archive.by_index_raw(place).map_err(|error| unwritten(&error))?;
            let copied = match former.filter(|_| name == ARCHIVE_MANIFEST) {
                Some(former) => writer.raw_copy_file_rename(file, former),
                None => writer.raw_copy_file(file),
            };
            copied.map_err(|error| unwritten(&error))?;
        }
        let octets = writer.finish().map_err(|error| unwritten(&error))?.into_inner();
        let _ = Contents::read(&octets, MAX_UNPACKED)?;
        Ok(octets)
    }
}

/// A container that waits for a time stamp over its archive manifest.
#[derive(Debug)]
pub struct PreparedArchive {
    octets: Vec<u8>,
    stamp: String,
    manifest: Vec<u8>,
    at: OffsetDateTime,
}

impl PreparedArchive {
    /// What is to be stamped.
    pub fn manifest(&self) -> &[u8] {
        &self.manifest
    }

    /// The stamped container (level B-LTA). `token` is over [`Self::manifest`].
    ///
    /// # Errors
    /// It cannot be written, or would not be read again: it is too large.
    pub fn complete(self, token: &[u8]) -> Result<Vec<u8>, ContainerError> {
        let appending = ZipWriter::new_append(Cursor::new(self.octets));
        let mut writer = appending.map_err(|error| unwritten(&error))?;
        write(&mut writer, ARCHIVE_MANIFEST, &self.manifest, self.at)?;
        write(&mut writer, &self.stamp, token, self.at)?;
        let octets = writer.finish().map_err(|error| unwritten(&error))?.into_inner();
        let _ = Contents::read(&octets, MAX_UNPACKED)?;
        Ok(octets)
    }
}
