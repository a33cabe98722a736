//! Making and publishing CRLs (RFC 5280 section 5).

use std::sync::Arc;

use der::{Any, Decode, Encode};
use rcgen::{CertificateRevocationListParams, KeyIdMethod, RevokedCertParams};
use time::{Duration, OffsetDateTime};

use super::Authority;
use super::issue::whole_seconds;
use super::revoke::{HELD, RELEASED, REVOKED, RevocationEntry};
use crate::certificate::{CaId, REVOCATIONS};
use crate::crl::{self, CRL_NUMBERS, CRLS, Crl, CrlNumber, PublishError};
use crate::fingerprint::fingerprint;
use crate::issuance::EncodingError;
use crate::issuance::to_be_signed::{CRL_ALGORITHM_FIELD, Capture, assemble, replace_field};
use crate::ledger::{self, Action, Actor, Event, Position};
use crate::status::RevocationReason;
use crate::storage::{Change, Expect, KeyRange, Operation, StorageError, Store, Version};

/// A CRL's number was reserved, and its content settled; it is signed next.
pub const CRL_PREPARED: Action = Action::named("crl.prepared");
/// A CRL was signed and published.
pub const CRL_PUBLISHED: Action = Action::named("crl.published");

/// A detail of [`CRL_PUBLISHED`]: the CRL lists whatever stands in the ledger before this position.
const COVERS: &str = "covers";

/// How many revocations one pass reads at a time.
const PAGE: usize = 1_000;

impl Authority {
    /// Signs a full CRL of everything revoked now, valid for `validity`, and stores it as the newest.
    ///
    /// # Errors
    /// The key could not be used, or the store failed. [`CommitError::Conflict`](crate::storage::CommitError) means
    /// that another caller published meanwhile.
    pub fn publish_crl(&self, validity: Duration, actor: &Actor) -> Result<Crl, PublishError> {
        let previous = crl::newest_versioned(self.parts.store.as_ref(), &self.parts.id)?;
        let this_update = whole_seconds(self.parts.clock.now());
        let (newest, since, expect) = match &previous {
            None => (0, None, Expect::Absent),
            Some((crl, version)) => (crl.number, Some(crl.this_update), Expect::Version(*version)),
        };
        // Read before the revocations are: whatever has a place below it is listed.
        let covers = self.parts.store.ledger_size()?;
        let (number, reserved) = crl::next_number(self.parts.store.as_ref(), &self.parts.id, newest)?;
        let next_update = this_update + validity;
        let to_be_signed = self.crl_to_be_signed(number, this_update, next_update, since)?;
        let reserved = self.reserve_crl_number(number, reserved, &to_be_signed, actor)?;
        let signature = Arc::clone(&self.parts.signer).sign(&to_be_signed)?;
        let der = assemble(&to_be_signed, CRL_ALGORITHM_FIELD, &signature)?;
        let published = Crl { number, this_update, next_update, der };
        let event = self
            .ledger
            .event(actor, CRL_PUBLISHED, format!("crl:{}", self.parts.id))?
            .with("number", number.to_string())
            .with(COVERS, covers.to_string())
            .with("sha256", fingerprint(&published.der));
        // So that a journal which is cut short later is found out.
        let event = match self.parts.signer.journal_mark() {
            Some(mark) => mark.into_event(event),
            None => event,
        };
        let change = Change::new()
            .write(CRLS, self.parts.id.as_str(), expect, Operation::Put(published.to_stored()))
            .check(CRL_NUMBERS, self.parts.id.as_str(), Expect::Version(reserved))
            .explained_by(&event);
        self.parts.store.commit(change)?;
        Ok(published)
    }

    /// Makes the number and what will be signed under it durable. RFC 5280 section 5.2.3: numbers never go back, and
    /// two CRLs of one CA never share one; a crash between this and publishing leaves a gap, which is allowed.
    fn reserve_crl_number(
        &self,
        number: u64,
        expect: Expect,
        to_be_signed: &[u8],
        actor: &Actor,
    ) -> Result<Version, PublishError> {
        let to_be_signed_sha256 = fingerprint(to_be_signed);
        let event = self
            .ledger
            .event(actor, CRL_PREPARED, format!("crl:{}", self.parts.id))?
            .with("number", number.to_string())
            .with("to-be-signed-sha256", to_be_signed_sha256.clone());
        let reserved = serde_json::to_vec(&CrlNumber { number, to_be_signed_sha256 })
            .map_err(|error| StorageError(error.to_string()))?;
        let change = Change::new()
            .write(CRL_NUMBERS, self.parts.id.as_str(), expect, Operation::Put(reserved))
            .explained_by(&event);
        Ok(self.parts.store.commit(change)?.version)
    }

    fn crl_to_be_signed(
        &self,
        number: u64,
        this_update: OffsetDateTime,
        next_update: OffsetDateTime,
        previous: Option<OffsetDateTime>,
    ) -> Result<Vec<u8>, PublishError> {
        let params = CertificateRevocationListParams {
            this_update,
            next_update,
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: self.revoked(previous)?,
            key_identifier_method: KeyIdMethod::PreSpecified(self.issuer.key_identifier.clone()),
        };
        let capture = Capture::new(&self.issuer.public_key_info)?;
        params.signed_by(&capture.issuer(&self.issuer.key_identifier)).map_err(EncodingError::from)?;
        let mut fields = Vec::<Any>::from_der(&capture.into_bytes()?).map_err(EncodingError::from)?;
        // RFC 5280 section 5.1.2.2: as beside the signature.
        replace_field(&mut fields, CRL_ALGORITHM_FIELD, self.issuer.algorithm.identifier())?;
        // RFC 5280 section 5.1.2.3: the very bytes of the issuer's name.
        replace_field(&mut fields, 2, &self.issuer.name)?;
        Ok(fields.to_der().map_err(EncodingError::from)?)
    }

    /// What the CRL lists. RFC 5280 section 3.3: an entry must stay until it has appeared on one CRL issued beyond
    /// the certificate's end, so only what ended before the previous CRL is left out.
    fn revoked(&self, previous: Option<OffsetDateTime>) -> Result<Vec<RevokedCertParams>, StorageError> {
        let prefix = self.parts.id.prefix();
        let mut range = KeyRange::prefix(&prefix);
        let mut revoked = Vec::new();
        loop {
            let page = self.parts.store.scan(REVOCATIONS, &range, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(revoked) };
            range = range.after(last);
            for (key, entry) in &page {
                let found: RevocationEntry = serde_json::from_slice(&entry.value)
                    .map_err(|error| StorageError(format!("a revocation cannot be read: {error}")))?;
                if previous.is_none_or(|previous| found.not_after >= previous) {
                    revoked.push(listed(key.get(prefix.len()..).unwrap_or_default(), &found));
                }
            }
        }
    }
}

/// Follows the ledger to see whether a CA's newest CRL lacks something, whichever node of a cluster revoked or
/// published.
#[derive(Debug, Clone)]
pub struct CrlWatch {
    ca: CaId,
    /// Where to go on reading.
    next: Position,
    /// The last change of a status that was seen.
    changed: Option<Position>,
    /// The newest CRL covers what stands before this.
    covered: Position,
}

impl CrlWatch {
    /// Begins to watch from `from` on; what came before counts as covered.
    pub const fn from(ca: CaId, from: Position) -> Self {
        Self { ca, next: from, changed: None, covered: from }
    }

    /// Reads what came since the last look. Whether a CRL is due.
    ///
    /// # Errors
    /// The store failed.
    pub fn is_due(&mut self, store: &dyn Store) -> Result<bool, StorageError> {
        loop {
            let batch = ledger::read(store, self.next, PAGE)?;
            for recorded in &batch {
                self.see(recorded.position, &recorded.event()?);
            }
            match batch.last() {
                Some(last) => self.next = Position(last.position.0 + 1),
                None => return Ok(self.changed.is_some_and(|changed| changed >= self.covered)),
            }
        }
    }

    fn see(&mut self, position: Position, event: &Event) {
        if [REVOKED, HELD, RELEASED].contains(&event.action) {
            let of = event.subject.strip_prefix("certificate:").and_then(|of| of.split_once('/'));
            if of.is_some_and(|(ca, _)| ca == self.ca.as_str()) {
                self.changed = Some(position);
            }
        } else if event.action == CRL_PUBLISHED
            && event.subject.strip_prefix("crl:") == Some(self.ca.as_str())
        {
            let covers = event.detail.get(COVERS).and_then(|text| text.parse().ok());
            self.covered = self.covered.max(Position(covers.unwrap_or(0)));
        }
    }
}

fn listed(serial: &[u8], entry: &RevocationEntry) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: rcgen::SerialNumber::from_slice(serial),
        revocation_time: entry.revocation.at,
        reason_code: Some(match entry.revocation.reason {
            RevocationReason::KeyCompromise => rcgen::RevocationReason::KeyCompromise,
            RevocationReason::CaCompromise => rcgen::RevocationReason::CaCompromise,
            RevocationReason::AffiliationChanged => rcgen::RevocationReason::AffiliationChanged,
            RevocationReason::Superseded => rcgen::RevocationReason::Superseded,
            RevocationReason::CessationOfOperation => rcgen::RevocationReason::CessationOfOperation,
            RevocationReason::CertificateHold => rcgen::RevocationReason::CertificateHold,
            RevocationReason::PrivilegeWithdrawn => rcgen::RevocationReason::PrivilegeWithdrawn,
        }),
        invalidity_date: None,
    }
}
