//! `npki crl show|download`.

use std::path::PathBuf;

use ca_core::certificate::CaId;
use ca_core::clock::in_words;
use ca_core::crl::{CrlName, Form, Partition};
use clap::{Args, Subcommand};
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use super::Ending;
use crate::client::Publications;
use crate::context::{ClientIdentity, Context};
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};
use crate::output::{Outcome, Page, Simple};
use crate::relying_party::addresses::Addresses;
use crate::relying_party::judgement;
use crate::relying_party::material::Chain;
use crate::relying_party::revocation_list::{self, ReadCrl};
use crate::session::Session;

/// What to do with a CRL.
#[derive(Debug, Subcommand)]
pub enum CrlCommand {
    /// Fetch a CRL, verify it and show what it lists
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Fetch a CRL, verify it and write it to a file, DER
    Download {
        #[command(flatten)]
        which: Which,
        /// The file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// Which CRL.
#[derive(Debug, Args)]
pub struct Which {
    /// The CA whose CRL it is
    #[arg(long, value_name = "NAME", default_value = "issuing", value_parser = ca_name)]
    ca: CaId,
    /// The shard, where the CA divides its CRL: its number, as in a certificate's CRL address
    #[arg(long, value_name = "NUMBER")]
    shard: Option<std::num::NonZeroU16>,
    /// The delta CRL: what changed since the full one
    #[arg(long)]
    delta: bool,
    /// Where the CA publishes [default: the context's public address, or the one in your certificate]
    #[arg(long, value_name = "URL")]
    url: Option<url::Url>,
}

#[derive(Debug, Serialize)]
struct Downloaded {
    file: PathBuf,
    issuer: String,
    number: Option<String>,
}

impl Which {
    fn name(&self) -> CrlName {
        let partition = self.shard.map_or(Partition::FIRST, |number| Partition::shard(number.get()));
        CrlName::new(self.ca.clone(), partition, if self.delta { Form::Delta } else { Form::Full })
    }
}

fn ca_name(name: &str) -> Result<CaId, String> {
    CaId::new(name).map_err(|error| error.to_string())
}

/// Shows or downloads.
pub fn run(command: CrlCommand, session: &mut Session) -> Ending {
    match command {
        CrlCommand::Show { which } => {
            let (_, crl) = fetch(&which, session)?;
            Ok(Outcome::done(Simple::new("npki.crl.show/1", crl, text)))
        }
        CrlCommand::Download { which, out } => {
            let (der, crl) = fetch(&which, session)?;
            files::replace(&out, &der, Readers::Anyone)?;
            let downloaded = Downloaded { file: out, issuer: crl.issuer, number: crl.number };
            Ok(Outcome::done(Simple::new("npki.crl.download/1", downloaded, |downloaded, page| {
                page.line(format!("written: {}", downloaded.file.display()));
            })))
        }
    }
}

/// Fetches a CRL and its issuer's certificate; both are believed only when they lead to a trust anchor.
fn fetch(which: &Which, session: &mut Session) -> Result<(Vec<u8>, ReadCrl), Failure> {
    let context = session.context()?;
    let base = match &which.url {
        Some(url) => url.clone(),
        None => publication_address(&context)?,
    };
    let publications = Publications::within(session.settings.timeout.value);
    let issuer =
        CertificateDer::from(publications.fetch(&at(&base, &["ca", &format!("{}.cer", which.ca)])?)?);
    let chain = Chain { certificate: issuer.clone(), others: Vec::new() };
    let issuer = judgement::trusted_issuer(&issuer, &chain, &context.anchors, session.clock.now())?;
    let path = which.name().path();
    let path: Vec<&str> = std::iter::once("crl").chain(path.split('/')).collect();
    let der = publications.fetch(&at(&base, &path)?)?;
    let crl = revocation_list::read_crl(&der, &issuer)?;
    Ok((der, crl))
}

/// The context's public address, or what the client certificate says of where its own CRL is.
pub(super) fn publication_address(context: &Context) -> Result<url::Url, Failure> {
    if let Some(url) = &context.public_url {
        return Ok(url.clone());
    }
    let identity = context.identity.as_ref().map(ClientIdentity::read).transpose()?;
    let named = identity
        .as_ref()
        .and_then(|identity| identity.chain().first())
        .and_then(|own| Addresses::of(own).crl);
    let mut base = named.ok_or_else(|| Failure::of(&catalogue::NO_PUBLICATION))?;
    // The address ends in crl/NAME.crl, or crl/NAME/SHARD.crl.
    let above = base.path_segments().into_iter().flatten().collect::<Vec<_>>();
    let below = above.iter().rev().position(|segment| *segment == "crl").map_or(2, |place| place + 1);
    if let Ok(mut segments) = base.path_segments_mut() {
        for _ in 0..below {
            segments.pop();
        }
    }
    Ok(base)
}

fn at(base: &url::Url, path: &[&str]) -> Result<url::Url, Failure> {
    let mut url = base.clone();
    url.path_segments_mut().map_err(|()| Failure::of(&catalogue::ADDRESS))?.pop_if_empty().extend(path);
    Ok(url)
}

fn text(crl: &ReadCrl, page: &mut Page) {
    let mut facts = vec![
        ("issuer", crl.issuer.clone()),
        ("number", crl.number.clone().unwrap_or_default()),
        ("this update", in_words(crl.this_update)),
        ("next update", crl.next_update.map(in_words).unwrap_or_default()),
    ];
    if let Some(base) = &crl.base {
        facts.push(("changes since", format!("CRL {base}")));
    }
    if !crl.distribution_points.is_empty() {
        facts.push(("of those naming", crl.distribution_points.join(", ")));
    }
    if let Some(contains) = crl.contains {
        facts.push(("lists only", contains.replace('-', " ")));
    }
    page.facts(&facts);
    let rows = crl
        .revoked
        .iter()
        .map(|entry| [entry.serial.clone(), in_words(entry.at), entry.reason.clone().unwrap_or_default()]);
    page.table(["SERIAL", "SINCE", "REASON"], rows.collect(), "lists no certificate");
}
