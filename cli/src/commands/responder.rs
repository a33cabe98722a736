//! `npki responder`: an OCSP responder on a machine of its own, which follows the status feed.

use std::net::SocketAddr;
use std::path::PathBuf;

use ca_core::clock::in_words;
use ca_core::status::feed::Acceptance;
use clap::{Args, Subcommand};
use id_registry::remote::RemoteName;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::OffsetDateTime;

use super::Ending;
use super::feed::{FeedKey, MAX_FEED};
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::carried;
use crate::service::responder::{
    self, Certificates, CertificatesRequest, Imported, OneCertificate, OneRequest, ResponderPlan,
};
use crate::session::Session;

/// How a responder comes to be.
pub const EXAMPLES: &str =
    "On the responder's machine, with the feed's key that came another way (npki feed key):
  npki responder init --data r --name alpha --feed http://pki.gov.ls --key-file feed.vkey --renewal https://pki.gov.ls:8443
  npki serve --role responder --data r
  npki responder request --data r --out alpha.request
On a machine with an administrator's context:
  npki responder certify alpha.request --out alpha.certificates
Back on the responder's machine, which goes over to them by itself:
  npki responder accept alpha.certificates --data r
Without a network, init without --feed, and carry files: npki feed export, then
  npki responder import FILE --data r";

/// What to do with a responder.
#[derive(Debug, Subcommand)]
pub enum ResponderCommand {
    /// Set up a new responder in an empty folder
    Init(Box<InitArguments>),
    /// Bring in a file of the status feed that was carried here
    Import {
        /// The file, as `npki feed export` wrote it
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The responder's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// Whatever was held before: after the installation was restored from a backup, and only then
        #[arg(long)]
        anew: bool,
    },
    /// Make keys for the responder, which stay here, and write a request for their certificates
    Request {
        /// The responder's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The file to write; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Have the CAs certify the keys of a request (administrators)
    Certify {
        /// The request
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The file to write for the responder; must not exist
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take the certificates into use that answer a request
    Accept {
        /// The certificates
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The responder's folder
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

/// What to set up.
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to set up; must be empty or not exist
    #[arg(long = "data", value_name = "DIR")]
    folder: PathBuf,
    /// The responder's name, which stands in its certificates: 1 to 32 letters, digits, "-" and "."
    #[arg(long, value_name = "NAME")]
    name: RemoteName,
    /// Where it listens, plain HTTP
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8088")]
    listen: SocketAddr,
    /// Where the feed is fetched, such as http://pki.gov.ls [default: nowhere; files are carried by hand]
    #[arg(long, value_name = "URL")]
    feed: Option<url::Url>,
    /// The CA certificate that the feed's HTTPS certificate leads to, PEM; not needed for http://
    #[arg(long, value_name = "FILE", requires = "feed")]
    trust: Option<PathBuf>,
    /// Where its certificates are renewed, such as https://pki.gov.ls:8443 [default: nowhere; a person does it]
    #[arg(long, value_name = "URL")]
    renewal: Option<url::Url>,
    #[command(flatten)]
    key: TrustedKey,
    /// A file whose first line seals the keys, kept elsewhere [default: drawn, and kept in the folder]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// The feed's key, which came another way than the feed itself.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct TrustedKey {
    /// The feed's public key, which came another way than the feed itself
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A file that holds the key: certificates/feed.vkey of the installation
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// The most octets of a request or its answer.
const MAX_EXCHANGE: u64 = 16 * 1024 * 1024;

/// Runs a command.
pub fn run(command: ResponderCommand, session: &mut Session) -> Ending {
    match command {
        ResponderCommand::Init(arguments) => init(*arguments),
        ResponderCommand::Import { file, data, anew } => {
            let acceptance = if anew { Acceptance::Anew } else { Acceptance::Continuing };
            let octets = files::read(&file, MAX_FEED)?;
            let imported = responder::import(&data, &octets, acceptance)?;
            Ok(Outcome::done(Simple::new("npki.responder.import/1", imported, imported_text)))
        }
        ResponderCommand::Request { data, out } => {
            files::must_be_free(&out)?;
            let request = responder::request(&data)?;
            files::create(&out, carried::written(&request)?.as_bytes(), Readers::Anyone)?;
            let cas = request.requests.into_iter().map(|one| one.ca.to_string()).collect();
            let answer = Exchange { name: request.name, file: out, cas };
            Ok(Outcome::done(Simple::new("npki.responder.request/1", answer, |answer, page| {
                answer.text("requested", page);
                page.line(format!(
                    "next, as an administrator: npki responder certify {} --out FILE",
                    answer.file.display()
                ));
            })))
        }
        ResponderCommand::Certify { file, out } => certify(&file, out, session),
        ResponderCommand::Accept { file, data } => {
            let certificates = Certificates::parse(&files::read(&file, MAX_EXCHANGE)?)?;
            let cas = responder::accept(&data, &certificates)?;
            let cas = cas.iter().map(ToString::to_string).collect();
            let answer = Exchange { name: certificates.name, file, cas };
            Ok(Outcome::done(Simple::new("npki.responder.accept/1", answer, |answer, page| {
                answer.text("accepted", page);
            })))
        }
    }
}

/// What went to and fro.
#[derive(Debug, Serialize)]
struct Exchange {
    name: String,
    file: PathBuf,
    cas: Vec<String>,
}

impl Exchange {
    fn text(&self, word: &str, page: &mut Page) {
        page.verdict(Meaning::Good, word, self.file.display().to_string());
        page.facts(&[("responder", self.name.clone()), ("CAs", self.cas.join(", "))]);
    }
}

fn imported_text(imported: &Imported, page: &mut Page) {
    page.verdict(
        Meaning::Good,
        "taken",
        if imported.changed { "there were changes" } else { "nothing had changed" },
    );
    let moment = |moment: Option<OffsetDateTime>| moment.map(in_words).unwrap_or_else(|| "-".to_owned());
    page.facts(&[
        ("up to event", imported.until.to_string()),
        ("as of", moment(imported.as_of)),
        ("answers until", moment(imported.answers_until)),
    ]);
}

#[derive(Debug, Serialize)]
struct InitAnswer {
    data: PathBuf,
    name: String,
    url: String,
    feed: Option<String>,
}

fn init(arguments: InitArguments) -> Ending {
    let InitArguments { folder, name, listen, feed, trust, renewal, key, passphrase_file } = arguments;
    let key = FeedKey::given(key.key, key.key_file).read()?;
    let plan = ResponderPlan { data: folder, name, listen, url: feed, trust, renewal, key, passphrase_file };
    responder::init(&plan)?;
    let answer = InitAnswer {
        name: plan.name.to_string(),
        url: format!("http://{listen}/ocsp"),
        feed: plan.url.as_ref().map(ToString::to_string),
        data: plan.data,
    };
    Ok(Outcome::done(Simple::new("npki.responder.init/1", answer, |answer, page| {
        let data = answer.data.display();
        page.verdict(Meaning::Good, "founded", data.to_string());
        page.facts(&[("name", answer.name.clone()), ("answers at", answer.url.clone())]);
        page.line("next:");
        match &answer.feed {
            Some(_) => page.line(format!("  npki serve --role responder --data {data}")),
            None => page.line(format!("  npki responder import FILE --data {data}")),
        }
        page.line(format!("  npki responder request --data {data} --out FILE"));
    })))
}

/// A certificate, as the server tells of it.
#[derive(Debug, Deserialize)]
struct Certified {
    certificate: String,
}

fn certify(file: &std::path::Path, out: PathBuf, session: &mut Session) -> Ending {
    files::must_be_free(&out)?;
    let request = CertificatesRequest::parse(&files::read(file, MAX_EXCHANGE)?)?;
    if request.requests.is_empty() {
        return Err(Failure::of(&catalogue::USAGE).cause("the request asks for nothing".to_owned()));
    }
    let client = session.client()?;
    let certified = request.requests.iter().map(|OneRequest { ca, csr }| {
        let body = json!({ "name": request.name, "csr": csr });
        let Certified { certificate } =
            client.change(&["cas", ca.as_str(), "responders"], &body, session.entropy.as_ref())?;
        Ok(OneCertificate { ca: ca.clone(), certificate })
    });
    let certificates = Certificates::of(request.name.clone(), certified.collect::<Result<_, Failure>>()?);
    files::create(&out, carried::written(&certificates)?.as_bytes(), Readers::Anyone)?;
    let cas = certificates.certificates.iter().map(|one| one.ca.to_string()).collect();
    let answer = Exchange { name: request.name, file: out, cas };
    Ok(Outcome::done(Simple::new("npki.responder.certify/1", answer, |answer, page| {
        answer.text("certified", page);
        page.line(format!(
            "next, on the responder's machine: npki responder accept {} --data DIR",
            answer.file.display()
        ));
    })))
}
