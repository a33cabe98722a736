//! The key is one that npki admits, and sound.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.key-sound",
    clause: "RFC 5480 section 2.1.1",
    severity: Severity::Warning,
    says: "the key is one that npki admits, and sound",
    check,
};

/// RFC 5480 section 2.1.1: the named curve is the point's. A writer that takes the curve from the algorithm of the
/// request's signature puts P-256's name over a point of P-384, and no verifier can load such a certificate.
fn check(examined: &Examined<'_>) -> Verdict {
    examined.key().map(|_| ())
}
