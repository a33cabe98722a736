//! Campaigns over HTTP.

mod plan;
mod selection;

pub(super) use plan::{__path_blast_radius, blast_radius};
