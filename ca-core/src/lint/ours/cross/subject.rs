//! The subject is the foreign CA's own name.

use super::terms;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.cross-subject",
    clause: "RFC 5280 section 4.1.2.4",
    severity: Severity::Error,
    says: "the subject is the foreign CA's own name",
    check,
};

/// RFC 5280 section 4.1.2.4: names are compared, so it is the foreign CA's own, octet for octet.
fn check(examined: &Examined<'_>) -> Verdict {
    let same = examined.tbs().subject().as_raw() == terms(examined)?.subject.as_slice();
    ensure(same, "it is not the foreign CA's name")
}
