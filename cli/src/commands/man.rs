//! `npki man`: a manual page for every command.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::Ending;
use crate::arguments;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Outcome, Simple};

/// Where to.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// The folder for npki.1, npki-cert.1, npki-cert-list.1 and so on
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Debug, Serialize)]
struct Pages {
    files: Vec<PathBuf>,
}

/// Writes them.
pub fn run(arguments: &ManArguments) -> Ending {
    files::make_folder(&arguments.out)?;
    let mut root = arguments::command().help_template("");
    root.build();
    let mut pages = Pages { files: Vec::new() };
    write(&root, "npki".to_owned(), &arguments.out, &mut pages.files)?;
    Ok(Outcome::done(Simple::new("npki.man/1", pages, |pages, page| {
        page.line(format!("{} manual pages written", pages.files.len()));
    })))
}

fn write(
    command: &clap::Command,
    name: String,
    folder: &Path,
    written: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    for child in command.get_subcommands() {
        write(child, format!("{name}-{}", child.get_name()), folder, written)?;
    }
    let mut content = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut content)
        .map_err(|error| Failure::of(&catalogue::UNWRITABLE).cause(error.to_string()))?;
    let path = folder.join(format!("{name}.1"));
    files::replace(&path, &content, Readers::Anyone)?;
    written.push(path);
    Ok(())
}
