//! Proposing a change, looking at what waits, and dropping it.

use ca_core::ledger::EventId;
use ca_core::storage::{AuditedChange, Change, Version};
use ca_core::vault::{Envelope, VaultError, purpose_of_field};

use super::facts::{NewFacts, differences};
use super::{
    CHANGE_DROPPED, CHANGE_PROPOSED, ChangeReason, ChangeRefused, FieldChange, IDENTITY_CHANGES,
    LONGEST_REPLACEMENT, ProposedChange,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::IdentityId;
use crate::identity::{Identity, IdentityError, IdentityRecord, IdentityStatus, reason_line};
use crate::life::{LifeError, Teller};
use crate::look::Work;
use crate::page::{Page, PageSize};
use crate::permission::{ChangeIdentities, Permit, ReadRegistry};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};
use crate::timed;

/// A change that is asked for.
#[derive(Debug, Clone)]
pub struct ChangeAsked<'a> {
    /// The facts it gives.
    pub facts: &'a NewFacts,
    /// Why.
    pub reason: ChangeReason,
    /// How long certificates that say what was known before stay, in days.
    pub replace_within: Option<u16>,
    /// On what grounds: a certificate of marriage, a court's order and its number.
    pub note: &'a str,
}

/// A change that waits, opened. Nothing of it can be read any more when the identity was erased.
#[derive(Debug, Clone)]
pub struct OpenChange {
    /// What is kept of it.
    pub proposed: ProposedChange,
    /// Each field that would change.
    pub changes: Vec<FieldChange>,
    /// On what grounds.
    pub note: Option<String>,
}

impl Registry {
    /// Proposes a change of what is known of an identity. Another officer confirms it.
    ///
    /// # Errors
    /// A field does not fit or another identity has the number, nothing would change, one waits already, the reason or the
    /// days do not fit, the identity is closed, or the registry failed.
    pub fn propose_change(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        asked: &ChangeAsked<'_>,
    ) -> Result<OpenChange, LifeError> {
        until_settled(|| {
            self.demand_not_own(permit.staff(), id)?;
            let (open, change) = self.proposal(Teller::Officer(permit.staff()), id, asked)?;
            Ok(Attempt::of(self.commit(change), || open))
        })
    }

    /// What proposes a change, to be committed by the caller, and the change as it then waits.
    pub(crate) fn proposal(
        &self,
        by: Teller,
        id: IdentityId,
        asked: &ChangeAsked<'_>,
    ) -> Result<(OpenChange, AuditedChange), LifeError> {
        let note = reason_line("note", asked.note)?;
        demand_fit(id, asked)?;
        let (record, _) = self.identity_record(id)?;
        let identity = self.changeable(record)?;
        if let Some((waits, _)) = self.waiting_of(id)? {
            return Err(ChangeRefused::WaitsAlready { identity: id, change: waits.id }.into());
        }
        let changes = self.would_change(&identity, asked.facts)?;
        let event = self
            .event(&by.actor(), CHANGE_PROPOSED, format!("identity:{id}"))?
            .with("reason", asked.reason.name());
        let (envelope, stands) = self.vault().for_writing(&reference(id))?;
        let proposed = ProposedChange {
            id: event.id,
            identity: id,
            reason: asked.reason,
            replace_within: asked.replace_within,
            fields: asked.facts.fields()?,
            at: self.now(),
            by,
            facts: seal_facts(&envelope, id, asked.facts)?,
            note: envelope.seal_text(&purpose(id, "note"), &note)?,
        };
        let event = event.with("fields", proposed.fields.join(","));
        let change = stands
            .insert(IDENTITY_CHANGES, id.to_string(), encode(&proposed)?)
            .and(self.history_of(id, &event, None, Some(&note))?)
            .explained_by(&event);
        Ok((OpenChange { proposed, changes, note: Some(note) }, change))
    }

    /// Takes a change back or rejects it: nothing of what was proposed is kept but the history.
    ///
    /// # Errors
    /// No such change waits, or the registry failed.
    pub fn drop_change(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        change: &str,
        note: &str,
    ) -> Result<ProposedChange, LifeError> {
        let note = reason_line("note", note)?;
        until_settled(|| {
            let (proposed, version) = self.waiting_change(id, change)?;
            let event = self
                .event(&permit.actor(), CHANGE_DROPPED, format!("identity:{id}"))?
                .with("change", proposed.id.to_string());
            let dropped = Change::new()
                .delete(IDENTITY_CHANGES, id.to_string(), version)
                .and(self.history_of(id, &event, None, Some(&note))?);
            Ok(Attempt::of(self.commit(dropped.explained_by(&event)), || proposed))
        })
    }

    /// Changes that wait, in the order of the identities, beginning after `after`; without what they change.
    ///
    /// # Errors
    /// The store failed.
    pub fn waiting_changes(
        &self,
        _permit: &Permit<ChangeIdentities>,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Page<ProposedChange, IdentityId>, LifeError> {
        let range = timed::range("", after.map(|after| after.to_string()));
        let found = self.store().scan(IDENTITY_CHANGES, &range, size.entries() + 1)?;
        let found = found.iter().map(|(_, entry)| record::decode(IDENTITY_CHANGES, entry));
        let found: Vec<ProposedChange> = found.collect::<Result<_, _>>()?;
        Ok(Page::cut(found, size, |proposed| proposed.identity))
    }

    /// The change of an identity that waits, opened: what is known, and what would be.
    ///
    /// # Errors
    /// None waits, the identity is somebody else's, or the registry failed.
    pub fn open_change(
        &self,
        permit: &Permit<ReadRegistry>,
        id: IdentityId,
    ) -> Result<OpenChange, LifeError> {
        let (record, _) = self.identity_record(id)?;
        record.within(permit.scope())?;
        let none = || ChangeRefused::Unknown { identity: id, change: String::new() };
        let (proposed, _) = self.waiting_of(id)?.ok_or_else(none)?;
        let identity = self.with_details(record)?;
        let Some(envelope) = self.vault().for_reading(&reference(id))? else {
            return Err(IdentityError::Erased(id).into());
        };
        let facts = open_facts(&envelope, &proposed)?;
        let after = facts.laid_over(identity.known()?, identity.record.owner, self.now().date())?;
        let changes = differences(identity.known()?, &after)?;
        let note = Some(envelope.open_text(&purpose(id, "note"), &proposed.note)?);
        self.record_looks(permit, [id], &Work::on("change", proposed.id))?;
        Ok(OpenChange { proposed, changes, note })
    }

    /// The change of an identity that waits, and the version to expect when deciding on it.
    fn waiting_of(&self, id: IdentityId) -> Result<Option<(ProposedChange, Version)>, LifeError> {
        Ok(record::find(self.store(), IDENTITY_CHANGES, id.to_string())?)
    }

    /// The same, where it is the one that is meant: whoever decides decides on what they saw.
    pub(super) fn waiting_change(
        &self,
        id: IdentityId,
        change: &str,
    ) -> Result<(ProposedChange, Version), LifeError> {
        let named = |proposed: &ProposedChange| EventId::try_from(change.to_owned()) == Ok(proposed.id);
        let found = self.waiting_of(id)?.filter(|(proposed, _)| named(proposed));
        let change = change.chars().take(40).collect();
        Ok(found.ok_or(ChangeRefused::Unknown { identity: id, change })?)
    }

    /// Takes away the change of an identity that waits, if one does: the identity is erased.
    pub(crate) fn without_waiting_change(&self, id: IdentityId) -> Result<Change, Fault> {
        let found = record::find::<ProposedChange>(self.store(), IDENTITY_CHANGES, id.to_string())?;
        Ok(found.map_or_else(Change::new, |(_, version)| {
            Change::new().delete(IDENTITY_CHANGES, id.to_string(), version)
        }))
    }

    /// An identity whose facts may be changed.
    pub(super) fn changeable(&self, record: IdentityRecord) -> Result<Identity, LifeError> {
        let id = record.id;
        let status = record.status;
        let identity = self.with_details(record)?;
        identity.known()?;
        if status == IdentityStatus::Closed { Err(IdentityError::Closed(id).into()) } else { Ok(identity) }
    }

    fn would_change(&self, identity: &Identity, facts: &NewFacts) -> Result<Vec<FieldChange>, LifeError> {
        let (id, owner, known) = (identity.id(), identity.record.owner, identity.known()?);
        let after = facts.laid_over(known, owner, self.now().date())?;
        let changes = differences(known, &after)?;
        if changes.is_empty() {
            return Err(ChangeRefused::Nothing(id).into());
        }
        self.renumbered(id, owner, [known, &after])?;
        Ok(changes)
    }
}

fn demand_fit(id: IdentityId, asked: &ChangeAsked<'_>) -> Result<(), ChangeRefused> {
    let (kind, reason) = (id.kind(), asked.reason);
    let fits = ChangeReason::of_kind(kind);
    if !fits.contains(&reason) {
        let fits = fits.into_iter().map(ChangeReason::name).collect();
        return Err(ChangeRefused::Reason { reason, kind, fits });
    }
    match asked.replace_within {
        Some(_) if reason == ChangeReason::IdentityTheft => Err(ChangeRefused::AtOnce),
        Some(days) if !(1..=LONGEST_REPLACEMENT).contains(&days) => Err(ChangeRefused::Days),
        _ => Ok(()),
    }
}

fn seal_facts(
    envelope: &Envelope,
    id: IdentityId,
    facts: &NewFacts,
) -> Result<ca_core::vault::SealedText, LifeError> {
    let text = String::from_utf8(encode(facts)?).unwrap_or_default();
    Ok(envelope.seal_text(&purpose(id, "facts"), &text)?)
}

pub(super) fn open_facts(envelope: &Envelope, proposed: &ProposedChange) -> Result<NewFacts, VaultError> {
    let text = envelope.open_text(&purpose(proposed.identity, "facts"), &proposed.facts)?;
    serde_json::from_str(&text)
        .map_err(|_| VaultError::Storage(ca_core::storage::StorageError("a proposal is damaged".to_owned())))
}

fn purpose(id: IdentityId, field: &str) -> String {
    purpose_of_field(IDENTITY_CHANGES, id, field)
}
