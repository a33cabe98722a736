//! What a request claims to be signed with, and proof of possession: its signature under its own key (RFC 2986
//! section 4.2).

use const_oid::ObjectIdentifier;

use super::oids::{self, name_of};
use super::{CsrError, SubjectPublicKey};
use crate::algorithm::{IdentifierError, SignatureAlgorithm, VerifyError};

/// Reads the request's signatureAlgorithm. A whitelist: everything else is refused by name.
pub(super) fn algorithm(identifier: &[u8]) -> Result<SignatureAlgorithm, CsrError> {
    SignatureAlgorithm::from_identifier(identifier).map_err(|error| match error {
        IdentifierError::Malformed => CsrError::Structure { part: "signatureAlgorithm" },
        IdentifierError::NotAccepted(oid) => not_accepted(oid, String::new()),
        IdentifierError::PssDigest(oid) => not_accepted(oid, "RSASSA-PSS over ".to_owned()),
        IdentifierError::PssSalt { found, expected } => CsrError::PssSalt { found, expected },
        IdentifierError::Parameters { algorithm, why } => CsrError::SignatureParameters { algorithm, why },
    })
}

fn not_accepted(oid: ObjectIdentifier, before: String) -> CsrError {
    let oid = oid.to_string();
    let named = before + &name_of(&oid);
    if oids::BROKEN.contains(&oid.as_str()) {
        CsrError::WeakSignature { algorithm: named }
    } else {
        CsrError::UnsupportedSignature { found: named }
    }
}

/// Verifies `signature` over `message` under `key`, if the algorithm is one for keys of its kind.
pub(super) fn proof_of_possession(
    key: &SubjectPublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), CsrError> {
    algorithm.verify(key.der(), message, signature).map_err(|error| match error {
        VerifyError::Mismatch => CsrError::ProofOfPossession,
        VerifyError::KeyMismatch | VerifyError::KeyNotAccepted(_) => {
            CsrError::SignatureOfAnotherKind { key: key.kind().to_string(), algorithm: algorithm.to_string() }
        }
    })
}
