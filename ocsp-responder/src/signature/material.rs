//! What a signature carries to be judged by later: certificates, CRLs and OCSP responses (level B-LT: ETSI EN 319 122-1
//! clause 6.3, in the fields of SignedData; OCSP as RFC 5940 says).

use der::asn1::ObjectIdentifier;
use der::{Any, Decode, Encode, Sequence, Tag, TagNumber, Tagged};
use time::OffsetDateTime;

use super::message::SignedData;
use super::verify::SignedFile;
use crate::validation::certificate::Certificate;
use crate::validation::crl::issuer_is;
use crate::validation::given::{GivenAnswers, questions};
use crate::validation::status::{Finding, GatheredEvidence, OcspVerifier, RevocationEvidence, Vouched};
use crate::validation::{Answer, Basis, Verdict, validate_at};

/// id-ri-ocsp-response (RFC 5940 section 2.2).
const OCSP_RESPONSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.16.2");

/// OtherRevocationInfoFormat (RFC 5652 section 10.2.1).
#[derive(Debug, Clone, Sequence)]
struct OtherRevocationInfo {
    format: ObjectIdentifier,
    info: Any,
}

/// The most CRLs, and the most OCSP responses, that are taken out of one signature.
pub(super) const MAX_CARRIED: usize = 64;

/// What was carried. Nothing of it is trusted.
#[derive(Debug, Clone, Default)]
pub(super) struct Material {
    pub(super) certificates: Vec<Certificate>,
    pub(super) evidence: GatheredEvidence,
}

impl Material {
    /// Takes in what a message carries; what cannot be read is passed over.
    pub(super) fn take(&mut self, message: &SignedData) {
        let certificates = message.certificates.iter().flatten();
        let certificates = certificates.filter_map(|any| Certificate::from_der(&any.to_der().ok()?).ok());
        self.certificates.extend(certificates);
        for any in message.crls.iter().flatten() {
            let Ok(der) = any.to_der() else { continue };
            match any.tag() {
                Tag::Sequence => self.evidence.crls.push(der),
                _ => self.evidence.ocsp_responses.extend(ocsp_response(any)),
            }
        }
        self.evidence.crls.truncate(MAX_CARRIED);
        self.evidence.ocsp_responses.truncate(MAX_CARRIED);
    }

    /// Takes in what is kept elsewhere.
    pub(super) fn add(&mut self, others: &Self) {
        self.certificates.extend(others.certificates.iter().cloned());
        self.evidence.crls.extend(others.evidence.crls.iter().cloned());
        self.evidence.ocsp_responses.extend(others.evidence.ocsp_responses.iter().cloned());
    }

    pub(super) const fn has_evidence(&self) -> bool {
        !self.evidence.crls.is_empty() || !self.evidence.ocsp_responses.is_empty()
    }
}

/// Whether a signature (CMS) carries CRLs or OCSP responses that it can be judged by. Says nothing about what they are worth.
pub fn carries_evidence(signature: &[u8]) -> bool {
    let mut carried = Material::default();
    if let Ok(signed) = SignedFile::parse(signature) {
        carried.take(signed.message());
    }
    carried.has_evidence()
}

fn ocsp_response(other: &Any) -> Option<Vec<u8>> {
    // [1] IMPLICIT: the contents are those of the SEQUENCE.
    let Tag::ContextSpecific { number: TagNumber(1), .. } = other.tag() else { return None };
    let sequence = Any::new(Tag::Sequence, other.value()).ok()?.to_der().ok()?;
    let info = OtherRevocationInfo::from_der(&sequence).ok()?;
    info.info.to_der().ok().filter(|_| info.format == OCSP_RESPONSE)
}

/// A RevocationInfoChoice that is an OCSP response.
pub(super) fn of_ocsp(response: &[u8]) -> der::Result<Any> {
    let info = OtherRevocationInfo { format: OCSP_RESPONSE, info: Any::from_der(response)? };
    let sequence = Any::from_der(&info.to_der()?)?;
    Any::new(Tag::ContextSpecific { constructed: true, number: TagNumber(1) }, sequence.value())
}

/// Judges a certificate as it was at a moment, by what the signature carries, and by what others say only where that does
/// not do: a signature that is to be verified in decades must not depend on who answers then.
pub(super) fn judged(
    certificate: &Certificate,
    at: OffsetDateTime,
    material: &Material,
    basis: &Basis<'_>,
) -> Verdict {
    let intermediates = [material.certificates.as_slice(), basis.intermediates].concat();
    let carried = Carried { material, asked: None };
    if material.has_evidence() {
        let alone = Basis { intermediates: &intermediates, evidence: &carried, ocsp: &carried, ..*basis };
        let verdict = validate_at(certificate, &alone, at);
        if verdict.answer == Answer::Valid {
            return verdict;
        }
    }
    let both = Carried { material, asked: Some(*basis) };
    let both = Basis { intermediates: &intermediates, evidence: &both, ocsp: &both, ..*basis };
    validate_at(certificate, &both, at)
}

/// What is carried, and what is asked of others besides.
#[derive(Debug)]
struct Carried<'a> {
    material: &'a Material,
    asked: Option<Basis<'a>>,
}

impl RevocationEvidence for Carried<'_> {
    fn crls(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        let carried = self.material.evidence.crls.iter().filter(|crl| issuer_is(crl, issuer)).cloned();
        let asked = self.asked.iter().flat_map(|basis| basis.evidence.crls(certificate, issuer));
        carried.chain(asked).collect()
    }

    fn ocsp_responses(&self, certificate: &Certificate, issuer: &Certificate) -> Vec<Vec<u8>> {
        let questions = questions(certificate, issuer);
        let about = |response: &&Vec<u8>| questions.iter().any(|query| query.is_answered_by(response));
        let carried = self.material.evidence.ocsp_responses.iter().filter(about).cloned();
        let asked = self.asked.iter().flat_map(|basis| basis.evidence.ocsp_responses(certificate, issuer));
        carried.chain(asked).collect()
    }

    fn vouched(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Option<Vouched> {
        self.asked.and_then(|basis| basis.evidence.vouched(certificate, issuer, at))
    }
}

impl OcspVerifier for Carried<'_> {
    fn ocsp_status(
        &self,
        response: &[u8],
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Result<Finding, String> {
        match &self.asked {
            Some(basis)
                if !self.material.evidence.ocsp_responses.iter().any(|carried| carried == response) =>
            {
                basis.ocsp.ocsp_status(response, certificate, issuer, at)
            }
            _ => GivenAnswers.ocsp_status(response, certificate, issuer, at),
        }
    }
}
