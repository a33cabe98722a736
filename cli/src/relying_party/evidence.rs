//! Fetches what is needed to judge a certificate: its issuer, OCSP answers, CRLs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ca_core::clock::Entropy;
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::crl::delta::delta_addresses;
use ocsp_responder::validation::status::{
    EvidenceSource, Finding, NoEvidence, OcspVerifier, ReportedStatus, RevocationEvidence, Vouched,
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::addresses::{Addresses, first_http};
use super::filter::Filters;
use super::judgement::trusted_issuer;
use super::material::Chain;
use super::ocsp::OcspQuestion;
use super::revocation_list::crls_say;
use super::standing::{Said, Status};
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
    if let Some(found) = given_issuer(chain, anchors) {
        return trusted_issuer(found, chain, anchors, now);
    }
    let address = Addresses::of(&chain.certificate).ca_issuers;
    let address = address.ok_or_else(|| Failure::of(&catalogue::NO_ISSUER))?;
    let fetched = CertificateDer::from(publications.fetch(&address)?);
    trusted_issuer(&fetched, chain, anchors, now)
}

/// The certificate of the issuer, if it was given: with the certificate, or as an anchor. Not trusted for that.
pub(super) fn given_issuer<'a>(
    chain: &'a Chain,
    anchors: &'a Anchors,
) -> Option<&'a CertificateDer<'static>> {
    let mut given = chain.others.iter().chain(anchors.iter().map(|anchor| anchor.der()));
    given.find(|candidate| is_issuer(candidate, &chain.certificate))
}

/// How many certificates are fetched for one chain, and how far it is followed: addresses in certificates are the
/// choice of whoever made them.
const MOST_FETCHED: usize = 4;
/// See [`MOST_FETCHED`].
const MOST_STEPS: usize = 8;

/// Adds the certificates that stand between a certificate and the anchors and were not given, from where each says
/// that its issuer is (RFC 5280 section 4.2.2.1). They are not trusted for being found; what cannot be had is left out.
pub fn completed(mut chain: Chain, anchors: &Anchors, publications: &Publications) -> Chain {
    let mut current = chain.certificate.clone();
    let mut fetched = 0;
    for _ in 0..MOST_STEPS {
        if anchors.iter().any(|anchor| anchor.der() == &current || is_issuer(anchor.der(), &current)) {
            break;
        }
        if let Some(given) = chain.others.iter().find(|given| is_issuer(given, &current)) {
            current = given.clone();
            continue;
        }
        let found = Addresses::of(&current).ca_issuers.filter(|_| fetched < MOST_FETCHED);
        let Some(found) = found.and_then(|address| publications.fetch(&address).ok()) else { break };
        fetched += 1;
        current = CertificateDer::from(found);
        chain.others.push(current.clone());
    }
    chain
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
        ocsp: addresses.ocsp.clone().ok_or_else(unnamed).and_then(|url| {
            let question = OcspQuestion::about(certificate, issuer, entropy)?;
            let answer = publications.ask_ocsp(&url, question.request().to_vec())?;
            question.read(&answer, now)
        }),
        crl: addresses.crl.clone().ok_or_else(unnamed).and_then(|url| {
            let mut crls = vec![publications.fetch(&url)?];
            if let Some(delta) = delta_address(&addresses, &crls) {
                // Without it, the full CRL still says what it says.
                crls.extend(publications.fetch(&delta).ok());
            }
            crls_say(&crls, certificate, issuer, now)
        }),
    }
}

/// Where the delta CRL is that amends these CRLs: the certificate says so, or a full CRL.
fn delta_address(addresses: &Addresses, crls: &[Vec<u8>]) -> Option<url::Url> {
    let named = || crls.iter().find_map(|crl| first_http(&delta_addresses(crl)));
    addresses.delta_crl.clone().or_else(named)
}

/// Where a verdict's evidence of status comes from.
#[derive(Debug)]
pub enum StatusEvidence<'a> {
    /// The addresses that certificates name.
    Network(Network<'a>),
    /// Nowhere: nobody may be asked.
    Offline,
}

/// What was had, and nothing for what could not be had.
type Kept<K> = RefCell<BTreeMap<K, Option<Vec<u8>>>>;

/// A kind of evidence of status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// OCSP
    Ocsp,
    /// The CRL
    Crl,
    /// The compact filter of the CA: --filter FILE
    Filter,
}

/// Which sources are asked, one after another, and for which moment what they say must hold.
#[derive(Debug)]
struct Order {
    sources: Vec<Source>,
    filters: Filters,
    at: OffsetDateTime,
}

/// Asks the addresses that certificates name, and remembers which question each answer belongs to.
#[derive(Debug)]
pub struct Network<'a> {
    publications: &'a Publications,
    entropy: &'a dyn Entropy,
    /// Without one, both are asked.
    order: Option<Box<Order>>,
    asked: RefCell<Vec<(Vec<u8>, OcspQuestion)>>,
    /// What was fetched, by address: of ten thousand signatures of one certificate its CRL is fetched once.
    fetched: Kept<url::Url>,
    /// What OCSP answered, by certificate and issuer; nothing where it did not.
    answered: Kept<[Vec<u8>; 2]>,
    unreachable: RefCell<Vec<String>>,
}

impl<'a> StatusEvidence<'a> {
    /// Evidence from the network.
    pub fn network(publications: &'a Publications, entropy: &'a dyn Entropy) -> Self {
        let (asked, unreachable) = (RefCell::default(), RefCell::default());
        let (fetched, answered) = (RefCell::default(), RefCell::default());
        Self::Network(Network { publications, entropy, asked, fetched, answered, unreachable, order: None })
    }

    /// The same, asking these sources alone: each after the first only where those before it said nothing that holds at this moment.
    pub fn in_order(self, sources: Vec<Source>, filters: Filters, at: OffsetDateTime) -> Self {
        match self {
            Self::Network(network) => {
                Self::Network(Network { order: Some(Box::new(Order { sources, filters, at })), ..network })
            }
            Self::Offline => Self::Offline,
        }
    }

    /// What could not be reached, for people.
    pub fn unreachable(&self) -> Vec<String> {
        match self {
            Self::Network(network) => network.unreachable.borrow().clone(),
            Self::Offline => vec!["--offline was given: nobody was asked for the status".to_owned()],
        }
    }
}

impl Network<'_> {
    /// Whether it is this source's turn for a certificate.
    fn is_asked(&self, source: Source, certificate: &Certificate, issuer: &Certificate) -> bool {
        let Some(Order { sources, filters, at }) = self.order.as_deref() else {
            return source != Source::Filter;
        };
        let Some(turn) = sources.iter().position(|asked| *asked == source) else { return false };
        let mut before = sources.iter().take(turn);
        let (subject, above) = (der(certificate), der(issuer));
        !before.any(|earlier| match earlier {
            Source::Crl => crls_say(&self.crls(&subject), &subject, &above, *at).is_ok(),
            Source::Ocsp => self.ocsp(&subject, &above).is_some_and(|answer| self.said(&answer, *at).is_ok()),
            Source::Filter => filters.say(certificate, issuer, *at, *at).is_some_and(|said| said.is_ok()),
        })
    }

    /// What an answer says that was asked for here.
    fn said(&self, response: &[u8], at: OffsetDateTime) -> Result<Said, String> {
        let asked = self.asked.borrow();
        let question = asked.iter().find(|(answer, _)| answer == response).map(|(_, question)| question);
        let question = question.ok_or("the answer belongs to no question")?;
        question.read(response, at).map_err(|failure| failure.to_string())
    }

    /// The CRL that a certificate names, and its delta CRL.
    fn crls(&self, certificate: &CertificateDer<'_>) -> Vec<Vec<u8>> {
        let addresses = Addresses::of(certificate);
        let full = addresses.crl.as_ref().and_then(|address| self.fetched(address));
        let mut crls: Vec<_> = full.into_iter().collect();
        if let Some(delta) = delta_address(&addresses, &crls).filter(|_| !crls.is_empty()) {
            crls.extend(self.fetched(&delta));
        }
        crls
    }

    fn fetched(&self, address: &url::Url) -> Option<Vec<u8>> {
        if let Some(known) = self.fetched.borrow().get(address) {
            return known.clone();
        }
        let found = self.noted(self.publications.fetch(address));
        self.fetched.borrow_mut().insert(address.clone(), found.clone());
        found
    }

    fn ocsp(&self, certificate: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Option<Vec<u8>> {
        let about = [certificate.to_vec(), issuer.to_vec()];
        if let Some(known) = self.answered.borrow().get(&about) {
            return known.clone();
        }
        let answer = self.ocsp_now(certificate, issuer);
        self.answered.borrow_mut().insert(about, answer.clone());
        answer
    }

    fn ocsp_now(&self, certificate: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Option<Vec<u8>> {
        let address = Addresses::of(certificate).ocsp?;
        let question = self.noted(OcspQuestion::about(certificate, issuer, self.entropy))?;
        let answer = self.noted(self.publications.ask_ocsp(&address, question.request().to_vec()))?;
        self.asked.borrow_mut().push((answer.clone(), question));
        Some(answer)
    }

    fn noted<T>(&self, outcome: Result<T, Failure>) -> Option<T> {
        outcome.map_err(|failure| self.unreachable.borrow_mut().push(failure.to_string())).ok()
    }
}

impl RevocationEvidence for StatusEvidence<'_> {
    fn crls(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        let Self::Network(network) = self else { return NoEvidence.crls(certificate, issuer) };
        if network.is_asked(Source::Crl, certificate, issuer) {
            network.crls(&der(certificate))
        } else {
            Vec::new()
        }
    }

    fn ocsp_responses(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        let Self::Network(network) = self else { return NoEvidence.ocsp_responses(certificate, issuer) };
        let is_asked = network.is_asked(Source::Ocsp, certificate, issuer);
        is_asked.then(|| network.ocsp(&der(certificate), &der(issuer))).flatten().into_iter().collect()
    }

    fn vouched(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Option<Vouched> {
        let Self::Network(network) = self else { return None };
        let Order { filters, at: now, .. } = network.order.as_deref()?;
        if !network.is_asked(Source::Filter, certificate, issuer) {
            return None;
        }
        let finding = filters.say(certificate, issuer, at, *now)?;
        Some(Vouched { source: EvidenceSource::Filter, finding })
    }
}

fn der(certificate: &Certificate) -> CertificateDer<'static> {
    CertificateDer::from(certificate.der().to_vec())
}

impl OcspVerifier for StatusEvidence<'_> {
    fn ocsp_status(
        &self,
        response: &[u8],
        _: &Certificate,
        _: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Finding, String> {
        let Self::Network(network) = self else { return Err("nobody was asked".to_owned()) };
        network.said(response, at).map(finding)
    }
}

fn finding(said: Said) -> Finding {
    let status = match said.status {
        Status::Good => ReportedStatus::Good,
        Status::Unknown => ReportedStatus::Unknown,
        Status::Revoked { at, reason } => {
            ReportedStatus::Revoked { at, reason: reason.and_then(|reason| reason.parse().ok()) }
        }
    };
    Finding { status, this_update: said.this_update, next_update: said.next_update }
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
