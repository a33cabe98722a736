//! `npki init`.

use std::path::PathBuf;

use clap::Args;

use super::Ending;
use crate::failure::{Failure, catalogue};
use crate::session::Session;

/// What to set up.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to set up; must be empty or not exist
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Country of the CAs' names, ISO 3166-1 alpha-2
    #[arg(long, value_name = "CODE", default_value = "LS")]
    pub country: String,
    /// Organisation of the CAs' names
    #[arg(long, value_name = "NAME", default_value = "Government of Lesotho")]
    pub organisation: String,
    /// That organisation's number: GO:LS-... (ETSI EN 319 412-1 section 5.1.4)
    #[arg(long, value_name = "NUMBER", default_value = "GO:LS-GOV")]
    pub organisation_identifier: String,
    /// Name of the first administrator
    #[arg(long, value_name = "NAME", default_value = "First Administrator")]
    pub admin_name: String,
    /// Where the interface listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub listen: std::net::SocketAddr,
    /// Where OCSP and CRLs are published
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub public_listen: std::net::SocketAddr,
    /// The address of OCSP and CRLs written into certificates
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: url::Url,
    /// The address of the registry written into certificates [default: https:// and the interface's address]
    #[arg(long, value_name = "URL")]
    pub registry_url: Option<url::Url>,
    /// A file with the passphrase that seals the keys, kept elsewhere [default: a new one in DIR/secrets]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// A name of the interface's TLS certificate; repeat for more
    #[arg(long = "tls-name", value_name = "NAME", default_value = "localhost")]
    pub tls_names: Vec<String>,
}

/// Sets up.
pub fn run(arguments: &InitArguments, session: &Session) -> Ending {
    // LEAD: call `crate::service::init` here.
    let _ = (arguments, session);
    Err(Failure::of(&catalogue::NOT_LINKED))
}
