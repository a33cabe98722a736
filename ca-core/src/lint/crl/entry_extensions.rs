//! An entry's extensions can be read, stand once, and none is critical but the issuer.

use super::{Entry, EntryRule, List, oid};
use crate::lint::{Severity, Verdict, ensure, ensure_or};

pub(super) const RULE: EntryRule = EntryRule {
    id: "rfc5280.crl-entry-extensions",
    clause: "RFC 5280 section 5.3",
    severity: Severity::Error,
    says: "an entry's extensions can be read, stand once, and none is critical but the issuer",
    check,
};

/// RFC 5280 sections 5.3.1 and 5.3.2: not critical; section 5.3.3: certificateIssuer MUST be critical, in an indirect CRL
/// only. An empty list of them is no list.
fn check(entry: &Entry<'_>, _: &List<'_>) -> Verdict {
    let Some(extensions) = entry.extensions else { return Ok(()) };
    let mut count = 0;
    for (at, found) in extensions.enumerate() {
        let found = found?;
        let issuer = found.is(oid::CERTIFICATE_ISSUER);
        ensure_or(found.critical == issuer, || format!("{} is critical, or should be", found.name()))?;
        let again = extensions.skip(at + 1).flatten().any(|other| other.is_same_as(&found));
        ensure_or(!again, || format!("{} stands more than once", found.name()))?;
        count += 1;
    }
    ensure(count > 0, "the list of its extensions is empty")
}
