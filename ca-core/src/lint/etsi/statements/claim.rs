//! Whoever claims qualified status under another law than the European Union's says which.

use crate::lint::etsi::statement::{self, Statements};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.statement-claim",
    clause: "ETSI EN 319 412-5 section 4.2.1",
    severity: Severity::Notice,
    says: "whoever claims qualified status under another law than the European Union's says which",
    check,
};

/// ETSI EN 319 412-5 section 4.2.1: QcCompliance without QcCClegislation claims status under Regulation (EU) 910/2014. A
/// certificate of ours that did so is refused by `npki.statements`.
fn check(examined: &Examined<'_>) -> Verdict {
    let statements = Statements::of(examined)?;
    let european = statements.has(statement::COMPLIANCE) && !statements.has(statement::LEGISLATION);
    ensure(!european, "it claims qualified status in the European Union")
}
