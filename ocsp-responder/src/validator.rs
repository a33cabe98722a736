//! Validation as a service: an installation's roots and records, put to everybody's questions.

use std::sync::Arc;

use ca_core::certificate::CaId;
use ca_core::clock::{Clock, in_words};
use ca_core::crl::CrlName;
use ca_core::status::StatusSource;
use time::{Duration, OffsetDateTime};

use crate::publication::Publication;
use crate::signature::asic::{ContainerVerdict, verify_container};
use crate::signature::jades::{JwsContent, JwsSignature, is_jws};
use crate::signature::pades::{PdfError, PdfVerdict, verify_pdf};
use crate::signature::{ContentDigest, SignatureVerdict, carries_content, verify_attached, verify_signature};
use crate::validation::algorithm::DigestAlgorithm;
use crate::validation::certificate::Certificate;
use crate::validation::given::GivenAnswers;
use crate::validation::records::HeldRecords;
use crate::validation::status::{EvidenceSource, GatheredEvidence, RevocationEvidence, Vouched};
use crate::validation::{Basis, Verdict, validate};

/// How far the clock of who asks may be ahead.
const SKEW: Duration = Duration::minutes(5);
/// The most octets of a CRL of a CA that is offline. Its certificates are those of other CAs: a handful.
const MOST_CRL_OCTETS: u64 = 1024 * 1024;

/// The most octets that a container unpacks to: who asks many times at once must not fill the memory or the time of others.
const MOST_UNPACKED: u64 = 64 * 1024 * 1024;

/// Answers what is valid, as an installation sees it.
#[derive(Debug)]
pub struct Validator {
    anchors: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    records: HeldRecords,
    /// The CAs whose records are not kept here, as their keys are elsewhere: they tell of revocations by CRL.
    offline: Vec<(Certificate, CaId)>,
    publication: Arc<Publication>,
    clock: Arc<dyn Clock>,
}

/// A question that has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswerable {
    /// It asks about the future.
    #[error("at {} is not past yet", in_words(*.0))]
    Future(OffsetDateTime),
    /// Nobody said what was signed, and the signature does not carry it.
    #[error("neither content nor digest is there, and the signature does not carry what was signed")]
    NoContent,
    /// The document cannot be read.
    #[error(transparent)]
    Document(#[from] PdfError),
    /// The content itself was signed, and only a digest of it is there.
    #[error("the signature is over the content itself, not over a digest of it")]
    DigestOnly,
    /// The document carries no signature.
    #[error("the document carries no signature")]
    Unsigned,
    /// The digest is of another kind than the signature's.
    #[error("the signature is over {wanted}; the digest that was sent is {given}")]
    OtherDigest {
        /// What was sent.
        given: DigestAlgorithm,
        /// What is needed.
        wanted: DigestAlgorithm,
    },
}

/// What a signature is over.
#[derive(Debug)]
pub enum SignatureContent {
    /// The content itself.
    Octets(Vec<u8>),
    /// Its digest.
    Digest(ContentDigest),
    /// It is in the signature.
    Inside,
}

impl Validator {
    /// One that trusts nobody yet.
    pub fn new(publication: Arc<Publication>, clock: Arc<dyn Clock>) -> Self {
        Self {
            anchors: Vec::new(),
            intermediates: Vec::new(),
            records: HeldRecords::new(EvidenceSource::Records),
            offline: Vec::new(),
            publication,
            clock,
        }
    }

    /// Trusts a root.
    #[must_use]
    pub fn trusting(mut self, root: Certificate) -> Self {
        self.anchors.push(root);
        self
    }

    /// Knows a CA by this certificate, and what it says of those that it issued.
    #[must_use]
    pub fn knowing(mut self, ca: Certificate, status: Arc<dyn StatusSource>) -> Self {
        self.intermediates.push(ca.clone());
        self.records = self.records.with(ca, status);
        self
    }

    /// Knows a CA whose key is elsewhere by this certificate, and the CRLs that are brought from it.
    #[must_use]
    pub fn knowing_by_crl(mut self, ca: Certificate, id: CaId) -> Self {
        self.intermediates.push(ca.clone());
        self.offline.push((ca, id));
        self
    }

    /// Whether a certificate is valid.
    ///
    /// # Errors
    /// It is asked about the future.
    pub fn certificate(
        &self,
        certificate: &Certificate,
        chain: &[Certificate],
        given: GatheredEvidence,
        at: Option<OffsetDateTime>,
    ) -> Result<Verdict, Unanswerable> {
        let at = self.moment(at)?;
        Ok(self.with_basis(chain, given, at, |basis| validate(certificate, basis)))
    }

    /// Whether a signature is valid.
    ///
    /// # Errors
    /// It is asked about the future, or with a digest that the signature is not over.
    pub fn signature(
        &self,
        signature: &[u8],
        content: SignatureContent,
        chain: &[Certificate],
        given: GatheredEvidence,
        at: Option<OffsetDateTime>,
    ) -> Result<SignatureVerdict, Unanswerable> {
        let at = self.moment(at)?;
        if is_jws(signature) {
            return self.with_basis(chain, given, at, |basis| jws(signature, &content, basis));
        }
        let digest = |content: SignatureContent, wanted| match content {
            SignatureContent::Octets(octets) => Ok(ContentDigest::of(&octets, wanted)),
            SignatureContent::Digest(digest) if digest.algorithm() == wanted => Ok(digest),
            SignatureContent::Digest(digest) => {
                Err(Unanswerable::OtherDigest { given: digest.algorithm(), wanted })
            }
            SignatureContent::Inside => Err(Unanswerable::NoContent),
        };
        self.with_basis(chain, given, at, |basis| match content {
            // Only where nobody says what was signed: what the signature carries may be something else.
            SignatureContent::Inside if carries_content(signature) => Ok(verify_attached(signature, basis)),
            content => verify_signature(signature, |wanted| digest(content, wanted), basis),
        })
    }

    /// Whether the signatures in a PDF document are valid.
    ///
    /// # Errors
    /// It is asked about the future, or it is no PDF that can be read, or carries no signature.
    pub fn document(
        &self,
        document: &[u8],
        chain: &[Certificate],
        given: GatheredEvidence,
        at: Option<OffsetDateTime>,
    ) -> Result<PdfVerdict, Unanswerable> {
        let at = self.moment(at)?;
        let verdict = self.with_basis(chain, given, at, |basis| verify_pdf(document, basis));
        verdict.map_err(Unanswerable::Document)?.ok_or(Unanswerable::Unsigned)
    }

    /// Whether the signatures in a container (ASiC) are valid, and what they cover.
    ///
    /// # Errors
    /// It is asked about the future, or it carries no signature.
    pub fn container(
        &self,
        container: &[u8],
        chain: &[Certificate],
        given: GatheredEvidence,
        at: Option<OffsetDateTime>,
    ) -> Result<ContainerVerdict, Unanswerable> {
        let at = self.moment(at)?;
        let judged = |basis: &Basis<'_>| verify_container(container, MOST_UNPACKED, basis);
        self.with_basis(chain, given, at, judged).ok_or(Unanswerable::Unsigned)
    }

    /// EN 319 102-1 knows no validation in the future: a certificate that is good now may be revoked by then.
    fn moment(&self, at: Option<OffsetDateTime>) -> Result<OffsetDateTime, Unanswerable> {
        let now = self.clock.now();
        match at {
            Some(at) if at > now.saturating_add(SKEW) => Err(Unanswerable::Future(at)),
            at => Ok(at.unwrap_or(now)),
        }
    }

    fn with_basis<T>(
        &self,
        chain: &[Certificate],
        given: GatheredEvidence,
        at: OffsetDateTime,
        judge: impl FnOnce(&Basis<'_>) -> T,
    ) -> T {
        let intermediates = [chain, &self.intermediates].concat();
        let evidence = OwnAndGiven { own: self, given };
        judge(&Basis {
            anchors: &self.anchors,
            intermediates: &intermediates,
            evidence: &evidence,
            ocsp: &GivenAnswers,
            at,
        })
    }

    /// The newest CRL of a CA whose key is elsewhere.
    fn published_crl(&self, issuer: &Certificate) -> Option<Vec<u8>> {
        let (_, ca) = self.offline.iter().find(|(ca, _)| ca.is_of_the_same_ca(issuer))?;
        let crl = self.publication.crl(&CrlName::first(ca.clone()));
        let crl = crl.inspect_err(|error| tracing::warn!(%error, %ca, "a CRL cannot be read")).ok()??;
        if crl.octets() > MOST_CRL_OCTETS {
            return None;
        }
        let parts = (0..crl.parts()).map(|place| self.publication.part(&crl, place));
        parts.collect::<Result<Vec<_>, _>>().ok().map(|parts| parts.concat())
    }
}

/// Judges a JSON Web Signature.
fn jws(
    signature: &[u8],
    content: &SignatureContent,
    basis: &Basis<'_>,
) -> Result<SignatureVerdict, Unanswerable> {
    let read = JwsSignature::parse(signature);
    let carries = read.as_ref().map_or(Ok(None), JwsSignature::attached).is_ok_and(|inside| inside.is_some());
    let content = match (content, &read) {
        (SignatureContent::Octets(octets), _) => JwsContent::Octets(octets),
        (SignatureContent::Inside, Ok(_)) if !carries => return Err(Unanswerable::NoContent),
        (SignatureContent::Inside, _) => JwsContent::Inside,
        (SignatureContent::Digest(digest), Ok(signature)) if !carries => match signature.digest_algorithm() {
            Some(wanted) if wanted != digest.algorithm() => {
                return Err(Unanswerable::OtherDigest { given: digest.algorithm(), wanted });
            }
            Some(_) => JwsContent::Digest(digest),
            None => return Err(Unanswerable::DigestOnly),
        },
        (SignatureContent::Digest(digest), _) => JwsContent::Digest(digest),
    };
    Ok(JwsSignature::judge(read, content, basis))
}

/// What the installation knows, and what who asks has sent.
#[derive(Debug)]
struct OwnAndGiven<'a> {
    own: &'a Validator,
    given: GatheredEvidence,
}

impl RevocationEvidence for OwnAndGiven<'_> {
    fn crls(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        let own = self.own.published_crl(issuer);
        own.into_iter().chain(self.given.crls(certificate, issuer)).collect()
    }

    fn ocsp_responses(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        self.given.ocsp_responses(certificate, issuer)
    }

    fn vouched(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Option<Vouched> {
        self.own.records.vouched(certificate, issuer, at)
    }
}
