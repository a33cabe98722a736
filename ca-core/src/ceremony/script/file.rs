//! The loose form of a script: TOML as written. What each key means stands in the samples under `config/ceremonies/`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::{CaName, ScriptError};
use crate::algorithm::KeyAlgorithm;
use crate::status::RevocationReason;
use crate::toml_fault::{TomlFault, TomlMistake};

/// Reads the text; `file` is what errors call it.
pub(super) fn read(file: &str, text: &str) -> Result<ScriptFile, ScriptError> {
    toml::from_str(text).map_err(|error| unreadable(file, text, &error))
}

fn unreadable(file: &str, text: &str, error: &toml::de::Error) -> ScriptError {
    let fault = TomlFault::of(text, error);
    let place = fault.line.map_or_else(|| file.to_owned(), |line| format!("{file} line {line}"));
    match fault.what {
        TomlMistake::UnknownKey { found, nearest } => ScriptError::UnknownKey { found, place, nearest },
        TomlMistake::UnknownValue { found, nearest } => ScriptError::UnknownValue { found, place, nearest },
        TomlMistake::Malformed(message) => ScriptError::Malformed { place, message },
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptFile {
    pub(super) format: u32,
    pub(super) id: String,
    pub(super) kind: KindEntry,
    pub(super) title: String,
    pub(super) hierarchy: String,
    pub(super) place: String,
    pub(super) officer: String,
    pub(super) entropy: String,
    pub(super) witnesses: Vec<WitnessEntry>,
    pub(super) root: RootEntry,
    pub(super) custody: CustodyEntry,
    pub(super) issuing_ca: Option<IssuingEntry>,
    pub(super) cross_certificate: Option<CrossEntry>,
    pub(super) link_certificate: Option<LinkEntry>,
    pub(super) root_crl: Option<CrlEntry>,
    pub(super) key_destruction: Option<DestructionEntry>,
    #[serde(default)]
    pub(super) profiles: BTreeMap<String, toml::Table>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KindEntry {
    Root,
    IssuingCa,
    CrossCertificate,
    LinkCertificate,
    RootCrl,
    KeyDestruction,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WitnessEntry {
    pub(super) name: String,
    pub(super) public_key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RootEntry {
    pub(super) ca: String,
    /// Of a root that there is.
    pub(super) sha256: Option<String>,
    /// Of a root that is founded.
    pub(super) algorithm: Option<KeyAlgorithm>,
    #[serde(default)]
    pub(super) kept: KeptEntry,
    pub(super) token: Option<TokenEntry>,
    pub(super) profile: Option<String>,
    pub(super) name: Option<CaName>,
    pub(super) base_url: Option<String>,
    pub(super) crl_next_update: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KeptEntry {
    #[default]
    Software,
    Pkcs11,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenEntry {
    pub(super) module: PathBuf,
    pub(super) label: String,
    pub(super) key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustodyEntry {
    /// Where a key is made.
    pub(super) threshold: Option<u8>,
    #[serde(default)]
    pub(super) holders: Vec<HolderEntry>,
    /// Where a key is opened.
    #[serde(default)]
    pub(super) present: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HolderEntry {
    pub(super) name: String,
    #[serde(default)]
    pub(super) passphrase: bool,
    pub(super) folder: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuingEntry {
    pub(super) request: String,
    pub(super) request_sha256: String,
    pub(super) profile: String,
    pub(super) response: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CrossEntry {
    pub(super) certificate: String,
    pub(super) certificate_sha256: String,
    pub(super) not_before: String,
    pub(super) not_after: String,
    pub(super) path_length: u8,
    #[serde(default)]
    pub(super) permitted: Vec<String>,
    #[serde(default)]
    pub(super) excluded: Vec<String>,
    pub(super) policies: Vec<String>,
    #[serde(default)]
    pub(super) policy_mappings: Vec<MappingEntry>,
    pub(super) output: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkEntry {
    pub(super) certificate: String,
    pub(super) certificate_sha256: String,
    pub(super) not_after: Option<String>,
    pub(super) output: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingEntry {
    pub(super) ours: String,
    pub(super) theirs: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CrlEntry {
    pub(super) number: u64,
    pub(super) next_update: Option<String>,
    #[serde(default)]
    pub(super) last: bool,
    pub(super) output: String,
    #[serde(default)]
    pub(super) revocations: Vec<RevocationEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationEntry {
    pub(super) serial: String,
    pub(super) reason: RevocationReason,
    pub(super) at: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DestructionEntry {
    pub(super) reason: String,
}
