//! Marking whose holders were notified. The list is exported, sent by whatever sends letters, and then marked: what was cut
//! off in between is sent again rather than not at all.

use ca_core::serial::SerialNumber;
use ca_core::storage::Version;

use super::{
    CAMPAIGN_MEMBERS, Campaign, CampaignError, CampaignName, Member, MemberPlace, MemberState, NOTIFIED,
    Phase,
};
use crate::fault::{Attempt, until_settled};
use crate::permission::{Permit, RunCampaigns};
use crate::record::{self, encode};
use crate::registry::Registry;

/// The most serial numbers of one call.
pub const MOST_NOTIFIED: usize = 500;

/// What marking did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marked {
    /// How many were marked now.
    pub marked: usize,
    /// How many were marked before.
    pub known: usize,
    /// Serial numbers that are of no member.
    pub unknown: Vec<SerialNumber>,
}

impl Registry {
    /// Marks that the holders of these certificates were notified. Marking again changes nothing.
    ///
    /// # Errors
    /// The campaign was not approved or has ended, too many serial numbers or none, or the registry failed.
    pub fn mark_notified(
        &self,
        permit: &Permit<RunCampaigns>,
        name: &CampaignName,
        serials: &[SerialNumber],
    ) -> Result<Marked, CampaignError> {
        if serials.is_empty() || serials.len() > MOST_NOTIFIED {
            return Err(CampaignError::Count(serials.len()));
        }
        let mut each = serials.to_vec();
        each.sort_unstable();
        each.dedup();
        let _turn = self.take_turn();
        until_settled(|| {
            let (campaign, version) = self.campaign_record(name)?;
            let runs = |phase| matches!(phase, Phase::Running | Phase::Paused);
            campaign.must_be(runs, "holders are notified of what was approved")?;
            self.mark(permit, campaign, version, &each)
        })
    }

    fn mark(
        &self,
        permit: &Permit<RunCampaigns>,
        mut campaign: Campaign,
        version: Version,
        serials: &[SerialNumber],
    ) -> Result<Attempt<Marked, CampaignError>, CampaignError> {
        let (members, unknown) = self.members_named(&campaign.name, serials)?;
        let mut done = Marked { unknown, ..Marked::default() };
        let (mut writes, at) = (ca_core::storage::Change::new(), self.now());
        for (place, mut member, member_version) in members {
            if member.notified_at.is_some() {
                done.known += 1;
                continue;
            }
            member.notified_at = Some(at);
            if member.state == MemberState::Selected {
                campaign.tally_of(place.bucket())?.shift(member.state, MemberState::Notified)?;
                (member.state, member.since) = (MemberState::Notified, at);
            }
            let key = place.key(&campaign.name);
            writes = writes.replace(CAMPAIGN_MEMBERS, key, member_version, encode(&member)?);
            done.marked += 1;
        }
        if done.marked == 0 {
            return Ok(Attempt::Settled(Ok(done)));
        }
        let event = self.event(&permit.actor(), NOTIFIED, campaign.name.subject())?;
        let event = event.with("members", done.marked.to_string());
        let change = writes.and(self.replacing(&campaign, version)?);
        Ok(Attempt::of(self.commit(change.explained_by(&event)), || done))
    }

    /// The members among these certificates, and the serial numbers that are of none.
    #[allow(clippy::type_complexity, reason = "read once, beside its use")]
    fn members_named(
        &self,
        name: &CampaignName,
        serials: &[SerialNumber],
    ) -> Result<(Vec<(MemberPlace, Member, Version)>, Vec<SerialNumber>), CampaignError> {
        let records = self.authorities().find_many(serials)?;
        let place = |record: &ca_core::certificate::CertificateRecord| MemberPlace::of(name, record);
        let places: Vec<Option<MemberPlace>> =
            records.iter().map(|record| record.as_ref().and_then(place)).collect();
        let known: Vec<&MemberPlace> = places.iter().flatten().collect();
        let keys: Vec<Vec<u8>> = known.iter().map(|place| place.key(name)).collect();
        let mut entries = self.store().get_many(CAMPAIGN_MEMBERS, &keys)?.into_iter();
        let (mut members, mut unknown) = (Vec::new(), Vec::new());
        for (serial, place) in serials.iter().zip(places) {
            let entry = place.as_ref().and_then(|_| entries.next().flatten());
            match (place, entry) {
                (Some(place), Some(entry)) => {
                    members.push((place, record::decode(CAMPAIGN_MEMBERS, &entry)?, entry.version));
                }
                _ => unknown.push(serial.clone()),
            }
        }
        Ok((members, unknown))
    }
}
