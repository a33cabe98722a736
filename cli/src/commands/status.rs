//! `npki status`: OCSP and CRL together, where the certificate does not say that nobody tells of its revocation.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use ca_core::serial::SerialNumber;
use clap::Args;
use serde::Serialize;
use time::OffsetDateTime;

use super::Ending;
use crate::client::Publications;
use crate::client::records::Certificate;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::evidence::{self, Evidence};
use crate::relying_party::judgement;
use crate::relying_party::material::{self, Chain};
use crate::relying_party::standing::{Said, Standing, Status, together};
use crate::session::Session;

/// Which certificate.
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// The certificate's file, or its serial number at the context's server
    #[arg(value_name = "SERIAL|FILE")]
    subject: String,
    /// The trust anchor, PEM or DER, instead of the context's
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Answer {
    status: Standing,
    serial: String,
    subject: String,
    #[serde(with = "time::serde::rfc3339")]
    not_after: OffsetDateTime,
    ocsp: Source,
    crl: Source,
}

/// What a source said, or why it said nothing.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Source {
    Said(Said),
    Silent { error: String, code: String },
    NotAsked { not_asked: &'static str },
}

/// RFC 9608 section 4: whoever relies on such a certificate asks nobody for its status.
const NEVER_REVOKED: Source =
    Source::NotAsked { not_asked: "the certificate says that nobody tells of its revocation (RFC 9608)" };

/// Asks both sources and says what they mean together.
pub fn run(arguments: &StatusArguments, session: &mut Session) -> Ending {
    let chain = chain(&arguments.subject, session)?;
    let anchors = material::trusted(arguments.trust.as_deref(), session)?;
    let publications = Publications::within(session.settings.timeout.value);
    let now = session.clock.now();
    let facts = Facts::of(&chain)?;
    if judgement::certificate(&chain.certificate)?.is_never_revoked() {
        return never_revoked(evidence::completed(chain, &anchors, &publications), &anchors, facts, now);
    }
    let issuer = evidence::issuer(&chain, &anchors, &publications, now)?;
    let Evidence { ocsp, crl } =
        evidence::ask(&chain.certificate, &issuer, &publications, session.entropy.as_ref(), now);
    let standing = match together(ocsp.as_ref().ok(), crl.as_ref().ok()) {
        // RFC 5280 section 4.1.2.5: after notAfter the issuer need no longer know anything.
        Standing::Good | Standing::Undetermined if now > facts.not_after => Standing::Expired,
        standing => standing,
    };
    let silent: Vec<String> = [("OCSP", &ocsp), ("CRL", &crl)]
        .into_iter()
        .filter_map(|(name, source)| {
            source.as_ref().err().map(|failure| format!("{name} gave no answer: {failure}"))
        })
        .collect();
    let answer = Answer {
        status: standing,
        serial: facts.serial,
        subject: facts.subject,
        not_after: facts.not_after,
        ocsp: ocsp.into(),
        crl: crl.into(),
    };
    let outcome = Outcome::with_exit(Simple::new("npki.status/1", answer, text), standing.exit());
    Ok(silent.into_iter().fold(outcome, Outcome::warn))
}

/// What is left to ask: whether it leads to a trust anchor, and has not ended.
fn never_revoked(chain: Chain, anchors: &Anchors, facts: Facts, now: OffsetDateTime) -> Ending {
    let status = if now > facts.not_after { Standing::Expired } else { Standing::NoRevocation };
    if status == Standing::NoRevocation {
        judgement::demand_path(&chain, anchors, now)?;
    }
    let Facts { serial, subject, not_after } = facts;
    let answer = Answer { status, serial, subject, not_after, ocsp: NEVER_REVOKED, crl: NEVER_REVOKED };
    Ok(Outcome::with_exit(Simple::new("npki.status/1", answer, text), status.exit()))
}

/// A file when there is one of this name; else the server's certificate of this serial number.
fn chain(subject: &str, session: &mut Session) -> Result<Chain, Failure> {
    let path = Path::new(subject);
    let serial = subject.parse::<SerialNumber>();
    match (path.exists(), serial) {
        (false, Ok(serial)) => {
            let certificate: Certificate = session.client()?.read(&["certificates", &serial.to_string()])?;
            if certificate.subject.is_none() {
                return Err(Failure::of(&catalogue::ERASED));
            }
            let pem = certificate.chain.or(certificate.pem).unwrap_or_default();
            Chain::parse(pem.as_bytes()).ok_or_else(|| super::cert::missing("the certificate"))
        }
        _ => Chain::read(path),
    }
}

struct Facts {
    serial: String,
    subject: String,
    not_after: OffsetDateTime,
}

impl Facts {
    fn of(chain: &Chain) -> Result<Self, Failure> {
        let (_, certificate) = x509_parser::parse_x509_certificate(&chain.certificate)
            .map_err(|error| Failure::of(&catalogue::CONTENT).cause(error.to_string()))?;
        let serial = SerialNumber::from_der_content(certificate.raw_serial())
            .map_err(|error| Failure::of(&catalogue::CONTENT).cause(error.to_string()))?;
        Ok(Self {
            serial: serial.to_string(),
            subject: ca_core::name::text(certificate.subject().as_raw()),
            not_after: certificate.validity().not_after.to_datetime(),
        })
    }
}

impl From<Result<Said, Failure>> for Source {
    fn from(said: Result<Said, Failure>) -> Self {
        match said {
            Ok(said) => Self::Said(said),
            Err(failure) => Self::Silent { error: failure.to_string(), code: failure.code().to_owned() },
        }
    }
}

fn text(answer: &Answer, page: &mut Page) {
    let word = answer.status.word();
    let said = match answer.status {
        Standing::NoRevocation => "in force until it ends, and not revocable",
        _ => word,
    };
    page.verdict(Meaning::of_status(word), said, &answer.subject);
    page.facts(&[
        ("serial", answer.serial.clone()),
        ("valid until", in_words(answer.not_after)),
        ("OCSP", sentence(&answer.ocsp)),
        ("CRL", sentence(&answer.crl)),
    ]);
}

fn sentence(source: &Source) -> String {
    match source {
        Source::NotAsked { not_asked } => format!("not asked: {not_asked}"),
        Source::Silent { error, .. } => format!("no answer: {error}"),
        Source::Said(said) => {
            let word = match &said.status {
                Status::Good => "good".to_owned(),
                Status::Unknown => "unknown".to_owned(),
                Status::Revoked { at, reason } => {
                    format!("revoked {}, {}", in_words(*at), reason.as_deref().unwrap_or("no reason given"))
                }
            };
            format!("{word} (as of {})", in_words(said.this_update))
        }
    }
}
