//! What is to become of a member now.

use std::collections::HashMap;

use ca_core::certificate::CertificateRecord;
use ca_core::status::RevocationReason;
use time::OffsetDateTime;

use super::selection::replaces;
use super::terms::{Stage, WhenReplaced};
use super::{Campaign, CampaignError, Member, MemberState};
use crate::certificates::CertificateStatus;
use crate::id::IdentityId;
use crate::registry::Registry;

/// What is to become of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays as it is.
    Stays,
    /// It stands otherwise by now: that is noted.
    Turned(MemberState),
    /// It is to be put on hold.
    Hold,
    /// It is to be revoked, and stands so afterwards.
    Revoke(RevocationReason, MemberState),
}

/// A campaign at one moment, with what was looked up for others of the same identity.
pub(super) struct Judge<'a> {
    registry: &'a Registry,
    campaign: &'a Campaign,
    now: OffsetDateTime,
    held: HashMap<IdentityId, Vec<CertificateRecord>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(registry: &'a Registry, campaign: &'a Campaign, now: OffsetDateTime) -> Self {
        Self { registry, campaign, now, held: HashMap::new() }
    }

    /// What is to become of a member whose certificate stands so.
    pub(super) fn verdict(
        &mut self,
        stage: &Stage,
        member: &Member,
        record: &CertificateRecord,
    ) -> Result<Verdict, CampaignError> {
        match CertificateStatus::of(record, self.now) {
            CertificateStatus::Revoked => return Ok(Verdict::Turned(MemberState::Revoked)),
            CertificateStatus::Expired => return Ok(Verdict::Turned(MemberState::Expired)),
            CertificateStatus::Active | CertificateStatus::OnHold => {}
        }
        let replaced = self.is_replaced(member, record)?;
        let come = |date: Option<OffsetDateTime>| date.is_some_and(|date| date <= self.now);
        let (revoke, hold) = (come(stage.revoke_at), come(stage.hold_at));
        let terms = &self.campaign.terms;
        if replaced {
            let last = stage.revoke_at.or(stage.hold_at);
            let verdict = match (come(last), terms.reason, terms.when_replaced) {
                (true, Some(reason), WhenReplaced::Revoke) => Verdict::Revoke(reason, MemberState::Retired),
                (true, _, _) => Verdict::Turned(MemberState::Kept),
                (false, _, _) => turned(member, MemberState::Replaced),
            };
            return Ok(verdict);
        }
        if let (true, Some(reason)) = (revoke, terms.reason) {
            return Ok(Verdict::Revoke(reason, MemberState::Revoked));
        }
        if hold && member.state != MemberState::Held {
            let on_hold = record.revocation.is_some();
            return Ok(if on_hold { Verdict::Turned(MemberState::Held) } else { Verdict::Hold });
        }
        // What replaced it does not count any more.
        if member.state == MemberState::Replaced {
            let before =
                if member.notified_at.is_some() { MemberState::Notified } else { MemberState::Selected };
            return Ok(Verdict::Turned(before));
        }
        Ok(Verdict::Stays)
    }

    /// Whether the holder has a certificate in its place: of the same profile, not older, in force, with a key that the
    /// campaign does not select and that it counts as a replacement.
    fn is_replaced(&mut self, member: &Member, record: &CertificateRecord) -> Result<bool, CampaignError> {
        let registry = self.registry;
        let held = match self.held.entry(member.identity) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(registry.held_by(member.identity)?)
            }
        };
        let now = self.now;
        let in_its_place = held.iter().filter(|other| {
            other.profile == record.profile
                && other.issued_at >= record.issued_at
                && other.key_sha256 != record.key_sha256
                && CertificateStatus::of(other, now) == CertificateStatus::Active
        });
        let candidates: Vec<CertificateRecord> = in_its_place.cloned().collect();
        if candidates.is_empty() {
            return Ok(false);
        }
        for other in registry.examine(candidates)? {
            let campaign = self.campaign;
            if replaces(&campaign.terms.replace_with, other.kind)
                && !campaign.selection.selects(&other.traits())
                && !registry.is_member(&campaign.name, &other.record)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn turned(member: &Member, state: MemberState) -> Verdict {
    if member.state == state { Verdict::Stays } else { Verdict::Turned(state) }
}
