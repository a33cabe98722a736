//! The issuer is named by country, organisation and common name.

use crate::lint::examined::{Examined, attributes_of};
use crate::lint::{Rule, Severity, Verdict};
use crate::profile::AttributeType;

/// What names an issuer (ETSI EN 319 412-2 section 4.2.3.1).
const ISSUER: [AttributeType; 3] =
    [AttributeType::Country, AttributeType::Organization, AttributeType::CommonName];

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.person-issuer",
    clause: "ETSI EN 319 412-2 section 4.2.3.1",
    severity: Severity::Error,
    says: "the issuer is named by country, organisation and common name",
    check,
};

/// ETSI EN 319 412-2 section 4.2.3.1: an issuer that is a legal person has at least countryName, organizationName and
/// commonName.
fn check(examined: &Examined<'_>) -> Verdict {
    let found = attributes_of(examined.tbs().issuer());
    let missing = ISSUER.into_iter().find(|wanted| !found.iter().any(|it| it.kind == Some(*wanted)));
    missing.map_or(Ok(()), |missing| Err(format!("the issuer has no {missing}")))
}
