//! A responder has no names, policies or addresses that invite other use.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc6960.nothing-else",
    clause: "CA/Browser Forum BR section 7.1.2.8",
    severity: Severity::Warning,
    says: "a responder has no names, policies or addresses that invite other use",
    check,
};

/// CA/Browser Forum BR section 7.1.2.8.2: alternative names and a CRL's address MUST NOT, policies and the like SHOULD NOT
/// be there.
fn check(examined: &Examined<'_>) -> Verdict {
    let forbidden =
        [extension::SUBJECT_ALT_NAME, extension::CERTIFICATE_POLICIES, extension::CRL_DISTRIBUTION_POINTS];
    match forbidden.into_iter().find(|oid| examined.extension(*oid).is_some()) {
        Some(oid) => Err(format!("a responder has no extension {oid}")),
        None => Ok(()),
    }
}
