//! `npki profile export`: profiles as files, to be adapted.

use std::path::PathBuf;

use ca_core::profile::BUILT_IN;
use clap::Args;
use serde::Serialize;

use super::history::Edition;
use super::in_force;
use crate::commands::Ending;
use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

/// Which profiles, and where to.
#[derive(Debug, Args)]
pub struct ExportArguments {
    /// The profiles [default: all that are in force]
    #[arg(value_name = "NAME", conflicts_with = "built_in")]
    names: Vec<String>,
    /// Those that npki comes with, instead of the server's
    #[arg(long)]
    built_in: bool,
    /// The folder for NAME.toml; files that are there are not replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Exported {
    files: Vec<PathBuf>,
}

/// Writes the files.
pub fn run(arguments: &ExportArguments, session: &mut Session) -> Ending {
    let texts = if arguments.built_in {
        BUILT_IN.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    } else {
        of_server(&arguments.names, session)?
    };
    files::make_folder(&arguments.out)?;
    let files: Vec<_> = texts.iter().map(|(name, _)| arguments.out.join(format!("{name}.toml"))).collect();
    files.iter().try_for_each(|file| files::must_be_free(file))?;
    for ((_, text), file) in texts.iter().zip(&files) {
        files::create(file, text.as_bytes(), Readers::Anyone)?;
    }
    Ok(Outcome::done(Simple::new(
        "npki.profile.export/1",
        Exported { files },
        |exported: &Exported, page: &mut Page| {
            exported.files.iter().for_each(|file| page.line(format!("written: {}", file.display())));
        },
    )))
}

fn of_server(names: &[String], session: &mut Session) -> Result<Vec<(String, String)>, Failure> {
    let names = if names.is_empty() {
        in_force(session)?.items.into_iter().map(|profile| profile.id).collect()
    } else {
        names.to_vec()
    };
    let client = session.client()?;
    let read = |name: String| {
        let edition: Edition = client.read(&["profiles", &name, "editions", "newest"])?;
        // Under the server's name for it: what was typed is no path.
        Ok((edition.profile, edition.text.unwrap_or_default()))
    };
    names.into_iter().map(read).collect()
}
