//! All that is wrong with one key.

use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::clause;
use super::rsa::{self, RsaKey};
use crate::csr::{CsrError, KeyKind, SubjectPublicKey};
use crate::fingerprint::fingerprint;

/// What was found out about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// SHA-256 of its SubjectPublicKeyInfo, lower-case hex.
    pub sha256: String,
    /// Its kind and size; nothing for a key that would be refused.
    pub kind: Option<KeyKind>,
    /// Everything that speaks against it.
    pub weaknesses: Vec<Weakness>,
}

/// Something that speaks against a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakness {
    /// What.
    pub fault: CsrError,
    /// Where the rule is written.
    pub clause: &'static str,
}

impl From<CsrError> for Weakness {
    fn from(fault: CsrError) -> Self {
        // What cannot be read at all breaks the encoding's own rules.
        Self { clause: clause(&fault).unwrap_or("ITU-T X.690 (DER); RFC 5280 section 4.1.2.7"), fault }
    }
}

/// Examines a DER SubjectPublicKeyInfo.
pub fn examine(public_key_info: &[u8]) -> Examined {
    let (kind, faults) = match SubjectPublicKey::from_der(public_key_info) {
        Ok(key) => (Some(key.kind()), Vec::new()),
        Err(first) => (None, all_faults(public_key_info, first)),
    };
    Examined {
        sha256: fingerprint(public_key_info),
        kind,
        weaknesses: faults.into_iter().map(Weakness::from).collect(),
    }
}

/// Reading ends at the first fault; an RSA key may have several.
fn all_faults(public_key_info: &[u8], first: CsrError) -> Vec<CsrError> {
    let faults = rsa_key(public_key_info).map(|key| rsa::faults(&key)).unwrap_or_default();
    if faults.contains(&first) { faults } else { vec![first] }
}

/// The numbers of an RSA key, whatever their quality; nothing for other keys.
pub fn rsa_key(public_key_info: &[u8]) -> Option<RsaKey> {
    let (_, info) = SubjectPublicKeyInfo::from_der(public_key_info).ok()?;
    match info.parsed().ok()? {
        PublicKey::RSA(key) => Some(RsaKey::new(key.modulus, key.exponent)),
        _ => None,
    }
}
