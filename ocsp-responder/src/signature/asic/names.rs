//! The names of files in a container, and what they are there for (EN 319 162-1 clauses 4.3 and 4.4).

use super::error::ContainerError;

/// The file that says what the container is.
pub(super) const MIMETYPE: &str = "mimetype";
/// The folder of all that is not content.
const META: &str = "META-INF/";
/// The most octets of a name.
const MAX_NAME: usize = 1024;
/// The most letters of a name that is not accepted which are repeated.
const SHOWN: usize = 80;

/// What an entry is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Something that can be signed.
    Data,
    /// A folder: it has no content.
    Folder,
    /// What the container is.
    MediaType,
    /// A CAdES signature.
    Cades,
    /// A XAdES signature.
    Xades,
    /// What a signature or time stamp is over.
    Manifest,
    /// What a time stamp is over that keeps all there was before it.
    ArchiveManifest,
    /// A time stamp beside the signatures.
    TimeStamp,
    /// Evidence records beside the signatures, and lists for other programs: nothing that is content.
    Other,
}

impl Role {
    /// By the name alone, as the standard has it.
    pub(super) fn of(name: &str) -> Self {
        if name == MIMETYPE {
            return Self::MediaType;
        }
        if name.ends_with('/') {
            return Self::Folder;
        }
        let Some(within) = name.strip_prefix(META).filter(|within| !within.contains('/')) else {
            return Self::Data;
        };
        let ends = |ending: &str| within.ends_with(ending);
        // EN 319 162-1 clause 4.4.4.2: "*signature*.p7s", "*timestamp*.tst", "ASiCManifest*.xml", "ASiCArchiveManifest*.xml"; clause
        // 4.4.3.2: "*signatures*.xml".
        if within.contains("signature") && ends(".p7s") {
            Self::Cades
        } else if within.contains("signatures") && ends(".xml") {
            Self::Xades
        } else if within.starts_with("ASiCManifest") && ends(".xml") {
            Self::Manifest
        } else if within.starts_with("ASiCArchiveManifest") && ends(".xml") {
            Self::ArchiveManifest
        } else if within.contains("timestamp") && ends(".tst") {
            Self::TimeStamp
        } else if (within.contains("evidencerecord") && (ends(".ers") || ends(".xml")))
            || within == "manifest.xml"
            || within == "container.xml"
        {
            Self::Other
        } else {
            // Whatever else stands there, some program may take for content.
            Self::Data
        }
    }
}

/// The name of the signature, and of its manifest, of this number.
pub(super) fn numbered(number: usize) -> (String, String) {
    (format!("{META}signature{number:03}.p7s"), format!("{META}ASiCManifest{number:03}.xml"))
}

/// The newest archive manifest (EN 319 162-1 clause A.7); those before it have a number in their names.
pub(super) const ARCHIVE_MANIFEST: &str = "META-INF/ASiCArchiveManifest.xml";

/// The name of the archive time stamp of this number, and that of an archive manifest which is no longer the newest.
pub(super) fn numbered_archive(number: usize) -> (String, String) {
    (format!("{META}timestamp{number:03}.tst"), format!("{META}ASiCArchiveManifest{number:03}.xml"))
}

/// Reads a name that stays within the container on every system.
pub(super) fn read(octets: &[u8], is_utf8: bool) -> Result<String, ContainerError> {
    let refused = || {
        let shown: String = String::from_utf8_lossy(octets).chars().take(SHOWN).collect();
        ContainerError::Name(format!("{shown:?}"))
    };
    let name = std::str::from_utf8(octets).map_err(|_| refused())?;
    // APPNOTE.TXT appendix D: without the flag, letters beyond ASCII are another alphabet's to some.
    let readable = is_utf8 || name.is_ascii();
    let parts = name.strip_suffix('/').unwrap_or(name);
    let stays = parts.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let plain = !name.contains(|letter: char| letter.is_control() || matches!(letter, '\\' | ':'));
    if readable && stays && plain && name.len() <= MAX_NAME { Ok(name.to_owned()) } else { Err(refused()) }
}
