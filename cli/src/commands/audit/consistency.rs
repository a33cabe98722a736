//! `npki audit consistency`: nothing that was signed once was changed later.

use std::path::PathBuf;

use ca_core::tlog::hash::Hash;
use ca_core::tlog::proof::verify_consistency;
use ca_core::tlog::tile::{Resource, Tile, Width, from_octets};
use ca_core::tlog::tree::{Tiles, TreeHead, consistency_proof};
use clap::Args;
use serde::Serialize;

use super::super::Ending;
use super::trust::{self, Trust};
use crate::client::Publications;
use crate::failure::{Exit, Failure, catalogue};
use crate::output::{Meaning, Outcome, Simple};
use crate::session::Session;

/// Which two checkpoints.
#[derive(Debug, Args)]
pub struct ConsistencyArguments {
    /// The older checkpoint, kept from then
    #[arg(long, value_name = "FILE")]
    old: PathBuf,
    /// The newer checkpoint [default: the one that is published now]
    #[arg(long, value_name = "FILE")]
    new: Option<PathBuf>,
    /// Where the ledger is published, such as http://pki.gov.ls/ledger [default: the context's]
    #[arg(long, value_name = "URL")]
    url: Option<url::Url>,
    #[command(flatten)]
    trust: Trust,
}

#[derive(Debug, Serialize)]
struct Answer {
    verdict: &'static str,
    old: u64,
    new: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// The published tree.
struct PublishedTiles<'a> {
    publications: &'a Publications,
    base: &'a url::Url,
    /// The size of the tree that the tiles are read of: a partial tile is asked for as wide as it is in it.
    size: u64,
}

impl Tiles for PublishedTiles<'_> {
    type Error = Failure;

    fn read(&self, tile: Tile) -> Result<Vec<Hash>, Failure> {
        let total = self.size.checked_shr(8 * u32::from(tile.level())).unwrap_or(0);
        let width = Width::in_level(total, tile.index()).unwrap_or(tile.width());
        let wanted = Tile::new(tile.level(), tile.index(), width).unwrap_or(tile);
        let url = under(self.base, &Resource::Hashes(wanted).to_string())?;
        let octets = self.publications.fetch(&url)?;
        from_octets(&octets).ok_or_else(|| Failure::of(&catalogue::ANSWER).cause(format!("{url} is no tile")))
    }
}

/// Verifies.
pub fn run(arguments: &ConsistencyArguments, session: &mut Session) -> Ending {
    let publications = Publications::within(session.settings.timeout.value);
    let base = match &arguments.url {
        Some(url) => url.clone(),
        None => {
            let public = session.context()?.public_url;
            under(&public.ok_or_else(|| Failure::of(&catalogue::NO_PUBLICATION))?, "ledger")?
        }
    };
    let key = arguments.trust.given_key()?.ok_or_else(|| Failure::of(&catalogue::NO_LOG_KEY))?;
    let logs = arguments.trust.logs(&key, Vec::new())?;
    let policy = arguments.trust.policy(None)?;
    let old = *trust::checkpoint(&arguments.old, &logs, &policy)?.head();
    let new = match &arguments.new {
        Some(file) => *trust::checkpoint(file, &logs, &policy)?.head(),
        None => {
            let note = publications.fetch(&under(&base, "checkpoint")?)?;
            *trust::verified(&note, &logs, &policy)?.head()
        }
    };
    let why =
        judged(&old, &new, &PublishedTiles { publications: &publications, base: &base, size: new.size })?;
    let exit = if why.is_none() { Exit::Done } else { Exit::No };
    let verdict = if why.is_none() { "consistent" } else { "inconsistent" };
    let answer = Answer { verdict, old: old.size, new: new.size, why };
    Ok(Outcome::with_exit(
        Simple::new("npki.audit.consistency/1", answer, |answer, page| {
            let meaning = if answer.why.is_none() { Meaning::Good } else { Meaning::Bad };
            page.verdict(meaning, answer.verdict, format!("{} events, then {}", answer.old, answer.new));
            if let Some(why) = &answer.why {
                page.line(format!("  {why}"));
            }
        }),
        exit,
    ))
}

/// Why the newer tree does not continue the older; `None` when it does.
fn judged(old: &TreeHead, new: &TreeHead, tiles: &PublishedTiles<'_>) -> Result<Option<String>, Failure> {
    if new.size < old.size {
        return Ok(Some(format!("the newer checkpoint covers {} events fewer", old.size - new.size)));
    }
    if new.size == old.size || old.size == 0 {
        let forked = new.size == old.size && new.root != old.root;
        return Ok(forked.then(|| "both cover as many events, and different ones".to_owned()));
    }
    match consistency_proof(tiles, old.size, new.size) {
        Ok(proof) => Ok(verify_consistency(old, new, &proof).err().map(|error| error.to_string())),
        Err(ca_core::tlog::tree::TreeError::Read(failure)) => Err(failure),
        Err(error) => Ok(Some(error.to_string())),
    }
}

fn under(base: &url::Url, path: &str) -> Result<url::Url, Failure> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Failure::of(&catalogue::ADDRESS))?
        .pop_if_empty()
        .extend(path.split('/'));
    Ok(url)
}
