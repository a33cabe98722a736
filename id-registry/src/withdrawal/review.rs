//! What endangers others is revoked at once, and looked at afterwards by somebody else.

use ca_core::certificate::CertificateRecord;
use ca_core::ledger::{Action, Actor};
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use ca_core::storage::{AuditedChange, Change, StorageError, Table};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fault::{Attempt, Fault, by_fault, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{FieldError, IdentityError, reason_line};
use crate::page::{Page, PageSize, collect};
use crate::permission::{Permit, ReadRegistry, ReviewRevocations, Scope};
use crate::record::{self, encode};
use crate::registry::Registry;
use crate::timed;
use crate::words::words;

/// What staff revoked of persons at once, by serial number: to be looked at by somebody else. Nothing personal.
pub const REVOCATION_REVIEWS: Table = Table::records("revocation_reviews");

/// What was revoked at once is to be looked at by somebody else.
const REVIEW_DUE: Action = Action::named("revocation.review-due");
/// A revocation was looked at afterwards; `verdict` tells how it was found.
const REVIEWED: Action = Action::named("revocation.reviewed");

/// A certificate of a person that staff revoked, or put on hold, at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// The certificate.
    pub serial: SerialNumber,
    /// Whose.
    pub identity: IdentityId,
    /// Why.
    pub reason: RevocationReason,
    /// Who revoked it.
    pub by: Actor,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What came of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewed: Option<Reviewed>,
}

/// What came of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    /// How it was found.
    pub verdict: Verdict,
    /// By whom.
    pub by: Actor,
    /// When, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

words! {
    /// How a revocation was found.
    Verdict {
        /// It was right.
        Confirmed = "confirmed",
        /// It was not: a hold is to be released, and whoever was revoked needs a new certificate.
        Objected = "objected",
    }
}

/// The person whose certificate it is.
pub(crate) fn person_of(record: &CertificateRecord) -> Option<IdentityId> {
    record.identity.0.parse().ok().filter(|id: &IdentityId| id.kind() == IdentityKind::Person)
}

impl Registry {
    /// What is written beside a revocation by staff: that it is to be reviewed, where a person's certificate is revoked.
    pub(crate) fn to_be_reviewed(
        &self,
        record: &CertificateRecord,
        reason: RevocationReason,
        by: &Actor,
    ) -> Result<AuditedChange, Fault> {
        let Some(identity) = person_of(record) else { return Ok(AuditedChange::nothing()) };
        let serial = record.serial.clone();
        let review = Review { serial, identity, reason, by: by.clone(), at: self.now(), reviewed: None };
        let event = self
            .event(by, REVIEW_DUE, format!("identity:{identity}"))?
            .with("certificate", record.serial.to_string());
        let change = Change::new().put(REVOCATION_REVIEWS, record.serial.to_string(), encode(&review)?);
        Ok(change.explained_by(&event))
    }

    /// What was revoked at once, in the order of serial numbers, what is to be reviewed or all, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn reviews(
        &self,
        permit: &Permit<ReadRegistry>,
        open: bool,
        after: Option<SerialNumber>,
        size: PageSize,
    ) -> Result<Page<Review, SerialNumber>, Fault> {
        let reached = permit.scope() == Scope::Country;
        let wanted = |review: &Review| reached && (!open || review.reviewed.is_none());
        let list = |after: Option<&SerialNumber>, limit| {
            let range = timed::range("", after.map(ToString::to_string));
            let found = self.store().scan(REVOCATION_REVIEWS, &range, limit)?;
            let read = |entry| record::decode::<Review>(REVOCATION_REVIEWS, entry);
            found.iter().map(|(_, entry)| read(entry).map(|one| (one.serial.clone(), one))).collect()
        };
        Ok(collect(after, size, list, wanted)?)
    }

    /// Whether a revocation of an identity's certificate is still to be reviewed.
    pub(crate) fn has_open_review(&self, identity: IdentityId) -> Result<bool, StorageError> {
        for record in self.all_certificates_of(identity)? {
            let found = record::find::<Review>(self.store(), REVOCATION_REVIEWS, record.serial.to_string())?;
            if found.is_some_and(|(review, _)| review.reviewed.is_none()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Says how a revocation was found. The note stays in the ledger for good: it names nobody.
    ///
    /// # Errors
    /// Nothing of this serial number is to be reviewed, the same person revoked it, or the registry failed.
    pub fn review(
        &self,
        permit: &Permit<ReviewRevocations>,
        serial: &SerialNumber,
        verdict: Verdict,
        note: &str,
    ) -> Result<Review, ReviewError> {
        let note = reason_line("note", note)?;
        until_settled(|| {
            let found = record::find::<Review>(self.store(), REVOCATION_REVIEWS, serial.to_string())?;
            let (mut review, version) = found.ok_or_else(|| ReviewError::Unknown(serial.clone()))?;
            if review.reviewed.is_some() {
                return Err(ReviewError::Reviewed(serial.clone()));
            }
            if review.by == permit.actor() {
                return Err(ReviewError::Own(serial.clone()));
            }
            self.demand_not_own(permit.staff(), review.identity)?;
            review.reviewed = Some(Reviewed { verdict, by: permit.actor(), at: self.now() });
            let event = self
                .event(&permit.actor(), REVIEWED, format!("identity:{}", review.identity))?
                .with("certificate", serial.to_string())
                .with("verdict", verdict.name())
                .because(note.clone());
            let change =
                Change::new().replace(REVOCATION_REVIEWS, serial.to_string(), version, encode(&review)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || review))
        })
    }
}

/// A review was refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Nothing of this serial number is to be reviewed.
    #[error("no revocation of certificate {0} is to be reviewed")]
    Unknown(SerialNumber),
    /// It was reviewed.
    #[error("the revocation of certificate {0} was reviewed already")]
    Reviewed(SerialNumber),
    /// Nobody reviews what they did.
    #[error("you revoked certificate {0}: somebody else reviews it")]
    Own(SerialNumber),
    /// The note does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// It is the reviewer's own certificate.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(ReviewError: StorageError);
