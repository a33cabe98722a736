//! Only a CA has policy constraints, and they constrain something.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.policy-constraints",
    clause: "RFC 5280 section 4.2.1.11",
    severity: Severity::Error,
    says: "only a CA has policy constraints, and they constrain something",
    check,
};

/// RFC 5280 section 4.2.1.11: for CAs; MUST NOT be an empty sequence.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(found) = examined.extension(extension::POLICY_CONSTRAINTS) else { return Ok(()) };
    ensure(examined.is_ca(), "an end entity has policy constraints")?;
    let empty = matches!(found.parsed_extension(), ParsedExtension::PolicyConstraints(constraints)
        if constraints.require_explicit_policy.is_none() && constraints.inhibit_policy_mapping.is_none());
    ensure(!empty, "they are empty")
}
