//! The script: the one file that says all that will happen in a ceremony.
//!
//! `file` holds the loose form as written; [`Script`] is the checked form that a ceremony works from. [`Script::words`]
//! tells it in plain words, for the witnesses.

mod check;
mod describe;
mod error;
mod file;
mod when;

use std::path::PathBuf;

use time::OffsetDateTime;

use super::CeremonyId;
use super::custody::Holder;
use super::foreign::CrossTerms;
use super::station::TokenKey;
use crate::algorithm::KeyAlgorithm;
use crate::certificate::CaId;
use crate::profile::Profile;
use crate::serial::SerialNumber;
use crate::status::RevocationReason;

pub use error::{Fault, ScriptError};

macro_rules! sample {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../config/ceremonies/", $name, ".toml")))
    };
}

/// A commented sample of each kind, by the kind's name.
pub const SAMPLES: &[(&str, &str)] = &[
    sample!("root"),
    sample!("issuing-ca"),
    sample!("cross-certificate"),
    sample!("link-certificate"),
    sample!("root-crl"),
    sample!("key-destruction"),
];

/// A checked script.
#[derive(Debug, Clone)]
pub struct Script {
    /// The ceremony's name.
    pub id: CeremonyId,
    /// What it is for, in one line.
    pub title: String,
    /// The hierarchy that the root founds: requests and responses name it.
    pub hierarchy: String,
    /// Where it is held.
    pub place: String,
    /// Who conducts it.
    pub officer: String,
    /// Who watches.
    pub witnesses: Vec<Witness>,
    /// Where the randomness comes from, as the script's author vouches for it.
    pub entropy: String,
    /// The root CA's name on its medium.
    pub ca: CaId,
    /// What is done.
    pub act: Act,
    /// The text, octet for octet.
    pub text: String,
}

/// Somebody who watches a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The name.
    pub name: String,
    /// The DER SubjectPublicKeyInfo of a key with which the witness signs the transcript afterwards.
    pub public_key: Option<Vec<u8>>,
}

/// What is done in a ceremony.
#[derive(Debug, Clone)]
pub enum Act {
    /// A root CA is founded.
    Root(Box<Founding>),
    /// An issuing CA's request is answered with a certificate.
    IssuingCa(Box<Issuing>),
    /// A foreign CA is certified.
    CrossCertificate(Box<Crossing>),
    /// Another generation of the root is vouched for.
    LinkCertificate(Linking),
    /// The root's next CRL is made.
    RootCrl(Listing),
    /// The root's key is destroyed.
    KeyDestruction(Destruction),
}

/// Who opens the key of a root that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// SHA-256 of the root's certificate, lower-case hex.
    pub root_sha256: String,
    /// The holders who bring their shares.
    pub present: Vec<String>,
}

/// Founding a root CA.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The kind of key.
    pub algorithm: KeyAlgorithm,
    /// Where the key is to be, if in a token; sealed in a file otherwise.
    pub token: Option<TokenKey>,
    /// The root's profile.
    pub profile: Profile,
    /// The root's name.
    pub name: CaName,
    /// Under which address the root's certificate and CRL will be published.
    pub base_url: String,
    /// When the second CRL is due.
    pub crl_next_update: OffsetDateTime,
    /// How many holders open the key.
    pub threshold: u8,
    /// The holders, and where each one's share is written to; `None` is paper.
    pub holders: Vec<(Holder, Option<PathBuf>)>,
}

/// A CA's name, as facts for its profile.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaName {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The organisation's legal name.
    pub organisation: String,
    /// Its identifier (ETSI EN 319 412-1 section 5.1.4); may be empty.
    #[serde(default)]
    pub organisation_identifier: String,
    /// The CA's own name.
    pub common_name: String,
}

/// Answering an issuing CA's request.
#[derive(Debug, Clone)]
pub struct Issuing {
    /// Who opens the key.
    pub opening: Opening,
    /// The request's file on the exchange medium.
    pub request: String,
    /// SHA-256 of the request, as its maker read it out.
    pub request_sha256: String,
    /// The profile of the certificate.
    pub profile: Profile,
    /// The response's file.
    pub response: String,
}

/// Certifying a foreign CA.
#[derive(Debug, Clone)]
pub struct Crossing {
    /// Who opens the key.
    pub opening: Opening,
    /// The file of the foreign CA's certificate on the exchange medium.
    pub certificate: String,
    /// SHA-256 of that certificate's DER.
    pub certificate_sha256: String,
    /// What it is certified for.
    pub terms: CrossTerms,
    /// The file of the cross-certificate.
    pub output: String,
}

/// Vouching for another generation of the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linking {
    /// Who opens the key.
    pub opening: Opening,
    /// The file of the other root's certificate on the exchange medium.
    pub certificate: String,
    /// SHA-256 of that certificate's DER.
    pub certificate_sha256: String,
    /// Until when, UTC; `None` as long as both roots are valid.
    pub not_after: Option<OffsetDateTime>,
    /// The file of the link certificate.
    pub output: String,
}

/// Making the root's next CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Who opens the key.
    pub opening: Opening,
    /// Which certificates are revoked first.
    pub revocations: Vec<Revoked>,
    /// The CRL's number.
    pub number: u64,
    /// When the next one is due.
    pub next: NextCrl,
    /// The CRL's file.
    pub output: String,
}

/// What comes after a CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextCrl {
    /// Another, at this moment at the latest, UTC.
    Due(OffsetDateTime),
    /// None: the root ends with it.
    Never,
}

/// A certificate to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: SerialNumber,
    /// Why.
    pub reason: RevocationReason,
    /// From when on, UTC.
    pub at: OffsetDateTime,
}

/// Destroying the root's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destruction {
    /// Who opens the key, once more.
    pub opening: Opening,
    /// Why.
    pub reason: String,
}

impl Script {
    /// Reads and checks a script; `file` is what errors call it.
    ///
    /// # Errors
    /// The text is no script, or says something that cannot be done.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScriptError> {
        check::script(file, file::read(file, text)?, text)
    }

    /// SHA-256 of the text, lower-case hex: what everybody in the room compares.
    pub fn sha256(&self) -> String {
        super::fingerprint(self.text.as_bytes())
    }

    /// The kind's name.
    pub const fn kind(&self) -> &'static str {
        match self.act {
            Act::Root(_) => "root",
            Act::IssuingCa(_) => "issuing-ca",
            Act::CrossCertificate(_) => "cross-certificate",
            Act::LinkCertificate(_) => "link-certificate",
            Act::RootCrl(_) => "root-crl",
            Act::KeyDestruction(_) => "key-destruction",
        }
    }

    /// Who opens the key; `None` where the key is made.
    pub const fn opening(&self) -> Option<&Opening> {
        match &self.act {
            Act::Root(_) => None,
            Act::IssuingCa(act) => Some(&act.opening),
            Act::CrossCertificate(act) => Some(&act.opening),
            Act::LinkCertificate(act) => Some(&act.opening),
            Act::RootCrl(act) => Some(&act.opening),
            Act::KeyDestruction(act) => Some(&act.opening),
        }
    }

    /// Everything that will happen, in plain words.
    pub fn words(&self) -> Vec<String> {
        describe::words(self)
    }
}
