//! When nothing is revoked there is no list.

use super::{List, ListRule};
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-not-empty",
    clause: "RFC 5280 section 5.1.2.6",
    severity: Severity::Error,
    says: "when nothing is revoked there is no list",
    check,
};

/// RFC 5280 section 5.1.2.6: when there are no revoked certificates, the list MUST be absent.
fn check(list: &List<'_>) -> Verdict {
    ensure(
        list.entries.is_none_or(|entries| !entries.is_empty()),
        "the list of revoked certificates is empty",
    )
}
