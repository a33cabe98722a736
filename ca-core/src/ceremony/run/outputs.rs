//! What a ceremony makes: kept in its folder, and copied to the exchange medium.

use super::session::{Session, facts};
use crate::ceremony::journal::Facts;
use crate::ceremony::station::{make_folder, read_if_there, write_once, write_over};
use crate::ceremony::{CeremonyError, fingerprint};

/// Whether an output that is there is taken over as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// It is the same each time: one with another content is somebody else's.
    Written,
    /// It is signed, and a second signature would differ: what is there is taken over.
    Signed,
}

impl Session<'_> {
    /// Makes a file once, copies it to the exchange medium, and gives its name and fingerprint.
    pub(super) fn output(
        &mut self,
        name: &str,
        form: Form,
        make: impl FnOnce(&mut Self) -> Result<Vec<u8>, CeremonyError>,
    ) -> Result<Facts, CeremonyError> {
        let folder = self.folder.join("outputs");
        make_folder(&folder)?;
        let path = folder.join(name);
        let content = match read_if_there(&path)?.filter(|_| form == Form::Signed) {
            Some(there) => there,
            None => {
                let made = make(self)?;
                write_once(&path, &made)?;
                made
            }
        };
        if let Some(media) = &self.media {
            write_over(&media.join(name), &content)?;
        }
        Ok(facts([("output", name.to_owned()), ("sha256", fingerprint(&content))]))
    }

    /// Reads a file from the exchange medium.
    pub(super) fn input(&self, name: &str) -> Result<Vec<u8>, CeremonyError> {
        input(self.media.as_deref(), name)
    }
}

/// Reads a file from the exchange medium.
pub(super) fn input(media: Option<&std::path::Path>, name: &str) -> Result<Vec<u8>, CeremonyError> {
    let media = media.ok_or_else(|| {
        CeremonyError::unfit(format!("{name} is on the exchange medium, and none was given: --media"))
    })?;
    crate::ceremony::station::read(&media.join(name))
}

/// A PEM file (RFC 7468).
pub(super) fn pem_text(tag: &str, der: &[u8]) -> Vec<u8> {
    let framing = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, der), framing).into_bytes()
}
