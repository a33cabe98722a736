//! The days of the script.

use super::terms;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.cross-period",
    clause: "RFC 5280 section 4.1.2.5",
    severity: Severity::Error,
    says: "the days of the script, never before the issuer's own",
    check,
};

/// The days of the script; never before the issuer's own.
fn check(examined: &Examined<'_>) -> Verdict {
    let (validity, terms) = (examined.tbs().validity(), terms(examined)?);
    let within = validity.not_before.to_datetime() >= terms.not_before
        && validity.not_after.to_datetime() == terms.not_after;
    ensure(within, "it is not the period of the script")
}
