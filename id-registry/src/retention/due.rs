//! What is due by the rules, and what keeps it from being erased.

use ca_core::storage::{KeyRange, StorageError};

use super::{Matter, RetentionError, Rule};
use crate::enrolment::{Request, RequestState};
use crate::evidence::IDENTITY_EVIDENCE;
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{IdentityError, IdentityRecord, IdentityStatus};
use crate::life::Cause;
use crate::registry::{Registry, reference};

/// How many of a matter are due, of those that were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The rule.
    pub rule: Rule,
    /// What is erased at the next sweep.
    pub due: usize,
    /// What is due and held back: a certificate that counts, or an open case, depends on it.
    pub held_back: usize,
}

/// Whether something is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing of it is left, or its time has not come.
    Stays,
    /// Its time has come, and something depends on it.
    HeldBack,
    /// It goes.
    Goes,
}

impl Registry {
    /// The rule that a request falls under, and what it says.
    pub(super) fn request_due(&self, request: &Request) -> Result<Option<(Rule, Verdict)>, RetentionError> {
        let (matter, since) = match &request.state {
            RequestState::Waiting => return Ok(None),
            RequestState::Rejected(rejection) => (Matter::RejectedRequests, rejection.at),
            RequestState::Issued { .. } => {
                let decided = request.approvals.iter().map(|approval| approval.at).max();
                (Matter::Approvals, decided.unwrap_or(request.requested_at))
            }
        };
        let Some(rule) = self.settings().retention.about(matter) else { return Ok(None) };
        if !rule.is_due(since, self.now()) || !self.is_anything_written(request)? {
            return Ok(None);
        }
        let living = match request.serial() {
            Some(serial) => {
                self.authorities().find(serial)?.is_some_and(|record| self.status_of(&record).is_living())
            }
            None => false,
        };
        let verdict = if living { Verdict::HeldBack } else { Verdict::Goes };
        Ok(Some((rule.clone(), verdict)))
    }

    /// The rules that an identity falls under, and what each says.
    pub(super) fn identity_due(
        &self,
        record: &IdentityRecord,
    ) -> Result<Vec<(Rule, Verdict)>, RetentionError> {
        let ended = record.standing.as_ref().filter(|_| record.status == IdentityStatus::Closed);
        let Some(ended) = ended else { return Ok(Vec::new()) };
        let person = match ended.cause {
            Cause::Deceased => Some(Matter::Deceased),
            Cause::Emigrated => Some(Matter::Emigrated),
            _ => None,
        };
        let person = person.filter(|_| record.id.kind() == IdentityKind::Person);
        let mut due = Vec::new();
        for matter in person.into_iter().chain([Matter::Evidence]) {
            let Some(rule) = self.settings().retention.about(matter) else { continue };
            if !rule.is_due(ended.since, self.now()) {
                continue;
            }
            let verdict = match matter {
                Matter::Evidence if self.evidence_kept(record.id)?.is_empty() => Verdict::Stays,
                Matter::Deceased | Matter::Emigrated if self.vault().is_erased(&reference(record.id))? => {
                    Verdict::Stays
                }
                _ if self.is_needed(record.id)? => Verdict::HeldBack,
                _ => Verdict::Goes,
            };
            if verdict != Verdict::Stays {
                due.push((rule.clone(), verdict));
            }
        }
        Ok(due)
    }

    /// Whether a certificate that counts, something that is answered for, or an open case depends on an identity.
    fn is_needed(&self, id: IdentityId) -> Result<bool, RetentionError> {
        match self.demand_unused(id) {
            Ok(()) => {}
            Err(IdentityError::HasCertificate { .. } | IdentityError::AnswersFor { .. }) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
        Ok(self.has_open_withdrawal(id)? || self.has_open_review(id)?)
    }

    /// The places of an identity's evidence and the versions to expect.
    pub(super) fn evidence_kept(
        &self,
        id: IdentityId,
    ) -> Result<Vec<(Vec<u8>, ca_core::storage::Version)>, StorageError> {
        let range = KeyRange::prefix(format!("{id}/").as_bytes());
        let found = self.store().scan(IDENTITY_EVIDENCE, &range, crate::evidence::MOST)?;
        Ok(found.into_iter().map(|(key, entry)| (key, entry.version)).collect())
    }
}
