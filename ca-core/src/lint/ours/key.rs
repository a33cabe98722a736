//! The subject's public key.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Verdict, ensure};

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "npki.key-sound", clause: "RFC 5480 section 2.1.1", check: key_sound },
    Rule { id: "npki.key-admitted", clause: "npki", check: key_admitted },
    Rule { id: "npki.key-of-its-own", clause: "npki", check: key_of_its_own },
    Rule { id: "npki.key-identifier", clause: "RFC 5280 section 4.2.1.2", check: key_identifier },
];

/// RFC 5480 section 2.1.1: the named curve is the point's. A writer that takes the curve from the algorithm of the
/// request's signature puts P-256's name over a point of P-384, and no verifier can load such a certificate.
fn key_sound(examined: &Examined<'_>) -> Verdict {
    examined.key().map(|_| ())
}

/// The key's kind and size are among those the profile admits.
fn key_admitted(examined: &Examined<'_>) -> Verdict {
    let kind = examined.key()?;
    ensure(examined.profile().keys.admit(kind), format!("the profile admits no {kind} key"))
}

/// Nobody but a root has its issuer's key: whoever holds it would be the CA.
fn key_of_its_own(examined: &Examined<'_>) -> Verdict {
    let shared =
        examined.issuer().is_some_and(|issuer| issuer.public_key().raw == examined.tbs().public_key().raw);
    ensure(!shared, "it is the issuing CA's own key")
}

/// RFC 7093 section 2, method 1: the left 160 bits of SHA-256 over the subjectPublicKey's octets.
fn key_identifier(examined: &Examined<'_>) -> Verdict {
    let found = examined.parsed(|extension| match extension {
        ParsedExtension::SubjectKeyIdentifier(identifier) => Some(identifier.0),
        _ => None,
    });
    let octets = &examined.tbs().public_key().subject_public_key.data;
    let digest = ring::digest::digest(&ring::digest::SHA256, octets);
    // A foreign CA's is its own: what it has issued refers to it.
    let foreign = examined.profile().cross.as_ref().map(|cross| cross.key_identifier.as_slice());
    let expected = foreign.or(digest.as_ref().get(..20));
    ensure(found.is_none() || found == expected, "it is not made from the key")
}
