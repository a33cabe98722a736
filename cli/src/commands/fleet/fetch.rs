//! Fetching: the certificates of a fleet are written beside their requests.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Ending;
use super::record::{Asked, Fleet};
use crate::client::Client;
use crate::client::records::{Certificate, Request};
use crate::commands::cert;
use crate::failure::{Exit, Failure};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Simple};
use crate::session::Session;

#[derive(Debug, Default, Serialize)]
struct Done {
    requests: usize,
    /// Written now.
    written: usize,
    /// Written before.
    before: usize,
    waiting: usize,
    rejected: usize,
}

/// What became of a row's certificate.
enum Fetched {
    Written,
    Before,
    Waits,
    Rejected,
}

/// Writes what was issued.
pub(super) fn run(file: &Path, session: &mut Session) -> Ending {
    let fleet = Fleet::read(file)?;
    let client = session.client()?;
    let gauge = session.console.gauge("fetching", Some(fleet.asked.len() as u64));
    let mut done = Done { requests: fleet.asked.len(), ..Done::default() };
    for (at, asked) in fleet.asked.iter().enumerate() {
        *match fetch(&client, &stem(file, asked), asked)? {
            Fetched::Written => &mut done.written,
            Fetched::Before => &mut done.before,
            Fetched::Waits => &mut done.waiting,
            Fetched::Rejected => &mut done.rejected,
        } += 1;
        gauge.set(at as u64 + 1);
    }
    let exit = match (done.waiting, done.rejected) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::No,
        _ => Exit::Waiting,
    };
    let answer = Simple::new("npki.fleet.fetch/1", done, |done, page| {
        let Done { requests, written, before, waiting, rejected } = done;
        page.verdict(
            Meaning::Good,
            "fetched",
            format!("{requests} requests: {written} certificates written, {before} were before"),
        );
        if *waiting > 0 {
            page.verdict(Meaning::Doubtful, "waiting", format!("{waiting} wait for an officer"));
        }
        if *rejected > 0 {
            page.verdict(Meaning::Bad, "rejected", format!("{rejected} were rejected: npki request show"));
        }
    });
    Ok(Outcome::with_exit(answer, exit))
}

/// Beside the request's file; of a request that stood in the list itself, beside the fleet's file.
fn stem(fleet: &Path, asked: &Asked) -> PathBuf {
    match &asked.csr {
        Some(csr) => csr.with_extension(""),
        None => fleet.with_file_name(&asked.identity),
    }
}

fn fetch(client: &Client, stem: &Path, asked: &Asked) -> Result<Fetched, Failure> {
    let [certificate, chain] = [".cert.pem", ".chain.pem"].map(|ending| files::beside(stem, ending));
    if certificate.exists() && chain.exists() {
        return Ok(Fetched::Before);
    }
    let request: Request = client.read(&["requests", &asked.request])?;
    let Some(serial) = request.serial else {
        return Ok(if request.status == "rejected" { Fetched::Rejected } else { Fetched::Waits });
    };
    let found: Certificate = client.read(&["certificates", &serial])?;
    for (path, content) in [(&chain, &found.chain), (&certificate, &found.pem)] {
        let content = content.as_ref().ok_or_else(|| cert::missing(&path.display().to_string()))?;
        files::replace(path, content.as_bytes(), Readers::Anyone)?;
    }
    Ok(Fetched::Written)
}
