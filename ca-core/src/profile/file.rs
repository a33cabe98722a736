//! The loose form of a profile: TOML as written. What each key means stands at the top of
//! `config/profiles/person-signature.toml`.

use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer};

use super::{
    Assurance, AttributeType, BrokenRule, KeyUsage, Place, Profile, ProfileError, ProfileId, QcLimit,
    QcPurpose, RequestSubject, Requester, Semantics, ShortTerm, assemble, rules,
};
use crate::algorithm::KeyAlgorithm;
use crate::alternative_name::NameForm;
use crate::plain_name::is_plain;
use crate::subject::Fact;
use crate::toml_fault::{TomlFault, TomlMistake};

impl Profile {
    /// Reads a profile from TOML and checks it; `id` is the file's stem.
    ///
    /// # Errors
    /// The text is no profile, or the profile would make certificates that break rules.
    pub fn from_toml(id: &str, text: &str) -> Result<Self, ProfileError> {
        read(id, &format!("{id}.toml"), text)
    }
}

/// Reads a profile and checks it; `file` is what errors call the text.
pub(super) fn read(id: &str, file: &str, text: &str) -> Result<Profile, ProfileError> {
    let id = name(id)?;
    let loose: ProfileFile = toml::from_str(text).map_err(|error| unreadable(file, text, &error))?;
    let refused = |broken: Vec<BrokenRule>| ProfileError::Rules { file: file.to_owned(), broken };
    let profile = assemble::profile(id, loose).map_err(|broken| refused(vec![broken]))?;
    let broken = rules::broken_by(&profile);
    if broken.is_empty() { Ok(profile) } else { Err(refused(broken)) }
}

/// A profile's name stands in file names, addresses and on the command line.
fn name(id: &str) -> Result<ProfileId, ProfileError> {
    if is_plain(id, 64) { Ok(ProfileId(id.to_owned())) } else { Err(ProfileError::Name(id.to_owned())) }
}

fn unreadable(file: &str, text: &str, error: &toml::de::Error) -> ProfileError {
    let fault = TomlFault::of(text, error);
    let short = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok());
    let place = Place { file: file.to_owned(), line: short(fault.line), column: short(fault.column) };
    match fault.what {
        TomlMistake::UnknownKey { found, nearest } => ProfileError::UnknownKey { found, place, nearest },
        TomlMistake::UnknownValue { found, nearest } => ProfileError::UnknownValue { found, place, nearest },
        TomlMistake::Malformed(message) => ProfileError::Malformed { place, message },
    }
}

/// Who was told that a certificate is revoked should find it so.
const fn at_once() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) title: String,
    pub(super) kind: KindEntry,
    pub(super) path_length: Option<u8>,
    pub(super) validity_days: Option<u32>,
    pub(super) validity_hours: Option<u32>,
    #[serde(default)]
    pub(super) max_validity: Vec<LongestEntry>,
    pub(super) private_key_usage_days: Option<u32>,
    pub(super) short_term: Option<ShortTerm>,
    pub(super) key_usage: Vec<KeyUsage>,
    #[serde(default)]
    pub(super) extended_key_usage: Vec<String>,
    #[serde(default)]
    pub(super) extended_key_usage_critical: bool,
    pub(super) subject_key_identifier: bool,
    #[serde(default)]
    pub(super) end_entity_constraints: bool,
    #[serde(default)]
    pub(super) ocsp_no_check: bool,
    #[serde(default = "at_once")]
    pub(super) crl_at_once: bool,
    #[serde(default)]
    pub(super) request_subject: RequestSubject,
    pub(super) subject: Vec<SubjectEntry>,
    #[serde(default)]
    pub(super) alternative_names: Vec<AlternativeNameEntry>,
    #[serde(default)]
    pub(super) policies: Vec<PolicyEntry>,
    pub(super) qc_statements: Option<QcStatementsEntry>,
    pub(super) addresses: AddressesEntry,
    pub(super) keys: KeysEntry,
    pub(super) vetting: VettingEntry,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum KindEntry {
    RootCa,
    IssuingCa,
    EndEntity,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubjectEntry {
    pub(super) attribute: AttributeType,
    pub(super) from: Option<FromEntry>,
    pub(super) fixed: Option<String>,
    #[serde(default = "yes")]
    pub(super) required: bool,
    pub(super) max_length: Option<usize>,
    pub(super) pattern: Option<String>,
}

const fn yes() -> bool {
    true
}

/// Where a value comes from: a fact of the registry's by its name, or `request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FromEntry {
    Fact(Fact),
    Request,
}

impl<'de> Deserialize<'de> for FromEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        if word == "request" {
            return Ok(Self::Request);
        }
        Fact::deserialize(word.into_deserializer()).map(Self::Fact)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlternativeNameEntry {
    pub(super) form: NameForm,
    pub(super) from: Option<FromEntry>,
    pub(super) required: bool,
    pub(super) pattern: Option<String>,
    pub(super) sector: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyEntry {
    pub(super) oid: String,
    pub(super) cps: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QcStatementsEntry {
    pub(super) semantics: Semantics,
    pub(super) name_registration_authority: Option<String>,
    #[serde(default)]
    pub(super) disclosure: Vec<DisclosureEntry>,
    pub(super) retention_years: Option<u16>,
    pub(super) limit: Option<QcLimit>,
    pub(super) legal: Option<LegalEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LongestEntry {
    pub(super) from: String,
    pub(super) days: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DisclosureEntry {
    pub(super) address: String,
    pub(super) language: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LegalEntry {
    pub(super) countries: Vec<String>,
    pub(super) purpose: QcPurpose,
    pub(super) certified_device: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressesEntry {
    pub(super) ocsp: bool,
    pub(super) ca_issuers: bool,
    pub(super) crl: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysEntry {
    pub(super) curves: Vec<KeyAlgorithm>,
    pub(super) rsa_bits: Option<(u32, u32)>,
    #[serde(default)]
    pub(super) ml_dsa: Vec<KeyAlgorithm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VettingEntry {
    pub(super) identity_kind: Option<String>,
    pub(super) approvals: u8,
    pub(super) requested_by: Option<Vec<Requester>>,
    pub(super) assurance: Option<Assurance>,
    #[serde(default)]
    pub(super) other_office: bool,
}
