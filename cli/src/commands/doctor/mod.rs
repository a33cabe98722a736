//! `npki doctor`: whether everything that tells of certificates' status at one address is sound, and says the same.
//!
//! It looks from the outside, as a relying party does: what it finds is true of an installation, of a responder on a machine of
//! its own, and of whatever caches stand before them.

mod answers;
mod findings;
mod ledger;
mod lists;
mod serials;
mod visit;

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use ca_core::tlog::note::VerifierKey;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use serde::Serialize;
use time::OffsetDateTime;

use super::{Ending, crl};
use crate::client::PublicSite;
use crate::failure::{Exit, Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::material::{self, Chain};
use crate::session::Session;

use findings::{Finding, Findings, State};
use visit::Visit;

/// How it is used.
pub const EXAMPLES: &str = "Examples:
  npki doctor
  npki doctor --url http://ocsp.gov.ls:8088 --trust root.pem
  npki doctor good.pem revoked.pem --fail-on warning
  npki doctor --only crl --only agreement --json
Exit code 0 when nothing failed, 3 when something did (with --fail-on warning, also when something is not as it should be), 7 when nobody answers.";

/// The checks, and what each looks at.
const CHECKS: [(&str, &str); 10] = [
    ("reach", "it answers, and is ready by its own word"),
    ("clock", "its clock and this machine's tell the same time"),
    ("published", "there is an index of what is published, and it can be read"),
    ("ca", "each CA's certificate leads to a trust anchor and lasts"),
    ("crl", "each CRL: signature, number, times, content type, what caches may do with it"),
    ("filter", "each compact filter: signature, age, end"),
    (
        "ocsp",
        "OCSP by POST and GET: signatures, times, the responder's certificate; nothing is good that was never issued",
    ),
    ("agreement", "what a CRL lists, OCSP and filter call revoked; what is good is good everywhere"),
    ("ledger", "the ledger's checkpoint is signed by its key"),
    ("feed", "the status feed is signed, as new as the ledger, and of the same history"),
];

/// Where to look, and how closely.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Certificates, revoked or not, about which all must say the same; PEM or DER
    #[arg(value_name = "FILE")]
    certificates: Vec<PathBuf>,
    /// What is looked at
    #[arg(long, value_enum, value_name = "ROLE", default_value = "responder")]
    role: Role,
    /// The public address [default: the context's, or the one in your certificate]
    #[arg(long, value_name = "URL")]
    url: Option<url::Url>,
    /// The trust anchor, PEM or DER, instead of the context's
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The ledger's public key, or a file that holds it [default: the one that is published]
    #[arg(long, value_name = "KEY|FILE")]
    log_key: Option<String>,
    /// The feed's public key, or a file that holds it [default: the one that is published]
    #[arg(long, value_name = "KEY|FILE")]
    feed_key: Option<String>,
    /// How many revoked certificates of each CA are asked about
    #[arg(long, value_name = "NUMBER", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    sample: u16,
    /// Tell of this check only; may be repeated
    #[arg(long, value_name = "CHECK", value_parser = PossibleValuesParser::new(CHECKS.map(|(name, _)| name)))]
    only: Vec<String>,
    /// What makes the exit code 3
    #[arg(long, value_enum, value_name = "STATE", default_value = "failed")]
    fail_on: FailOn,
    /// List the checks, and do nothing
    #[arg(long)]
    list: bool,
}

/// What can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Role {
    /// Whatever tells of certificates' status
    Responder,
}

/// What makes the exit code 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Something failed
    Failed,
    /// Something failed, or is not as it should be
    Warning,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    role: Role,
    url: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    ok: usize,
    warnings: usize,
    failed: usize,
    skipped: usize,
    findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
struct Listed {
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    looks_at: &'static str,
}

/// Looks.
pub fn run(arguments: &DoctorArguments, session: &mut Session) -> Ending {
    if arguments.list {
        let checks = CHECKS.map(|(check, looks_at)| Check { check, looks_at }).into();
        return Ok(Outcome::done(Simple::new("npki.doctor.list/1", Listed { checks }, |listed, page| {
            let rows = listed.checks.iter().map(|one| [one.check.to_owned(), one.looks_at.to_owned()]);
            page.table(["CHECK", "LOOKS AT"], rows.collect(), "");
        })));
    }
    let anchors = material::trusted(arguments.trust.as_deref(), session)?;
    let base = match &arguments.url {
        Some(url) => url.clone(),
        None => crl::publication_address(&session.context()?)?,
    };
    let given = arguments.certificates.iter().map(|file| Chain::read(file)).collect::<Result<_, _>>()?;
    let log_key = arguments.log_key.as_deref().map(key).transpose()?;
    let feed_key = arguments.feed_key.as_deref().map(key).transpose()?;
    let patience = session.settings.timeout.value;
    let mut visit = Visit {
        site: PublicSite::new(base.clone(), Some(&anchors), patience)?,
        anchors,
        now: session.clock.now(),
        entropy: session.entropy.as_ref(),
        patience,
        sample: usize::from(arguments.sample),
        log_key,
        feed_key,
        given,
        findings: Findings::default(),
    };
    visit.make()?;
    let now = visit.now;
    let findings = visit.findings.only(&arguments.only);
    Ok(reported(arguments, &base, now, findings))
}

fn reported(
    arguments: &DoctorArguments,
    base: &url::Url,
    at: OffsetDateTime,
    findings: Vec<Finding>,
) -> Outcome {
    let count = |state: State| findings.iter().filter(|finding| finding.state == state).count();
    let [ok, warnings, failed, skipped] =
        [State::Ok, State::Warning, State::Failed, State::Skipped].map(count);
    let bad = match arguments.fail_on {
        FailOn::Failed => failed,
        FailOn::Warning => failed + warnings,
    };
    let exit = if bad == 0 { Exit::Done } else { Exit::No };
    let url = base.to_string();
    let report = Report { role: arguments.role, url, at, ok, warnings, failed, skipped, findings };
    Outcome::with_exit(Simple::new("npki.doctor/1", report, text), exit)
}

/// A public key of a ledger or a feed, as it is, or in a file.
fn key(text: &str) -> Result<VerifierKey, Failure> {
    let path = Path::new(text);
    let content = if path.exists() { files::read(path, files::MAX_OBJECT)? } else { text.into() };
    let content = String::from_utf8_lossy(&content).trim().to_owned();
    content.parse().map_err(|error| Failure::of(&catalogue::FEED_KEY).cause(format!("{text}: {error}")))
}

fn text(report: &Report, page: &mut Page) {
    let width = report.findings.iter().map(|finding| finding.name().chars().count()).max().unwrap_or(0);
    for finding in &report.findings {
        let word = format!("{:<8}", finding.state.word());
        page.lead(finding.state.meaning(), &word, &format!("{:width$}  {}", finding.name(), finding.says));
        if let Some(fix) = &finding.fix {
            page.line(format!("         {:width$}  what to do: {fix}", ""));
        }
    }
    let Report { ok, warnings, failed, skipped, .. } = report;
    let meaning = match (*failed, *warnings) {
        (0, 0) => Meaning::Good,
        (0, _) => Meaning::Doubtful,
        _ => Meaning::Bad,
    };
    let word = if *failed > 0 { "not sound" } else { "sound" };
    let counts = format!("{ok} ok, {warnings} warnings, {failed} failed, {skipped} skipped");
    page.verdict(meaning, word, format!("{} at {}: {counts}", report.url, in_words(report.at)));
}
