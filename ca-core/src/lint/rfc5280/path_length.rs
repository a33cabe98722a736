//! Only a CA has a path length.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.path-length",
    clause: "RFC 5280 section 4.2.1.9",
    severity: Severity::Error,
    says: "only a CA has a path length",
    check,
};

/// RFC 5280 section 4.2.1.9: CAs MUST NOT include pathLenConstraint unless cA is asserted.
fn check(examined: &Examined<'_>) -> Verdict {
    let length = examined.parsed(|extension| match extension {
        ParsedExtension::BasicConstraints(constraints) => constraints.path_len_constraint,
        _ => None,
    });
    ensure(length.is_none() || examined.is_ca(), "an end entity has a pathLenConstraint")
}
