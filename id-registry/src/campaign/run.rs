//! Carrying a campaign out: what was replaced or ended is noted, and what is due is put on hold or revoked, batch by batch.
//!
//! A batch is one change: the revocations, the members, what is left to do and the tally are kept together or not at all.
//! So a batch that was cut off leaves nothing, and one that was kept is not found again.

use std::collections::HashSet;

use ca_core::authority::RevokeError;
use ca_core::certificate::{CertificatePlace, CertificateRecord};
use ca_core::ledger::Actor;
use ca_core::status::RevocationReason;
use ca_core::storage::{
    AuditedChange, Change, CommitError, Expect, KeyRange, Operation, StorageError, Version, Versioned,
};
use time::OffsetDateTime;

use super::judge::{Judge, Verdict};
use super::member::stage_of;
use super::{
    ADVANCED, CAMPAIGN_MEMBERS, CAMPAIGN_WORK, CAMPAIGNS, Campaign, CampaignError, CampaignName, Member,
    MemberPlace, MemberState, Phase, Tally,
};
use crate::certificates::CertificateError;
use crate::fault::{Attempt, Fault, until_settled};
use crate::permission::{Permit, RunCampaigns};
use crate::record::{self, encode};
use crate::registry::Registry;

/// How many members one batch looks at: large enough that its flush to disk costs little, small enough that others wait
/// for little.
const BATCH: usize = 200;

/// The most campaigns of an installation that the service itself looks at.
const MOST_CAMPAIGNS: usize = 10_000;

/// What one batch did.
#[derive(Debug, Clone)]
pub struct Advanced {
    /// The campaign, as it stands now.
    pub campaign: Campaign,
    /// How many members were looked at.
    pub looked_at: usize,
    /// How many turned into each state.
    pub turned: Tally,
    /// Where the next batch begins; `None` at the beginning, and when there is none.
    pub next: Option<MemberPlace>,
    /// Whether all that something is left to do about were looked at.
    pub through: bool,
}

impl Registry {
    /// Carries out what is due of a campaign, one batch of members behind `after`. The members of a campaign that was just
    /// approved are first gathered once more.
    ///
    /// # Errors
    /// The campaign does not run, or the registry failed; what was done before stays so.
    pub fn advance(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
        after: Option<&MemberPlace>,
    ) -> Result<Advanced, CampaignError> {
        self.advance_as(&permit.actor(), name, after)
    }

    /// The campaigns that something may be left to do for, for the service itself: those whose members are being gathered,
    /// and those that run.
    ///
    /// # Errors
    /// The store failed.
    pub fn unfinished_campaigns(&self) -> Result<Vec<Campaign>, CampaignError> {
        let found = self.store().scan(CAMPAIGNS, &KeyRange::all(), MOST_CAMPAIGNS)?;
        let read = |(_, entry): &(Vec<u8>, Versioned)| record::decode(CAMPAIGNS, entry);
        let mut all = found.iter().map(read).collect::<Result<Vec<Campaign>, StorageError>>()?;
        all.retain(|campaign| matches!(campaign.phase, Phase::Gathering | Phase::Running));
        Ok(all)
    }

    /// As [`Registry::advance`], by the service itself: a date does not wait for somebody to type. A campaign that is not
    /// approved yet goes on gathering its members, and no more.
    ///
    /// # Errors
    /// As [`Registry::advance`].
    pub fn carry_on(
        &self,
        name: &CampaignName,
        after: Option<&MemberPlace>,
    ) -> Result<Advanced, CampaignError> {
        let actor = Actor::system("campaigns");
        let (campaign, _) = self.campaign_record(name)?;
        if campaign.phase == Phase::Gathering {
            let campaign = self.gather_as(&actor, name)?;
            let through = campaign.look.is_none();
            return Ok(Advanced { campaign, looked_at: 0, turned: Tally::default(), next: None, through });
        }
        self.advance_as(&actor, name, after)
    }

    fn advance_as(
        &self,
        actor: &Actor,
        name: &CampaignName,
        after: Option<&MemberPlace>,
    ) -> Result<Advanced, CampaignError> {
        let (campaign, _) = self.campaign_record(name)?;
        campaign.must_be(|phase| phase == Phase::Running, "it acts while it runs")?;
        if campaign.look.is_some() {
            let campaign = self.gather_as(actor, name)?;
            let next = after.cloned();
            return Ok(Advanced { campaign, looked_at: 0, turned: Tally::default(), next, through: false });
        }
        let _turn = self.take_turn();
        until_settled(|| {
            let (campaign, version) = self.campaign_record(name)?;
            campaign.must_be(|phase| phase == Phase::Running, "it acts while it runs")?;
            self.advance_once(actor, campaign, version, after)
        })
    }

    fn advance_once(
        &self,
        actor: &Actor,
        campaign: Campaign,
        version: Version,
        after: Option<&MemberPlace>,
    ) -> Result<Attempt<Advanced, CampaignError>, CampaignError> {
        let work = self.work_after(&campaign.name, None, after, BATCH)?;
        let mut next = if work.len() < BATCH { None } else { work.last().map(|(place, _, _)| place.clone()) };
        let places: Vec<CertificatePlace> =
            work.iter().map(|(place, _, _)| place.certificate().clone()).collect();
        let records = self.authorities().at(&places)?;
        let mut batch = Batch::new(self, actor, &campaign, self.now());
        let mut looked_at = 0;
        for ((place, member, member_version), record) in work.into_iter().zip(records) {
            let lost =
                || StorageError(format!("certificate {} of a campaign leads nowhere", place.certificate()));
            if !batch.take(&place, member, member_version, &record.ok_or_else(lost)?)? {
                next = batch.last.clone();
                break;
            }
            looked_at += 1;
        }
        let (campaign, turned, change) = batch.end(version)?;
        let through = next.is_none();
        let done = |campaign| Advanced { campaign, looked_at, turned, next, through };
        match change {
            None => Ok(Attempt::Settled(Ok(done(campaign)))),
            Some(change) => Ok(Attempt::of(self.commit(change), || done(campaign))),
        }
    }
}

/// One batch under construction.
struct Batch<'a> {
    registry: &'a Registry,
    actor: &'a Actor,
    judge: Judge<'a>,
    before: &'a Campaign,
    after: Campaign,
    now: OffsetDateTime,
    writes: Change,
    revocations: AuditedChange,
    turned: Tally,
    /// Keys that this batch blocks, as they are compromised: a change writes each once.
    blocked: HashSet<String>,
    last: Option<MemberPlace>,
}

impl<'a> Batch<'a> {
    fn new(registry: &'a Registry, actor: &'a Actor, campaign: &'a Campaign, now: OffsetDateTime) -> Self {
        Self {
            registry,
            actor,
            judge: Judge::new(registry, campaign, now),
            before: campaign,
            after: campaign.clone(),
            now,
            writes: Change::new(),
            revocations: AuditedChange::nothing(),
            turned: Tally::default(),
            blocked: HashSet::new(),
            last: None,
        }
    }

    /// Deals with one member; whether it could be. One whose key another member of this batch has is for the next batch.
    fn take(
        &mut self,
        place: &MemberPlace,
        member: Member,
        version: Version,
        record: &CertificateRecord,
    ) -> Result<bool, CampaignError> {
        let stage = self.before.terms.stage(stage_of(place.bucket(), self.before.terms.stages));
        let (state, why) = match self.judge.verdict(&stage, &member, record)? {
            Verdict::Stays => (member.state, None),
            Verdict::Turned(state) => (state, None),
            Verdict::Hold => {
                let hold = self.revoke(record, RevocationReason::CertificateHold, MemberState::Held)?;
                match hold {
                    // CA/Browser Forum BR section 4.9.13: it can only be revoked, and will be at its date.
                    (MemberState::Failed, Some(_))
                        if stage.revoke_at.is_some() && !self.is_elsewhere(record) =>
                    {
                        (member.state, None)
                    }
                    outcome => outcome,
                }
            }
            Verdict::Revoke(reason, state) => {
                if blocks(reason) && !self.blocked.insert(record.key_sha256.clone()) {
                    return Ok(false);
                }
                self.revoke(record, reason, state)?
            }
        };
        self.last = Some(place.clone());
        self.turn(place, member, version, state, why)?;
        Ok(true)
    }

    fn is_elsewhere(&self, record: &CertificateRecord) -> bool {
        self.registry.authorities().of(&record.issuer).is_none()
    }

    /// Adds a revocation to the batch; what comes of it, and why where nothing could be done.
    fn revoke(
        &mut self,
        record: &CertificateRecord,
        reason: RevocationReason,
        state: MemberState,
    ) -> Result<(MemberState, Option<String>), CampaignError> {
        let because = self.before.name.subject();
        match self.registry.authorities().revoking(record, reason, self.actor, Some(&because)) {
            Ok((_, change)) => {
                self.revocations = std::mem::take(&mut self.revocations).and(change);
                Ok((state, None))
            }
            // Somebody was faster.
            Err(RevokeError::AlreadyRevoked { .. }) => Ok((MemberState::Revoked, None)),
            Err(RevokeError::AlreadyOnHold(_)) => Ok((MemberState::Held, None)),
            Err(error @ (RevokeError::KeyElsewhere { .. } | RevokeError::HoldForbidden { .. })) => {
                Ok((MemberState::Failed, Some(error.to_string())))
            }
            Err(RevokeError::Commit(CommitError::Storage(error))) => Err(error.into()),
            Err(RevokeError::Entropy(error)) => Err(Fault::from(error).into()),
            Err(error) => Err(CertificateError::Revoke(error).into()),
        }
    }

    fn turn(
        &mut self,
        place: &MemberPlace,
        member: Member,
        version: Version,
        state: MemberState,
        why: Option<String>,
    ) -> Result<(), CampaignError> {
        if member.state == state && (state != MemberState::Failed || member.why == why) {
            return Ok(());
        }
        self.after.tally_of(place.bucket())?.shift(member.state, state)?;
        self.turned.enter(state);
        let key = place.key(&self.before.name);
        let member = Member { state, why, since: self.now, ..member };
        let writes = std::mem::take(&mut self.writes);
        let writes = writes.replace(CAMPAIGN_MEMBERS, key.clone(), version, encode(&member)?);
        self.writes = if state.is_open(&self.before.terms) {
            writes
        } else {
            writes.write(CAMPAIGN_WORK, key, Expect::Anything, Operation::Delete)
        };
        Ok(())
    }

    /// The campaign after the batch, what turned into what, and the change that makes it so, where there is any.
    fn end(self, version: Version) -> Result<(Campaign, Tally, Option<AuditedChange>), CampaignError> {
        let Self { registry, actor, before, after, writes, revocations, turned, .. } = self;
        if writes.is_empty() {
            return Ok((after, turned, None));
        }
        let mut event = registry.event(actor, ADVANCED, before.name.subject())?;
        for (state, count) in turned.iter() {
            event = event.with(state.name(), count.to_string());
        }
        let change = writes.and(registry.replacing(&after, version)?);
        Ok((after, turned, Some(change.explained_by(&event).and(revocations))))
    }
}

/// Whether revoking for this reason blocks the key too.
const fn blocks(reason: RevocationReason) -> bool {
    matches!(reason, RevocationReason::KeyCompromise | RevocationReason::CaCompromise)
}
