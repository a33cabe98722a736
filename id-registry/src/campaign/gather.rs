//! Starting a campaign, and gathering its members: page by page, each page one change that also says how far the look is, so
//! that it goes on wherever it was cut off and nobody is entered twice.

use ca_core::certificate::CertificatePlace;
use ca_core::ledger::Actor;
use ca_core::storage::{Change, StorageError, Version};
use time::{Duration, OffsetDateTime};

use super::examined::{Examined, Holder};
use super::selection::Selection;
use super::terms::Terms;
use super::{
    CAMPAIGN_MEMBERS, CAMPAIGN_WORK, CAMPAIGNS, Campaign, CampaignError, CampaignName, GATHERED, Look,
    Member, MemberPlace, MemberState, Phase, STARTED, Tally,
};
use crate::fault::{Attempt, until_settled};
use crate::identity::reason_line;
use crate::permission::{Permit, RunCampaigns};
use crate::record::encode;
use crate::registry::Registry;

/// How many certificates one call looks at: some tenths of a second of work.
const LOOKED_AT: usize = 2_000;

/// How far the clocks of several nodes may lie apart.
const CLOCKS_APART: Duration = Duration::minutes(5);

/// A campaign to be started.
#[derive(Debug, Clone)]
pub struct NewCampaign<'a> {
    /// Its name.
    pub name: CampaignName,
    /// Which certificates it is about.
    pub selection: Selection,
    /// What it does, and when.
    pub terms: Terms,
    /// Why there is one. It stays for good and must name nobody.
    pub why: &'a str,
}

impl Registry {
    /// Starts a campaign. It does nothing but gather its members until another administrator approves it.
    ///
    /// # Errors
    /// The name is taken, selection or terms cannot be kept, or the registry failed.
    pub fn start_campaign(
        &self,
        permit: &Permit<RunCampaigns>,
        new: NewCampaign<'_>,
    ) -> Result<Campaign, CampaignError> {
        let why = reason_line("why", new.why)?;
        self.sound_selection(&new.selection)?;
        let new = NewCampaign { terms: new.terms.in_whole_seconds(), ..new };
        new.terms.sound(self.now())?;
        let campaign = Campaign {
            tallies: vec![Tally::default(); usize::from(new.terms.stages)],
            name: new.name,
            selection: new.selection,
            terms: new.terms,
            why,
            started_by: permit.staff(),
            started_at: self.now(),
            phase: Phase::Gathering,
            approval: None,
            end: None,
            look: Some(Look { after: None, issued_since: None }),
        };
        let key = campaign.name.as_str();
        if self.store().get(CAMPAIGNS, key.as_bytes())?.is_some() {
            return Err(CampaignError::Exists(campaign.name));
        }
        let event = self.event(&permit.actor(), STARTED, campaign.name.subject())?.because(&campaign.why);
        let event = event.with("selects", campaign.selection.to_string());
        let change = Change::new().insert(CAMPAIGNS, key, encode(&campaign)?).explained_by(&event);
        match self.commit(change) {
            Ok(_) => Ok(campaign),
            Err(ca_core::storage::CommitError::Conflict { .. }) => Err(CampaignError::Exists(campaign.name)),
            Err(error) => Err(CampaignError::Fault(error.into())),
        }
    }

    /// Goes on gathering a campaign's members, for a bounded time. It is all gathered when the campaign has no
    /// [`Campaign::look`] any more.
    ///
    /// # Errors
    /// No such campaign, or the registry failed.
    pub fn gather(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
    ) -> Result<Campaign, CampaignError> {
        self.gather_as(&permit.actor(), name)
    }

    pub(super) fn gather_as(&self, actor: &Actor, name: &CampaignName) -> Result<Campaign, CampaignError> {
        let _turn = self.take_turn();
        until_settled(|| {
            let (campaign, version) = self.campaign_record(name)?;
            match campaign.look.clone() {
                Some(look) if campaign.phase != Phase::Finished => {
                    self.gather_page(actor, campaign, version, &look)
                }
                _ => Ok(Attempt::Settled(Ok(campaign))),
            }
        })
    }

    fn gather_page(
        &self,
        actor: &Actor,
        mut campaign: Campaign,
        version: Version,
        look: &Look,
    ) -> Result<Attempt<Campaign, CampaignError>, CampaignError> {
        let (found, next) = self.found_after(&campaign, look)?;
        let (mut change, mut entered) = (Change::new(), 0_u64);
        for (place, member) in self.not_yet_members(&campaign, look, found)? {
            let key = place.key(&campaign.name);
            change =
                change.insert(CAMPAIGN_MEMBERS, key.clone(), encode(&member)?).insert(CAMPAIGN_WORK, key, []);
            campaign.tally_of(place.bucket())?.enter(MemberState::Selected);
            entered += 1;
        }
        campaign.look = next.map(|after| Look { after: Some(after), issued_since: look.issued_since });
        if campaign.look.is_none() && campaign.phase == Phase::Gathering {
            campaign.phase = Phase::Waiting;
        }
        let event = self.event(actor, GATHERED, campaign.name.subject())?;
        let event = event.with("members", entered.to_string());
        let change = change.replace(CAMPAIGNS, campaign.name.as_str(), version, encode(&campaign)?);
        Ok(Attempt::of(self.commit(change.explained_by(&event)), || campaign))
    }

    /// The next certificates that the campaign selects: those of the first page that has any, and the place behind it.
    fn found_after(
        &self,
        campaign: &Campaign,
        look: &Look,
    ) -> Result<(Vec<Examined>, Option<CertificatePlace>), CampaignError> {
        let (mut place, mut looked_at) = (look.after.clone(), 0);
        loop {
            let page = self.examine_after(place.as_ref())?;
            looked_at += page.looked_at;
            place = page.next;
            let late =
                |issued: OffsetDateTime| look.issued_since.is_none_or(|since| issued >= since - CLOCKS_APART);
            let mut found = page.items;
            found.retain(|it| late(it.record.issued_at) && campaign.selection.selects(&it.traits()));
            if !found.is_empty() || place.is_none() || looked_at >= LOOKED_AT {
                return Ok((found, place));
            }
        }
    }

    /// As members, those that are an identity's and none yet.
    fn not_yet_members(
        &self,
        campaign: &Campaign,
        look: &Look,
        found: Vec<Examined>,
    ) -> Result<Vec<(MemberPlace, Member)>, StorageError> {
        let mut members: Vec<(MemberPlace, Member)> =
            found.into_iter().filter_map(|found| self.as_member(campaign, found)).collect();
        if look.issued_since.is_some() {
            let keys: Vec<Vec<u8>> = members.iter().map(|(place, _)| place.key(&campaign.name)).collect();
            let mut known = self.store().get_many(CAMPAIGN_MEMBERS, &keys)?.into_iter();
            members.retain(|_| known.next().flatten().is_none());
        }
        Ok(members)
    }

    fn as_member(&self, campaign: &Campaign, found: Examined) -> Option<(MemberPlace, Member)> {
        let Holder::Identity { id, organisation } = found.holder else { return None };
        let certificate = CertificatePlace::of(&found.record);
        let member = Member {
            certificate: certificate.clone(),
            identity: id,
            organisation,
            profile: found.record.profile,
            not_after: found.record.not_after,
            state: MemberState::Selected,
            since: self.now(),
            notified_at: None,
            why: None,
        };
        Some((MemberPlace::new(&campaign.name, id, certificate), member))
    }

    /// How far the look of a campaign is, in thousandths; `None` where none goes on.
    pub fn gathered(&self, campaign: &Campaign) -> Option<u16> {
        let look = campaign.look.as_ref()?;
        Some(look.after.as_ref().map_or(0, |place| self.authorities().thousandths(place)))
    }
}
