//! What a validation rests on, each thing once: certificates, CRLs, OCSP responses and time stamps (TS 119 102-2 clause 4.4).

use std::collections::BTreeMap;

use super::matter::Matter;
use crate::timestamp::TimestampVerdict;
use crate::validation::Verdict;
use crate::validation::certificate::CertificateSummary;
use crate::validation::status::{EvidenceReport, EvidenceSource};

/// A kind of validation objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Certificate,
    Crl,
    Ocsp,
    TimeStamp,
}

impl Kind {
    /// Clause 4.4.4.
    pub(super) const fn address(self) -> &'static str {
        match self {
            Self::Certificate => "urn:etsi:019102:validationObject:certificate",
            Self::Crl => "urn:etsi:019102:validationObject:CRL",
            Self::Ocsp => "urn:etsi:019102:validationObject:OCSPResponse",
            Self::TimeStamp => "urn:etsi:019102:validationObject:timestamp",
        }
    }

    /// How the identifiers of its objects begin.
    const fn letter(self) -> char {
        match self {
            Self::Certificate => 'C',
            Self::Crl => 'L',
            Self::Ocsp => 'O',
            Self::TimeStamp => 'T',
        }
    }
}

/// One thing, by its digest.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) kind: Kind,
    /// SHA-256, lower-case hex.
    pub(super) sha256: &'a str,
    /// The answer about it, where it is a time stamp.
    pub(super) stamp: Option<&'a TimestampVerdict>,
}

/// All of them, by their identifiers.
#[derive(Debug, Default)]
pub(super) struct Objects<'a>(BTreeMap<String, Object<'a>>);

/// The identifier of a thing in the report.
fn identifier(kind: Kind, sha256: &str) -> String {
    format!("{}-{sha256}", kind.letter())
}

pub(super) fn of_certificate(certificate: &CertificateSummary) -> String {
    identifier(Kind::Certificate, &certificate.sha256)
}

/// That of a time stamp whose octets could be read.
pub(super) fn of_stamp(stamp: &TimestampVerdict) -> Option<String> {
    stamp.statement.as_ref().map(|statement| identifier(Kind::TimeStamp, &statement.sha256))
}

/// That of a CRL or an OCSP response that could be used; records have no octets.
pub(super) fn of_evidence(evidence: &EvidenceReport) -> Option<String> {
    Some(identifier(kind(evidence.source)?, evidence.sha256.as_deref()?))
}

const fn kind(source: EvidenceSource) -> Option<Kind> {
    match source {
        EvidenceSource::Crl => Some(Kind::Crl),
        EvidenceSource::Ocsp => Some(Kind::Ocsp),
        EvidenceSource::Records | EvidenceSource::Snapshot | EvidenceSource::Filter => None,
    }
}

impl<'a> Objects<'a> {
    /// All that is spoken of.
    pub(super) fn of(matter: &Matter<'a>) -> Self {
        let mut all = Self::default();
        for signed in &matter.signatures {
            all.take_path(signed.verdict.certificate.as_ref());
            signed.verdict.timestamps.iter().for_each(|stamp| all.take_stamp(&stamp.verdict));
        }
        matter.stamps.iter().for_each(|stamp| all.take_stamp(&stamp.verdict));
        all
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Object<'a>)> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take_path(&mut self, verdict: Option<&'a Verdict>) {
        for element in verdict.iter().flat_map(|verdict| &verdict.path) {
            self.take(Kind::Certificate, &element.certificate.sha256, None);
            for evidence in element.status.iter().flat_map(|status| &status.evidence) {
                if let (Some(kind), Some(sha256)) = (kind(evidence.source), &evidence.sha256) {
                    self.take(kind, sha256, None);
                }
            }
        }
    }

    fn take_stamp(&mut self, stamp: &'a TimestampVerdict) {
        if let Some(statement) = &stamp.statement {
            self.take(Kind::TimeStamp, &statement.sha256, Some(stamp));
        }
        self.take_path(stamp.certificate.as_ref());
    }

    fn take(&mut self, kind: Kind, sha256: &'a str, stamp: Option<&'a TimestampVerdict>) {
        self.0.entry(identifier(kind, sha256)).or_insert(Object { kind, sha256, stamp });
    }
}
