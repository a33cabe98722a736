//! No key serves two subjects. Issuance binds each key to its identity for all time, in the change that stores the
//! certificate; this looks for the same fault among certificates that were made elsewhere or before.

use std::collections::HashMap;

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{Finding, Rule, Severity};

pub(super) const RULE: Rule<()> = Rule {
    id: "npki.key-of-one-subject",
    clause: "npki",
    severity: Severity::Error,
    says: "among all that is linted together, no key serves two subjects",
    check: (),
};

type Digest = [u8; 32];

/// Which subject each key was seen with: 64 octets for each key.
#[derive(Debug, Default)]
pub struct KeyHolders(HashMap<Digest, Digest>);

impl KeyHolders {
    /// Takes note of a certificate, DER; a finding when its key was seen with another subject.
    pub fn see(&mut self, certificate: &[u8]) -> Option<Finding> {
        let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
        let subject = digest(parsed.subject().as_raw());
        let known = *self.0.entry(digest(parsed.public_key().raw)).or_insert(subject);
        let message = "its key was seen before, in a certificate of another subject";
        (known != subject).then(|| RULE.finding(message.to_owned()))
    }
}

fn digest(bytes: &[u8]) -> Digest {
    let mut octets = [0; 32];
    octets.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
    octets
}
