//! `npki clock show|accept`: whether this machine's clock agrees with the ledger.

use std::path::PathBuf;

use ca_core::clock::in_words;
use clap::Subcommand;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use super::Ending;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{ClockState, accept_clock, clock_state};

/// What to do about the clock.
#[derive(Debug, Subcommand)]
pub enum ClockCommand {
    /// Compare this machine's clock with the ledger; an embedded store's service must be stopped
    Show {
        /// The installation's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Say that the clock is right, although the ledger knows a later moment: it was wrong before
    Accept {
        /// The installation's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Why it was wrong; it goes into the ledger
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Serialize)]
struct Answer {
    now: String,
    newest: Option<String>,
    trusted: bool,
    #[serde(skip)]
    state: ClockState,
}

/// Shows or accepts.
pub fn run(command: ClockCommand) -> Ending {
    let (id, state) = match command {
        ClockCommand::Show { data } => ("npki.clock.show/1", clock_state(&data)?),
        ClockCommand::Accept { data, reason } => ("npki.clock.accept/1", accept_clock(&data, &reason)?),
    };
    let text = |moment: time::OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
    let answer =
        Answer { now: text(state.now), newest: state.newest.map(text), trusted: state.trusted, state };
    Ok(Outcome::done(Simple::new(id, answer, told)))
}

fn told(answer: &Answer, page: &mut Page) {
    let newest = answer.state.newest.map_or_else(|| "none yet".to_owned(), in_words);
    let (meaning, word) = match answer.trusted {
        true => (Meaning::Good, "trusted"),
        false => (Meaning::Bad, "set back"),
    };
    page.verdict(meaning, word, in_words(answer.state.now));
    page.facts(&[("newest in the ledger", newest)]);
    if !answer.trusted {
        page.line("No certificate is issued. Set the clock; or, when it is right and was wrong before: npki clock accept");
    }
}
