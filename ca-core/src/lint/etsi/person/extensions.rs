//! What is for CAs stands in no other certificate.

use crate::lint::etsi::EXTENSIONS_OF_CAS;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict};

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
