//! There are no unique identifiers.

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.unique-identifiers",
    clause: "RFC 5280 section 4.1.2.8",
    severity: Severity::Error,
    says: "there are no unique identifiers",
    check,
};

/// RFC 5280 section 4.1.2.8: CAs MUST NOT generate certificates with unique identifiers.
fn check(examined: &Examined<'_>) -> Verdict {
    let tbs = examined.tbs();
    ensure(tbs.issuer_uid.is_none() && tbs.subject_uid.is_none(), "it has a unique identifier")
}
