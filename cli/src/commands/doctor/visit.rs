//! The visit: what is looked at first, and in which order.

use std::time::Duration;

use ca_core::certificate::CaId;
use ca_core::clock::{Entropy, in_words};
use ca_core::tlog::note::VerifierKey;
use ocsp_responder::http::read_http_date;
use ocsp_responder::publication::{OfCa, PublishedIndex, sha256};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

use super::findings::{Findings, Trouble};
use super::lists::Lists;
use crate::client::{Answer, PublicSite};
use crate::context::Anchors;
use crate::failure::Failure;
use crate::relying_party::judgement;
use crate::relying_party::material::Chain;

/// How far apart clocks may be before it is worth a word; HTTP tells whole seconds.
const CLOCKS_DIFFER: time::Duration = time::Duration::seconds(5);
/// How far apart they may be until relying parties refuse what is signed (`Tolerance`, and five minutes in OpenSSL).
const CLOCKS_APART: time::Duration = time::Duration::minutes(5);
/// A CA's certificate that ends sooner is told of.
const CA_ENDS_SOON: time::Duration = time::Duration::days(90);

/// A visit to one address.
pub(super) struct Visit<'a> {
    pub(super) site: PublicSite,
    pub(super) anchors: Anchors,
    pub(super) now: OffsetDateTime,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) patience: Duration,
    pub(super) sample: usize,
    pub(super) log_key: Option<VerifierKey>,
    pub(super) feed_key: Option<VerifierKey>,
    /// Certificates that were given.
    pub(super) given: Vec<Chain>,
    pub(super) findings: Findings,
}

/// A CA whose certificate leads to a trust anchor.
pub(super) struct KnownCa {
    pub(super) id: CaId,
    pub(super) certificate: CertificateDer<'static>,
    /// What is published of it.
    pub(super) published: OfCa,
}

impl Visit<'_> {
    /// Looks at everything.
    ///
    /// # Errors
    /// Nobody answers at all, or there is no randomness.
    pub(super) fn make(&mut self) -> Result<(), Failure> {
        let ready = self.site.get("readyz")?;
        self.reach(&ready);
        self.clock(&ready);
        let Some(index) = self.index() else { return Ok(()) };
        let mut all = Vec::new();
        for of_ca in index.cas {
            all.extend(self.ca(of_ca));
        }
        for ca in self.trusted(all) {
            let lists = Lists::fetch(self, &ca);
            let filter = self.filter(&ca);
            match self.ocsp(&ca)? {
                Some(own) => self.agreement(&ca, &lists, filter.as_ref(), &own)?,
                None => self.findings.skipped(
                    "agreement",
                    Some(ca.id.as_str()),
                    "OCSP does not answer for it here: there is nothing to compare",
                ),
            }
        }
        let checkpoint = self.ledger();
        self.feed(checkpoint);
        Ok(())
    }

    fn reach(&mut self, ready: &Answer) {
        let said = String::from_utf8_lossy(&ready.body).trim().replace('\n', "; ");
        let troubles = match ready.status {
            200 => {
                let told = said.split("; ").filter_map(|line| line.strip_prefix("warning: "));
                told.map(|why| Trouble::warning(why, "read the log of npki serve on its machine")).collect()
            }
            404 => vec![Trouble::failed(
                "it answers, and has no /readyz",
                "check --url: it is the public address, which is in certificates as http://…/ocsp",
            )],
            status => vec![Trouble::failed(
                format!("it is not ready ({status}): {said}"),
                "read the log of npki serve on its machine",
            )],
        };
        self.findings.found("reach", None, said, troubles);
    }

    fn clock(&mut self, answer: &Answer) {
        let Some(there) = answer.header("date").and_then(read_http_date) else {
            self.findings.skipped("clock", None, "its answers carry no Date");
            return;
        };
        let apart = there - self.now;
        // Whole seconds, and as long as the answer was on its way.
        let says = format!("its clock and this machine's are {} s apart", apart.whole_seconds().abs());
        let fix = "compare both with a time server: chronyc tracking";
        let troubles = match apart.abs() {
            apart if apart > CLOCKS_APART => vec![Trouble::failed(says.clone(), fix)],
            apart if apart > CLOCKS_DIFFER => vec![Trouble::warning(says.clone(), fix)],
            _ => Vec::new(),
        };
        self.findings.found("clock", None, says, troubles);
    }

    fn index(&mut self) -> Option<PublishedIndex> {
        let index = self.fetched("published").map(|answer| PublishedIndex::parse(&answer.body));
        let index = match index {
            Ok(Some(index)) => Ok(index),
            Ok(None) => Err(Trouble::failed(
                "/published is not of the form npki.published/1",
                "is it an npki of this version? npki version, there and here",
            )),
            Err(trouble) => Err(trouble),
        };
        match index {
            Ok(index) => {
                let crls: usize = index.cas.iter().map(|of_ca| of_ca.crls.len()).sum();
                let filters = index.cas.iter().filter(|of_ca| of_ca.filter.is_some()).count();
                let says = format!("{} CAs, {crls} CRLs, {filters} filters", index.cas.len());
                let none = || {
                    Trouble::failed(
                        "it publishes of no CA",
                        "a responder learns of them from the feed: see its /readyz",
                    )
                };
                let troubles = index.cas.is_empty().then(none).into_iter().collect();
                self.findings.found("published", None, says, troubles);
                Some(index)
            }
            Err(trouble) => {
                self.findings.found("published", None, "", vec![trouble]);
                None
            }
        }
    }

    /// A CA's certificate as it is published, which is not trusted for that.
    fn ca(&mut self, published: OfCa) -> Option<KnownCa> {
        let id = published.ca.clone();
        let path = format!("ca/{id}.cer");
        match self.fetched(&path) {
            Ok(answer) => {
                let mut troubles = typed(&answer, "application/pkix-cert").into_iter().collect::<Vec<_>>();
                if sha256(&answer.body) != published.certificate {
                    troubles.push(Trouble::warning(
                        "the certificate is another than the index says",
                        "a cache may hold an old one: fetch again in a day",
                    ));
                }
                if !troubles.is_empty() {
                    self.findings.found("ca", Some(id.as_str()), "", troubles);
                }
                Some(KnownCa { id, certificate: CertificateDer::from(answer.body), published })
            }
            Err(trouble) => {
                self.findings.found("ca", Some(id.as_str()), "", vec![trouble]);
                None
            }
        }
    }

    /// Those that lead to a trust anchor.
    fn trusted(&mut self, all: Vec<KnownCa>) -> Vec<KnownCa> {
        let others: Vec<_> = all.iter().map(|ca| ca.certificate.clone()).collect();
        let mut trusted = Vec::new();
        for ca in all {
            let chain = Chain { certificate: ca.certificate.clone(), others: others.clone() };
            let id = ca.id.as_str();
            match judgement::trusted_issuer(&ca.certificate, &chain, &self.anchors, self.now)
                .and_then(|certificate| judgement::certificate(&certificate))
            {
                Ok(certificate) => {
                    let ends = certificate.not_after();
                    let says = format!("{}, until {}", certificate.subject(), in_words(ends));
                    let soon = || Trouble::warning(format!("it ends soon: {says}"), "plan its successor now");
                    let troubles = (ends - self.now < CA_ENDS_SOON).then(soon).into_iter().collect();
                    self.findings.found("ca", Some(id), says.clone(), troubles);
                    trusted.push(ca);
                }
                Err(failure) => {
                    let fix = "give the root that you trust: --trust FILE, or another --context";
                    let trouble = Trouble::failed(failure.sentences()[1].to_owned(), fix);
                    self.findings.found("ca", Some(id), "", vec![trouble]);
                }
            }
        }
        trusted
    }

    /// Fetches a file that must be there.
    pub(super) fn fetched(&self, path: &str) -> Result<Answer, Trouble> {
        let fix = "read the log of npki serve there; ask again";
        match self.site.get(path) {
            Ok(answer) if answer.status == 200 => Ok(answer),
            Ok(answer) => Err(Trouble::failed(format!("/{path} is answered with {}", answer.status), fix)),
            Err(failure) => Err(Trouble::failed(format!("/{path} is not answered: {failure}"), fix)),
        }
    }
}

/// Whether an answer has this content type.
pub(super) fn typed(answer: &Answer, expected: &str) -> Option<Trouble> {
    let found = answer.header("content-type").unwrap_or("none");
    (found != expected).then(|| {
        Trouble::warning(
            format!("the content type is {found}, and not {expected}"),
            "a proxy before it may change it: have it pass the header on",
        )
    })
}

/// What caches may do with an answer that is right until `until`.
pub(super) fn cacheable(answer: &Answer, now: OffsetDateTime, until: OffsetDateTime) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let fix = "a proxy before it may have its own rules: have it keep to Cache-Control, Expires and ETag";
    match answer.header("cache-control").and_then(max_age) {
        None => troubles.push(Trouble::warning("caches are not told how long they may keep it", fix)),
        Some(age) if now + age > until => {
            let says = format!("caches may give it out until {}, when it is over", in_words(now + age));
            troubles.push(Trouble::failed(says, fix));
        }
        Some(_) => {}
    }
    if answer.header("etag").is_none() {
        troubles.push(Trouble::warning("it has no ETag: caches fetch it whole each time", fix));
    }
    troubles
}

/// RFC 9111 section 5.2.2.1.
fn max_age(caching: &str) -> Option<time::Duration> {
    let seconds = caching.split(',').find_map(|part| part.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(time::Duration::seconds)
}
