//! `npki timestamp`: proof that a file was there at a moment.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use clap::Args;
use serde::Serialize;

use super::Ending;
use super::many::{self, Errand, Shown, Step};
use crate::client::Publications;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Simple};
use crate::relying_party::existing::is_stamped_at;
use crate::relying_party::stamping::{self, Stamp};
use crate::session::Session;

/// What to stamp, and by whom.
#[derive(Debug, Args)]
pub struct TimestampArguments {
    /// The file to stamp, or several, or folders, each file by itself; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The time-stamping unit's address, such as http://tsa.gov.ls/tsa
    #[arg(long, value_name = "URL", env = "NPKI_TSA")]
    tsa: url::Url,
    /// The time stamp's file; - is standard output [default: FILE.tsr; of standard input, standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Of many files, also those that are stamped already: an older time stamp proves more
    #[arg(long)]
    again: bool,
}

#[derive(Debug, Serialize)]
struct Stamped {
    file: PathBuf,
    timestamp: PathBuf,
    #[serde(flatten)]
    stamp: Stamp,
}

/// Stamps.
pub fn run(arguments: &TimestampArguments, session: &mut Session) -> Ending {
    match arguments.files.as_slice() {
        [file] if !file.is_dir() => {
            let place = arguments.out.clone().unwrap_or_else(|| place(file));
            if files::is_stream(&place) {
                session.console.takes_octets()?;
            } else if arguments.out.is_none() {
                is_free(file, &place, session)?;
            }
            stamped(file, place, arguments, session)
        }
        _ => each(arguments, session),
    }
}

/// Stamps each file by itself. What is stamped already is left as it is, so that after a power cut the same command goes on.
fn each(arguments: &TimestampArguments, session: &mut Session) -> Ending {
    if arguments.out.is_some() {
        return Err(Failure::of(&catalogue::USAGE)
            .cause("--out names one file, and each of the many has a time stamp of its own, beside it")
            .fix("leave --out out"));
    }
    let errand = Errand { schema: "npki.timestamp.files/1", doing: "stamping", shown: Shown::Exceptions };
    many::run(errand, many::named(&arguments.files)?, session, |file, session| {
        if file.extension().is_some_and(|ending| ending == "tsr") {
            let why = "a time stamp itself";
            return Ok(if file.with_extension("").exists() { Step::Done(why) } else { Step::Left(why) });
        }
        let place = place(file);
        if is_free(file, &place, session)? == Standing::Stamped && !arguments.again {
            return Ok(Step::Done("stamped already"));
        }
        let outcome = stamped(file, place, arguments, session)?;
        Ok(Step::Answered { outcome, word: "stamped", meaning: Meaning::Good, why: None })
    })
}

fn place(file: &Path) -> PathBuf {
    if files::is_stream(file) { file.to_owned() } else { files::beside(file, ".tsr") }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Nothing,
    /// A time stamp over this file.
    Stamped,
}

/// What stands where the time stamp is to be put; anything but a time stamp over this very file is not replaced.
fn is_free(file: &Path, place: &Path, session: &Session) -> Result<Standing, Failure> {
    if place.symlink_metadata().is_err() {
        return Ok(Standing::Nothing);
    }
    let document = files::read(file, files::MAX_DOCUMENT)?;
    match is_stamped_at(place, &document, session.clock.now())? {
        None => Ok(Standing::Nothing),
        Some(true) => Ok(Standing::Stamped),
        Some(false) => Err(Failure::of(&catalogue::EXISTS)
            .what(format!("{} exists and is not replaced", place.display()))
            .cause("it is no time stamp over the file as it is now")
            .fix("move it away, or put the new one elsewhere: --out FILE")),
    }
}

fn stamped(file: &Path, place: PathBuf, arguments: &TimestampArguments, session: &Session) -> Ending {
    let document = files::read(file, files::MAX_DOCUMENT)?;
    let publications = Publications::within(session.settings.timeout.value);
    let stamp = stamping::stamp_file(&document, &arguments.tsa, &publications, session.entropy.as_ref())?;
    let reply = stamp.reply.clone();
    let is_stream = files::is_stream(&place);
    if !is_stream {
        files::replace(&place, &reply, Readers::Anyone)?;
    }
    let stamped = Stamped { file: file.to_owned(), timestamp: place, stamp };
    let outcome = Outcome::done(Simple::new("npki.timestamp/1", stamped, |stamped, page| {
        page.verdict(Meaning::Good, "stamped", in_words(stamped.stamp.at));
        page.facts(&[
            ("file", stamped.file.display().to_string()),
            ("unit", stamped.stamp.unit.clone()),
            ("serial", stamped.stamp.serial.clone()),
            ("written", stamped.timestamp.display().to_string()),
        ]);
        let (file, stamp) = (stamped.file.display(), stamped.timestamp.display());
        page.line(format!("whether the unit can be relied on: npki verify {file} --timestamp {stamp}"));
    }));
    Ok(if is_stream { outcome.carrying(reply) } else { outcome })
}
