//! Fetching what proves who approved what.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::Ending;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Outcome, Simple};
use crate::session::Session;

/// Which request's proof, and where to.
#[derive(Debug, Args)]
pub struct ProofArguments {
    /// The request
    id: String,
    /// The file to write: it names people, keep it as such
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What proves how a request was approved, as it stands in a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// The request.
    pub(super) request: String,
    /// The certification request, PEM.
    pub(super) csr: String,
    /// What each officer signed: compact JSON Web Signatures.
    pub(super) statements: Vec<String>,
    /// The certificate that was issued, PEM.
    pub(super) certificate: Option<String>,
    /// The certificates of the CAs of the installation, PEM.
    pub(super) authorities: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Written {
    request: String,
    statements: usize,
    file: PathBuf,
}

/// Fetches and writes.
pub(super) fn run(arguments: &ProofArguments, session: &mut Session) -> Ending {
    let proof: Proof = session.client()?.read(&["requests", &arguments.id, "proof"])?;
    let text = serde_json::to_vec_pretty(&proof)
        .map_err(|error| Failure::of(&catalogue::OUTPUT).cause(error.to_string()))?;
    files::replace(&arguments.out, &text, Readers::Owner)?;
    let (request, statements) = (proof.request, proof.statements.len());
    let written = Written { request, statements, file: arguments.out.clone() };
    Ok(Outcome::done(Simple::new("npki.vet.proof/1", written, |written, page| {
        page.line(format!("signed approvals of request {}: {}", written.request, written.statements));
        page.line(format!("written: {}", written.file.display()));
        page.line(format!("Judge it anywhere: npki vet check {} --trust ROOT.pem", written.file.display()));
    })))
}
