//! The members of a campaign: one certificate each, in a stage, in a state.
//!
//! A member's bucket is drawn from its identity, so that whatever one holder has is in one stage, and a stage is a range of
//! buckets: it needs no index, and says nothing about who comes first.

use std::fmt;
use std::str::FromStr;

use ca_core::certificate::{CertificatePlace, CertificateRecord};
use ca_core::profile::ProfileId;
use ca_core::storage::{KeyRange, StorageError, Table};
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::CampaignName;
use super::terms::Terms;
use crate::id::IdentityId;

/// Members of campaigns: campaign, slash, bucket (2 octets), CA, slash, serial number → [`Member`].
pub const CAMPAIGN_MEMBERS: Table = Table::records("campaign_members");
/// Those that something is left to do about, under the same keys, empty values.
pub const CAMPAIGN_WORK: Table = Table::octets("campaign_work");

/// How a member stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberState {
    /// Nothing was done yet.
    Selected,
    /// Its holder was notified.
    Notified,
    /// Its holder has another certificate that takes its place; it is still in force.
    Replaced,
    /// It is on hold.
    Held,
    /// Its date came and nothing could be done: [`Member::why`] says why. It is tried again.
    Failed,
    /// It was replaced, and was left to run to its end when its date came.
    Kept,
    /// It was replaced, and revoked when its date came.
    Retired,
    /// It was revoked: when its date came, or by somebody before.
    Revoked,
    /// It ended by itself.
    Expired,
    /// An administrator exempted it.
    Exempt,
}

impl MemberState {
    /// All of them, in the order of a member's life.
    pub const ALL: [Self; 10] = [
        Self::Selected,
        Self::Notified,
        Self::Replaced,
        Self::Held,
        Self::Failed,
        Self::Kept,
        Self::Retired,
        Self::Revoked,
        Self::Expired,
        Self::Exempt,
    ];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Selected => "selected",
            Self::Notified => "notified",
            Self::Replaced => "replaced",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Kept => "kept",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Exempt => "exempt",
        }
    }

    /// Whether something is left to do about a member in this state.
    pub const fn is_open(self, terms: &Terms) -> bool {
        match self {
            Self::Selected | Self::Notified | Self::Replaced | Self::Failed => true,
            Self::Held => terms.revoke_at.is_some(),
            Self::Kept | Self::Retired | Self::Revoked | Self::Expired | Self::Exempt => false,
        }
    }
}

impl FromStr for MemberState {
    type Err = UnknownMemberState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.name() == text).ok_or(UnknownMemberState)
    }
}

/// Not a name of [`MemberState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown state of a member: choose selected, notified, replaced, held, failed, kept, retired, revoked, expired or \
     exempt"
)]
pub struct UnknownMemberState;

/// What is kept of a member. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The certificate.
    pub certificate: CertificatePlace,
    /// The identity that holds it.
    pub identity: IdentityId,
    /// The organisation that this is or belongs to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub organisation: Option<IdentityId>,
    /// The profile it was issued under.
    pub profile: ProfileId,
    /// When it ends by itself, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    /// How it stands.
    pub state: MemberState,
    /// Since when, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When its holder was notified, UTC.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none", default)]
    pub notified_at: Option<OffsetDateTime>,
    /// Why it was exempted, or why nothing could be done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
}

/// Where a member stands among those of its campaign: `c05f/issuing/4a0b…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberPlace {
    bucket: u16,
    certificate: CertificatePlace,
}

impl MemberPlace {
    /// The place of an identity's certificate.
    pub(super) fn new(name: &CampaignName, identity: IdentityId, certificate: CertificatePlace) -> Self {
        Self { bucket: bucket_of(name, identity), certificate }
    }

    /// The place that a certificate has if it is a member; `None` where no identity of the registry holds it.
    pub(super) fn of(name: &CampaignName, record: &CertificateRecord) -> Option<Self> {
        let identity = record.identity.0.parse().ok()?;
        Some(Self::new(name, identity, CertificatePlace::of(record)))
    }

    pub(super) const fn bucket(&self) -> u16 {
        self.bucket
    }

    /// The certificate's place.
    pub const fn certificate(&self) -> &CertificatePlace {
        &self.certificate
    }

    /// The key of the member and of its work.
    pub(super) fn key(&self, name: &CampaignName) -> Vec<u8> {
        let mut key = prefix(name);
        key.extend_from_slice(&self.bucket.to_be_bytes());
        key.extend_from_slice(&self.certificate.key());
        key
    }

    pub(super) fn from_key(name: &CampaignName, key: &[u8]) -> Result<Self, StorageError> {
        let rest = key.get(prefix(name).len()..).and_then(|rest| rest.split_first_chunk::<2>());
        let place = rest.and_then(|(bucket, certificate)| {
            let certificate = CertificatePlace::from_key(certificate)?;
            Some(Self { bucket: u16::from_be_bytes(*bucket), certificate })
        });
        place.ok_or_else(|| StorageError("the key of a campaign's member cannot be read".to_owned()))
    }
}

fn prefix(name: &CampaignName) -> Vec<u8> {
    // No name has a slash.
    format!("{name}/").into_bytes()
}

/// The members of a campaign, or of one stage of it, behind a place.
pub(super) fn range(name: &CampaignName, stage: Option<(u16, u16)>, after: Option<&MemberPlace>) -> KeyRange {
    let mut range = KeyRange::prefix(&prefix(name));
    if let Some((stage, stages)) = stage {
        let bound = |bucket: Option<u16>| bucket.map(|it| [&prefix(name)[..], &it.to_be_bytes()].concat());
        range.from = bound(first_bucket(stage, stages)).or(range.from);
        range.until = bound(first_bucket(stage + 1, stages)).or(range.until);
    }
    match after {
        Some(place) => range.after(&place.key(name)),
        None => range,
    }
}

fn bucket_of(name: &CampaignName, identity: IdentityId) -> u16 {
    let mut context = Context::new(&SHA256);
    context.update(&prefix(name));
    context.update(identity.to_string().as_bytes());
    match context.finish().as_ref() {
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

const BUCKETS: u32 = 1 << 16;

/// The stage of a bucket, counted from 1.
pub(super) fn stage_of(bucket: u16, stages: u16) -> u16 {
    let stage = u32::from(bucket) * u32::from(stages) / BUCKETS;
    u16::try_from(stage + 1).unwrap_or(stages)
}

/// The first bucket of a stage; `None` behind the last.
fn first_bucket(stage: u16, stages: u16) -> Option<u16> {
    let first = (u32::from(stage.saturating_sub(1)) * BUCKETS).div_ceil(u32::from(stages.max(1)));
    u16::try_from(first).ok()
}

impl fmt::Display for MemberPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}/{}", self.bucket, self.certificate)
    }
}

impl FromStr for MemberPlace {
    type Err = UnknownMemberPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (bucket, certificate) = text.split_once('/').ok_or(UnknownMemberPlace)?;
        let bucket = u16::from_str_radix(bucket, 16).map_err(|_| UnknownMemberPlace)?;
        Ok(Self { bucket, certificate: certificate.parse().map_err(|_| UnknownMemberPlace)? })
    }
}

/// Not a place that a page of members ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor that a page of members ended with")]
pub struct UnknownMemberPlace;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ca_core::clock::SystemEntropy;

    use super::*;
    use crate::id::IdentityKind;

    fn place() -> (CampaignName, MemberPlace) {
        let name: CampaignName = "cards-2017".parse().unwrap();
        let identity = IdentityId::draw(IdentityKind::Person, &SystemEntropy).unwrap();
        let place = MemberPlace::new(&name, identity, "issuing/4a00ff".parse().unwrap());
        (name, place)
    }

    #[test]
    fn a_place_is_read_as_it_is_written_and_as_it_is_kept() {
        for _ in 0..50 {
            let (name, place) = place();
            assert_eq!(place.to_string().parse(), Ok(place.clone()));
            assert_eq!(MemberPlace::from_key(&name, &place.key(&name)).unwrap(), place);
        }
        for wrong in ["", "c05f", "xyz/issuing/4a", "1c05f/issuing/4a", "c05f/issuing"] {
            assert!(wrong.parse::<MemberPlace>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_bucket_is_in_exactly_one_stage_and_stages_are_even() {
        for stages in [1, 2, 3, 7, 100] {
            let mut sizes = vec![0_u32; usize::from(stages)];
            for bucket in 0..=u16::MAX {
                let stage = stage_of(bucket, stages);
                let first = first_bucket(stage, stages).unwrap();
                let next = first_bucket(stage + 1, stages);
                assert!(bucket >= first && next.is_none_or(|next| bucket < next), "{bucket} of {stages}");
                sizes[usize::from(stage - 1)] += 1;
            }
            let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
            assert!(most - least <= 1, "{stages}: {least} to {most}");
        }
    }

    #[test]
    fn a_stage_is_a_range() {
        let (name, place) = place();
        let stage = stage_of(place.bucket(), 5);
        let holds = |range: &KeyRange| {
            let key = place.key(&name);
            range.from.as_ref().is_none_or(|from| key >= *from)
                && range.until.as_ref().is_none_or(|until| key < *until)
        };
        for number in 1..=5 {
            assert_eq!(holds(&range(&name, Some((number, 5)), None)), number == stage, "{number}");
        }
        assert!(holds(&range(&name, None, None)) && !holds(&range(&name, None, Some(&place))));
        let other: CampaignName = "cards".parse().unwrap();
        assert!(!holds(&range(&other, None, None)), "a name that another begins with is another name");
    }
}
