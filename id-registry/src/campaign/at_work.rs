//! Campaigns at work: what they select is refused to whoever asks for a certificate.
//!
//! Which campaigns are at work stands in one record. Whoever issues reads it, and demands in the issuance's own commit that
//! it is still as it was read: there is no moment at which a campaign is approved and what it selects is issued.

use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::{CaId, CertificateRecord};
use ca_core::csr::SubjectPublicKey;
use ca_core::profile::ProfileId;
use ca_core::storage::{Change, Expect, StorageError, Table};
use serde::{Deserialize, Serialize};

use super::selection::{KeyClass, Selection, Traits, replaces};
use super::{CAMPAIGN_MEMBERS, CAMPAIGN_WORK, Campaign, CampaignError, CampaignName, MemberPlace};
use crate::fault::{Fault, by_fault};
use crate::id::IdentityId;
use crate::key_origin::KeyOrigin;
use crate::record::{self, encode};
use crate::registry::{Registry, reference};

/// Campaigns at work: one record, a list of [`AtWork`].
pub const CAMPAIGNS_AT_WORK: Table = Table::records("campaigns_at_work");

const PLACE: &str = "all";

/// The most campaigns at once: every request is held against each.
const MOST_AT_WORK: usize = 32;

/// How many certificates of one key or one identity are looked at.
const FEW: usize = 500;

/// What whoever issues must know of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AtWork {
    name: CampaignName,
    selection: Selection,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    replace_with: Vec<KeyClass>,
}

/// A certificate that is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) key: &'a SubjectPublicKey,
    pub(crate) profile: &'a ProfileId,
    pub(crate) issuer: &'a CaId,
    /// The identity that it is for; `None` for a member of staff.
    pub(crate) identity: Option<IdentityId>,
    /// The organisation that this is or belongs to.
    pub(crate) organisation: Option<IdentityId>,
    /// Where the key lives, as is stated.
    pub(crate) origin: Option<&'a KeyOrigin>,
    /// The campaign that the applicant says it is for.
    pub(crate) campaign: Option<&'a CampaignName>,
}

impl<'a> Wish<'a> {
    /// A member of staff's.
    pub(crate) const fn of_staff(
        key: &'a SubjectPublicKey,
        profile: &'a ProfileId,
        issuer: &'a CaId,
    ) -> Self {
        Self { key, profile, issuer, identity: None, organisation: None, origin: None, campaign: None }
    }
}

/// A campaign does not let a certificate be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The campaign selects it.
    #[error(
        "campaign {campaign} has certificates like this one replaced ({selects}); make a new key: {instead}"
    )]
    Selected {
        /// The campaign.
        campaign: CampaignName,
        /// What it selects.
        selects: String,
        /// What to use instead.
        instead: String,
    },
    /// The key is that of a certificate which the campaign has replaced.
    #[error("campaign {campaign} has the certificate of this very key replaced; make a new key: {instead}")]
    KeyOfMember {
        /// The campaign.
        campaign: CampaignName,
        /// What to use instead.
        instead: String,
    },
    /// The campaign has this identity's certificate replaced, by a key of another kind.
    #[error("campaign {campaign} has this certificate replaced by one with another key: {instead}")]
    NotTheReplacement {
        /// The campaign.
        campaign: CampaignName,
        /// What to use instead.
        instead: String,
    },
    /// The campaign that was named is not at work.
    #[error("no campaign called {0} is at work")]
    NotAtWork(CampaignName),
    /// The campaign that was named has no certificate of this identity and profile left to replace.
    #[error("campaign {campaign} has no certificate of profile {profile} and this identity left to replace")]
    NothingToReplace {
        /// The campaign.
        campaign: CampaignName,
        /// The profile.
        profile: ProfileId,
    },
}

impl AtWork {
    fn instead(&self) -> String {
        if !self.replace_with.is_empty() {
            let kinds: Vec<String> = self.replace_with.iter().map(ToString::to_string).collect();
            return kinds.join(" or ");
        }
        format!("any that the profile admits and that is not of this kind ({})", self.selection)
    }
}

impl Registry {
    fn at_work(&self) -> Result<(Vec<AtWork>, Expect), StorageError> {
        let found = record::find(self.store(), CAMPAIGNS_AT_WORK, PLACE)?;
        Ok(found.map_or((Vec::new(), Expect::Absent), |(all, version)| (all, Expect::Version(version))))
    }

    /// Demands of an issuance that no campaign stands against it. What it gives belongs into the issuance's commit.
    pub(crate) fn free_of_campaigns(&self, wish: &Wish<'_>) -> Result<Change, FreeError> {
        let (all, expect) = self.at_work()?;
        let stands = Change::new().check(CAMPAIGNS_AT_WORK, PLACE, expect);
        if let Some(named) = wish.campaign
            && !all.iter().any(|campaign| campaign.name == *named)
        {
            return Err(Refused::NotAtWork(named.clone()).into());
        }
        if all.is_empty() {
            return Ok(stands);
        }
        let key = SpkiDigest::of(wish.key.der());
        let known = self.known_origin(&key)?.map(|(known, _)| known.origin);
        let traits = Traits {
            kind: Some(wish.key.kind()),
            profile: wish.profile,
            issuer: wish.issuer,
            key,
            origin: known.as_ref().or(wish.origin),
            organisation: wish.organisation,
            issued_at: self.now(),
            not_after: None,
        };
        for campaign in &all {
            self.free_of(campaign, wish, &traits)?;
        }
        Ok(stands)
    }

    fn free_of(&self, campaign: &AtWork, wish: &Wish<'_>, traits: &Traits<'_>) -> Result<(), FreeError> {
        let (name, instead) = (campaign.name.clone(), campaign.instead());
        if campaign.selection.selects(traits) {
            let selects = campaign.selection.to_string();
            return Err(Refused::Selected { campaign: name, selects, instead }.into());
        }
        for record in self.certificates_of_key(&traits.key)? {
            if self.is_member(&name, &record)? {
                return Err(Refused::KeyOfMember { campaign: name, instead }.into());
            }
        }
        let named = wish.campaign == Some(&name);
        let is_replacement = replaces(&campaign.replace_with, traits.kind);
        if !named && is_replacement {
            return Ok(());
        }
        let waits = match wish.identity {
            Some(identity) => self.has_work(&name, identity, wish.profile)?,
            None => false,
        };
        match (waits, named) {
            (true, _) if !is_replacement => {
                Err(Refused::NotTheReplacement { campaign: name, instead }.into())
            }
            (false, true) => {
                Err(Refused::NothingToReplace { campaign: name, profile: wish.profile.clone() }.into())
            }
            _ => Ok(()),
        }
    }

    /// Whether an identity has a certificate of this profile that the campaign wants replaced.
    fn has_work(
        &self,
        name: &CampaignName,
        identity: IdentityId,
        profile: &ProfileId,
    ) -> Result<bool, StorageError> {
        let held = self.held_by(identity)?;
        let of_profile = held.iter().filter(|record| record.profile == *profile);
        let keys: Vec<Vec<u8>> = of_profile
            .filter_map(|record| MemberPlace::of(name, record))
            .map(|place| place.key(name))
            .collect();
        Ok(self.store().get_many(CAMPAIGN_WORK, &keys)?.iter().any(Option::is_some))
    }

    /// The certificates of an identity.
    pub(super) fn held_by(&self, identity: IdentityId) -> Result<Vec<CertificateRecord>, StorageError> {
        self.authorities().held_by(&reference(identity), FEW)
    }

    /// Whether a certificate is a member of a campaign.
    pub(super) fn is_member(
        &self,
        name: &CampaignName,
        record: &CertificateRecord,
    ) -> Result<bool, StorageError> {
        let Some(place) = MemberPlace::of(name, record) else { return Ok(false) };
        Ok(self.store().get(CAMPAIGN_MEMBERS, &place.key(name))?.is_some())
    }

    /// Puts a campaign to work.
    pub(super) fn put_to_work(&self, campaign: &Campaign) -> Result<Change, CampaignError> {
        let (mut all, expect) = self.at_work()?;
        if all.len() >= MOST_AT_WORK {
            return Err(CampaignError::TooMany(all.len()));
        }
        all.push(AtWork {
            name: campaign.name.clone(),
            selection: campaign.selection.clone(),
            replace_with: campaign.terms.replace_with.clone(),
        });
        self.kept(&all, expect)
    }

    /// Lets what a campaign selects be issued again.
    pub(super) fn take_from_work(&self, name: &CampaignName) -> Result<Change, CampaignError> {
        let (mut all, expect) = self.at_work()?;
        all.retain(|campaign| campaign.name != *name);
        self.kept(&all, expect)
    }

    fn kept(&self, all: &[AtWork], expect: Expect) -> Result<Change, CampaignError> {
        let put = ca_core::storage::Operation::Put(encode(&all)?);
        Ok(Change::new().write(CAMPAIGNS_AT_WORK, PLACE, expect, put))
    }
}

/// Whether an issuance is free of campaigns could not be told, or it is not.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FreeError {
    /// It is not.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(FreeError: StorageError);
