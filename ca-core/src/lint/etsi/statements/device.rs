//! A certified device is claimed of what is qualified only.

use crate::lint::etsi::statement::{self, Statements};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.statement-device",
    clause: "ETSI EN 319 412-5 section 4.2.2",
    severity: Severity::Warning,
    says: "a certified device is claimed of what is qualified only",
    check,
};

/// ETSI EN 319 412-5 section 4.2.2: QcSSCD says that a qualified certificate's key is in a certified device.
fn check(examined: &Examined<'_>) -> Verdict {
    let statements = Statements::of(examined)?;
    let alone = statements.has(statement::DEVICE) && !statements.has(statement::COMPLIANCE);
    ensure(!alone, "QcSSCD stands without QcCompliance")
}
