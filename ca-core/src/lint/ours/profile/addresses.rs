//! The addresses are of the kinds that the profile asks for.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::{ACCESS_CA_ISSUERS, ACCESS_OCSP, Examined};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.addresses",
    clause: "npki",
    severity: Severity::Error,
    says: "the addresses are of the kinds that the profile asks for",
    check,
};

/// Ours: exactly the kinds of address that the profile asks for.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let all = examined.parsed(|extension| match extension {
        ParsedExtension::AuthorityInfoAccess(access) => Some(access.accessdescs.len()),
        _ => None,
    });
    let ocsp = examined.count_access(ACCESS_OCSP);
    let ca_issuers = examined.count_access(ACCESS_CA_ISSUERS);
    let asked = (usize::from(profile.ocsp_address), usize::from(profile.ca_issuers_address));
    let other = all.unwrap_or_default() > ocsp + ca_issuers;
    ensure((ocsp, ca_issuers) == asked && !other, "its addresses are not those the profile asks for")
}
