//! `npki cert request|list|show|download|release`.

use std::path::PathBuf;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::alternative_name::Name;
use ca_core::profile::AttributeType;
use ca_core::serial::SerialNumber;
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::key_origin::KeyOriginArguments;
use super::key_pair::{self, CsrSource};
use super::paging::{Paging, say_if_more};
use super::{Ending, request, word};
use crate::client::Client;
use crate::client::records::{Certificate, Page as Listing, Request};
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

pub use super::key_pair::Delivery;

/// What to do with certificates.
#[derive(Debug, Subcommand)]
pub enum CertCommand {
    /// Ask for a certificate
    Request(Box<RequestArguments>),
    /// List certificates
    List {
        /// Only those of this identity
        #[arg(long, value_name = "ID")]
        identity: Option<String>,
        /// Only those that hold this key: the SHA-256 of its SubjectPublicKeyInfo
        #[arg(long, value_name = "SHA256")]
        key: Option<String>,
        /// Only in this state
        #[arg(long, value_enum)]
        status: Option<CertificateStatus>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one certificate
    Show {
        /// Its serial number
        serial: SerialNumber,
    },
    /// Write one certificate to a file, PEM
    Download {
        /// Its serial number
        serial: SerialNumber,
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Write the issuing CA's certificate after it
        #[arg(long)]
        chain: bool,
    },
    /// Release a certificate from hold
    Release {
        /// Its serial number
        serial: SerialNumber,
        /// What the ledger should say besides
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

/// What to ask for.
#[derive(Debug, Args)]
pub struct RequestArguments {
    /// The profile: npki profile list [default for a person: person-authentication-pseudonymous, which tells no name]
    #[arg(long)]
    profile: Option<String>,
    /// Whose certificate it will be: npki registry list
    #[arg(long, value_name = "ID")]
    identity: String,
    #[command(flatten)]
    csr: CsrSource,
    /// Kind of the key that --generate makes
    #[arg(long, default_value = "p256", value_parser = key_pair::algorithm_parser())]
    algorithm: KeyAlgorithm,
    /// A DNS name to ask for; repeat for more
    #[arg(long = "dns-name", value_name = "NAME")]
    dns_names: Vec<String>,
    /// A name of any form to ask for, like ip:192.0.2.1, email:… or uri:…; repeat for more
    #[arg(long = "name", value_name = "FORM:VALUE")]
    names: Vec<Name>,
    /// What --generate writes into the request's subject, like common-name=…; repeat for more [default: the identity]
    #[arg(long = "subject", value_name = "ATTRIBUTE=VALUE", requires = "generate", value_parser = wished_attribute)]
    subject: Vec<(AttributeType, String)>,
    #[command(flatten)]
    key_origin: KeyOriginArguments,
    /// The campaign that it is for, if it replaces a certificate for one
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// The folder for key.pem, cert.pem and chain.pem [default with --generate: this one]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// What a person logs in with unless somebody asks for another: services learn that it is the same person, and no name.
const OF_PERSONS: &str = "person-authentication-pseudonymous";

impl RequestArguments {
    fn profile(&self) -> Result<&str, Failure> {
        match &self.profile {
            Some(profile) => Ok(profile),
            None if self.identity.trim_start().to_ascii_uppercase().starts_with("P-") => Ok(OF_PERSONS),
            None => Err(Failure::of(&catalogue::USAGE)
                .cause("--profile is missing, and only a person has a profile without being asked")
                .fix("npki profile list")),
        }
    }
}

/// A certificate's state.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum CertificateStatus {
    Active,
    Revoked,
    OnHold,
    Expired,
}

/// Asks, lists, shows, downloads or releases.
pub fn run(command: CertCommand, session: &mut Session) -> Ending {
    let client = session.client()?;
    match command {
        CertCommand::Request(arguments) => ask(&arguments, &client, session),
        CertCommand::List { identity, key, status, paging } => {
            let query = paging.query(&[("identity", identity), ("key", key), ("status", status.map(word))]);
            let list: Listing<Certificate> = client.list(&["certificates"], &query)?;
            Ok(Outcome::done(Simple::new("npki.cert.list/1", list, list_text)))
        }
        CertCommand::Show { serial } => {
            let certificate: Certificate = client.read(&["certificates", &serial.to_string()])?;
            Ok(Outcome::done(Simple::new("npki.cert.show/1", certificate, show_text)))
        }
        CertCommand::Download { serial, out, chain } => download(&client, &serial, out, chain),
        CertCommand::Release { serial, note } => {
            let path = ["certificates", &serial.to_string(), "release"];
            let released: Certificate = client.change(&path, &with_note(note), session.entropy.as_ref())?;
            Ok(Outcome::done(Simple::new("npki.cert.release/1", released, show_text)))
        }
    }
}

fn wished_attribute(text: &str) -> Result<(AttributeType, String), String> {
    let known = || AttributeType::ALL.map(AttributeType::name).join(", ");
    let (name, value) = text.split_once('=').ok_or("it has no =")?;
    let attribute = AttributeType::ALL.into_iter().find(|attribute| attribute.name() == name);
    let attribute = attribute.ok_or_else(|| format!("there is no attribute {name}: choose {}", known()))?;
    Ok((attribute, value.to_owned()))
}

fn ask(arguments: &RequestArguments, client: &Client, session: &Session) -> Ending {
    let entropy = session.entropy.as_ref();
    let itself = [(AttributeType::CommonName, arguments.identity.clone())];
    let subject = if arguments.subject.is_empty() { &itself[..] } else { &arguments.subject };
    let profile = arguments.profile()?;
    let prepared = arguments.csr.prepare(arguments.algorithm, subject, arguments.out.clone())?;
    let mut body = json!({"profile": profile, "identity": arguments.identity, "csr": prepared.csr});
    let dns = arguments.dns_names.iter().map(|name| format!("dns:{name}"));
    let names: Vec<String> = dns.chain(arguments.names.iter().map(ToString::to_string)).collect();
    if let (Some(members), false) = (body.as_object_mut(), names.is_empty()) {
        members.insert("names".to_owned(), json!(names));
    }
    if let (Some(members), Some(origin)) = (body.as_object_mut(), arguments.key_origin.stated()) {
        members.insert("key_origin".to_owned(), json!(origin));
    }
    if let (Some(members), Some(campaign)) = (body.as_object_mut(), &arguments.campaign) {
        members.insert("campaign".to_owned(), json!(campaign));
    }
    let answer = client.change::<Request>(&["requests"], &body, entropy);
    let request = prepared.delivery.settle(answer)?;
    request::deliver("npki.cert.request/1", client, request, &prepared.delivery)
}

#[derive(Debug, Serialize)]
struct Downloaded {
    serial: String,
    file: PathBuf,
}

fn download(client: &Client, serial: &SerialNumber, file: PathBuf, chain: bool) -> Ending {
    let certificate: Certificate = client.read(&["certificates", &serial.to_string()])?;
    if certificate.subject.is_none() {
        return Err(Failure::of(&catalogue::ERASED));
    }
    let content = if chain { certificate.chain } else { certificate.pem };
    let content = content.ok_or_else(|| missing("the certificate"))?;
    files::replace(&file, content.as_bytes(), Readers::Anyone)?;
    let downloaded = Downloaded { serial: certificate.serial, file };
    Ok(Outcome::done(Simple::new("npki.cert.download/1", downloaded, |downloaded, page| {
        page.line(format!("written: {}", downloaded.file.display()));
    })))
}

/// The server left something out that it promises.
pub fn missing(what: &str) -> Failure {
    Failure::of(&catalogue::ANSWER).cause(format!("{what} is missing in it"))
}

fn list_text(list: &Listing<Certificate>, page: &mut Page) {
    let rows = list.items.iter().map(|certificate| {
        [
            certificate.serial.clone(),
            certificate.status.clone(),
            certificate.not_after.clone(),
            certificate.profile.clone(),
            certificate.shown_subject().to_owned(),
        ]
    });
    page.table(["SERIAL", "STATUS", "UNTIL", "PROFILE", "SUBJECT"], rows.collect(), "no certificates");
    say_if_more(list, page);
}

/// A certificate for people.
pub fn show_text(certificate: &Certificate, page: &mut Page) {
    page.verdict(Meaning::of_status(&certificate.status), &certificate.status, certificate.shown_subject());
    let mut facts = vec![
        ("serial", certificate.serial.clone()),
        ("profile", certificate.profile.clone()),
        ("identity", certificate.identity.clone()),
        ("issuer", certificate.issuer.clone()),
        ("valid", format!("{} to {}", certificate.not_before, certificate.not_after)),
        ("sha256", certificate.sha256.clone()),
    ];
    if let Some(revocation) = &certificate.revocation {
        facts.push(("revoked", format!("{}, {}", revocation.at, revocation.reason)));
        if let Some(since) = &revocation.invalid_since {
            facts.push(("invalid since", since.clone()));
        }
    }
    if let Some(origin) = &certificate.key_origin {
        facts.push(("key from", origin.to_string()));
    }
    page.facts(&facts);
}

/// A body that holds a note when there is one.
fn with_note(note: Option<String>) -> Value {
    Value::Object(
        note.map(|note| ("note".to_owned(), Value::String(note))).into_iter().collect::<Map<_, _>>(),
    )
}
