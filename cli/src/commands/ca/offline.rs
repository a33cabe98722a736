//! `npki ca request|install`: an online CA and its offline root.

use std::path::{Path, PathBuf};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::certificate::CaId;
use clap::Args;
use time::Duration;

use super::super::Ending;
use super::super::key_pair::algorithm_parser;
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{self, Installed, RequestPlan, Requested};
use crate::session::Session;

/// What to ask for.
#[derive(Debug, Args)]
pub struct RequestArguments {
    /// The installation's folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The CA's name in files and addresses, such as persons-g1
    #[arg(long, value_name = "NAME", value_parser = ca_id)]
    ca: CaId,
    /// The name that its certificate is to have [default: as hierarchy.toml says]
    #[arg(long, value_name = "NAME")]
    common_name: Option<String>,
    /// The hierarchy of the root, as in the ceremonies' scripts
    #[arg(long, value_name = "NAME")]
    hierarchy: String,
    /// The root's certificate, PEM or DER, as its ceremony made it [default: the one that was installed]
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    /// The profile of the certificate [default: as hierarchy.toml says, else issuing-ca]
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// The kind of key [default: as hierarchy.toml says, else p384]
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithm_parser())]
    algorithm: Option<KeyAlgorithm>,
    /// Days until the request expires
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    valid_days: u16,
    /// Where the request goes: on the exchange medium
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn ca_id(text: &str) -> Result<CaId, String> {
    CaId::new(text).map_err(|error| error.to_string())
}

/// Makes a key and a request for it.
pub(super) fn request(arguments: RequestArguments, session: &Session) -> Ending {
    let plan = RequestPlan {
        data: arguments.data,
        ca: arguments.ca,
        hierarchy: arguments.hierarchy,
        profile: arguments.profile,
        common_name: arguments.common_name,
        algorithm: arguments.algorithm,
        root: arguments.root,
        valid_for: Duration::days(i64::from(arguments.valid_days)),
        out: arguments.out,
    };
    let made = service::request_certificate(&plan, session.clock.as_ref(), session.entropy.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.ca.request/1", made, requested_text)))
}

/// Installs a response.
pub(super) fn install(data: &Path, response: &Path, session: &Session) -> Ending {
    let installed = service::install_response(data, response, session.clock.as_ref())?;
    Ok(Outcome::done(Simple::new("npki.ca.install/1", installed, installed_text)))
}

fn requested_text(made: &Requested, page: &mut Page) {
    page.verdict(Meaning::Good, "requested", made.file.display().to_string());
    page.facts(&[
        ("CA", made.ca.to_string()),
        ("SHA-256", made.request_sha256.clone()),
        ("root", format!("SHA-256 {}", made.root_sha256)),
        ("expires", ca_core::clock::in_words(made.expires_at)),
    ]);
    page.line(
        "Read the SHA-256 out to whoever writes the ceremony's script: npki ceremony example issuing-ca",
    );
}

fn installed_text(installed: &Installed, page: &mut Page) {
    page.verdict(Meaning::Good, "installed", installed.certificate.display().to_string());
    page.facts(&[
        ("CA", installed.ca.to_string()),
        ("SHA-256", installed.certificate_sha256.clone()),
        ("root", installed.root.display().to_string()),
        ("root's CRL", installed.crl.display().to_string()),
    ]);
}
