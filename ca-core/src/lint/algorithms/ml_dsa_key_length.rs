//! An ML-DSA key has the octets of its parameter set.

use super::known::{self, ML_DSA};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc9881.key-length",
    clause: "RFC 9881 section 4",
    severity: Severity::Error,
    says: "an ML-DSA key has the octets of its parameter set",
    check,
};

/// RFC 9881 section 4: the raw public key of FIPS 204: 1 312, 1 952 or 2 592 octets.
fn check(examined: &Examined<'_>) -> Verdict {
    let key = known::of_key(examined.tbs());
    let Some((_, octets)) = ML_DSA.iter().find(|(id, _)| Some(*id) == key) else { return Ok(()) };
    let found = examined.tbs().subject_pki.subject_public_key.data.len();
    ensure_or(found == *octets, || format!("the key has {found} octets, not {octets}"))
}
