//! `npki inspect`: what is in a file. Verifies nothing.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Ending;
use super::many::{self, Errand, Shown, Step};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::inspection::{self, Inspected};
use crate::session::Session;

/// What to look at.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// A certificate, request, CRL, OCSP request or answer, signature, time stamp, PDF document, container, PKCS#12 file, key, trusted
    /// list, receipt or checkpoint; several, or folders; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Looks.
pub fn run(arguments: &InspectArguments, session: &mut Session) -> Ending {
    match arguments.files.as_slice() {
        [file] if !file.is_dir() => inspected(file),
        several => {
            let errand = Errand { schema: "npki.inspect.files/1", doing: "looking", shown: Shown::Whole };
            many::run(errand, many::named(several)?, session, |file, _| {
                let outcome = inspected(file)?;
                Ok(Step::Answered { outcome, word: "inspected", meaning: Meaning::Heading, why: None })
            })
        }
    }
}

fn inspected(file: &Path) -> Ending {
    let content = files::read(file, files::MAX_OBJECT)?;
    let inspected = inspection::inspect(&content)
        .map_err(|failure| failure.what(format!("{} is nothing known here", file.display())))?;
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
