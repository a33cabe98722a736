//! A campaign as it stands in JSON.

use std::collections::BTreeMap;

use ca_core::status::RevocationReason;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::super::problem::Problem;
use super::selection::{SelectionView, each, texts};
use crate::campaign::terms::{Terms, WhenReplaced};
use crate::campaign::{Campaign, Tally};
use crate::registry::Registry;

/// What a campaign does, and when.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignTerms)]
pub(in super::super) struct TermsView {
    /// How many stages there are, 1 to 100. Whatever belongs to one identity is in one stage.
    #[serde(default = "one")]
    stages: u16,
    /// How long after a stage the next one follows, in seconds.
    #[serde(default)]
    every_seconds: u64,
    /// When the first stage is to be notified; now, where nothing is said.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    notify_at: Option<OffsetDateTime>,
    /// When what is left of the first stage is put on hold.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    hold_at: Option<OffsetDateTime>,
    /// When what is left of the first stage is revoked for good.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoke_at: Option<OffsetDateTime>,
    /// Why it is revoked, as in RFC 5280 section 5.3.1 with hyphens; given exactly when it is to be.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "key-compromise")]
    reason: Option<RevocationReason>,
    /// What becomes of certificates that were replaced, when their stage's date comes: `revoke`, as their keys are no
    /// better than those of the others, or `keep`, so that they run to their end.
    #[serde(default = "revoke")]
    #[schema(value_type = String, example = "revoke")]
    when_replaced: WhenReplaced,
    /// The kinds of keys that count as a replacement, named as in selections; where there is none, any that the selection
    /// does not select.
    #[serde(default)]
    replace_with: Vec<String>,
}

const fn one() -> u16 {
    1
}

const fn revoke() -> WhenReplaced {
    WhenReplaced::Revoke
}

impl TermsView {
    pub(super) fn read(&self, now: OffsetDateTime) -> Result<Terms, Problem> {
        Ok(Terms {
            stages: self.stages,
            every_seconds: self.every_seconds,
            notify_at: self.notify_at.unwrap_or(now),
            hold_at: self.hold_at,
            revoke_at: self.revoke_at,
            reason: self.reason,
            when_replaced: self.when_replaced,
            replace_with: each(&self.replace_with)?,
        })
    }

    fn of(terms: &Terms) -> Self {
        Self {
            stages: terms.stages,
            every_seconds: terms.every_seconds,
            notify_at: Some(terms.notify_at),
            hold_at: terms.hold_at,
            revoke_at: terms.revoke_at,
            reason: terms.reason,
            when_replaced: terms.when_replaced,
            replace_with: texts(&terms.replace_with),
        }
    }
}

/// A campaign.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(in super::super) struct CampaignView {
    /// Its name.
    name: String,
    /// `gathering`, `waiting`, `running`, `paused` or `finished`.
    phase: &'static str,
    /// Which certificates it is about.
    selection: SelectionView,
    /// The same in words.
    selects: String,
    /// Why there is one.
    why: String,
    terms: TermsView,
    /// The administrator who started it.
    started_by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    started_at: OffsetDateTime,
    /// The other administrator's approval.
    approval: Option<DecisionView>,
    /// How it ended.
    end: Option<EndView>,
    /// How far the look for its members is, in thousandths; null when they are all gathered.
    gathered: Option<u16>,
    /// How many members it has.
    members: u64,
    /// How many of them something is left to do about.
    left: u64,
    /// How many members stand how.
    states: BTreeMap<&'static str, u64>,
    /// Each stage.
    stages: Vec<StageView>,
}

/// Who decided, and when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignApproval)]
struct DecisionView {
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
}

/// Who ended it, when and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignEnd)]
struct EndView {
    by: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    at: OffsetDateTime,
    why: String,
}

/// One stage: its dates, and how its members stand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignStage)]
struct StageView {
    /// Counted from 1.
    number: u16,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    notify_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    hold_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoke_at: Option<OffsetDateTime>,
    members: u64,
    states: BTreeMap<&'static str, u64>,
}

impl CampaignView {
    pub(super) fn of(registry: &Registry, campaign: &Campaign) -> Self {
        let stages = campaign.terms.all_stages().zip(&campaign.tallies).map(|(stage, tally)| StageView {
            number: stage.number,
            notify_at: stage.notify_at,
            hold_at: stage.hold_at,
            revoke_at: stage.revoke_at,
            members: tally.total(),
            states: states(tally),
        });
        let tally = campaign.tally();
        Self {
            name: campaign.name.to_string(),
            phase: campaign.phase.name(),
            selection: SelectionView::of(&campaign.selection),
            selects: campaign.selection.to_string(),
            why: campaign.why.clone(),
            terms: TermsView::of(&campaign.terms),
            started_by: campaign.started_by.to_string(),
            started_at: campaign.started_at,
            approval: campaign
                .approval
                .as_ref()
                .map(|approval| DecisionView { by: approval.by.to_string(), at: approval.at }),
            end: campaign.end.as_ref().map(|end| EndView {
                by: end.by.to_string(),
                at: end.at,
                why: end.why.clone(),
            }),
            gathered: registry.gathered(campaign),
            members: tally.total(),
            left: campaign.left(),
            states: states(&tally),
            stages: stages.collect(),
        }
    }
}

/// Counts by the names of states.
pub(super) fn states(tally: &Tally) -> BTreeMap<&'static str, u64> {
    tally.iter().map(|(state, count)| (state.name(), count)).collect()
}
