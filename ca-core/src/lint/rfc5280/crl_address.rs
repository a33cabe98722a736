//! The CRL is fetched over HTTP, and is its CA's own for all reasons.

use x509_parser::extensions::{DistributionPointName, ParsedExtension};

use super::address::is_http;
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.crl-address",
    clause: "RFC 5280 section 4.2.1.13",
    severity: Severity::Warning,
    says: "the CRL is fetched over HTTP, and is its CA's own for all reasons",
    check,
};

/// RFC 5280 section 4.2.1.13: an HTTP URI to the DER of the CRL. Not https, since its certificate could need the same CRL
/// (section 8). Without reasons and crlIssuer it is this CA's CRL for all reasons, which section 6.3.3 needs.
fn check(examined: &Examined<'_>) -> Verdict {
    let points = examined.parsed(|extension| match extension {
        ParsedExtension::CRLDistributionPoints(points) => Some(&points.points),
        _ => None,
    });
    points.into_iter().flatten().try_for_each(|point| {
        ensure(point.reasons.is_none() && point.crl_issuer.is_none(), "it is not the CA's, for all reasons")?;
        match &point.distribution_point {
            Some(DistributionPointName::FullName(names)) if names.iter().any(is_http) => Ok(()),
            _ => Err("a distribution point has no http address".to_owned()),
        }
    })
}
