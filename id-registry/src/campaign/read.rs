//! Reading campaigns and their members.

use ca_core::storage::{StorageError, Version};

use super::member::range;
use super::{
    Addressee, CAMPAIGN_MEMBERS, CAMPAIGN_WORK, CAMPAIGNS, Campaign, CampaignError, CampaignName, Detail,
    Member, MemberPlace, MemberState,
};
use crate::page::{Page, PageSize, collect};
use crate::permission::{Permit, ReadCampaigns};
use crate::record;
use crate::registry::Registry;
use crate::timed;

/// Which members a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemberFilter {
    /// Those of this stage only, counted from 1.
    pub stage: Option<u16>,
    /// Those in this state only.
    pub state: Option<MemberState>,
    /// Those only that something is left to do about and whose holders were not notified.
    pub to_notify: bool,
}

/// A member in a list.
#[derive(Debug, Clone)]
pub struct ListedMember {
    /// The member.
    pub member: Member,
    /// Its stage, counted from 1.
    pub stage: u16,
    /// Whom to write to, where that was asked for and the identity was not erased.
    pub addressee: Option<Addressee>,
}

impl Registry {
    /// One campaign.
    ///
    /// # Errors
    /// There is none of this name, or the store failed.
    pub fn campaign(
        &self,
        _permit: &Permit<ReadCampaigns>,
        name: &CampaignName,
    ) -> Result<Campaign, CampaignError> {
        Ok(self.campaign_record(name)?.0)
    }

    /// Campaigns in the order of their names, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn campaigns(
        &self,
        _permit: &Permit<ReadCampaigns>,
        after: Option<&CampaignName>,
        size: PageSize,
    ) -> Result<Page<Campaign, CampaignName>, CampaignError> {
        let range = timed::range("", after.map(|after| after.as_str().to_owned()));
        let found = self.store().scan(CAMPAIGNS, &range, size.entries() + 1)?;
        let read = |(_, entry): &(Vec<u8>, ca_core::storage::Versioned)| record::decode(CAMPAIGNS, entry);
        let found = found.iter().map(read).collect::<Result<Vec<Campaign>, StorageError>>()?;
        Ok(Page::cut(found, size, |last| last.name.clone()))
    }

    /// Members of a campaign, stage by stage, beginning after `after`. With [`Detail::Addressees`], each look at a person
    /// is in the ledger.
    ///
    /// # Errors
    /// There is no such campaign, or the registry failed.
    pub fn members(
        &self,
        permit: &Permit<ReadCampaigns>,
        name: &CampaignName,
        filter: MemberFilter,
        detail: Detail,
        (after, size): (Option<MemberPlace>, PageSize),
    ) -> Result<Page<ListedMember, MemberPlace>, CampaignError> {
        let (campaign, _) = self.campaign_record(name)?;
        let stages = campaign.terms.stages;
        let stage = filter.stage.map(|stage| (stage, stages));
        let wanted = |(_, member): &(MemberPlace, Member)| {
            filter.state.is_none_or(|state| member.state == state)
                && (!filter.to_notify || member.notified_at.is_none())
        };
        let fetch = |after: Option<&MemberPlace>, limit: usize| {
            let found = if filter.to_notify {
                self.open_members(name, stage, after, limit)?
            } else {
                self.members_after(name, stage, after, limit)?
            };
            Ok::<_, CampaignError>(
                found.into_iter().map(|(place, member)| (place.clone(), (place, member))).collect(),
            )
        };
        let page = collect(after, size, fetch, wanted)?;
        let mut listed = page.map(|(place, member)| ListedMember {
            stage: super::member::stage_of(place.bucket(), stages),
            member,
            addressee: None,
        });
        if detail == Detail::Addressees {
            let ids: Vec<_> = listed.items.iter().map(|it| it.member.identity).collect();
            for (it, addressee) in listed.items.iter_mut().zip(self.addressees(permit, &ids)?) {
                it.addressee = addressee;
            }
        }
        Ok(listed)
    }

    fn members_after(
        &self,
        name: &CampaignName,
        stage: Option<(u16, u16)>,
        after: Option<&MemberPlace>,
        limit: usize,
    ) -> Result<Vec<(MemberPlace, Member)>, StorageError> {
        let found = self.store().scan(CAMPAIGN_MEMBERS, &range(name, stage, after), limit)?;
        let read = |(key, entry): &(Vec<u8>, ca_core::storage::Versioned)| {
            Ok((MemberPlace::from_key(name, key)?, record::decode(CAMPAIGN_MEMBERS, entry)?))
        };
        found.iter().map(read).collect()
    }

    fn open_members(
        &self,
        name: &CampaignName,
        stage: Option<(u16, u16)>,
        after: Option<&MemberPlace>,
        limit: usize,
    ) -> Result<Vec<(MemberPlace, Member)>, StorageError> {
        let work = self.work_after(name, stage, after, limit)?;
        Ok(work.into_iter().map(|(place, member, _)| (place, member)).collect())
    }

    /// Members that something is left to do about, and the version of each.
    pub(super) fn work_after(
        &self,
        name: &CampaignName,
        stage: Option<(u16, u16)>,
        after: Option<&MemberPlace>,
        limit: usize,
    ) -> Result<Vec<(MemberPlace, Member, Version)>, StorageError> {
        let keys = self.store().scan(CAMPAIGN_WORK, &range(name, stage, after), limit)?;
        let keys: Vec<Vec<u8>> = keys.into_iter().map(|(key, _)| key).collect();
        let found = self.store().get_many(CAMPAIGN_MEMBERS, &keys)?;
        let damaged = || StorageError("an entry of campaign_work leads nowhere".to_owned());
        let read = |(key, entry): (&Vec<u8>, Option<ca_core::storage::Versioned>)| {
            let entry = entry.ok_or_else(damaged)?;
            Ok((MemberPlace::from_key(name, key)?, record::decode(CAMPAIGN_MEMBERS, &entry)?, entry.version))
        };
        keys.iter().zip(found).map(read).collect()
    }

    /// A campaign's record and the version to expect when changing it.
    pub(super) fn campaign_record(&self, name: &CampaignName) -> Result<(Campaign, Version), CampaignError> {
        record::find(self.store(), CAMPAIGNS, name.as_str())?
            .ok_or_else(|| CampaignError::Unknown(name.clone()))
    }
}
