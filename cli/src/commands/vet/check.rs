//! Judging proof without the registry: who approved what, under which certificate.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use ca_core::csr::CertificationRequest;
use ca_core::jws::Unverified;
use clap::Args;
use id_registry::enrolment::{APPROVAL_TYPE, Matter, Statement};
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validation::path::find_path;
use rustls_pki_types::CertificateDer;
use serde::Serialize;
use time::OffsetDateTime;

use super::Ending;
use super::approve::matter_text;
use super::proof::Proof;
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::judgement::certificate;
use crate::relying_party::material::{self, Chain};
use crate::session::Session;

/// What to judge.
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// The proof, as npki vet proof wrote it
    file: PathBuf,
    /// The trust anchor, PEM or DER, instead of the context's
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

/// What the proof comes to.
#[derive(Debug, Serialize)]
struct Checked {
    valid: bool,
    /// What does not fit; empty when all does.
    faults: Vec<String>,
    matter: Option<Matter>,
    approvals: Vec<Approver>,
}

/// Who approved.
#[derive(Debug, Serialize)]
struct Approver {
    by: String,
    subject: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    assurance: Option<&'static str>,
    note: Option<String>,
}

/// Judges.
pub(super) fn run(arguments: &CheckArguments, session: &mut Session) -> Ending {
    let anchors = material::trusted(arguments.trust.as_deref(), session)?;
    let anchors = anchors.iter().map(|anchor| certificate(anchor.der())).collect::<Result<Vec<_>, _>>()?;
    let checked = judged(&read(&arguments.file)?, &anchors);
    let exit = if checked.valid { Exit::Done } else { Exit::No };
    Ok(Outcome::with_exit(Simple::new("npki.vet.check/1", checked, text), exit))
}

fn read(path: &Path) -> Result<Proof, Failure> {
    serde_json::from_slice(&files::read(path, files::MAX_OBJECT)?).map_err(|error| {
        Failure::of(&catalogue::CONTENT)
            .what(format!("{} is no proof of approvals", path.display()))
            .cause(error.to_string())
    })
}

fn judged(proof: &Proof, anchors: &[Certificate]) -> Checked {
    let mut checked = Checked { valid: false, faults: Vec::new(), matter: None, approvals: Vec::new() };
    let others: Vec<Certificate> = proof.authorities.iter().filter_map(|pem| read_pem(pem)).collect();
    for (number, text) in proof.statements.iter().enumerate() {
        match approver(text, &others, anchors) {
            Ok((statement, subject)) => note_approval(&mut checked, statement, subject),
            Err(why) => checked.faults.push(format!("approval {}: {why}", number + 1)),
        }
    }
    if proof.statements.is_empty() {
        checked.faults.push("nobody signed an approval".to_owned());
    }
    if let Some(matter) = &checked.matter {
        checked.faults.extend(misfits(proof, matter));
    }
    checked.valid = checked.faults.is_empty();
    checked
}

/// Whose statement it is, when its signature verifies and its certificate leads to an anchor at the moment that it names.
fn approver(
    text: &str,
    others: &[Certificate],
    anchors: &[Certificate],
) -> Result<(Statement, String), String> {
    let verified = Unverified::parse(text, APPROVAL_TYPE).and_then(Unverified::verify);
    let verified = verified.map_err(|error| error.to_string())?;
    let statement: Statement = serde_json::from_slice(&verified.payload)
        .map_err(|error| format!("what was signed cannot be read: {error}"))?;
    let signer = Certificate::from_der(&verified.certificate).map_err(|error| error.to_string())?;
    find_path(&signer, others, anchors, statement.at).map_err(|_| {
        format!("no path led from {} to a trust anchor on {}", signer.subject(), statement.at)
    })?;
    Ok((statement, signer.subject()))
}

fn note_approval(checked: &mut Checked, statement: Statement, subject: String) {
    let by = statement.by.to_string();
    if checked.approvals.iter().any(|one| one.by == by || one.subject == subject) {
        checked.faults.push(format!("{subject} approved twice"));
    }
    match &checked.matter {
        Some(matter) if *matter != statement.matter => {
            checked.faults.push(format!("{subject} approved something else"));
        }
        _ => checked.matter = Some(statement.matter),
    }
    let assurance = statement.assurance.map(ca_core::profile::Assurance::name);
    checked.approvals.push(Approver { by, subject, at: statement.at, assurance, note: statement.note });
}

/// What of certification request and certificate does not fit what was approved.
fn misfits(proof: &Proof, matter: &Matter) -> Vec<String> {
    let mut faults = Vec::new();
    if matter.request.to_string() != proof.request {
        faults.push(format!("it was approved for request {}", matter.request));
    }
    let request = CertificationRequest::parse(proof.csr.as_bytes()).and_then(CertificationRequest::verify);
    let Ok(request) = request else {
        faults.push("the certification request cannot be read".to_owned());
        return faults;
    };
    if hex::encode(request.sha256()) != matter.csr_sha256 {
        faults.push("the certification request is another than was approved".to_owned());
    }
    let issued = proof.certificate.as_deref().map(Chain::parse_text);
    match issued {
        Some(Some(issued)) if !holds_key(&issued, request.key().der()) => {
            faults.push("the certificate is for another key than was approved".to_owned());
        }
        Some(None) => faults.push("the certificate cannot be read".to_owned()),
        _ => {}
    }
    faults
}

fn holds_key(issued: &CertificateDer<'_>, key: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(issued).is_ok_and(|(_, issued)| issued.public_key().raw == key)
}

fn read_pem(text: &str) -> Option<Certificate> {
    certificate(&Chain::parse_text(text)?).ok()
}

fn text(checked: &Checked, page: &mut Page) {
    let count = checked.approvals.len();
    match checked.valid {
        true => page.verdict(
            Meaning::Good,
            "VALID",
            format!("approved by {count}, each under the officer's own key"),
        ),
        false => page.verdict(Meaning::Bad, "NOT VALID", "the proof does not hold"),
    }
    for fault in &checked.faults {
        page.line(format!("  {fault}"));
    }
    for one in &checked.approvals {
        let level = one.assurance.map(|level| format!(", {level}")).unwrap_or_default();
        let note = one.note.as_deref().unwrap_or_default();
        page.line(format!("  approved {} by {} ({}){level}  {note}", in_words(one.at), one.subject, one.by));
    }
    if let Some(matter) = &checked.matter {
        page.facts(&[("request", matter.request.to_string()), ("identity", matter.identity.to_string())]);
        matter_text(matter, page);
    }
}
