//! Selections as they stand in JSON.

use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::CaId;
use ca_core::profile::ProfileId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::super::problem::{self as table, Problem};
use crate::campaign::selection::{Features, Selection, Times};
use crate::key_origin::{MakersName, OriginKind};

/// Which certificates: those that have one value of each feature named in `only`, and none of those in `not`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Selection)]
pub(in super::super) struct SelectionView {
    /// What they have.
    #[serde(default)]
    only: FeaturesView,
    /// What they do not have.
    #[serde(default)]
    not: FeaturesView,
    /// Issued at this moment or later.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    issued_from: Option<OffsetDateTime>,
    /// Issued before this moment.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    issued_until: Option<OffsetDateTime>,
    /// Ending at this moment or later.
    #[serde(with = "time::serde::rfc3339::option", default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    ending_from: Option<OffsetDateTime>,
}

/// Features of a certificate and its key; of each, up to 500 values may be named.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Features)]
pub(in super::super) struct FeaturesView {
    /// `p256`, `p384`, `ed25519`, `rsa-2048` and the like, `ml-dsa-44`, `ml-dsa-65`, `ml-dsa-87`, or a whole family:
    /// `rsa`, `ec`, `ml-dsa`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    algorithms: Vec<String>,
    /// Profiles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    profiles: Vec<String>,
    /// Issuing CAs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    issuers: Vec<String>,
    /// Keys: the SHA-256 of each SubjectPublicKeyInfo.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    /// What keeps the key: `software`, `tee`, `strongbox`, `smart-card`, `hsm`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    origins: Vec<OriginKind>,
    /// Models of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<String>,
    /// Batches of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    batches: Vec<String>,
    /// Firmwares of tokens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    firmwares: Vec<String>,
    /// Organisations that hold the certificates, or own what does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    organisations: Vec<String>,
}

impl SelectionView {
    pub(in super::super) fn read(&self) -> Result<Selection, Problem> {
        let Self { issued_from, issued_until, ending_from, .. } = *self;
        Ok(Selection {
            only: self.only.read()?,
            not: self.not.read()?,
            times: Times { issued_from, issued_until, ending_from },
        })
    }

    pub(in super::super) fn of(selection: &Selection) -> Self {
        let Times { issued_from, issued_until, ending_from } = selection.times;
        let (only, not) = (FeaturesView::of(&selection.only), FeaturesView::of(&selection.not));
        Self { only, not, issued_from, issued_until, ending_from }
    }
}

impl FeaturesView {
    fn read(&self) -> Result<Features, Problem> {
        let names = |field, names: &[String]| {
            names.iter().map(|name| MakersName::new(field, name)).collect::<Result<Vec<_>, _>>()
        };
        let mut issuers = Vec::new();
        for issuer in &self.issuers {
            let known = CaId::new(issuer.clone());
            issuers.push(known.map_err(|error| Problem::new(table::SELECTION_UNFIT, error.to_string()))?);
        }
        Ok(Features {
            algorithms: each(&self.algorithms)?,
            profiles: self.profiles.iter().cloned().map(ProfileId).collect(),
            issuers,
            keys: each::<SpkiDigest>(&self.keys)?,
            origins: self.origins.clone(),
            models: names("models", &self.models)?,
            batches: names("batches", &self.batches)?,
            firmwares: names("firmwares", &self.firmwares)?,
            organisations: self.organisations.iter().map(|id| id.parse()).collect::<Result<_, _>>()?,
        })
    }

    fn of(features: &Features) -> Self {
        Self {
            algorithms: texts(&features.algorithms),
            profiles: texts(&features.profiles),
            issuers: texts(&features.issuers),
            keys: texts(&features.keys),
            origins: features.origins.clone(),
            models: texts(&features.models),
            batches: texts(&features.batches),
            firmwares: texts(&features.firmwares),
            organisations: texts(&features.organisations),
        }
    }
}

/// Reads each; what cannot be read says why.
pub(super) fn each<T>(texts: &[String]) -> Result<Vec<T>, Problem>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let unfit = |error: T::Err| Problem::new(table::SELECTION_UNFIT, error.to_string());
    texts.iter().map(|text| text.parse().map_err(unfit)).collect()
}

pub(super) fn texts(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
