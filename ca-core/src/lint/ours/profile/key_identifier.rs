//! The subject key identifier is made from the key.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.key-identifier",
    clause: "RFC 7093 section 2",
    severity: Severity::Error,
    says: "the subject key identifier is made from the key",
    check,
};

/// RFC 7093 section 2, method 1: the left 160 bits of SHA-256 over the subjectPublicKey's octets. A foreign CA's is its
/// own: what it has issued refers to it.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = examined.parsed(|extension| match extension {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
        _ => None,
    });
    let octets = &examined.tbs().public_key().subject_public_key.data;
    let digest = ring::digest::digest(&ring::digest::SHA256, octets);
    let cross = examined.profile().and_then(|profile| profile.cross.as_ref());
    let expected = cross.map(|cross| cross.key_identifier.as_slice()).or(digest.as_ref().get(..20));
    ensure(found.is_none() || found == expected, "it is not made from the key")
}
