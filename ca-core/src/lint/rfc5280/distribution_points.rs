//! Each CRL distribution point says where or whose.

use x509_parser::extensions::ParsedExtension;

use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.distribution-points",
    clause: "RFC 5280 section 4.2.1.13",
    severity: Severity::Error,
    says: "each CRL distribution point says where or whose",
    check,
};

/// RFC 5280 section 4.2.1.13: SEQUENCE SIZE (1..MAX); a point MUST NOT consist of only the reasons field.
fn check(examined: &Examined<'_>) -> Verdict {
    let points = examined.parsed(|extension| match extension {
        ParsedExtension::CRLDistributionPoints(points) => Some(&points.points),
        _ => None,
    });
    let Some(points) = points else { return Ok(()) };
    ensure(!points.is_empty(), "it is empty")?;
    let somewhere = points.iter().all(|it| it.distribution_point.is_some() || it.crl_issuer.is_some());
    ensure(somewhere, "a distribution point says neither where nor whose")
}
