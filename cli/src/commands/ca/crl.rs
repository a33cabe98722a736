//! `npki ca crl install`: the CRL of a CA whose key is offline.

use std::path::PathBuf;

use ca_core::clock::in_words;
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;
use x509_parser::prelude::{CertificateRevocationList, FromDer, X509Certificate};

use super::super::Ending;
use super::{Ca, listed};
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// What to do with CRLs of offline CAs.
#[derive(Debug, Subcommand)]
pub enum CrlCommand {
    /// Bring over a CRL that a root-crl ceremony made: it is published, and a CA that it lists stops issuing at once
    #[command(
        after_help = "Examples:\n  npki ca crl install root.crl\n  npki ca crl install /media/exchange/root.crl --ca root"
    )]
    Install {
        /// The CRL, DER or PEM
        file: PathBuf,
        /// The CA that made it [default: the one that the CRL names]
        #[arg(long, value_name = "NAME")]
        ca: Option<String>,
    },
}

/// A CRL that was taken over, as the server tells of it.
#[derive(Debug, Serialize, Deserialize)]
struct Installed {
    ca: String,
    changed: bool,
    number: u64,
    #[serde(with = "time::serde::rfc3339")]
    this_update: time::OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    next_update: time::OffsetDateTime,
    listed: usize,
    revoked: Vec<String>,
    released: Vec<String>,
    sha256: String,
}

/// Brings it over.
pub(super) fn run(command: CrlCommand, session: &mut Session) -> Ending {
    let CrlCommand::Install { file, ca } = command;
    let content = files::read(&file, files::MAX_OBJECT)?;
    let der = pem::parse(&content).map_or(content, pem::Pem::into_contents);
    let ca = match ca {
        Some(ca) => ca,
        None => issuer_of(&der, &file.display().to_string(), session)?,
    };
    let framing = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    let text = pem::encode_config(&pem::Pem::new("X509 CRL", der), framing);
    let path = ["cas", &ca, "crl"];
    let installed: Installed =
        session.client()?.change(&path, &json!({ "pem": text }), session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.ca.crl.install/1", installed, text_of)))
}

/// The CA of the installation that a CRL names as its issuer.
fn issuer_of(der: &[u8], file: &str, session: &mut Session) -> Result<String, Failure> {
    let unreadable =
        |why: String| Failure::of(&catalogue::CONTENT).what(format!("{file} holds no CRL")).cause(why);
    let (_, crl) = CertificateRevocationList::from_der(der).map_err(|error| unreadable(error.to_string()))?;
    let made_it = |ca: &Ca| {
        pem::parse(&ca.pem).is_ok_and(|block| {
            X509Certificate::from_der(block.contents())
                .is_ok_and(|(_, certificate)| certificate.subject().as_raw() == crl.issuer().as_raw())
        })
    };
    let cas = listed(session)?;
    let found = cas.items.iter().find(|ca| made_it(ca)).map(|ca| ca.id.clone());
    found.ok_or_else(|| {
        let issuer = ca_core::name::text(crl.issuer().as_raw());
        Failure::of(&catalogue::UNKNOWN_CA)
            .what(format!("no CA of this service made it: its issuer is {issuer}"))
    })
}

/// What is to be said of a CA's CRL that nobody here can make.
pub(super) fn warning(ca: &Ca) -> Option<String> {
    if ca.key != "elsewhere" {
        return None;
    }
    let due = ca.crl_next_update.as_deref().unwrap_or_default();
    let said = match ca.crl_state.as_str() {
        "none" => "has no CRL here".to_owned(),
        "ending" => format!("has a CRL that ends soon, {due}"),
        "ended" => {
            format!("has a CRL that ended {due}: whoever insists on a current one accepts nothing below it")
        }
        _ => return None,
    };
    Some(format!(
        "the offline CA {} {said}; hold a root-crl ceremony (npki ceremony example root-crl), then: npki ca crl install FILE",
        ca.id
    ))
}

fn text_of(installed: &Installed, page: &mut Page) {
    let word = if installed.changed { "installed" } else { "there already" };
    page.verdict(Meaning::Good, word, format!("CRL number {} of {}", installed.number, installed.ca));
    page.facts(&[
        ("made", in_words(installed.this_update)),
        ("next one due", in_words(installed.next_update)),
        ("lists", installed.listed.to_string()),
        ("newly revoked", none_or(&installed.revoked)),
        ("released", none_or(&installed.released)),
        ("SHA-256", installed.sha256.clone()),
    ]);
}

fn none_or(serials: &[String]) -> String {
    if serials.is_empty() { "none".to_owned() } else { serials.join(", ") }
}
