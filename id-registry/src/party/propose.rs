//! Registering, changing and ending parties: two administrators let somebody be told something, one stops it.

use ca_core::ledger::{Event, EventId};
use ca_core::storage::{Change, Expect, Operation, Version};

use super::{
    Act, CHANGED, DECISION_REFUSED, DROPPED, ENDED, Ended, NewPurpose, PROPOSED, Party, PartyError,
    ProposedParty, Purpose, REGISTERED, RELYING_PARTIES, RELYING_PARTY_CHANGES, Sector, attribute, checked,
};
use crate::fault::{Attempt, Fault, until_settled};
use crate::id::{IdentityId, IdentityKind};
use crate::identity::{demand_kind, reason_line};
use crate::permission::{ManageParties, Permit};
use crate::record::{self, encode};
use crate::registry::Registry;

/// What an administrator wants of a party.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// The sector; left out where the purposes of a registered party are to be others, whose sector stays.
    pub sector: Option<&'a str>,
    /// All the purposes that it is to have.
    pub purposes: &'a [NewPurpose],
    /// Why. It stays in the ledger for good: no personal data.
    pub reason: &'a str,
}

impl Registry {
    /// Proposes to register an organisation as a relying party, or other purposes for one that is. Nothing changes before
    /// another administrator confirms it.
    ///
    /// # Errors
    /// A field does not fit, it is no active organisation, it is registered already, or not yet, something is proposed of it
    /// already, nothing would change, or the registry failed.
    pub fn propose_party(
        &self,
        permit: &Permit<ManageParties>,
        organisation: IdentityId,
        wish: &Wish<'_>,
    ) -> Result<ProposedParty, PartyError> {
        let reason = reason_line("reason", wish.reason)?;
        let purposes = checked(wish.purposes)?;
        let sector: Option<Sector> = wish.sector.map(str::parse).transpose()?;
        demand_kind(organisation, IdentityKind::Organisation)?;
        until_settled(|| {
            self.identity_record(organisation)?.0.demand_active()?;
            if let Some((waits, _)) = self.proposed_of(organisation)? {
                return Err(PartyError::WaitsAlready { party: organisation, change: waits.id });
            }
            let there = self.party_record(organisation)?.map(|(party, _)| party);
            let (act, sector) = match (there.filter(|party| party.ended.is_none()), &sector) {
                (Some(_), Some(_)) => return Err(PartyError::Exists(organisation)),
                (None, None) => return Err(PartyError::Unknown(organisation)),
                (Some(party), None) if party.purposes == purposes => {
                    return Err(PartyError::Unchanged(organisation));
                }
                (Some(party), None) => (Act::Change, party.sector),
                (None, Some(sector)) => (Act::Register, sector.clone()),
            };
            let event = self.event(&permit.actor(), PROPOSED, about(organisation))?;
            let proposed = ProposedParty {
                id: event.id,
                organisation,
                act,
                sector,
                purposes: purposes.clone(),
                reason: reason.clone(),
                at: self.now(),
                by: permit.staff(),
            };
            let event = told(event.because(reason.clone()), &proposed);
            let change =
                Change::new().insert(RELYING_PARTY_CHANGES, organisation.to_string(), encode(&proposed)?);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || proposed))
        })
    }

    /// Confirms what another administrator proposed: it holds at once.
    ///
    /// # Errors
    /// Nothing of that name waits, the same administrator proposed it, the organisation is not active any more, the party was
    /// ended meanwhile, or the registry failed.
    pub fn confirm_party(
        &self,
        permit: &Permit<ManageParties>,
        organisation: IdentityId,
        change: &str,
    ) -> Result<Party, PartyError> {
        until_settled(|| {
            let (proposed, waits) = self.proposed_named(organisation, change)?;
            if proposed.by == permit.staff() {
                self.record_own_party(permit, &proposed)?;
                return Err(PartyError::Own(organisation));
            }
            self.identity_record(organisation)?.0.demand_active()?;
            let there = self.party_record(organisation)?;
            if let (Act::Change, Some((party, _))) = (proposed.act, &there) {
                party.demand_current()?;
            }
            let expect = there.map_or(Expect::Absent, |(_, version)| Expect::Version(version));
            let party = Party {
                organisation,
                sector: proposed.sector.clone(),
                purposes: proposed.purposes.clone(),
                since: self.now(),
                proposed_by: proposed.by,
                confirmed_by: permit.staff(),
                ended: None,
            };
            let action = if proposed.act == Act::Register { REGISTERED } else { CHANGED };
            let event = self.event(&permit.actor(), action, about(organisation))?;
            let event = told(event, &proposed)
                .with("proposed-by", format!("staff:{}", proposed.by))
                .because(proposed.reason.clone());
            let written = Change::new().delete(RELYING_PARTY_CHANGES, organisation.to_string(), waits).write(
                RELYING_PARTIES,
                organisation.to_string(),
                expect,
                Operation::Put(encode(&party)?),
            );
            Ok(Attempt::of(self.commit(written.explained_by(&event)), || party))
        })
    }

    /// Takes back or rejects what was proposed.
    ///
    /// # Errors
    /// Nothing of that name waits, there is no reason, or the registry failed.
    pub fn drop_party_change(
        &self,
        permit: &Permit<ManageParties>,
        organisation: IdentityId,
        change: &str,
        reason: &str,
    ) -> Result<ProposedParty, PartyError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let (proposed, waits) = self.proposed_named(organisation, change)?;
            let event = self
                .event(&permit.actor(), DROPPED, about(organisation))?
                .with("change", proposed.id.to_string())
                .because(reason.clone());
            let dropped = Change::new().delete(RELYING_PARTY_CHANGES, organisation.to_string(), waits);
            Ok(Attempt::of(self.commit(dropped.explained_by(&event)), || proposed))
        })
    }

    /// Ends a party: from here on it is told nothing. What is proposed of it goes too.
    ///
    /// # Errors
    /// It is none, it was ended before, there is no reason, or the registry failed.
    pub fn end_party(
        &self,
        permit: &Permit<ManageParties>,
        organisation: IdentityId,
        reason: &str,
    ) -> Result<Party, PartyError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let (mut party, version) =
                self.party_record(organisation)?.ok_or(PartyError::Unknown(organisation))?;
            party.demand_current()?;
            party.ended = Some(Ended { at: self.now(), by: permit.staff(), reason: reason.clone() });
            let event = self.event(&permit.actor(), ENDED, about(organisation))?.because(reason.clone());
            let ended =
                Change::new().replace(RELYING_PARTIES, organisation.to_string(), version, encode(&party)?);
            let ended = match self.proposed_of(organisation)? {
                Some((_, waits)) => ended.delete(RELYING_PARTY_CHANGES, organisation.to_string(), waits),
                None => ended,
            };
            Ok(Attempt::of(self.commit(ended.explained_by(&event)), || party))
        })
    }

    /// What waits of a party, where it is what is meant: whoever decides decides on what they saw.
    fn proposed_named(
        &self,
        organisation: IdentityId,
        change: &str,
    ) -> Result<(ProposedParty, Version), PartyError> {
        let named = EventId::try_from(change.trim().to_ascii_lowercase());
        let found = self.proposed_of(organisation)?.filter(|(proposed, _)| named == Ok(proposed.id));
        found.ok_or(PartyError::UnknownChange(organisation))
    }

    pub(super) fn proposed_of(
        &self,
        organisation: IdentityId,
    ) -> Result<Option<(ProposedParty, Version)>, PartyError> {
        Ok(record::find(self.store(), RELYING_PARTY_CHANGES, organisation.to_string())?)
    }

    pub(super) fn party_record(&self, id: IdentityId) -> Result<Option<(Party, Version)>, PartyError> {
        Ok(record::find(self.store(), RELYING_PARTIES, id.to_string())?)
    }

    /// An attempt to get around dual control is for the auditor to see.
    fn record_own_party(
        &self,
        permit: &Permit<ManageParties>,
        proposed: &ProposedParty,
    ) -> Result<(), PartyError> {
        let event = self
            .event(&permit.actor(), DECISION_REFUSED, about(proposed.organisation))?
            .with("change", proposed.id.to_string())
            .because("own proposal");
        self.commit(Change::new().explained_by(&event.refused())).map_err(Fault::from)?;
        Ok(())
    }
}

impl Party {
    /// Goes on only with a party that was not ended.
    pub(super) fn demand_current(&self) -> Result<(), PartyError> {
        match &self.ended {
            Some(ended) => Err(PartyError::Ended(self.organisation, ended.at.date())),
            None => Ok(()),
        }
    }
}

fn about(organisation: IdentityId) -> String {
    format!("party:{organisation}")
}

/// The ledger tells what each purpose admits, and by which law: what holds now and what held once can be read there.
fn told(event: Event, proposed: &ProposedParty) -> Event {
    let event = event
        .with("change", proposed.id.to_string())
        .with("act", proposed.act.name())
        .with("sector", proposed.sector.to_string());
    let admits = |event: Event, purpose: &Purpose| {
        let admits = attribute::named(&purpose.attributes);
        event.with(&format!("purpose {}", purpose.name), format!("{admits} by {}", purpose.legal_basis))
    };
    proposed.purposes.iter().fold(event, admits)
}
