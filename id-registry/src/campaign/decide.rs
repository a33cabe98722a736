//! Decisions about a campaign: a second administrator's approval, a pause, an end, an exemption.

use ca_core::serial::SerialNumber;
use ca_core::storage::{AuditedChange, Change, Expect, Operation, Version};

use super::{
    APPROVAL_REFUSED, APPROVED, Approval, CAMPAIGN_MEMBERS, CAMPAIGN_WORK, CAMPAIGNS, Campaign,
    CampaignError, CampaignName, EXEMPTED, End, FINISHED, Look, Member, MemberPlace, MemberState, PAUSED,
    Phase, RESUMED,
};
use crate::certificates::CertificateError;
use crate::fault::{Attempt, Fault, until_settled};
use crate::identity::reason_line;
use crate::permission::{Permit, RunCampaigns};
use crate::record::{self, encode};
use crate::registry::Registry;

/// What one attempt at a decision comes to.
type Decision = Result<Attempt<Campaign, CampaignError>, CampaignError>;

impl Registry {
    /// Approves a campaign that another administrator started. From then on it acts at its dates, and what it selects is
    /// refused to whoever asks for a certificate; what was issued since it was started is looked through once more.
    ///
    /// # Errors
    /// It is the administrator's own, it does not wait for an approval, it has no members, its first date is past, or the
    /// registry failed.
    pub fn approve_campaign(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
    ) -> Result<Campaign, CampaignError> {
        until_settled(|| {
            let (mut campaign, version) = self.campaign_record(name)?;
            if campaign.started_by == permit.staff() {
                self.record_own_approval(permit, &campaign)?;
                return Err(CampaignError::Own(name.clone()));
            }
            let wanted = "it can be approved when its members are gathered, and once";
            campaign.must_be(|phase| phase == Phase::Waiting, wanted)?;
            if campaign.tally().total() == 0 {
                return Err(CampaignError::Empty(name.clone()));
            }
            let now = self.now();
            if let Some(due) = campaign.terms.stage(1).due_at().filter(|due| *due <= now) {
                return Err(CampaignError::Late { name: name.clone(), due });
            }
            let guard = self.put_to_work(&campaign)?;
            campaign.phase = Phase::Running;
            campaign.approval = Some(Approval { by: permit.staff(), at: now });
            campaign.look = Some(Look { after: None, issued_since: Some(campaign.started_at) });
            let event = self.event(&permit.actor(), APPROVED, name.subject())?;
            let event = event
                .with("members", campaign.tally().total().to_string())
                .with("selects", campaign.selection.to_string());
            let change = guard.and(self.replacing(&campaign, version)?);
            self.decided(campaign, change.explained_by(&event))
        })
    }

    /// An attempt to get around dual control is for the auditor to see.
    fn record_own_approval(
        &self,
        permit: &Permit<RunCampaigns>,
        campaign: &Campaign,
    ) -> Result<(), CampaignError> {
        let event = self.event(&permit.actor(), APPROVAL_REFUSED, campaign.name.subject())?;
        let event = event.because("own campaign").refused();
        self.commit(Change::new().explained_by(&event)).map_err(Fault::from)?;
        Ok(())
    }

    /// Lets a campaign do nothing for the time being. What it selects is still refused.
    ///
    /// # Errors
    /// It does not run, there is no reason, or the registry failed.
    pub fn pause_campaign(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
        why: &str,
    ) -> Result<Campaign, CampaignError> {
        let why = reason_line("why", why)?;
        until_settled(|| {
            let (mut campaign, version) = self.campaign_record(name)?;
            campaign.must_be(|phase| phase == Phase::Running, "it can be paused when it runs")?;
            campaign.phase = Phase::Paused;
            let event = self.event(&permit.actor(), PAUSED, name.subject())?.because(&why);
            let change = self.replacing(&campaign, version)?;
            self.decided(campaign, change.explained_by(&event))
        })
    }

    /// Lets a paused campaign go on. Dates that passed meanwhile are due at once.
    ///
    /// # Errors
    /// It is not paused, or the registry failed.
    pub fn resume_campaign(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
    ) -> Result<Campaign, CampaignError> {
        until_settled(|| {
            let (mut campaign, version) = self.campaign_record(name)?;
            campaign.must_be(|phase| phase == Phase::Paused, "it can be resumed when it is paused")?;
            campaign.phase = Phase::Running;
            let event = self.event(&permit.actor(), RESUMED, name.subject())?;
            let change = self.replacing(&campaign, version)?;
            self.decided(campaign, change.explained_by(&event))
        })
    }

    /// Ends a campaign, or withdraws it before it is approved: what is left of it stays as it is, and what it selected is
    /// issued again.
    ///
    /// # Errors
    /// It has ended, there is no reason, or the registry failed.
    pub fn finish_campaign(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
        why: &str,
    ) -> Result<Campaign, CampaignError> {
        let why = reason_line("why", why)?;
        until_settled(|| {
            let (mut campaign, version) = self.campaign_record(name)?;
            campaign.must_be(|phase| phase != Phase::Finished, "nothing is left to end")?;
            let guard = match campaign.phase {
                Phase::Running | Phase::Paused => self.take_from_work(name)?,
                _ => Change::new(),
            };
            campaign.phase = Phase::Finished;
            campaign.look = None;
            campaign.end = Some(End { by: permit.actor(), at: self.now(), why: why.clone() });
            let event = self.event(&permit.actor(), FINISHED, name.subject())?.because(&why);
            let event = event.with("left", campaign.left().to_string());
            let change = guard.and(self.replacing(&campaign, version)?);
            self.decided(campaign, change.explained_by(&event))
        })
    }

    /// Exempts a member: nothing more is done about it. A certificate that is on hold by then stays so.
    ///
    /// # Errors
    /// It is no member, nothing is left to do about it, the campaign has ended, there is no reason, or the registry failed.
    pub fn exempt(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
        serial: &SerialNumber,
        why: &str,
    ) -> Result<Member, CampaignError> {
        let why = reason_line("why", why)?;
        until_settled(|| {
            let (mut campaign, version) = self.campaign_record(name)?;
            campaign.must_be(|phase| phase != Phase::Finished, "nothing is left to exempt")?;
            let (place, mut member, member_version) = self.member_named(name, serial)?;
            if !member.state.is_open(&campaign.terms) {
                return Err(CampaignError::Ended { serial: serial.clone(), state: member.state });
            }
            campaign.tally_of(place.bucket())?.shift(member.state, MemberState::Exempt)?;
            member.state = MemberState::Exempt;
            member.since = self.now();
            member.why = Some(why.clone());
            let event = self.event(&permit.actor(), EXEMPTED, name.subject())?.because(&why);
            let event = event
                .with("certificate", member.certificate.to_string())
                .with("identity", member.identity.to_string());
            let change = self
                .replacing(&campaign, version)?
                .replace(CAMPAIGN_MEMBERS, place.key(name), member_version, encode(&member)?)
                .write(CAMPAIGN_WORK, place.key(name), Expect::Anything, Operation::Delete);
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || member))
        })
    }

    /// A member by its serial number.
    pub(super) fn member_named(
        &self,
        name: &CampaignName,
        serial: &SerialNumber,
    ) -> Result<(MemberPlace, Member, Version), CampaignError> {
        let found = self.authorities().find(serial)?;
        let record = found.ok_or_else(|| CertificateError::Unknown(serial.clone()))?;
        let no_member = || CampaignError::NoMember { name: name.clone(), serial: serial.clone() };
        let place = MemberPlace::of(name, &record).ok_or_else(no_member)?;
        let entry = self.store().get(CAMPAIGN_MEMBERS, &place.key(name))?.ok_or_else(no_member)?;
        Ok((place, record::decode(CAMPAIGN_MEMBERS, &entry)?, entry.version))
    }

    /// What replaces a campaign's record.
    pub(super) fn replacing(&self, campaign: &Campaign, version: Version) -> Result<Change, CampaignError> {
        Ok(Change::new().replace(CAMPAIGNS, campaign.name.as_str(), version, encode(campaign)?))
    }

    fn decided(&self, campaign: Campaign, change: AuditedChange) -> Decision {
        Ok(Attempt::of(self.commit(change), || campaign))
    }
}
