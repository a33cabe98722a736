//! The version is 2.

use super::{List, ListRule};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-version",
    clause: "RFC 5280 section 5.1.2.1",
    severity: Severity::Error,
    says: "the version is 2",
    check,
};

/// RFC 5280 section 5.1.2.1: with extensions, which section 5.2 demands, the field MUST be present and say version 2.
fn check(list: &List<'_>) -> Verdict {
    ensure(list.version == Some(&[1]), "the version is not 2")
}
