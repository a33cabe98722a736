//! A person's serial number has the form that the semantics say.

use crate::lint::etsi::{exactly_one, identifier, statement};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict};
use crate::profile::AttributeType;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.person-identifier",
    clause: "ETSI EN 319 412-1 section 5.1.3",
    severity: Severity::Error,
    says: "a person's serial number has the form that the semantics say",
    check,
};

/// ETSI EN 319 412-1 section 5.1.3: the form of serialNumber where the semantics say natural person.
fn check(examined: &Examined<'_>) -> Verdict {
    const KINDS: [&str; 5] = ["PAS", "IDC", "PNO", "TAX", "TIN"];
    if statement::semantics(examined)? != Some(statement::SEMANTICS_NATURAL) {
        return Ok(());
    }
    exactly_one(examined, &[AttributeType::SerialNumber])?;
    examined.values(AttributeType::SerialNumber).try_for_each(|value| identifier::form(value, &KINDS))
}
