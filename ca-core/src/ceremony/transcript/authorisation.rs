//! What a key signs as its last act: that another one may sign the transcript of its end.

use serde::{Deserialize, Serialize};

use super::TranscriptError;
use crate::ceremony::CeremonyId;
use crate::ceremony::script::Script;
use crate::keys::sealed::passphrase::as_base64;

const FORMAT: &str = "npki-ceremony-authorisation/1";

/// Which key may sign the transcript of which ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authorisation {
    format: String,
    /// The ceremony.
    pub ceremony: CeremonyId,
    /// SHA-256 of its script, hex.
    pub script_sha256: String,
    /// The key, DER SubjectPublicKeyInfo.
    #[serde(with = "as_base64")]
    pub public_key: Vec<u8>,
}

impl Authorisation {
    /// Authorises a key for a ceremony.
    pub fn new(script: &Script, public_key: &[u8]) -> Self {
        Self {
            format: FORMAT.to_owned(),
            ceremony: script.id.clone(),
            script_sha256: script.sha256(),
            public_key: public_key.to_vec(),
        }
    }

    /// The text that is signed.
    ///
    /// # Errors
    /// None for strings.
    pub fn body(&self) -> Result<String, TranscriptError> {
        serde_json::to_string(self).map_err(|error| TranscriptError::Form(error.to_string()))
    }

    /// Reads the text.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(body: &str) -> Result<Self, TranscriptError> {
        let read: Self =
            serde_json::from_str(body).map_err(|error| TranscriptError::Form(error.to_string()))?;
        if read.format == FORMAT { Ok(read) } else { Err(TranscriptError::Form(read.format)) }
    }
}
