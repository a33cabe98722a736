//! The key's algorithm has the parameters that its standard says.

use super::known::{self, EC, RSA};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5480.key-parameters",
    clause: "RFC 5480 section 2.1.1",
    severity: Severity::Error,
    says: "the key's algorithm has the parameters that its standard says",
    check,
};

/// RFC 5480 section 2.1.1: a named curve. RFC 3279 section 2.3.1: NULL with RSA. RFC 8410 section 3 and RFC 9881 section 2:
/// absent with Ed25519 and ML-DSA.
fn check(examined: &Examined<'_>) -> Verdict {
    const NULL: u32 = 5;
    const OBJECT_IDENTIFIER: u32 = 6;
    let found = examined.tbs().subject_pki.algorithm.parameters.as_ref().map(|it| it.header.tag().0);
    let expected = match known::of_key(examined.tbs()) {
        Some(RSA) => Some(NULL),
        Some(EC) => Some(OBJECT_IDENTIFIER),
        _ => None,
    };
    ensure(found == expected, "the key's parameters are others than its standard says")
}
