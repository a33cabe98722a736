//! Certificates and CRLs that were found in the wild: whether the ledger knows them. This alone shows a signature that
//! was made with the key itself, past npki and its journal.

use der::asn1::BitStringRef;
use der::{AnyRef, Decode, Encode};
use serde::Serialize;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::super::{Event, Position, Recorded};
use super::TO_BE_SIGNED;
use super::intent::name_of;
use crate::algorithm::SignatureAlgorithm;
use crate::keys::journal::Digest;
use crate::storage::StorageError;

/// A certificate or CRL as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// SHA-256 of what was signed.
    pub to_be_signed: Digest,
    /// SHA-256 of the whole.
    pub whole: Digest,
    /// Its issuer, as text.
    pub issuer: String,
    /// The signed octets, the DER of the signature's AlgorithmIdentifier, and the signature.
    pub signed: Option<(Vec<u8>, Vec<u8>, Vec<u8>)>,
}

impl Seen {
    /// Reads a certificate or a CRL.
    pub fn of_der(der: &[u8]) -> Option<Self> {
        let issuer = match X509Certificate::from_der(der) {
            Ok(([], certificate)) => crate::name::text(certificate.issuer().as_raw()),
            _ => match CertificateRevocationList::from_der(der) {
                Ok(([], crl)) => crate::name::text(crl.issuer().as_raw()),
                _ => return None,
            },
        };
        // RFC 5280 sections 4.1 and 5.1.1: both are the signed octets, an AlgorithmIdentifier, and the signature.
        let fields = Vec::<AnyRef<'_>>::from_der(der).ok()?;
        let [signed, algorithm, signature] = fields.as_slice() else { return None };
        let signed = signed.to_der().ok()?;
        let signature = signature.decode_as::<BitStringRef<'_>>().ok()?.as_bytes()?.to_vec();
        Some(Self {
            to_be_signed: Digest::of(&signed),
            whole: Digest::of(der),
            issuer,
            signed: Some((signed, algorithm.to_der().ok()?, signature)),
        })
    }

    /// Whether the signature on it was made with this key.
    pub fn is_signed_with(&self, public_key_info: &[u8]) -> bool {
        self.signed.as_ref().is_some_and(|(signed, algorithm, signature)| {
            SignatureAlgorithm::from_identifier(algorithm)
                .is_ok_and(|algorithm| algorithm.verify(public_key_info, signed, signature).is_ok())
        })
    }
}

/// What the ledger says about something seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Sighting {
    /// It was meant, and this very signature was recorded.
    Known {
        /// What it is, as the ledger names it.
        subject: String,
        /// The event that meant it.
        position: Position,
    },
    /// It was meant; no event says that it was signed: its issuance did not end.
    Unfinished {
        /// What it is, as the ledger names it.
        subject: String,
        /// The event that meant it.
        position: Position,
    },
    /// It was meant and recorded with another signature: the key was used on it twice.
    OtherSignature {
        /// What it is, as the ledger names it.
        subject: String,
        /// The event that recorded it.
        position: Position,
    },
    /// The ledger never meant it.
    Unknown,
}

/// Looks up everything seen in one reading of the ledger.
#[derive(Debug)]
pub struct SeenDigests {
    all: Vec<(Seen, Option<Meant>)>,
}

#[derive(Debug)]
struct Meant {
    name: String,
    sighting: Sighting,
}

impl SeenDigests {
    /// Begins to look.
    pub fn new(seen: Vec<Seen>) -> Self {
        Self { all: seen.into_iter().map(|seen| (seen, None)).collect() }
    }

    /// Reads the next event.
    ///
    /// # Errors
    /// It is no event.
    pub fn take(&mut self, recorded: &Recorded) -> Result<(), StorageError> {
        let event = recorded.event()?;
        for (seen, meant) in &mut self.all {
            match meant {
                None => {
                    *meant = intent(seen, recorded.position, &event);
                    // What was made elsewhere and brought over is told in one event.
                    if let Some(meant) = meant {
                        meant.result(seen, recorded.position, &event);
                    }
                }
                Some(meant) => meant.result(seen, recorded.position, &event),
            }
        }
        Ok(())
    }

    /// What was found, in the order of what was seen.
    pub fn sightings(self) -> impl Iterator<Item = (Seen, Sighting)> {
        let sighting = |meant: Option<Meant>| meant.map_or(Sighting::Unknown, |meant| meant.sighting);
        self.all.into_iter().map(move |(seen, meant)| (seen, sighting(meant)))
    }
}

fn intent(seen: &Seen, position: Position, event: &Event) -> Option<Meant> {
    let digest: Digest = event.detail.get(TO_BE_SIGNED)?.parse().ok()?;
    let sighting = Sighting::Unfinished { subject: event.subject.clone(), position };
    (digest == seen.to_be_signed).then(|| Meant { name: name_of(event), sighting })
}

impl Meant {
    fn result(&mut self, seen: &Seen, position: Position, event: &Event) {
        let Sighting::Unfinished { subject, position: meant } = &self.sighting else { return };
        let Some(digest) = event.detail.get("sha256").filter(|_| name_of(event) == self.name) else { return };
        let subject = subject.clone();
        self.sighting = if *digest == seen.whole.to_string() {
            Sighting::Known { subject, position: *meant }
        } else {
            Sighting::OtherSignature { subject, position }
        };
    }
}
