//! What is for CAs stands in no other certificate.

use const_oid::ObjectIdentifier;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict};

/// What ETSI EN 319 412-2 section 4.3 keeps out of end-entity certificates.
const EXTENSIONS_OF_CAS: [ObjectIdentifier; 4] = [
    extension::POLICY_MAPPINGS,
    extension::NAME_CONSTRAINTS,
    extension::POLICY_CONSTRAINTS,
    extension::INHIBIT_ANY_POLICY,
];

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.person-extensions",
    clause: "ETSI EN 319 412-2 section 4.3",
    severity: Severity::Error,
    says: "what is for CAs stands in no other certificate",
    check,
};

/// ETSI EN 319 412-2 section 4.3: policyMappings, nameConstraints, policyConstraints and inhibitAnyPolicy are for CAs.
fn check(examined: &Examined<'_>) -> Verdict {
    match EXTENSIONS_OF_CAS.into_iter().find(|oid| examined.extension(*oid).is_some()) {
        Some(oid) => Err(format!("{oid} is for CAs")),
        None => Ok(()),
    }
}
