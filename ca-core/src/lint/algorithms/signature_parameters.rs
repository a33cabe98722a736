//! The signature algorithm has the parameters that its standard says.

use super::known::{self, RSA_PSS, RSA_SHA2};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5758.signature-parameters",
    clause: "RFC 5758 section 3.2",
    severity: Severity::Error,
    says: "the signature algorithm has the parameters that its standard says",
    check,
};

/// RFC 4055 section 5: NULL with RSA; section 3.1: those of PSS. RFC 5758 section 3.2, RFC 8410 section 3 and RFC 9881
/// section 2: absent with everything else.
fn check(examined: &Examined<'_>) -> Verdict {
    const NULL: u32 = 5;
    const SEQUENCE: u32 = 16;
    let algorithm = &examined.tbs().signature;
    let found = algorithm.parameters.as_ref().map(|parameters| parameters.header.tag().0);
    let expected = match known::identifier(algorithm) {
        Some(RSA_PSS) => Some(SEQUENCE),
        Some(other) if RSA_SHA2.contains(&other) => Some(NULL),
        _ => None,
    };
    ensure(found == expected, "the signature algorithm's parameters are others than its standard says")
}
