//! The path length is the profile's.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::ProfileKind;

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.path-length",
    clause: "npki",
    severity: Severity::Error,
    says: "the path length is the profile's",
    check,
};

/// Ours: exactly the profile's pathLenConstraint.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let wanted = match profile.kind {
        ProfileKind::IssuingCa { path_length } => Some(u32::from(path_length)),
        ProfileKind::RootCa | ProfileKind::EndEntity => None,
    };
    let found = examined.parsed(|extension| match extension {
        ParsedExtension::BasicConstraints(constraints) => constraints.path_len_constraint,
        _ => None,
    });
    ensure(found == wanted, "it is not the profile's")
}
