//! Who signs the installation's list: on its own machine.

use std::path::PathBuf;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::clock::in_words;
use clap::Args;
use ocsp_responder::publication::sha256;
use serde::Serialize;
use time::OffsetDateTime;

use crate::commands::Ending;
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Simple};
use crate::relying_party::material::Chain;
use crate::service::trusted_list;

/// What to ask for.
#[derive(Debug, Args)]
pub struct RequestArguments {
    /// The installation's folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The kind of the key, of those that readers of lists know: p256, p384, rsa-3072, rsa-4096
    #[arg(long, value_name = "KIND", default_value = "p256", value_parser = kind)]
    algorithm: KeyAlgorithm,
    /// The file to write; must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What to take.
#[derive(Debug, Args)]
pub struct AcceptArguments {
    /// The certificate, PEM or DER
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The installation's folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

fn kind(text: &str) -> Result<KeyAlgorithm, String> {
    use KeyAlgorithm::{P256, P384, Rsa3072, Rsa4096};
    let known =
        text.parse::<KeyAlgorithm>().ok().filter(|kind| [P256, P384, Rsa3072, Rsa4096].contains(kind));
    known.ok_or_else(|| "choose p256, p384, rsa-3072 or rsa-4096".to_owned())
}

#[derive(Debug, Serialize)]
struct Requested {
    file: PathBuf,
}

#[derive(Debug, Serialize)]
struct Accepted {
    /// SHA-256 of the certificate: what relying parties compare.
    sha256: String,
    #[serde(with = "time::serde::rfc3339::option")]
    until: Option<OffsetDateTime>,
}

pub(super) fn request(arguments: RequestArguments) -> Ending {
    files::must_be_free(&arguments.out)?;
    let request = trusted_list::request_signer(&arguments.data, arguments.algorithm)?;
    files::create(&arguments.out, request.pem.as_bytes(), Readers::Anyone)?;
    Ok(Outcome::done(Simple::new(
        "npki.trust.request/1",
        Requested { file: arguments.out },
        |answer, page| {
            let file = answer.file.display();
            page.verdict(Meaning::Good, "requested", file.to_string());
            page.line("next, as an officer, for the organisation that makes the list:");
            page.line(format!(
                "  npki cert request --profile trusted-list-signer --identity ID --csr {file}"
            ));
        },
    )))
}

pub(super) fn accept(arguments: &AcceptArguments) -> Ending {
    let certificate = Chain::read(&arguments.file)?.certificate;
    let accepted = trusted_list::accept_signer(&arguments.data, &certificate)?;
    let answer = Accepted { sha256: sha256(&certificate), until: accepted.until };
    Ok(Outcome::done(Simple::new("npki.trust.accept/1", answer, |answer, page| {
        page.verdict(Meaning::Good, "accepted", "the list is signed with it from now on");
        let until = answer.until.map(in_words).unwrap_or_default();
        page.facts(&[("SHA-256", answer.sha256.clone()), ("signs until", until)]);
    })))
}
