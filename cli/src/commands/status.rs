//! `npki status`: OCSP and CRL together, where the certificate does not say that nobody tells of its revocation; or, without a
//! network, a filter alone.

use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use ca_core::serial::SerialNumber;
use clap::Args;
use ocsp_responder::filter::{FilterStatus, VerifiedFilter};
use serde::Serialize;
use time::OffsetDateTime;

use super::Ending;
use crate::client::Publications;
use crate::client::records::Certificate;
use crate::context::Anchors;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::relying_party::evidence::{self, Evidence};
use crate::relying_party::filter;
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
    /// Ask nobody, but a filter of its CA, fetched before from /filter/CA.filter; repeat it for several CAs
    #[arg(long = "filter", value_name = "FILE")]
    filters: Vec<PathBuf>,
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
    /// Present where a filter was asked, and no one else.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Filtered>,
}

/// Of when the filter is that was asked.
#[derive(Debug, Serialize)]
struct Filtered {
    #[serde(with = "time::serde::rfc3339")]
    as_of: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    expires: OffsetDateTime,
    /// It speaks of certificates that are valid from before this.
    #[serde(with = "time::serde::rfc3339")]
    covers_until: OffsetDateTime,
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
    if !arguments.filters.is_empty() {
        return by_filter(&filter::read(&arguments.filters, &chain, &anchors, now)?, &chain, facts, now);
    }
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
        filter: None,
    };
    let outcome = Outcome::with_exit(Simple::new("npki.status/1", answer, text), standing.exit());
    Ok(silent.into_iter().fold(outcome, Outcome::warn))
}

/// A filter was given.
const FILTER_GIVEN: Source = Source::NotAsked { not_asked: "a filter was given" };

/// What a filter says, which was read for this certificate's CA.
fn by_filter(filter: &VerifiedFilter, chain: &Chain, facts: Facts, now: OffsetDateTime) -> Ending {
    let said = filter.status(&judgement::certificate(&chain.certificate)?);
    let status = match &said {
        Ok(FilterStatus::Revoked) => Standing::Revoked,
        _ if now > facts.not_after => Standing::Expired,
        Ok(FilterStatus::Good) => Standing::Good,
        Err(_) => Standing::Undetermined,
    };
    let warning = said.err().map(|why| format!("the filter says nothing: {why}; ask without --filter"));
    let head = filter.head();
    let filter = Filtered { as_of: head.as_of, expires: head.expires, covers_until: head.covers_until };
    let Facts { serial, subject, not_after } = facts;
    let (ocsp, crl) = (FILTER_GIVEN, FILTER_GIVEN);
    let answer = Answer { status, serial, subject, not_after, ocsp, crl, filter: Some(filter) };
    let outcome = Outcome::with_exit(Simple::new("npki.status/1", answer, text), status.exit());
    Ok(warning.into_iter().fold(outcome, Outcome::warn))
}

/// What is left to ask: whether it leads to a trust anchor, and has not ended.
fn never_revoked(chain: Chain, anchors: &Anchors, facts: Facts, now: OffsetDateTime) -> Ending {
    let status = if now > facts.not_after { Standing::Expired } else { Standing::NoRevocation };
    if status == Standing::NoRevocation {
        judgement::demand_path(&chain, anchors, now)?;
    }
    let Facts { serial, subject, not_after } = facts;
    let (ocsp, crl) = (NEVER_REVOKED, NEVER_REVOKED);
    let answer = Answer { status, serial, subject, not_after, ocsp, crl, filter: None };
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
    let mut facts = vec![("serial", answer.serial.clone()), ("valid until", in_words(answer.not_after))];
    match &answer.filter {
        None => facts.extend([("OCSP", sentence(&answer.ocsp)), ("CRL", sentence(&answer.crl))]),
        Some(Filtered { as_of, expires, .. }) => {
            facts.push(("filter", format!("as of {}, good until {}", in_words(*as_of), in_words(*expires))));
        }
    }
    page.facts(&facts);
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
