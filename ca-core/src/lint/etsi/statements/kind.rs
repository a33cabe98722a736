//! What is qualified is qualified for one thing.

use const_oid::ObjectIdentifier;

use crate::lint::etsi::statement::{self, Statements};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.statement-type",
    clause: "ETSI EN 319 412-5 section 4.2.3",
    severity: Severity::Error,
    says: "what is qualified is qualified for one thing",
    check,
};

/// ETSI EN 319 412-5 section 4.2.3: QcType names one type of EN 319 412-5, which must stand beside QcCompliance.
fn check(examined: &Examined<'_>) -> Verdict {
    let statements = Statements::of(examined)?;
    let types = statements.value::<Vec<ObjectIdentifier>>(statement::TYPE)?;
    let compliance = statements.has(statement::COMPLIANCE);
    ensure(types.is_some() == compliance, "QcType and QcCompliance stand together or not at all")?;
    let Some(types) = types else { return Ok(()) };
    let known = [statement::TYPE_SIGNATURE, statement::TYPE_SEAL, statement::TYPE_WEB];
    ensure(matches!(&types[..], [one] if known.contains(one)), "QcType is not one of the three types")
}
