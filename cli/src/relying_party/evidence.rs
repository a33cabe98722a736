//! Fetches what is needed to judge a certificate: its issuer, an OCSP answer, a CRL.

use ca_core::clock::Entropy;
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::addresses::Addresses;
use super::judgement::trusted_issuer;
use super::material::Chain;
use super::ocsp::OcspQuestion;
use super::revocation_list::crl_says;
use super::standing::Said;
use crate::client::Publications;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};

/// What both sources said; each may have failed for itself.
#[derive(Debug)]
pub struct Evidence {
    /// OCSP.
    pub ocsp: Result<Said, Failure>,
    /// The CRL.
    pub crl: Result<Said, Failure>,
}

/// The certificate of the issuer: among those given, among the anchors, or where the certificate says it is.
///
/// It is not trusted for being found: `trusted_issuer` checks that it leads to an anchor.
///
/// # Errors
/// It is nowhere, or does not lead to a trust anchor.
pub fn issuer(
    chain: &Chain,
    anchors: &Anchors,
    publications: &Publications,
    now: OffsetDateTime,
) -> Result<CertificateDer<'static>, Failure> {
    let mut given = chain.others.iter().chain(anchors.iter().map(|anchor| anchor.der()));
    if let Some(found) = given.find(|candidate| is_issuer(candidate, &chain.certificate)) {
        return trusted_issuer(found, chain, anchors, now);
    }
    let address = Addresses::of(&chain.certificate).ca_issuers;
    let address = address.ok_or_else(|| Failure::of(&catalogue::NO_ISSUER))?;
    let fetched = CertificateDer::from(publications.fetch(&address)?);
    trusted_issuer(&fetched, chain, anchors, now)
}

/// Asks both sources.
pub fn ask(
    certificate: &CertificateDer<'_>,
    issuer: &CertificateDer<'_>,
    publications: &Publications,
    entropy: &dyn Entropy,
    now: OffsetDateTime,
) -> Evidence {
    let addresses = Addresses::of(certificate);
    let unnamed = || Failure::of(&catalogue::NO_STATUS_ADDRESS);
    Evidence {
        ocsp: addresses.ocsp.ok_or_else(unnamed).and_then(|url| {
            let question = OcspQuestion::about(certificate, issuer, entropy)?;
            let answer = publications.ask_ocsp(&url, question.request().to_vec())?;
            question.read(&answer, now)
        }),
        crl: addresses.crl.ok_or_else(unnamed).and_then(|url| {
            let crl = publications.fetch(&url)?;
            crl_says(&crl, certificate, issuer, now)
        }),
    }
}

/// RFC 5280 section 6.1.3 (a)(4): the issuer's subject is the certificate's issuer, octet for octet.
fn is_issuer(candidate: &CertificateDer<'_>, certificate: &CertificateDer<'_>) -> bool {
    let parsed =
        (x509_parser::parse_x509_certificate(candidate), x509_parser::parse_x509_certificate(certificate));
    match parsed {
        (Ok((_, candidate)), Ok((_, certificate))) => {
            candidate.subject().as_raw() == certificate.issuer().as_raw() && candidate.is_ca()
        }
        _ => false,
    }
}
