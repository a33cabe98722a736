//! Confirming a change, by another officer: one commit.

use std::collections::BTreeMap;

use ca_core::ledger::Event;
use ca_core::serial::SerialNumber;
use ca_core::storage::{Change, StorageError};
use ca_core::vault::purpose_of;
use time::{Duration, OffsetDateTime};

use super::facts::differences;
use super::outdated::Outdated;
use super::propose::open_facts;
use super::replaced::Replaced;
use super::{CHANGED, ChangeReason, ChangeRefused, IDENTITY_CHANGES, ProposedChange};
use crate::fault::{Attempt, until_settled};
use crate::id::IdentityId;
use crate::identity::{IDENTITIES, IDENTITY_DETAILS, Identity, IdentityError, reason_line};
use crate::life::cascade::{Cascade, Status};
use crate::life::history::Former;
use crate::life::{IDENTITY_DUE, LifeError, Touched};
use crate::permission::{ChangeIdentities, Permit};
use crate::record::encode;
use crate::registry::{Registry, reference};

/// CA/Browser Forum BR section 4.9.1.1: a TLS server's certificate whose information has changed ends within five days.
const TLS_SERVERS: Duration = Duration::days(5);

/// What a confirmed change did.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The identity, as it is known now.
    pub identity: Identity,
    /// What became of certificates.
    pub touched: Touched,
    /// Certificates that stay until they are replaced, and until when.
    pub to_replace: Vec<(SerialNumber, OffsetDateTime)>,
}

impl Registry {
    /// Confirms a change that another officer proposed: what is known of the identity changes, and every certificate that
    /// says what was known before is revoked, or is to be replaced by a day.
    ///
    /// # Errors
    /// No such change waits, the same officer proposed it, what it gives does not fit any more, or the registry failed.
    pub fn confirm_change(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        change: &str,
        note: &str,
    ) -> Result<Confirmed, LifeError> {
        let note = reason_line("note", note)?;
        let confirmed = until_settled(|| self.confirm(permit, id, change, &note));
        if confirmed.as_ref().is_err_and(LifeError::takes_a_colleague) {
            self.record_refused("ConfirmChange", id, &permit.actor())?;
        }
        confirmed
    }

    fn confirm(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        change: &str,
        note: &str,
    ) -> Result<Attempt<Confirmed, LifeError>, LifeError> {
        let (record, version) = self.identity_record(id)?;
        self.demand_not_own(permit.staff(), id)?;
        let (proposed, waits) = self.waiting_change(id, change)?;
        proposed.demand_another(&record, permit.staff())?;
        let before = self.changeable(record)?;
        let mut after = self.changed(&before, &proposed)?;
        let actor = permit.actor();
        let mut cascade = Cascade::begun(&actor, Some(note));
        // Looked at before the certificates are: one that is issued meanwhile makes this be decided anew.
        let none_missed = self.latest_issuance_stands(id)?;
        let event = self.event(&actor, CHANGED, format!("identity:{id}"))?;
        let to_replace = self.end_outdated(&before, &after, &proposed, &event, &mut cascade)?;
        after.record.changed_at = Some(self.now());
        after.record.replace_until = to_replace.iter().map(|(_, until)| *until).max();
        let event = event
            .with("change", proposed.id.to_string())
            .with("reason", proposed.reason.name())
            .with("fields", proposed.fields.join(","));
        let written = self
            .details_replaced(&before, &after)?
            .replace(IDENTITIES, id.to_string(), version, encode(&after.record)?)
            .delete(IDENTITY_CHANGES, id.to_string(), waits)
            .and(self.history_of_change(id, &event, note, &former(&before, &after)?)?)
            .and(none_missed);
        cascade.add(written.explained_by(&event));
        let Cascade { change, touched, .. } = cascade;
        Ok(Attempt::of(self.commit(change), || Confirmed { identity: after, touched, to_replace }))
    }

    /// The identity with what is proposed in it.
    fn changed(&self, before: &Identity, proposed: &ProposedChange) -> Result<Identity, LifeError> {
        let id = proposed.identity;
        let erased = || LifeError::from(IdentityError::Erased(id));
        let envelope = self.vault().for_reading(&reference(id))?.ok_or_else(erased)?;
        let facts = open_facts(&envelope, proposed)?;
        let details = facts.laid_over(before.known()?, before.record.owner, self.now().date())?;
        Ok(Identity { record: before.record.clone(), details: Some(details) })
    }

    /// What is known, and the numbers and names by which it is found, brought up to date.
    fn details_replaced(&self, before: &Identity, after: &Identity) -> Result<Change, LifeError> {
        let (id, key) = (before.id(), before.id().to_string());
        let missing = || StorageError(format!("identity {key} has no details"));
        let stored = self.store().get(IDENTITY_DETAILS, key.as_bytes())?.ok_or_else(missing)?;
        let purpose = purpose_of(IDENTITY_DETAILS, &key);
        let known = after.known()?;
        let (sealed, stands) = self.vault().seal_record(&reference(id), &purpose, known)?;
        let numbers = self.renumbered(id, before.record.owner, [before.known()?, known])?;
        let found_by = self.blocks_moved(id, Some(before.known()?), Some(known))?;
        Ok(numbers.and(found_by).and(stands).replace(IDENTITY_DETAILS, key, stored.version, sealed))
    }

    /// Revokes what says what was known before, or has it replaced by a day.
    fn end_outdated(
        &self,
        before: &Identity,
        after: &Identity,
        proposed: &ProposedChange,
        event: &Event,
        cascade: &mut Cascade<'_>,
    ) -> Result<Vec<(SerialNumber, OffsetDateTime)>, LifeError> {
        let outdated = match proposed.reason {
            // Whoever had themselves entered as another has no right to any of them, whatever it says.
            ChangeReason::IdentityTheft => self.everything_of(after)?,
            _ => self.outdated_by(before, after)?,
        };
        let because = format!("{} of identity {}", CHANGED.as_str(), proposed.identity);
        let mut by_day: BTreeMap<OffsetDateTime, Vec<SerialNumber>> = BTreeMap::new();
        for Outdated { record, serves_tls } in outdated {
            match proposed.replace_within {
                Some(days) => {
                    let days = Duration::days(i64::from(days));
                    let days = if serves_tls { days.min(TLS_SERVERS) } else { days };
                    by_day.entry(self.now() + days).or_default().push(record.serial);
                }
                None => {
                    let revoked = Status::Revoked(proposed.reason.revocation());
                    self.change_status(revoked, &record, &because, cascade)?;
                }
            }
        }
        let due = by_day.iter().try_fold(Change::new(), |change, (until, certificates)| {
            let key = Replaced::key(*until, event.id, proposed.identity);
            let due = Replaced { certificates: certificates.clone(), since: self.now() };
            Ok::<_, StorageError>(change.insert(IDENTITY_DUE, key, encode(&due)?))
        })?;
        cascade.add(due.explained_by(event));
        let each = |(until, certificates): (OffsetDateTime, Vec<SerialNumber>)| {
            certificates.into_iter().map(move |serial| (serial, until))
        };
        Ok(by_day.into_iter().flat_map(each).collect())
    }

    fn everything_of(&self, identity: &Identity) -> Result<Vec<Outdated>, LifeError> {
        let living = self.living(identity.id())?;
        Ok(living.into_iter().map(|record| Outdated { record, serves_tls: false }).collect())
    }
}

fn former(before: &Identity, after: &Identity) -> Result<Former, LifeError> {
    let (was, is) = (before.known()?, after.known()?);
    Ok(Former { changes: differences(was, is)?, details: was.clone() })
}

impl From<ChangeRefused> for LifeError {
    fn from(refused: ChangeRefused) -> Self {
        Self::Change(refused)
    }
}
