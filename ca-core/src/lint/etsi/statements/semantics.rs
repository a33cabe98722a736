//! Identifiers of a national scheme are beside the name of who registers them.

use crate::lint::etsi::identifier;
use crate::lint::etsi::statement::{self};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::AttributeType;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.statement-semantics",
    clause: "ETSI EN 319 412-1 section 5.1",
    severity: Severity::Error,
    says: "identifiers of a national scheme are beside the name of who registers them",
    check,
};

/// ETSI EN 319 412-1 section 5.1: with an identifier of a national scheme, nameRegistrationAuthorities tells who registers
/// it.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(information) = statement::semantics_information(examined)? else { return Ok(()) };
    let attribute = match information.identifier {
        Some(statement::SEMANTICS_NATURAL) => AttributeType::SerialNumber,
        Some(statement::SEMANTICS_LEGAL) => AttributeType::OrganizationIdentifier,
        _ => return Ok(()),
    };
    let national = examined.values(attribute).any(identifier::is_national);
    ensure(
        information.names_authorities() || !national,
        "a national scheme, and nameRegistrationAuthorities is absent",
    )
}
