//! `npki inspect`: what is in a file. Verifies nothing.

use std::path::PathBuf;

use clap::Args;

use super::Ending;
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::inspection::{self, Inspected};

/// What to look at.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// A certificate, request, CRL, OCSP answer, signature or time stamp; - is standard input
    file: PathBuf,
}

/// Looks.
pub fn run(arguments: &InspectArguments) -> Ending {
    let content = files::read(&arguments.file, files::MAX_OBJECT)?;
    let inspected = inspection::inspect(&content)
        .map_err(|failure| failure.what(format!("{} is nothing known here", arguments.file.display())))?;
    Ok(Outcome::done(Simple::new("npki.inspect/1", inspected, text)))
}

fn text(inspected: &Inspected, page: &mut Page) {
    page.verdict(Meaning::Heading, "inspected", "(nothing is verified here)");
    for item in &inspected.items {
        for line in item.lines() {
            page.line(line);
        }
    }
}
