//! An end entity has a subject key identifier too, but for TLS servers.

use crate::lint::examined::{Examined, extension};
use crate::lint::{Kind, Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.subject-key-identifier-advised",
    clause: "RFC 5280 section 4.2.1.2",
    severity: Severity::Notice,
    says: "an end entity has a subject key identifier too, but for TLS servers",
    check,
};

/// RFC 5280 section 4.2.1.2: SHOULD be included in end entity certificates. CA/Browser Forum BR section 7.1.2.7.6 advises
/// against it for TLS servers.
fn check(examined: &Examined<'_>) -> Verdict {
    let present = examined.extension(extension::SUBJECT_KEY_IDENTIFIER).is_some();
    ensure(present || matches!(examined.kind(), Kind::TlsServer | Kind::Ca), "there is none")
}
