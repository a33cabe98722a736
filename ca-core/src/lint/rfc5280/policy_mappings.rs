//! Only a CA maps policies, and never from or to anyPolicy.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::{Examined, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::oids;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.policy-mappings",
    clause: "RFC 5280 section 4.2.1.5",
    severity: Severity::Error,
    says: "only a CA maps policies, and never from or to anyPolicy",
    check,
};

/// RFC 5280 section 4.2.1.5: in CA certificates; policies MUST NOT be mapped either to or from anyPolicy.
fn check(examined: &Examined<'_>) -> Verdict {
    let mappings = examined.parsed(|extension| match extension {
        ParsedExtension::PolicyMappings(mappings) => Some(&mappings.mappings),
        _ => None,
    });
    let Some(mappings) = mappings else { return Ok(()) };
    ensure(examined.is_ca(), "an end entity maps policies")?;
    ensure(!mappings.is_empty(), "it is empty")?;
    let any = mappings.iter().any(|mapping| {
        let sides = [&mapping.issuer_domain_policy, &mapping.subject_domain_policy];
        sides.into_iter().any(|policy| same_oid(policy, oids::ANY_POLICY.0))
    });
    ensure(!any, "anyPolicy is mapped")
}
