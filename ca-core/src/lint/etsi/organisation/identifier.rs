//! An organisation's identifier has its form, and is not its name.

use crate::lint::etsi::identifier;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::AttributeType;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.organisation-identifier",
    clause: "ETSI EN 319 412-1 section 5.1.4",
    severity: Severity::Error,
    says: "an organisation's identifier has its form, and is not its name",
    check,
};

/// ETSI EN 319 412-3 section 4.2.1: different from organizationName; EN 319 412-1 section 5.1.4: its form.
fn check(examined: &Examined<'_>) -> Verdict {
    const KINDS: [&str; 4] = ["NTR", "VAT", "PSD", "LEI"];
    examined.values(AttributeType::OrganizationIdentifier).try_for_each(|value| {
        let repeated = examined.values(AttributeType::Organization).any(|name| name == value);
        ensure(!repeated, "it repeats the organisation's name")?;
        identifier::form(value, &KINDS)
    })
}
