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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use der::{Decode, Encode};
    use spki::SubjectPublicKeyInfoOwned;

    use super::*;
    use crate::algorithm::KeyAlgorithm;
    use crate::keys::Signer;
    use crate::keys::software::SoftwareKey;

    fn public_key_info(algorithm: KeyAlgorithm) -> Vec<u8> {
        SoftwareKey::generate(algorithm).unwrap().public_key_info().to_vec()
    }

    #[test]
    fn a_sound_key_of_each_algorithm_has_a_kind_and_no_fault() {
        for algorithm in KeyAlgorithm::ALL {
            let examined = examine(&public_key_info(algorithm));
            assert_eq!(examined.kind.and_then(KeyKind::algorithm), Some(algorithm));
            assert_eq!(examined.weaknesses, []);
        }
    }

    #[test]
    fn an_ml_dsa_key_of_another_length_is_refused_under_its_own_clause() {
        for algorithm in [KeyAlgorithm::MlDsa44, KeyAlgorithm::MlDsa65, KeyAlgorithm::MlDsa87] {
            let mut info = SubjectPublicKeyInfoOwned::from_der(&public_key_info(algorithm)).unwrap();
            let mut octets = info.subject_public_key.raw_bytes().to_vec();
            octets.push(0);
            for wrong in [&octets[..], &octets[..octets.len() - 2]] {
                info.subject_public_key = der::asn1::BitString::from_bytes(wrong).unwrap();
                let examined = examine(&info.to_der().unwrap());
                assert_eq!(examined.kind, None);
                let [weakness] = &examined.weaknesses[..] else { unreachable!("{examined:?}") };
                assert_eq!(weakness.clause, "RFC 9881 section 4; FIPS 204 table 2");
            }
        }
    }
}
