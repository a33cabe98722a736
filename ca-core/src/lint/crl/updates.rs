//! The CRL says when it was made and when the next will be, which is later.

use super::{List, ListRule};
use crate::lint::rfc5280::moment;
use crate::lint::{Severity, Verdict, ensure};

pub(super) const RULE: ListRule = ListRule {
    id: "rfc5280.crl-updates",
    clause: "RFC 5280 section 5.1.2.5",
    severity: Severity::Error,
    says: "the CRL says when it was made and when the next will be, which is later",
    check,
};

/// RFC 5280 sections 5.1.2.4 and 5.1.2.5: in the form of section 4.1.2.5; conforming CRL issuers MUST include nextUpdate.
fn check(list: &List<'_>) -> Verdict {
    let this = list.this_update;
    moment::check(this.tag, this.body)?;
    let next = list.next_update.ok_or("there is no nextUpdate")?;
    moment::check(next.tag, next.body)?;
    let later = moment::comparable(next.tag, next.body) > moment::comparable(this.tag, this.body);
    ensure(later, "nextUpdate is not after thisUpdate")
}
