//! `npki sign`: a detached signature over a file.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Ending;
use crate::context::private_key;
use crate::files::{self, Readers};
use crate::output::{Outcome, Simple};
use crate::relying_party::material::Chain;
use crate::relying_party::signing;
use crate::session::Session;

/// What to sign, and with what.
#[derive(Debug, Args)]
pub struct SignArguments {
    /// The file to sign
    file: PathBuf,
    /// The signer's certificate, PEM, its chain after it
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// Its private key, PKCS#8 PEM
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The signature's file [default: FILE.p7s]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Signed {
    file: PathBuf,
    signature: PathBuf,
}

/// Signs.
pub fn run(arguments: &SignArguments, session: &Session) -> Ending {
    let document = files::read(&arguments.file, files::MAX_DOCUMENT)?;
    let chain = Chain::read(&arguments.cert)?;
    let key = private_key(&files::read(&arguments.key, files::MAX_OBJECT)?)
        .map_err(|failure| failure.what(format!("{} cannot be used as a key", arguments.key.display())))?;
    let signature = signing::sign(&document, &chain, &key, session.clock.now())?;
    let path = arguments.out.clone().unwrap_or_else(|| {
        let mut beside = arguments.file.clone().into_os_string();
        beside.push(".p7s");
        PathBuf::from(beside)
    });
    files::replace(&path, &signature, Readers::Anyone)?;
    let signed = Signed { file: arguments.file.clone(), signature: path };
    Ok(Outcome::done(Simple::new("npki.sign/1", signed, |signed, page| {
        page.line(format!("signed: {}", signed.file.display()));
        page.line(format!("written: {}", signed.signature.display()));
    })))
}
