//! Preparing a folder, while there is a network.

use std::path::{Path, PathBuf};

use ca_core::plain_name::is_plain;
use id_registry::packet::{AHEAD, Terms};
use serde::Serialize;

use super::Ending;
use super::kit::{Kit, State};
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Simple};
use crate::session::Session;

#[derive(Debug, Serialize)]
struct Begun {
    folder: PathBuf,
    device: String,
    registry: String,
    days: u32,
}

/// Prepares it, or takes new terms into it.
pub(super) fn run(folder: &Path, device: &str, session: &mut Session) -> Ending {
    let terms: Terms = session.client()?.read(&["packets", "terms"])?;
    let apart = session.clock.now() - terms.at;
    if apart.abs() > AHEAD {
        let (by, way) = (apart.whole_minutes().abs(), if apart.is_positive() { "ahead" } else { "behind" });
        return Err(Failure::of(&catalogue::CLOCKS_DIFFER)
            .what(format!("this machine's clock is {by} minutes {way}")));
    }
    let state = if Kit::is_at(folder) {
        let state = Kit::open(folder)?.state;
        if state.terms.registry != terms.registry {
            return Err(
                Failure::of(&catalogue::OTHER_KIT).cause(format!("it is for {}", state.terms.registry))
            );
        }
        State { terms, ..state }
    } else {
        State { device: named(device, session)?, terms, sealed: 0, previous: None, last: 0, dropped: 0 }
    };
    let kit = Kit::prepare(folder, state)?;
    let State { device, terms, .. } = kit.state;
    let begun = Begun { folder: folder.to_owned(), device, registry: terms.registry, days: terms.days };
    Ok(Outcome::done(Simple::new("npki.packet.begin/1", begun, |begun, page| {
        page.verdict(Meaning::Good, "ready", format!("{} for {}", begun.device, begun.registry));
        page.line(format!("What is enrolled here is taken for {} days.", begun.days));
    })))
}

/// A name that no other machine has: packets of two of one name would seem to be one machine's.
fn named(device: &str, session: &Session) -> Result<String, Failure> {
    if !is_plain(device, 40) {
        return Err(Failure::of(&catalogue::USAGE)
            .what(format!("no machine can be called {device:?}"))
            .cause("a name is 1 to 40 small letters, digits and hyphens")
            .fix("npki packet begin --device tablet-2"));
    }
    let mut drawn = [0; 3];
    session.entropy.fill(&mut drawn)?;
    Ok(format!("{device}-{}", hex::encode(drawn)))
}
