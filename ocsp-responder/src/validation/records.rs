//! The status of certificates out of records that are held: the CA's own, or a snapshot of them.

use std::sync::Arc;

use ca_core::serial::SerialNumber;
use ca_core::status::{Known, Revocation, SerialStatus, StatusSource};
use time::{Duration, OffsetDateTime};

use super::certificate::Certificate;
use super::status::{EvidenceSource, Finding, ReportedStatus, RevocationEvidence, Vouched};

/// For how long what was read out of records counts: as long as an answer of OCSP does.
const COUNTS_FOR: Duration = Duration::hours(1);

/// Records of some CAs.
#[derive(Debug)]
pub struct HeldRecords {
    source: EvidenceSource,
    cas: Vec<(Certificate, Arc<dyn StatusSource>)>,
}

impl HeldRecords {
    /// Of no CA yet; `source` is what they are said to be.
    pub const fn new(source: EvidenceSource) -> Self {
        Self { source, cas: Vec::new() }
    }

    /// Adds what is held of the certificates that `ca` issued.
    #[must_use]
    pub fn with(mut self, ca: Certificate, status: Arc<dyn StatusSource>) -> Self {
        self.cas.push((ca, status));
        self
    }

    fn of(&self, issuer: &Certificate) -> Option<&dyn StatusSource> {
        self.cas.iter().find(|(ca, _)| ca.is_of_the_same_ca(issuer)).map(|(_, status)| status.as_ref())
    }
}

impl RevocationEvidence for HeldRecords {
    fn crls(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn ocsp_responses(&self, _: &Certificate, _: &Certificate) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn vouched(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        at: OffsetDateTime,
    ) -> Option<Vouched> {
        let status = self.of(issuer)?;
        let serial = SerialNumber::from_der_content(certificate.serial_content());
        let finding = match serial {
            // RFC 5280 section 4.1.2.2: no CA of ours gives out such a number.
            Err(_) => Ok(finding(unknown(), at)),
            Ok(serial) => match status.known(&serial) {
                Ok(known) => Ok(finding(known, at)),
                Err(error) => {
                    tracing::warn!(%error, "the records of certificates cannot be read");
                    Err("the records cannot be read at present".to_owned())
                }
            },
        };
        Some(Vouched { source: self.source, finding })
    }
}

fn since(revocation: &Revocation) -> OffsetDateTime {
    revocation.invalid_since.map_or(revocation.at, |invalid| invalid.min(revocation.at))
}

const fn unknown() -> Known {
    Known { status: SerialStatus::Unknown, as_of: None, edition: None, until: None }
}

/// What was so at `at`. A certificate that was revoked later was not revoked then, unless its key was in wrong hands by then (RFC
/// 5280 section 5.3.2, invalidityDate); that it was held in the meantime and released is not kept here.
fn finding(known: Known, at: OffsetDateTime) -> Finding {
    let as_of = known.as_of.unwrap_or(at);
    let status = match known.status {
        SerialStatus::Good => ReportedStatus::Good,
        SerialStatus::Unknown => ReportedStatus::Unknown,
        SerialStatus::Revoked(revocation) if since(&revocation) > at => ReportedStatus::Good,
        SerialStatus::Revoked(revocation) => {
            ReportedStatus::Revoked { at: revocation.at, reason: Some(revocation.reason) }
        }
    };
    Finding { status, this_update: as_of, next_update: Some(known.until.unwrap_or(as_of + COUNTS_FOR)) }
}
