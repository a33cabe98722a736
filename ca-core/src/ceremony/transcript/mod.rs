//! The transcript: one signed file that says all that happened, and can be checked years later without anything else
//! but the root's certificate.
//!
//! It holds the script, every line of the journal in its chain of digests, the record of custody, the root's certificate
//! and what was made. [`Transcript::verify`] checks all of it against each other; with OpenSSL alone:
//!
//! ```text
//! jq -rj .body T.json > body;  jq -r '.signatures[0].signature' T.json | base64 -d > signature
//! openssl x509 -in root.pem -noout -pubkey > root.pub
//! openssl dgst -sha384 -verify root.pub -signature signature body
//! ```

mod authorisation;
mod verify;

use serde::{Deserialize, Serialize};

use super::CeremonyId;
use super::custody::CustodyRecord;
use super::journal::{Entry, JournalError};
use super::run::Output;
use super::script::{Script, ScriptError};
use super::signed::{Signature, Signed, SignedError};
use crate::keys::sealed::passphrase::as_base64;
use crate::keys::{KeyError, Signer};

pub use authorisation::Authorisation;
pub use verify::{Verified, WitnessSignature};

/// The form of the text.
const FORMAT: &str = "npki-ceremony-transcript/1";

/// The text of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    format: String,
    /// The ceremony.
    pub ceremony: CeremonyId,
    /// Its kind.
    pub kind: String,
    /// SHA-256 of the script, hex.
    pub script_sha256: String,
    /// The script, octet for octet.
    pub script: String,
    /// The root's certificate, DER.
    #[serde(with = "as_base64")]
    pub root: Vec<u8>,
    /// Who holds the shares, with the commitment to each.
    pub custody: Option<CustodyRecord>,
    /// Everything that was done, in its order.
    pub steps: Vec<Entry>,
    /// SHA-256 of the last step's line, hex.
    pub head: String,
    /// What was made.
    pub outputs: Vec<Output>,
    /// Where the root's key is destroyed: what it signed as its last act.
    pub authorisation: Option<Signed>,
}

/// Writes the text of a transcript.
///
/// # Errors
/// The steps do not follow each other.
pub(super) fn body(
    script: &Script,
    steps: Vec<Entry>,
    custody: Option<CustodyRecord>,
    root: &[u8],
    authorisation: Option<Signed>,
) -> Result<String, TranscriptError> {
    let script_sha256 = script.sha256();
    let content = Content {
        format: FORMAT.to_owned(),
        ceremony: script.id.clone(),
        kind: script.kind().to_owned(),
        head: super::journal::chain(&steps, &script_sha256)?,
        script_sha256,
        script: script.text.clone(),
        root: root.to_vec(),
        custody,
        outputs: outputs(&steps),
        steps,
        authorisation,
    };
    serde_json::to_string(&content).map_err(|error| TranscriptError::Form(error.to_string()))
}

/// What the steps made.
pub fn outputs(steps: &[Entry]) -> Vec<Output> {
    let output = |entry: &Entry| {
        let (file, sha256) = entry.facts.get("output").zip(entry.facts.get("sha256"))?;
        Some(Output { file: file.clone(), sha256: sha256.clone() })
    };
    steps.iter().filter_map(output).collect()
}

/// A transcript as read. [`Transcript::verify`] says whether it is to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    signed: Signed,
    content: Content,
}

impl Transcript {
    /// Reads a transcript's file. Nothing in it is proven yet.
    ///
    /// # Errors
    /// It is no transcript.
    pub fn parse(file: &[u8]) -> Result<Self, TranscriptError> {
        let signed = Signed::parse(file)?;
        let content: Content =
            serde_json::from_str(&signed.body).map_err(|error| TranscriptError::Form(error.to_string()))?;
        if content.format != FORMAT {
            return Err(TranscriptError::Form(format!(
                "it is of the form {:?}, this npki knows {FORMAT:?}",
                content.format
            )));
        }
        Ok(Self { signed, content })
    }

    /// What it says.
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// SHA-256 of its text, hex: what was read aloud.
    pub fn digest(&self) -> String {
        self.signed.digest()
    }

    /// The file.
    pub fn to_file(&self) -> String {
        self.signed.to_file()
    }

    /// Adds the signature of a witness, by the key that the script names for them.
    ///
    /// # Errors
    /// The script names no such witness, or another key; or the key could not be used.
    pub fn cosign(&mut self, witness: &str, signer: &dyn Signer) -> Result<(), TranscriptError> {
        let script = self.script()?;
        let named = script.witnesses.iter().find(|found| found.name == witness);
        let named = named.ok_or_else(|| TranscriptError::UnknownWitness(witness.to_owned()))?;
        if named.public_key.as_deref() != Some(signer.public_key_info()) {
            return Err(TranscriptError::OtherWitnessKey(witness.to_owned()));
        }
        self.signed.signatures.retain(|signature| signature.by != witness);
        self.signed.signatures.push(Signature::make(&self.signed.body, witness, signer)?);
        Ok(())
    }

    fn script(&self) -> Result<Script, TranscriptError> {
        Ok(Script::parse("the script in the transcript", &self.content.script)?)
    }
}

/// A transcript was not accepted, or not made.
#[derive(Debug, thiserror::Error)]
pub enum TranscriptError {
    /// It is no transcript of this version.
    #[error("it is no transcript that can be read: {0}")]
    Form(String),
    /// Its signature does not hold, or is another's.
    #[error("the transcript is refused: {0}")]
    Signature(#[from] SignedError),
    /// It carries another root than the one it is judged by.
    #[error("the transcript is of another root: SHA-256 {found}, not {expected}")]
    OtherRoot {
        /// The fingerprint of the root it was judged by.
        expected: String,
        /// The fingerprint of the root in it.
        found: String,
    },
    /// The script in it is not the one whose digest it gives.
    #[error("the script in the transcript was altered: its SHA-256 is not the one that everybody agreed to")]
    Script,
    /// The script in it cannot be read.
    #[error("the script in the transcript cannot be read: {0}")]
    ScriptForm(#[from] ScriptError),
    /// Its steps do not follow each other.
    #[error("the steps of the transcript do not hold together: {0}")]
    Steps(#[from] JournalError),
    /// Something that the script demands did not happen.
    #[error("the transcript is not complete: {0}")]
    Incomplete(String),
    /// What it says in two places does not agree.
    #[error("the transcript contradicts itself: {0}")]
    Contradiction(String),
    /// The key that signed it was not authorised by the root's key.
    #[error("the key that signed the transcript was not authorised by the root's key")]
    NotAuthorised,
    /// The script names no such witness.
    #[error("the script names no witness {0:?}")]
    UnknownWitness(String),
    /// The script names another key, or none, for the witness.
    #[error("the script names another key, or none, for the witness {0:?}")]
    OtherWitnessKey(String),
    /// The key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}
