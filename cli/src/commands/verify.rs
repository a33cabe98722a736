//! `npki verify`: a certificate, a signed file, or a file with a time stamp.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use clap::Args;
use ocsp_responder::signature::asic::is_container;
use ocsp_responder::signature::jades::is_jws;
use ocsp_responder::signature::{SimpleReport, carries_content};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Ending;
use crate::client::Publications;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::container;
use crate::relying_party::evidence::{StatusEvidence, completed};
use crate::relying_party::judgement::{self, Judged, Judgement, Verdict};
use crate::relying_party::material::{self, Chain};
use crate::session::Session;

/// What to verify.
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// A certificate, a file with a signature or a time stamp, a signed PDF, a container (.asice, .asics), or a signature that
    /// carries its file
    file: PathBuf,
    /// The signature [default: FILE.p7s or FILE.jws, when it exists]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Verify a time stamp of the file, and no signature: what `npki timestamp` wrote
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    timestamp: Option<PathBuf>,
    /// The trust anchor, PEM or DER, instead of the context's
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The moment to verify for, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<OffsetDateTime>,
    /// Write a report of the signatures to this file as well, in the shape of SiVa's simple report (.json)
    #[arg(long, value_name = "FILE", conflicts_with = "timestamp", value_parser = report_file)]
    report: Option<PathBuf>,
    /// Ask nobody: without what the files hold, the answer is that one cannot tell
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    file: PathBuf,
    #[serde(flatten)]
    judgement: Judgement,
}

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "write a moment as in 2026-11-24T09:30:00Z".to_owned())
}

fn report_file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(path),
        _ => Err("reports are written as JSON: give a name that ends with .json".to_owned()),
    }
}

/// The report of signatures in a file, or over it.
fn report(file: &Path, judged: &Judged) -> Result<Vec<u8>, Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let report = match judged {
        Judged::Signature(verdict) => SimpleReport::of_signature(&name, verdict),
        Judged::Pdf(verdict) => SimpleReport::of_pdf(&name, verdict),
        Judged::Container(verdict) => SimpleReport::of_container(&name, verdict),
        Judged::Other => {
            return Err(Failure::of(&catalogue::USAGE)
                .cause("a report is about signatures, and there is none")
                .fix("leave --report out; --json tells all that was found out about a certificate"));
        }
    };
    let mut written = serde_json::to_vec_pretty(&report)
        .map_err(|error| Failure::of(&catalogue::OUTPUT).cause(error.to_string()))?;
    written.push(b'\n');
    Ok(written)
}

/// Verifies.
pub fn run(arguments: &VerifyArguments, session: &mut Session) -> Ending {
    let anchors = material::trusted(arguments.trust.as_deref(), session)?;
    let at = arguments.at.unwrap_or_else(|| session.clock.now());
    let publications = Publications::within(session.settings.timeout.value);
    let evidence = if arguments.offline {
        StatusEvidence::Offline
    } else {
        StatusEvidence::network(&publications, session.entropy.as_ref())
    };
    let judgement = match (&arguments.timestamp, signature_of(arguments)) {
        (Some(stamp), _) => {
            let document = files::read(&arguments.file, files::MAX_DOCUMENT)?;
            let stamp = files::read(stamp, files::MAX_OBJECT)?;
            judgement::judge_timestamp(&document, &stamp, &anchors, at, &evidence)?
        }
        (None, Some(signature)) => signed_file(arguments, &signature, &anchors, at, &evidence)?,
        (None, None) => by_itself(&arguments.file, &anchors, at, &evidence, &publications)?,
    };
    if let Some(path) = &arguments.report {
        files::replace(path, &report(&arguments.file, &judgement.judged)?, Readers::Anyone)?;
    }
    let exit = judgement.verdict.exit();
    let answer = Answer { file: arguments.file.clone(), judgement };
    Ok(Outcome::with_exit(Simple::new("npki.verify/1", answer, text), exit))
}

/// What comes without a signature beside it: a PDF document, a signature that carries its file, or a certificate; by what it holds,
/// whatever it is called.
fn by_itself(
    path: &Path,
    anchors: &Anchors,
    at: OffsetDateTime,
    evidence: &StatusEvidence<'_>,
    publications: &Publications,
) -> Result<Judgement, Failure> {
    let content = files::read(path, files::MAX_DOCUMENT)?;
    if content.starts_with(b"%PDF-") {
        return judgement::judge_pdf(&content, anchors, at, evidence);
    }
    if is_container(&content) {
        return container::judge_container(&content, anchors, at, evidence);
    }
    if carries_content(&content) || is_jws(&content) {
        return judgement::judge_signature(None, &content, anchors, at, evidence);
    }
    let given = Chain::parse(&content).ok_or_else(|| {
        Failure::of(&catalogue::NOT_VERIFIABLE).what(format!("{} cannot be verified", path.display()))
    })?;
    let chain = match evidence {
        StatusEvidence::Offline => given,
        StatusEvidence::Network(_) => completed(given, anchors, publications),
    };
    judgement::judge_certificate(&chain, anchors, at, evidence)
}

fn signed_file(
    arguments: &VerifyArguments,
    signature: &Path,
    anchors: &Anchors,
    at: OffsetDateTime,
    evidence: &StatusEvidence<'_>,
) -> Result<Judgement, Failure> {
    let document = files::read(&arguments.file, files::MAX_DOCUMENT)?;
    let signature = files::read(signature, files::MAX_OBJECT)?;
    judgement::judge_signature(Some(&document), &signature, anchors, at, evidence)
}

fn signature_of(arguments: &VerifyArguments) -> Option<PathBuf> {
    arguments.signature.clone().or_else(|| {
        let beside = [".p7s", ".jws"].map(|ending| files::beside(&arguments.file, ending));
        beside.into_iter().find(|path| path.exists())
    })
}

fn text(answer: &Answer, page: &mut Page) {
    let meaning = match answer.judgement.verdict {
        Verdict::Valid => Meaning::Good,
        Verdict::Invalid => Meaning::Bad,
        Verdict::Undetermined => Meaning::Doubtful,
    };
    page.verdict(meaning, answer.judgement.verdict.word(), answer.file.display().to_string());
    page.line(format!("  {}", answer.judgement.summary));
    for line in &answer.judgement.parts {
        page.line(format!("  {line}"));
    }
    for (index, station) in answer.judgement.path.iter().enumerate() {
        page.line(format!("  {}  {station}", if index == 0 { "path   " } else { "  under" }));
    }
    if let Some(claimed) = answer.judgement.claimed {
        let proven = if answer.judgement.stamped.is_some() { "" } else { "; no timestamp proves it" };
        page.line(format!("  signed   {}, as the signer claims{proven}", in_words(claimed)));
    }
    if let Some(stamped) = &answer.judgement.stamped {
        page.line(format!("  stamped  {stamped}"));
    }
    if let Some(level) = &answer.judgement.level {
        page.line(format!("  level    {level}"));
    }
    for silent in &answer.judgement.unreachable {
        page.line(format!("  silent   {silent}"));
    }
}
