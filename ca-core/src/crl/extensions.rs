//! The extensions of a CRL (RFC 5280 section 5.2).

use super::encoding::{Critical, SEQUENCE, element, extension, integer};
use super::plan::Contains;

/// What a CRL says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Extensions<'a> {
    pub(crate) authority_key_identifier: &'a [u8],
    pub(crate) number: u64,
    /// The number of the full CRL that a delta CRL begins from.
    pub(crate) base: Option<u64>,
    pub(crate) scope: Scope,
    /// Where a full CRL's delta CRL is.
    pub(crate) freshest: Option<&'a str>,
}

/// What a CRL is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The address in the certificates it is about; `None`: all of the CA's.
    pub(crate) distribution_point: Option<String>,
    pub(crate) contains: Contains,
}

// id-ce-authorityKeyIdentifier, -cRLNumber, -deltaCRLIndicator, -issuingDistributionPoint, -freshestCRL: 2.5.29.35, .20,
// .27, .28, .46.
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 27];
const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 28];
const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 46];

impl Extensions<'_> {
    /// crlExtensions: the list in its tag [0].
    pub(super) fn to_der(&self) -> Vec<u8> {
        // RFC 5280 section 5.2.1: conforming issuers MUST use the key identifier method.
        let key = element(SEQUENCE, &[&element(0x80, &[self.authority_key_identifier])]);
        let mut list = extension(AUTHORITY_KEY_IDENTIFIER, Critical::No, &key);
        // RFC 5280 section 5.2.3: not critical, at most 20 octets.
        list.extend(extension(CRL_NUMBER, Critical::No, &integer(self.number)));
        if let Some(base) = self.base {
            list.extend(extension(DELTA_CRL_INDICATOR, Critical::Yes, &integer(base)));
        }
        if let Some(scope) = self.scope.to_der() {
            list.extend(extension(ISSUING_DISTRIBUTION_POINT, Critical::Yes, &scope));
        }
        // RFC 5280 section 5.2.6: MUST NOT appear in delta CRLs, never critical.
        if let Some(freshest) = self.freshest.filter(|_| self.base.is_none()) {
            list.extend(extension(FRESHEST_CRL, Critical::No, &distribution_points(freshest)));
        }
        element(0xa0, &[&element(SEQUENCE, &[&list])])
    }
}

impl Scope {
    /// [`Self::to_der`] in lower-case hex; empty for `None`.
    pub(crate) fn in_hex(&self) -> String {
        self.to_der().map(hex::encode).unwrap_or_default()
    }

    /// IssuingDistributionPoint; `None` where the CRL is about all of the CA's certificates.
    pub(crate) fn to_der(&self) -> Option<Vec<u8>> {
        let mut fields = self.distribution_point.as_deref().map(distribution_point).unwrap_or_default();
        match self.contains {
            Contains::Everything => {}
            Contains::UserCertificates => fields.extend([0x81, 0x01, 0xff]),
            Contains::CaCertificates => fields.extend([0x82, 0x01, 0xff]),
        }
        // RFC 5280 section 5.2.5: the sequence MUST NOT be empty.
        (!fields.is_empty()).then(|| element(SEQUENCE, &[&fields]))
    }
}

/// distributionPoint [0], fullName [0], uniformResourceIdentifier [6].
fn distribution_point(uri: &str) -> Vec<u8> {
    element(0xa0, &[&element(0xa0, &[&element(0x86, &[uri.as_bytes()])])])
}

/// CRLDistributionPoints of one address, as in freshestCRL.
pub(crate) fn distribution_points(uri: &str) -> Vec<u8> {
    element(SEQUENCE, &[&element(SEQUENCE, &[&distribution_point(uri)])])
}
