//! Makes a CA's filter out of what the status index knows.

use std::sync::Arc;

use ca_core::certificate::CaId;
use ca_core::clock::{Entropy, EntropyError, whole_seconds};
use ca_core::status::{SerialStatus, StatusIndex};
use time::{Duration, OffsetDateTime};

use super::{Head, Values, coding};
use crate::ocsp::{AppointedSigner, Responder};
use crate::signature::{SignError, sign_detached};
use crate::validation::certificate::Certificate;

/// How often another salt is tried. Each fails once in 64 times.
const SALTS: usize = 16;

/// What a CA has issued and what became of it.
pub(super) trait FilterSource {
    /// Up to which moment every change is known; `None` if nobody knows.
    fn known_until(&self) -> Option<OffsetDateTime>;

    /// Gives everything that was issued to `take`: at least as new as [`Self::known_until`] said before.
    fn each(&self, take: &mut dyn FnMut(&[u8], &SerialStatus));
}

/// One CA, out of the status index.
#[derive(Debug)]
struct OfCa<'a> {
    index: &'a StatusIndex,
    ca: &'a CaId,
}

impl FilterSource for OfCa<'_> {
    fn known_until(&self) -> Option<OffsetDateTime> {
        self.index.known_until()
    }

    fn each(&self, take: &mut dyn FnMut(&[u8], &SerialStatus)) {
        self.index.each(self.ca, take);
    }
}

/// Makes filters.
#[derive(Debug)]
pub struct FilterMaker {
    /// What was issued.
    pub index: Arc<StatusIndex>,
    /// Draws salts.
    pub entropy: Arc<dyn Entropy>,
    /// A certificate's notBefore is not further before its issuance than this, the clocks of nodes included.
    pub backdate: Duration,
    /// For how long a filter may be used, at most.
    pub validity: Duration,
}

/// No filter was made.
#[derive(Debug, thiserror::Error)]
pub enum Unmade {
    /// The status index does not follow the store.
    #[error("the status of certificates is not known at present")]
    Unknown,
    /// Under no salt that was tried the values of certificates that are not revoked were apart from those that are.
    #[error("no salt was found under which no certificate is taken for a revoked one")]
    NoSalt,
    /// No salt could be drawn.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// It was not signed.
    #[error(transparent)]
    Signature(#[from] SignError),
    /// A certificate cannot be read, or a moment be written.
    #[error("a filter could not be written")]
    Encoding,
}

impl FilterMaker {
    /// Makes the filter of a CA, signed by its responder.
    ///
    /// # Errors
    /// See [`Unmade`].
    pub fn make(&self, ca: &CaId, responder: &Responder) -> Result<Vec<u8>, Unmade> {
        self.signed(&OfCa { index: &self.index, ca }, &responder.appointed_signer())
    }

    pub(super) fn signed(
        &self,
        source: &dyn FilterSource,
        signer: &AppointedSigner,
    ) -> Result<Vec<u8>, Unmade> {
        let (head, body) = self.unsigned(source, signer)?;
        let mut filter = head.to_text().ok_or(Unmade::Encoding)?.into_bytes();
        filter.extend_from_slice(&body);
        let read = |der: &[u8]| Certificate::from_der(der).map_err(|_| Unmade::Encoding);
        let (certificate, issuer) = (read(&signer.certificate)?, read(&signer.issuer_certificate)?);
        let now = whole_seconds(signer.now);
        let signature = sign_detached(filter.as_slice(), signer.key.as_ref(), &certificate, &[issuer], now)?;
        filter.extend_from_slice(&signature);
        Ok(filter)
    }

    fn unsigned(
        &self,
        source: &dyn FilterSource,
        signer: &AppointedSigner,
    ) -> Result<(Head, Vec<u8>), Unmade> {
        for _ in 0..SALTS {
            let mut salt = [0; 8];
            self.entropy.fill(&mut salt)?;
            // First the moment, then what stands: all that changed before the moment is seen.
            let as_of = whole_seconds(source.known_until().ok_or(Unmade::Unknown)?);
            let counted = Counted::of(source);
            let values = counted.values(salt);
            let Some(listed) = apart(source, values) else { continue };
            let body = coding::write(&listed, values.rice);
            let head = Head {
                issuer: signer.issuer,
                as_of,
                // After that nobody could tell whether the responder was one.
                expires: (as_of + self.validity).min(signer.not_after),
                covers_until: as_of - self.backdate,
                issued: counted.issued,
                revoked: u64::try_from(listed.len()).map_err(|_| Unmade::Encoding)?,
                values,
                body: body.len(),
            };
            return Ok((head, body));
        }
        Err(Unmade::NoSalt)
    }
}

/// How much there is.
struct Counted {
    issued: u64,
    revoked: u64,
}

impl Counted {
    fn of(source: &dyn FilterSource) -> Self {
        let mut counted = Self { issued: 0, revoked: 0 };
        source.each(&mut |_, status| {
            counted.issued += 1;
            counted.revoked += u64::from(matches!(status, SerialStatus::Revoked(_)));
        });
        counted
    }

    /// So many bits that in 63 of 64 cases no value of one kind is one of the other, and the code that is shortest for them.
    fn values(&self, salt: [u8; 8]) -> Values {
        let pairs = u128::from(self.issued.max(1)) * u128::from(self.revoked.max(1));
        let bits = u8::try_from(pairs.ilog2() + 7).unwrap_or(64).min(64);
        let of_count = u8::try_from(self.revoked.max(1).ilog2() + 1).unwrap_or(bits);
        Values { salt, bits, rice: bits.saturating_sub(of_count).min(bits - 1) }
    }
}

/// The values of what is revoked, ascending; `None` if one of them is that of a certificate which is not.
fn apart(source: &dyn FilterSource, values: Values) -> Option<Vec<u64>> {
    let mut listed = Vec::new();
    source.each(&mut |serial, status| {
        if let SerialStatus::Revoked(_) = status {
            listed.push(values.of(serial));
        }
    });
    listed.sort_unstable();
    listed.dedup();
    let mut mistaken = false;
    source.each(&mut |serial, status| {
        mistaken |= matches!(status, SerialStatus::Good) && listed.binary_search(&values.of(serial)).is_ok();
    });
    (!mistaken).then_some(listed)
}
