//! Campaigns over HTTP.

mod decide;
mod members;
mod plan;
mod selection;
mod start;
mod view;

pub(super) use decide::{__path_approve, __path_exempt, __path_finish, __path_pause, __path_resume};
pub(super) use decide::{approve, exempt, finish, pause, resume};
pub(super) use members::{__path_mark_notified, __path_members, mark_notified, members};
pub(super) use plan::{__path_blast_radius, blast_radius};
pub(super) use start::{__path_advance, __path_gather, __path_list, __path_show, __path_start};
pub(super) use start::{advance, gather, list, show, start};

use super::problem::{self as table, Problem};
use crate::campaign::CampaignName;

fn named(text: &str) -> Result<CampaignName, Problem> {
    text.parse().map_err(|error: crate::campaign::InvalidCampaignName| {
        Problem::new(table::CAMPAIGN_UNFIT, error.to_string())
    })
}
