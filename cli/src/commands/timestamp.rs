//! `npki timestamp`: proof that a file was there at a moment.

use std::path::PathBuf;

use ca_core::clock::in_words;
use clap::Args;
use serde::Serialize;

use super::Ending;
use crate::client::Publications;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Simple};
use crate::relying_party::stamping::{self, Stamp};
use crate::session::Session;

/// What to stamp, and by whom.
#[derive(Debug, Args)]
pub struct TimestampArguments {
    /// The file to stamp; - is standard input
    file: PathBuf,
    /// The time-stamping unit's address, such as http://tsa.gov.ls/tsa
    #[arg(long, value_name = "URL", env = "NPKI_TSA")]
    tsa: url::Url,
    /// The time stamp's file [default: FILE.tsr]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Stamped {
    file: PathBuf,
    timestamp: PathBuf,
    #[serde(flatten)]
    stamp: Stamp,
}

/// Stamps.
pub fn run(arguments: &TimestampArguments, session: &Session) -> Ending {
    let is_input = arguments.file.as_os_str() == "-";
    let path = match &arguments.out {
        Some(out) => out.clone(),
        None if is_input => {
            return Err(Failure::of(&catalogue::USAGE)
                .cause("standard input has no name to call the time stamp after")
                .fix("give --out FILE"));
        }
        None => files::beside(&arguments.file, ".tsr"),
    };
    let document = files::read(&arguments.file, files::MAX_DOCUMENT)?;
    let publications = Publications::within(session.settings.timeout.value);
    let stamp = stamping::stamp_file(&document, &arguments.tsa, &publications, session.entropy.as_ref())?;
    files::replace(&path, &stamp.reply, Readers::Anyone)?;
    let stamped = Stamped { file: arguments.file.clone(), timestamp: path, stamp };
    Ok(Outcome::done(Simple::new("npki.timestamp/1", stamped, |stamped, page| {
        page.verdict(Meaning::Good, "stamped", in_words(stamped.stamp.at));
        page.facts(&[
            ("file", stamped.file.display().to_string()),
            ("unit", stamped.stamp.unit.clone()),
            ("serial", stamped.stamp.serial.clone()),
            ("written", stamped.timestamp.display().to_string()),
        ]);
        let (file, stamp) = (stamped.file.display(), stamped.timestamp.display());
        page.line(format!("whether the unit can be relied on: npki verify {file} --timestamp {stamp}"));
    })))
}
