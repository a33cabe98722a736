//! Object identifiers of keys and signatures, those that are supported and the names of those that are not.

/// rsaEncryption (RFC 3279 section 2.3.1).
pub(super) const RSA: &str = "1.2.840.113549.1.1.1";
/// id-RSASSA-PSS (RFC 4055 section 3.1).
pub(super) const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";
/// id-ecPublicKey (RFC 5480 section 2.1.1).
pub(super) const EC: &str = "1.2.840.10045.2.1";
/// secp256r1 (RFC 5480 section 2.1.1.1).
pub(super) const P256: &str = "1.2.840.10045.3.1.7";
/// secp384r1 (RFC 5480 section 2.1.1.1).
pub(super) const P384: &str = "1.3.132.0.34";
/// id-Ed25519 (RFC 8410 section 3).
pub(super) const ED25519: &str = "1.3.101.112";
/// id-ml-dsa-44 (RFC 9881 section 2).
pub(super) const ML_DSA_44: &str = "2.16.840.1.101.3.4.3.17";
/// id-ml-dsa-65 (RFC 9881 section 2).
pub(super) const ML_DSA_65: &str = "2.16.840.1.101.3.4.3.18";
/// id-ml-dsa-87 (RFC 9881 section 2).
pub(super) const ML_DSA_87: &str = "2.16.840.1.101.3.4.3.19";

/// Signature algorithms and digests for which collisions are found: MD2, MD4, MD5 and SHA-1 with RSA, SHA-1 with ECDSA
/// and DSA; SHA-1 and MD5.
pub(super) const BROKEN: [&str; 9] = [
    "1.2.840.113549.1.1.2",
    "1.2.840.113549.1.1.3",
    "1.2.840.113549.1.1.4",
    "1.2.840.113549.1.1.5",
    "1.3.14.3.2.29",
    "1.2.840.10045.4.1",
    "1.2.840.10040.4.3",
    "1.3.14.3.2.26",
    "1.2.840.113549.2.5",
];

/// Names for people of what npki recognises without supporting it.
const NAMES: [(&str, &str); 38] = [
    (RSASSA_PSS, "RSASSA-PSS"),
    ("1.2.840.113549.1.1.2", "MD2 with RSA"),
    ("1.2.840.113549.1.1.3", "MD4 with RSA"),
    ("1.2.840.113549.1.1.4", "MD5 with RSA"),
    ("1.2.840.113549.1.1.5", "SHA-1 with RSA"),
    ("1.2.840.113549.1.1.14", "SHA-224 with RSA"),
    ("1.2.840.113549.1.1.15", "SHA-512/224 with RSA"),
    ("1.2.840.113549.1.1.16", "SHA-512/256 with RSA"),
    ("1.3.14.3.2.29", "SHA-1 with RSA"),
    ("1.2.840.10045.4.1", "SHA-1 with ECDSA"),
    ("1.2.840.10045.4.3.1", "SHA-224 with ECDSA"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10040.4.3", "SHA-1 with DSA"),
    ("2.16.840.1.101.3.4.3.1", "SHA-224 with DSA"),
    ("2.16.840.1.101.3.4.3.2", "SHA-256 with DSA"),
    ("1.2.840.113549.1.3.1", "Diffie-Hellman"),
    ("1.2.840.113549.1.1.7", "RSAES-OAEP"),
    ("1.3.132.1.12", "ECDH-only"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.33", "P-224"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
    ("1.2.156.10197.1.301", "SM2"),
    ("1.2.156.10197.1.501", "SM3 with SM2"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.4.1", "ML-KEM-512"),
    ("2.16.840.1.101.3.4.4.2", "ML-KEM-768"),
    ("2.16.840.1.101.3.4.4.3", "ML-KEM-1024"),
    ("1.3.14.3.2.26", "SHA-1"),
    ("1.2.840.113549.2.5", "MD5"),
    ("2.16.840.1.101.3.4.2.4", "SHA-224"),
    ("2.16.840.1.101.3.4.2.5", "SHA-512/224"),
    ("2.16.840.1.101.3.4.2.6", "SHA-512/256"),
];

/// A name for people: the algorithm's, or the object identifier.
pub(super) fn name_of(oid: &str) -> String {
    let known = NAMES.iter().find(|(known, _)| *known == oid);
    known.map_or_else(|| format!("object identifier {oid}"), |(_, name)| (*name).to_owned())
}
