//! `npki inspect`: what is in a file, or what a TLS server shows. Verifies nothing.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Ending;
use super::many::{self, Errand, Shown, Step};
use crate::client::ServerAddress;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::inspection::{self, Inspected, InspectedServer};
use crate::session::Session;

/// What to look at.
#[derive(Debug, Args)]
pub struct InspectArguments {
    /// A certificate, request, CRL, OCSP request or answer, signature, time stamp, PDF document, container, PKCS#12 file, key, trusted
    /// list, receipt or checkpoint; several, or folders; - is standard input. Or HOST:PORT: the certificates of a TLS server
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// Looks.
pub fn run(arguments: &InspectArguments, session: &mut Session) -> Ending {
    match arguments.files.as_slice() {
        [file] if !file.is_dir() => match server(file) {
            Some(address) => shown(&address, session),
            None => inspected(file),
        },
        several => {
            if let Some(address) = several.iter().find_map(|file| server(file)) {
                return Err(Failure::of(&catalogue::USAGE)
                    .cause(format!("{address} is a server, and several things are named"))
                    .fix(format!("look at it by itself: npki inspect {address}")));
            }
            let errand = Errand { schema: "npki.inspect.files/1", doing: "looking", shown: Shown::Whole };
            many::run(errand, many::named(several)?, session, |file, _| {
                let outcome = inspected(file)?;
                Ok(Step::Answered { outcome, word: "inspected", meaning: Meaning::Heading, why: None })
            })
        }
    }
}

/// The server that is named, where there is no file of that name.
fn server(file: &Path) -> Option<ServerAddress> {
    if file.exists() { None } else { ServerAddress::parse(file.to_str()?) }
}

fn inspected(file: &Path) -> Ending {
    let content = files::read(file, files::MAX_OBJECT)?;
    let inspected = inspection::inspect(&content)
        .map_err(|failure| failure.what(format!("{} is nothing known here", file.display())))?;
    Ok(Outcome::done(Simple::new("npki.inspect/1", inspected, text)))
}

fn shown(address: &ServerAddress, session: &Session) -> Ending {
    let seen = address.look(session.settings.timeout.value)?;
    let inspected = inspection::of_server(address, seen, session.clock.now())?;
    Ok(Outcome::done(Simple::new("npki.inspect.server/1", inspected, text_of_server)))
}

fn text(inspected: &Inspected, page: &mut Page) {
    page.verdict(Meaning::Heading, "inspected", "(nothing is verified here)");
    for item in &inspected.items {
        for line in item.lines() {
            page.line(line);
        }
    }
}

fn text_of_server(inspected: &InspectedServer, page: &mut Page) {
    page.verdict(Meaning::Heading, "inspected", "(nothing is verified here)");
    page.line("TLS server");
    let is_named = if inspected.is_named { "yes" } else { "NO" };
    let stapled = if inspected.staples { "an OCSP response, below" } else { "nothing" };
    for (name, value) in [
        ("Server", inspected.server.as_str()),
        ("Address", &inspected.address),
        ("Protocol", &inspected.protocol),
        ("Cipher suite", &inspected.cipher_suite),
        ("For this name", is_named),
        ("Stapled", stapled),
    ] {
        page.line(format!("  {name:<18} {value}"));
    }
    for note in &inspected.notes {
        page.line(format!("  {:<18} {note}", "Note"));
    }
    for line in inspected.items.iter().flat_map(|item| item.lines()) {
        page.line(line);
    }
}
