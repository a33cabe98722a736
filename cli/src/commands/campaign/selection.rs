//! Which certificates, as flags.

use std::path::Path;

use ca_core::blocked_keys::SpkiDigest;
use clap::Args;
use clap::builder::PossibleValuesParser;
use id_registry::campaign::selection::KeyClass;
use id_registry::key_origin::OriginKind;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::super::key;
use super::super::moment::{moment, written};
use crate::failure::{Failure, catalogue};
use crate::files;

/// The most octets of a list of keys.
const LONGEST_LIST: u64 = 1024 * 1024;

/// Which certificates. Each flag may be given several times: one of its values is enough, and each flag narrows further.
#[derive(Debug, Args)]
pub struct SelectionArguments {
    /// The kind of the key: p256, p384, ed25519, rsa-2048 and the like, ml-dsa-44, or a whole family: rsa, ec, ml-dsa
    #[arg(long, value_name = "ALGORITHM", help_heading = "Which certificates")]
    algorithm: Vec<KeyClass>,
    /// The profile
    #[arg(long, help_heading = "Which certificates")]
    profile: Vec<String>,
    /// The issuing CA
    #[arg(long, value_name = "CA", help_heading = "Which certificates")]
    issuer: Vec<String>,
    /// The key: its digest, a list of digests (one a line), or a certificate, request or public key
    #[arg(long, value_name = "SHA256|FILE", help_heading = "Which certificates")]
    key: Vec<String>,
    /// What keeps the key
    #[arg(long, value_name = "KIND", help_heading = "Which certificates", value_parser = origins())]
    key_origin: Vec<String>,
    /// The token's model
    #[arg(long, value_name = "NAME", help_heading = "Which certificates")]
    token_model: Vec<String>,
    /// The token's batch
    #[arg(long, value_name = "NAME", help_heading = "Which certificates")]
    token_batch: Vec<String>,
    /// The token's firmware
    #[arg(long, value_name = "NAME", help_heading = "Which certificates")]
    token_firmware: Vec<String>,
    /// The organisation that holds the certificate, or owns what does
    #[arg(long, value_name = "ID", help_heading = "Which certificates")]
    organisation: Vec<String>,
    /// Issued at this moment, or on this day, or later
    #[arg(long, value_name = "DATE", value_parser = moment, help_heading = "Which certificates")]
    issued_after: Option<OffsetDateTime>,
    /// Issued before this moment or day
    #[arg(long, value_name = "DATE", value_parser = moment, help_heading = "Which certificates")]
    issued_before: Option<OffsetDateTime>,
    /// Ending at this moment or later: what ends by itself before needs no campaign
    #[arg(long, value_name = "DATE", value_parser = moment, help_heading = "Which certificates")]
    ending_after: Option<OffsetDateTime>,
    /// Not these kinds of keys
    #[arg(long, value_name = "ALGORITHM", help_heading = "Which certificates")]
    not_algorithm: Vec<KeyClass>,
    /// Not these profiles
    #[arg(long, value_name = "PROFILE", help_heading = "Which certificates")]
    not_profile: Vec<String>,
    /// Not of these CAs
    #[arg(long, value_name = "CA", help_heading = "Which certificates")]
    not_issuer: Vec<String>,
    /// Not these keys
    #[arg(long, value_name = "SHA256|FILE", help_heading = "Which certificates")]
    not_key: Vec<String>,
    /// Not kept by these
    #[arg(long, value_name = "KIND", help_heading = "Which certificates", value_parser = origins())]
    not_key_origin: Vec<String>,
    /// Not these models
    #[arg(long, value_name = "NAME", help_heading = "Which certificates")]
    not_token_model: Vec<String>,
    /// Not these batches
    #[arg(long, value_name = "NAME", help_heading = "Which certificates")]
    not_token_batch: Vec<String>,
    /// Not these firmwares
    #[arg(long, value_name = "NAME", help_heading = "Which certificates")]
    not_token_firmware: Vec<String>,
    /// Not these organisations
    #[arg(long, value_name = "ID", help_heading = "Which certificates")]
    not_organisation: Vec<String>,
}

fn origins() -> PossibleValuesParser {
    PossibleValuesParser::new(OriginKind::ALL.map(OriginKind::name))
}

impl SelectionArguments {
    /// The selection as the server reads it.
    ///
    /// # Errors
    /// A file of keys cannot be read.
    pub fn body(&self) -> Result<Value, Failure> {
        let mut selection = Map::new();
        selection.insert("only".to_owned(), self.only()?);
        selection.insert("not".to_owned(), self.excluded()?);
        let times = [
            ("issued_from", self.issued_after),
            ("issued_until", self.issued_before),
            ("ending_from", self.ending_after),
        ];
        for (name, moment) in times {
            selection.extend(moment.map(|moment| (name.to_owned(), json!(written(moment)))));
        }
        Ok(Value::Object(selection))
    }

    fn only(&self) -> Result<Value, Failure> {
        Ok(features([
            ("algorithms", texts(&self.algorithm)),
            ("profiles", self.profile.clone()),
            ("issuers", self.issuer.clone()),
            ("keys", keys(&self.key)?),
            ("origins", self.key_origin.clone()),
            ("models", self.token_model.clone()),
            ("batches", self.token_batch.clone()),
            ("firmwares", self.token_firmware.clone()),
            ("organisations", self.organisation.clone()),
        ]))
    }

    fn excluded(&self) -> Result<Value, Failure> {
        Ok(features([
            ("algorithms", texts(&self.not_algorithm)),
            ("profiles", self.not_profile.clone()),
            ("issuers", self.not_issuer.clone()),
            ("keys", keys(&self.not_key)?),
            ("origins", self.not_key_origin.clone()),
            ("models", self.not_token_model.clone()),
            ("batches", self.not_token_batch.clone()),
            ("firmwares", self.not_token_firmware.clone()),
            ("organisations", self.not_organisation.clone()),
        ]))
    }
}

fn features(named: [(&str, Vec<String>); 9]) -> Value {
    let named = named.into_iter().filter(|(_, values)| !values.is_empty());
    Value::Object(named.map(|(name, values)| (name.to_owned(), json!(values))).collect())
}

fn texts(classes: &[KeyClass]) -> Vec<String> {
    classes.iter().map(ToString::to_string).collect()
}

/// The digests that words name: each is one, or a file with some.
fn keys(words: &[String]) -> Result<Vec<String>, Failure> {
    let mut digests = Vec::new();
    for word in words {
        match word.parse::<SpkiDigest>() {
            Ok(digest) => digests.push(digest.to_string()),
            Err(_) => digests.extend(in_file(Path::new(word))?),
        }
    }
    Ok(digests)
}

fn in_file(path: &Path) -> Result<Vec<String>, Failure> {
    if !path.exists() {
        return Err(Failure::of(&catalogue::NO_KEY)
            .what(format!("{} is neither a key's digest nor a file", path.display()))
            .cause("a digest is 64 hexadecimal digits, or base64 of 32 octets"));
    }
    if let Ok(found) = key::keys_in(path) {
        return Ok(found.iter().map(|key| SpkiDigest::of(&key.public_key_info).to_string()).collect());
    }
    let content = files::read(path, LONGEST_LIST)?;
    let text = String::from_utf8_lossy(&content);
    let lines = (1_usize..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let read = |(number, line): (usize, &str)| {
        let word = line.split([' ', '\t', ',', ';']).find(|word| !word.is_empty()).unwrap_or_default();
        word.parse::<SpkiDigest>().map(|digest| digest.to_string()).map_err(|error| {
            Failure::of(&catalogue::NO_KEY)
                .what(format!("line {number} of {} is no digest of a key", path.display()))
                .cause(error.to_string())
        })
    };
    lines.map(read).collect()
}
