//! `npki tsa`: a time-stamping unit on a machine of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ca_core::clock::in_words;
use clap::{Args, Subcommand};
use id_registry::remote::RemoteName;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::Ending;
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Simple};
use crate::service::carried;
use crate::service::tsa::{self, TsaPlan, UnitCertificate, UnitRequest};
use crate::session::Session;

/// How a unit comes to be.
pub const EXAMPLES: &str = "On the unit's machine:
  npki tsa init --data t --name alpha
  npki serve --role tsa --data t
  npki tsa request --data t --out alpha.request
On a machine with an administrator's context:
  npki tsa certify alpha.request --out alpha.certificate
Back on the unit's machine, which goes over to it by itself:
  npki tsa accept alpha.certificate --data t
Anywhere:
  npki timestamp FILE --tsa http://127.0.0.1:8090/tsa";

/// What to do with a unit.
#[derive(Debug, Subcommand)]
pub enum TsaCommand {
    /// Set up a new unit in an empty folder
    Init(InitArguments),
    /// Make a key for the unit, which stays here, and write a request for its certificate
    Request {
        /// The unit's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The file to write; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Have the CA for time-stamping units certify the key of a request (administrators)
    Certify {
        /// The request
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The file to write for the unit; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take the certificate into use that answers a request
    Accept {
        /// The certificate
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The unit's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Say that this machine's clock is right, although a later moment was noted: it was wrong before; the unit must be stopped
    AcceptClock {
        /// The unit's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Why it was wrong; it is kept
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// What to set up.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to set up; must be empty or not exist
    #[arg(long = "data", value_name = "DIR")]
    folder: PathBuf,
    /// The unit's name, which stands in its certificate: 1 to 32 letters, digits, "-" and "."
    #[arg(long, value_name = "NAME")]
    name: RemoteName,
    /// Where it listens, plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The policy that tokens are given under, dotted digits [default: the one in the sample of tsa.toml]
    #[arg(long, value_name = "OID")]
    policy: Option<String>,
    /// A file whose first line seals the keys, kept elsewhere [default: drawn, and kept in the folder]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// The most octets of a request or its answer.
const MAX_EXCHANGE: u64 = 1024 * 1024;

/// Runs a command.
pub fn run(command: TsaCommand, session: &mut Session) -> Ending {
    match command {
        TsaCommand::Init(arguments) => init(arguments),
        TsaCommand::Request { data, out } => {
            files::must_be_free(&out)?;
            let request = tsa::request(&data)?;
            files::create(&out, carried::written(&request)?.as_bytes(), Readers::Anyone)?;
            let answer = Exchange { name: request.name, file: out, until: None };
            Ok(Outcome::done(Simple::new("npki.tsa.request/1", answer, |answer, page| {
                page.verdict(Meaning::Good, "requested", answer.file.display().to_string());
                let file = answer.file.display();
                page.line(format!("next, as an administrator: npki tsa certify {file} --out FILE"));
            })))
        }
        TsaCommand::Certify { file, out } => certify(&file, out, session),
        TsaCommand::Accept { file, data } => {
            let certificate = UnitCertificate::parse(&files::read(&file, MAX_EXCHANGE)?)?;
            let until = Some(tsa::accept(&data, &certificate)?);
            let answer = Exchange { name: certificate.name, file, until };
            Ok(Outcome::done(Simple::new("npki.tsa.accept/1", answer, |answer, page| {
                page.verdict(Meaning::Good, "accepted", answer.file.display().to_string());
                let until = answer.until.map(in_words).unwrap_or_default();
                page.facts(&[("unit", answer.name.clone()), ("gives tokens until", until)]);
            })))
        }
        TsaCommand::AcceptClock { data, reason } => accept_clock(&data, &reason),
    }
}

/// What went to and fro.
#[derive(Debug, Serialize)]
struct Exchange {
    name: String,
    file: PathBuf,
    /// Until when the key may sign.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    until: Option<OffsetDateTime>,
}

#[derive(Debug, Serialize)]
struct InitAnswer {
    data: PathBuf,
    name: String,
    url: String,
}

fn init(arguments: InitArguments) -> Ending {
    let InitArguments { folder, name, listen, policy, passphrase_file } = arguments;
    let plan = TsaPlan { data: folder, name, listen, policy, passphrase_file };
    tsa::init(&plan)?;
    let url = format!("http://{listen}/tsa");
    let answer = InitAnswer { data: plan.data, name: plan.name.to_string(), url };
    Ok(Outcome::done(Simple::new("npki.tsa.init/1", answer, |answer, page| {
        let data = answer.data.display();
        page.verdict(Meaning::Good, "founded", data.to_string());
        page.facts(&[("name", answer.name.clone()), ("answers at", answer.url.clone())]);
        page.line("next:");
        page.line(format!("  npki tsa request --data {data} --out FILE"));
        page.line(format!("  npki serve --role tsa --data {data}"));
    })))
}

/// A certificate, as the server tells of it.
#[derive(Debug, Deserialize)]
struct Certified {
    chain: String,
}

fn certify(file: &Path, out: PathBuf, session: &mut Session) -> Ending {
    files::must_be_free(&out)?;
    let request = UnitRequest::parse(&files::read(file, MAX_EXCHANGE)?)?;
    let body = json!({ "name": request.name, "csr": request.csr });
    let client = session.client()?;
    let Certified { chain } = client.change(&["timestamping-units"], &body, session.entropy.as_ref())?;
    let certificate = UnitCertificate::of(request.name.clone(), chain);
    files::create(&out, carried::written(&certificate)?.as_bytes(), Readers::Anyone)?;
    let answer = Exchange { name: request.name, file: out, until: None };
    Ok(Outcome::done(Simple::new("npki.tsa.certify/1", answer, |answer, page| {
        page.verdict(Meaning::Good, "certified", answer.file.display().to_string());
        page.line(format!(
            "next, on the unit's machine: npki tsa accept {} --data DIR",
            answer.file.display()
        ));
    })))
}

#[derive(Debug, Serialize)]
struct ClockAnswer {
    #[serde(with = "time::serde::rfc3339")]
    noted: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    now: OffsetDateTime,
}

fn accept_clock(data: &Path, reason: &str) -> Ending {
    let (noted, now) = tsa::accept_clock(data, reason)?;
    Ok(Outcome::done(Simple::new("npki.tsa.accept-clock/1", ClockAnswer { noted, now }, |answer, page| {
        page.verdict(Meaning::Good, "accepted", in_words(answer.now));
        page.facts(&[("noted before", in_words(answer.noted))]);
    })))
}
