//! The authority information access names addresses, over HTTP.

use x509_parser::extensions::ParsedExtension;

use super::address::is_http;
use crate::lint::examined::{ACCESS_CA_ISSUERS, ACCESS_OCSP, Examined, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.information-access",
    clause: "RFC 5280 section 4.2.2.1",
    severity: Severity::Error,
    says: "the authority information access names addresses, over HTTP",
    check,
};

/// RFC 5280 section 4.2.2.1: SEQUENCE SIZE (1..MAX); for caIssuers at least one HTTP or LDAP URI, for OCSP the responder's
/// (RFC 6960 section 3.1). Here HTTP, which everybody can fetch.
fn check(examined: &Examined<'_>) -> Verdict {
    let access = examined.parsed(|extension| match extension {
        ParsedExtension::AuthorityInfoAccess(access) => Some(&access.accessdescs),
        _ => None,
    });
    let Some(access) = access else { return Ok(()) };
    ensure(!access.is_empty(), "it is empty")?;
    let known = |found: &&x509_parser::extensions::AccessDescription<'_>| {
        same_oid(&found.access_method, ACCESS_OCSP) || same_oid(&found.access_method, ACCESS_CA_ISSUERS)
    };
    let http = access.iter().filter(known).all(|found| is_http(&found.access_location));
    ensure(http, "a location is no http address")
}
