//! Object identifiers of keys and signatures, and which belong together.

use const_oid::ObjectIdentifier;
use x509_parser::certificate::TbsCertificate;
use x509_parser::x509::AlgorithmIdentifier;

use crate::lint::issuer::SigningKey;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

/// rsaEncryption (RFC 3279 section 2.3.1).
pub(super) const RSA: ObjectIdentifier = oid("1.2.840.113549.1.1.1");
/// id-RSASSA-PSS (RFC 4055 section 3.1).
pub(super) const RSA_PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");
/// sha256WithRSAEncryption, sha384WithRSAEncryption, sha512WithRSAEncryption (RFC 4055 section 5).
pub(super) const RSA_SHA2: [ObjectIdentifier; 3] =
    [oid("1.2.840.113549.1.1.11"), oid("1.2.840.113549.1.1.12"), oid("1.2.840.113549.1.1.13")];
/// id-ecPublicKey (RFC 5480 section 2.1.1).
pub(super) const EC: ObjectIdentifier = oid("1.2.840.10045.2.1");
/// Curves, each with the signature algorithm whose digest has its strength (RFC 5758 section 3.2; CA/Browser Forum BR
/// section 7.1.3.2.2): P-256, P-384, P-521.
pub(super) const CURVES: [(ObjectIdentifier, ObjectIdentifier); 3] = [
    (oid("1.2.840.10045.3.1.7"), oid("1.2.840.10045.4.3.2")),
    (oid("1.3.132.0.34"), oid("1.2.840.10045.4.3.3")),
    (oid("1.3.132.0.35"), oid("1.2.840.10045.4.3.4")),
];
/// id-Ed25519 (RFC 8410 section 3).
pub(super) const ED25519: ObjectIdentifier = oid("1.3.101.112");
/// id-ml-dsa-44, -65 and -87 with the octets of their public keys (RFC 9881 section 2; FIPS 204 table 2).
pub(super) const ML_DSA: [(ObjectIdentifier, usize); 3] = [
    (oid("2.16.840.1.101.3.4.3.17"), 1312),
    (oid("2.16.840.1.101.3.4.3.18"), 1952),
    (oid("2.16.840.1.101.3.4.3.19"), 2592),
];

/// The algorithm of a certificate's key.
pub(super) fn of_key(tbs: &TbsCertificate<'_>) -> Option<ObjectIdentifier> {
    identifier(&tbs.subject_pki.algorithm)
}

pub(super) fn identifier(algorithm: &AlgorithmIdentifier<'_>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::from_bytes(algorithm.algorithm.as_bytes()).ok()
}

/// Whether a key of the signer's kind makes signatures of this algorithm.
pub(super) fn belong_together(signer: SigningKey<'_>, signature: ObjectIdentifier) -> bool {
    match signer.algorithm {
        Some(RSA) => signature == RSA_PSS || RSA_SHA2.contains(&signature),
        Some(EC) => CURVES
            .iter()
            .any(|(curve, fitting)| *fitting == signature && signer.parameters == Some(curve.as_bytes())),
        Some(key) => key == signature,
        None => false,
    }
}
