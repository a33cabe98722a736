//! The names lie within the issuer's name constraints.

use x509_parser::extensions::NameConstraints;
use x509_parser::prelude::FromDer;

use super::subtree::within;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.issuer-names",
    clause: "RFC 5280 section 4.2.1.10",
    severity: Severity::Error,
    says: "the names lie within the issuer's name constraints",
    check,
};

/// RFC 5280 section 6.1.3 (b) and (c): each name is within a permitted subtree of its kind, if the issuer has any, and
/// within no excluded one.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(issuer) = examined.issuer() else { return Ok(()) };
    let Some(constraints) = &issuer.name_constraints else { return Ok(()) };
    let (_, constraints) = NameConstraints::from_der(constraints).map_err(|error| error.to_string())?;
    examined.alternative_names().iter().try_for_each(|name| {
        let excluded = constraints.excluded_subtrees.iter().flatten();
        let out = excluded.filter_map(|subtree| within(name, &subtree.base)).any(|inside| inside);
        let permitted = constraints.permitted_subtrees.iter().flatten();
        let mut permitted = permitted.filter_map(|subtree| within(name, &subtree.base)).peekable();
        let admitted = permitted.peek().is_none() || permitted.any(|inside| inside);
        ensure_or(admitted && !out, || format!("{name} is outside the issuer's name constraints"))
    })
}
