//! `npki init`.

use std::net::SocketAddr;
use std::path::PathBuf;

use ca_core::certificate::CaId;
use clap::Args;
use serde::Serialize;

use super::Ending;
use crate::failure::Failure;
use crate::files;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, Founding, Plan, TokenPlan};

/// What to set up.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to set up; must be empty or not exist
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Country of the CAs' names, ISO 3166-1 alpha-2
    #[arg(long, value_name = "CODE", default_value = "LS")]
    country: String,
    /// Organisation of the CAs' names
    #[arg(long, value_name = "NAME", default_value = "Government of Lesotho")]
    organisation: String,
    /// The organisation's identifier, as in ETSI EN 319 412-1 [default: GO:COUNTRY-GOV]
    #[arg(long, value_name = "ID")]
    organisation_identifier: Option<String>,
    /// Name of the first administrator
    #[arg(long, value_name = "NAME", default_value = "First Administrator")]
    admin_name: String,
    /// Where the interface for staff and agencies listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// Where OCSP and CRLs are published
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    public_listen: SocketAddr,
    /// The address of OCSP and CRLs, written into certificates for ever [default: http:// and --public-listen]
    #[arg(long, value_name = "URL")]
    public_url: Option<url::Url>,
    /// The address of the registry's entries, written into certificates of devices, applications and agents
    #[arg(long, value_name = "URL", default_value = "https://registry.gov.ls/id")]
    registry_url: url::Url,
    /// A name of the interface's TLS certificate; repeat for more
    #[arg(long = "tls-name", value_name = "NAME", default_values = ["localhost", "127.0.0.1"])]
    tls_names: Vec<String>,
    /// The CAs: "pilot" (a root and one CA), "national" (a CA for each kind, and a tree for TLS), or a file
    #[arg(long, value_name = "NAME|FILE", default_value = "pilot")]
    hierarchy: String,
    /// A folder of profiles, NAME.toml each, to begin with [default: those that npki comes with]
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
    /// The certificate of a CA whose key is offline, as its ceremony made it; repeat for more
    #[arg(long = "offline", value_name = "CA=FILE", value_parser = super::ca::offline_certificate)]
    offline: Vec<(CaId, PathBuf)>,
    /// The token that holds the keys of CAs with kept = "pkcs11"; keys that are not there are made in it
    #[arg(long, value_name = "LABEL", requires_all = ["token_module", "token_pin_file"])]
    token: Option<String>,
    /// The token maker's PKCS#11 library
    #[arg(long, value_name = "FILE", requires = "token")]
    token_module: Option<PathBuf>,
    /// A file of mode 0600 whose first line is the token's user PIN
    #[arg(long, value_name = "FILE", requires = "token")]
    token_pin_file: Option<PathBuf>,
    /// A file whose first line seals the keys, kept elsewhere [default: drawn, and kept in the folder]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Where the store is to be: postgres://USER@HOST/DATABASE [default: a folder of the data directory]
    #[arg(long, value_name = "ADDRESS")]
    store: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    data: PathBuf,
    service: String,
    #[serde(flatten)]
    founded: Founding,
}

/// Sets up.
pub fn run(arguments: &InitArguments) -> Ending {
    let identifier = || format!("GO:{}-GOV", arguments.country);
    let plan = Plan {
        data: arguments.data.clone(),
        country: arguments.country.clone(),
        organisation: arguments.organisation.clone(),
        organisation_identifier: arguments.organisation_identifier.clone().unwrap_or_else(identifier),
        administrator: arguments.admin_name.clone(),
        service: arguments.listen,
        public: arguments.public_listen,
        base_url: arguments
            .public_url
            .as_ref()
            .map_or_else(|| format!("http://{}", arguments.public_listen), ToString::to_string),
        registry_url: arguments.registry_url.to_string(),
        tls_names: arguments.tls_names.clone(),
        hierarchy: arguments.hierarchy.clone(),
        profiles: arguments.profiles.clone(),
        token: token(arguments)?,
        offline: arguments.offline.iter().cloned().collect(),
        passphrase_file: arguments.passphrase_file.clone(),
        store: arguments.store.clone(),
    };
    let founded = service::init(&plan)?;
    let host = plan.tls_names.first().map_or("localhost", String::as_str);
    let service = format!("https://{host}:{}", plan.service.port());
    let answer = Answer { data: plan.data, service, founded };
    Ok(Outcome::done(Simple::new("npki.init/1", answer, text)))
}

/// Paths in the settings start at the data directory; these are given from here.
fn token(arguments: &InitArguments) -> Result<Option<TokenPlan>, Failure> {
    let parts = (&arguments.token, &arguments.token_module, &arguments.token_pin_file);
    let (Some(label), Some(module), Some(pin_file)) = parts else { return Ok(None) };
    let (module, pin_file) = (files::absolute(module)?, files::absolute(pin_file)?);
    Ok(Some(TokenPlan { module, label: label.clone(), pin_file }))
}

fn text(answer: &Answer, page: &mut Page) {
    let data = answer.data.display();
    page.verdict(Meaning::Good, "founded", data.to_string());
    let mut facts = Vec::new();
    for ca in &answer.founded.cas {
        if ca.issuer.is_none() {
            facts.push(("root CA", ca.name.clone()));
            facts.push(("fingerprint", format!("SHA-256 {}", ca.sha256)));
        } else {
            facts.push(("issuing CA", ca.name.clone()));
        }
    }
    if let Some(administrator) = &answer.founded.administrator {
        facts.push(("administrator", format!("{administrator}, key and certificate in {data}/admin")));
    }
    page.facts(&facts);
    page.line("next:");
    if !answer.founded.waiting.is_empty() {
        super::ca::what_waits(&answer.founded.waiting, &answer.data, page);
        return;
    }
    page.line(format!("  npki serve --data {data}"));
    page.line(format!(
        "  npki context add admin --url {} --trust {data}/certificates/anchors.pem \
         --cert {data}/admin/cert.pem --key {data}/admin/key.pem",
        answer.service
    ));
}
