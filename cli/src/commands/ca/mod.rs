//! `npki ca list|show|found|retire|request|install|crl|link`.

mod crl;
mod link;
mod offline;
mod retire;

use std::path::{Path, PathBuf};

use ca_core::certificate::CaId;
use clap::Subcommand;
use serde::{Deserialize, Serialize};

use super::Ending;
use crate::client::records::{Page as Listing, Revocation};
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, Founding, WaitingCa};
use crate::session::Session;

/// What to do with CAs.
#[derive(Debug, Subcommand)]
pub enum CaCommand {
    /// List the CAs, and say whose CRL is due
    List,
    /// Show one CA
    Show {
        /// The CA
        id: String,
    },
    /// Found the CAs that were added to hierarchy.toml, and complete an installation that waited for an offline root; the
    /// service must be stopped
    Found {
        /// The folder that `npki init` set up
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The certificate of a CA whose key is offline, as its ceremony made it; repeat for more
        #[arg(long = "offline", value_name = "CA=FILE", value_parser = offline_certificate)]
        offline: Vec<(CaId, PathBuf)>,
    },
    /// Retire a CA: it issues nothing more, and its last CRL is made; the service must be stopped
    Retire(retire::RetireArguments),
    /// Make a key for a CA of this installation, and a request to the offline root; the answer comes from a ceremony
    Request(Box<offline::RequestArguments>),
    /// Install the offline root's response, once
    Install {
        /// The response, from the exchange medium
        response: PathBuf,
        /// The installation's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Bring over CRLs of CAs whose keys are offline
    #[command(subcommand)]
    Crl(crl::CrlCommand),
    /// Bring over certificates in which one root vouches for another
    #[command(subcommand)]
    Link(link::LinkCommand),
}

/// A CA, as the server tells of it.
#[derive(Debug, Serialize, Deserialize)]
struct Ca {
    id: String,
    subject: String,
    issuer: String,
    algorithm: String,
    /// `here` or `elsewhere`.
    #[serde(default)]
    key: String,
    sha256: String,
    not_after: String,
    #[serde(default)]
    revocation: Option<Revocation>,
    issues: Vec<String>,
    issuing: bool,
    issues_from: Option<String>,
    issues_until: Option<String>,
    /// Since when it issues nothing more, for good.
    #[serde(default)]
    retired: Option<String>,
    crl_number: Option<u64>,
    crl_next_update: Option<String>,
    /// `fresh`, `ending`, `ended`, `last` or `none`.
    #[serde(default)]
    crl_state: String,
    pem: String,
    /// For a root: the certificates in which other roots vouch for it.
    #[serde(default)]
    links: Vec<Link>,
}

/// A certificate in which one root vouches for another.
#[derive(Debug, Serialize, Deserialize)]
struct Link {
    issuer: String,
    sha256: String,
    pem: String,
}

/// Lists, shows or founds.
pub fn run(command: CaCommand, session: &mut Session) -> Ending {
    match command {
        CaCommand::List => {
            let cas = listed(session)?;
            let warnings: Vec<String> = cas.items.iter().filter_map(crl::warning).collect();
            let outcome = Outcome::done(Simple::new("npki.ca.list/1", cas, list_text));
            Ok(warnings.into_iter().fold(outcome, Outcome::warn))
        }
        CaCommand::Show { id } => {
            let cas = listed(session)?;
            let known: Vec<String> = cas.items.iter().map(|ca| ca.id.clone()).collect();
            let found = cas.items.into_iter().find(|ca| ca.id == id).ok_or_else(|| unknown(&id, &known))?;
            Ok(Outcome::done(Simple::new("npki.ca.show/1", found, show_text)))
        }
        CaCommand::Found { data, offline } => {
            let founding = service::found_missing(&data, &offline.into_iter().collect())?;
            let answer = Founded { data, founding };
            Ok(Outcome::done(Simple::new("npki.ca.found/1", answer, founded_text)))
        }
        CaCommand::Retire(arguments) => retire::run(&arguments),
        CaCommand::Request(arguments) => offline::request(*arguments, session),
        CaCommand::Install { response, data } => offline::install(&data, &response, session),
        CaCommand::Crl(command) => crl::run(command, session),
        CaCommand::Link(command) => link::run(command, session),
    }
}

fn listed(session: &mut Session) -> Result<Listing<Ca>, Failure> {
    session.client()?.list(&["cas"], &[])
}

fn unknown(id: &str, known: &[String]) -> Failure {
    let failure = Failure::of(&catalogue::UNKNOWN_CA).what(format!("there is no CA {id} in this service"));
    match crate::context::nearest(id, known.iter().map(String::as_str)) {
        Some(near) => failure.fix(format!("did you mean {near}?")),
        None => failure,
    }
}

fn list_text(cas: &Listing<Ca>, page: &mut Page) {
    let rows = cas.items.iter().map(|ca| {
        [
            ca.id.clone(),
            issues(ca).to_owned(),
            ca.not_after.clone(),
            ca.algorithm.clone(),
            next_crl(ca),
            ca.subject.clone(),
        ]
    });
    page.table(["CA", "ISSUES", "UNTIL", "KEY", "CRL DUE", "SUBJECT"], rows.collect(), "there is no CA");
}

fn next_crl(ca: &Ca) -> String {
    match &ca.crl_next_update {
        _ if ca.crl_state == "last" => "never: it was the last".to_owned(),
        Some(due) => due.clone(),
        None => "none".to_owned(),
    }
}

fn issues(ca: &Ca) -> &'static str {
    match (&ca.revocation, ca.issuing) {
        _ if ca.retired.is_some() => "retired",
        (Some(_), _) => "revoked",
        (None, true) => "yes",
        (None, false) if ca.key == "elsewhere" => "offline",
        (None, false) => "no",
    }
}

fn vouchers(ca: &Ca) -> String {
    let names: Vec<&str> = ca.links.iter().map(|link| link.issuer.as_str()).collect();
    if names.is_empty() { "no other root".to_owned() } else { names.join(", ") }
}

fn show_text(ca: &Ca, page: &mut Page) {
    let moment = |moment: &Option<String>| moment.clone().unwrap_or_else(|| "not planned".to_owned());
    page.facts(&[
        ("CA", ca.id.clone()),
        ("subject", ca.subject.clone()),
        ("issuer", ca.issuer.clone()),
        ("key", ca.algorithm.clone()),
        ("sha256", ca.sha256.clone()),
        ("until", ca.not_after.clone()),
        ("issues under", if ca.issues.is_empty() { "CAs only".to_owned() } else { ca.issues.join(", ") }),
        ("begins", moment(&ca.issues_from)),
        ("stops", moment(&ca.issues_until)),
        (
            "revoked",
            ca.revocation.as_ref().map_or_else(|| "no".to_owned(), |it| format!("{}, {}", it.at, it.reason)),
        ),
        ("newest CRL", ca.crl_number.map_or_else(|| "none".to_owned(), |number| format!("number {number}"))),
        ("retired", ca.retired.clone().unwrap_or_else(|| "no".to_owned())),
        ("vouched for by", vouchers(ca)),
        ("next CRL", next_crl(ca)),
    ]);
}

#[derive(Debug, Serialize)]
struct Founded {
    #[serde(skip)]
    data: PathBuf,
    #[serde(flatten)]
    founding: Founding,
}

/// `CA=FILE`.
pub(super) fn offline_certificate(text: &str) -> Result<(CaId, PathBuf), String> {
    let (ca, file) = text.split_once('=').ok_or("give it as CA=FILE, such as root=root.pem")?;
    Ok((CaId::new(ca).map_err(|error| error.to_string())?, PathBuf::from(file)))
}

/// How the CAs get their certificates that wait for them.
pub(super) fn what_waits(waiting: &[WaitingCa], data: &Path, page: &mut Page) {
    let data = data.display();
    for ca in waiting {
        page.line(format!(
            "  npki ca request --data {data} --ca {} --hierarchy NAME --out {}.request.json  (certified by {})",
            ca.id, ca.id, ca.issuer
        ));
    }
    page.line("  the ceremonies: npki ceremony example issuing-ca");
    page.line(format!("  npki ca install RESPONSE --data {data}  (for each)"));
    page.line(format!("  npki ca found --data {data}"));
}

fn founded_text(answer: &Founded, page: &mut Page) {
    let Founding { cas, waiting, administrator } = &answer.founding;
    for ca in cas {
        page.verdict(Meaning::Good, "founded", format!("{}  {}", ca.id, ca.name));
        page.facts(&[
            ("certified by", ca.issuer.clone().unwrap_or_else(|| "itself: a root".to_owned())),
            ("fingerprint", format!("SHA-256 {}", ca.sha256)),
        ]);
    }
    if let Some(administrator) = administrator {
        let folder = answer.data.join("admin");
        let told = format!(
            "the installation; administrator {administrator}, key and certificate in {}",
            folder.display()
        );
        page.verdict(Meaning::Good, "completed", told);
    }
    if !waiting.is_empty() {
        page.line("still to be done:");
        what_waits(waiting, &answer.data, page);
    }
    if cas.iter().any(|ca| ca.issuer.is_none()) {
        page.line("Give everybody who trusts this installation the new certificates/anchors.pem.");
    }
}
