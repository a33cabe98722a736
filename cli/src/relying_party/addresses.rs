//! Where a certificate says that its status can be asked.

use ocsp_responder::validation::crl::delta::addresses_in;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension};
use x509_parser::oid_registry::Oid;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The plain HTTP addresses in a certificate. Others (LDAP, HTTPS) are not followed: RFC 5280 section 8 warns of
/// asking for the status of one certificate through a connection that needs the status of another.
#[derive(Debug, Default)]
pub struct Addresses {
    /// The OCSP responder (RFC 5280 section 4.2.2.1).
    pub ocsp: Option<url::Url>,
    /// The issuer's certificate (RFC 5280 section 4.2.2.1).
    pub ca_issuers: Option<url::Url>,
    /// The CRL (RFC 5280 section 4.2.1.13).
    pub crl: Option<url::Url>,
    /// The delta CRL (RFC 5280 section 4.2.1.15).
    pub delta_crl: Option<url::Url>,
}

// RFC 5280 section 4.2.2.1: id-ad-ocsp, id-ad-caIssuers.
const AD_OCSP: &str = "1.3.6.1.5.5.7.48.1";
const AD_CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
// RFC 5280 section 4.2.1.15: id-ce-freshestCRL.
const FRESHEST_CRL: &str = "2.5.29.46";

impl Addresses {
    /// The addresses in a certificate, DER; none when it cannot be read.
    pub fn of(certificate: &[u8]) -> Self {
        let mut found = Self::default();
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return found };
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::AuthorityInfoAccess(access) => {
                    let at = |method: &str| {
                        access
                            .accessdescs
                            .iter()
                            .filter(|description| is(&description.access_method, method))
                            .find_map(|description| http(&description.access_location))
                    };
                    found.ocsp = at(AD_OCSP);
                    found.ca_issuers = at(AD_CA_ISSUERS);
                }
                ParsedExtension::CRLDistributionPoints(points) => {
                    found.crl = points.iter().find_map(|point| match &point.distribution_point {
                        Some(DistributionPointName::FullName(names)) => names.iter().find_map(http),
                        _ => None,
                    });
                }
                _ if is(&extension.oid, FRESHEST_CRL) => {
                    found.delta_crl = first_http(&addresses_in(extension.value));
                }
                _ => {}
            }
        }
        found
    }
}

/// The first of these addresses that is plain HTTP.
pub fn first_http(addresses: &[String]) -> Option<url::Url> {
    addresses.iter().find_map(|uri| url::Url::parse(uri).ok().filter(|url| url.scheme() == "http"))
}

fn is(oid: &Oid<'_>, dotted: &str) -> bool {
    oid.to_id_string() == dotted
}

fn http(name: &GeneralName<'_>) -> Option<url::Url> {
    match name {
        GeneralName::URI(uri) => url::Url::parse(uri).ok().filter(|url| url.scheme() == "http"),
        _ => None,
    }
}
