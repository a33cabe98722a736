//! The loose form of a hierarchy: TOML as written. What each key means stands at the top of
//! `config/hierarchies/national.toml`.

use serde::Deserialize;
use time::OffsetDateTime;

use super::{BrokenHierarchy, KeyKeeping, PlannedCa};
use crate::algorithm::KeyAlgorithm;
use crate::authorities::Tenure;
use crate::certificate::CaId;
use crate::profile::ProfileId;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Loose {
    #[serde(default)]
    ca: Vec<LooseCa>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LooseCa {
    id: String,
    issuer: Option<String>,
    name: String,
    profile: String,
    key: KeyAlgorithm,
    #[serde(default)]
    kept: LooseKeeping,
    token_key: Option<String>,
    #[serde(default)]
    issues: Vec<String>,
    issues_from: Option<String>,
    issues_until: Option<String>,
    succeeds: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LooseKeeping {
    #[default]
    Software,
    Pkcs11,
    Offline,
}

impl Loose {
    pub(super) fn planned(self) -> Result<Vec<PlannedCa>, BrokenHierarchy> {
        self.ca.into_iter().map(LooseCa::planned).collect()
    }
}

impl LooseCa {
    fn planned(self) -> Result<PlannedCa, BrokenHierarchy> {
        let broken = |why: String| BrokenHierarchy { ca: self.id.clone(), why, clause: "npki" };
        let named =
            |name: &String| CaId::new(name.clone()).map_err(|error| broken(format!("{name:?}: {error}")));
        let moment = |key: &str, text: &Option<String>| {
            let text = text.as_ref();
            text.map(|text| moment(text).ok_or_else(|| broken(format!("{key}: {text:?} is no time: {FORM}"))))
                .transpose()
        };
        let kept = match (self.kept, &self.token_key) {
            (LooseKeeping::Software, None) => KeyKeeping::Software,
            (LooseKeeping::Offline, None) => KeyKeeping::Offline,
            (LooseKeeping::Pkcs11, Some(label)) => KeyKeeping::Token { label: label.clone() },
            (LooseKeeping::Pkcs11, None) => {
                return Err(broken("kept = \"pkcs11\" needs token_key, the key's label".to_owned()));
            }
            (_, Some(_)) => {
                return Err(broken("token_key stands beside kept = \"pkcs11\" only".to_owned()));
            }
        };
        Ok(PlannedCa {
            id: named(&self.id)?,
            issuer: self.issuer.as_ref().map(named).transpose()?,
            succeeds: self.succeeds.as_ref().map(named).transpose()?,
            kept,
            tenure: Tenure {
                from: moment("issues_from", &self.issues_from)?,
                until: moment("issues_until", &self.issues_until)?,
            },
            name: self.name,
            profile: ProfileId(self.profile),
            key: self.key,
            issues: self.issues.into_iter().map(ProfileId).collect(),
        })
    }
}

const FORM: &str = "write 2027-03-15T00:00:00Z";

/// RFC 3339.
fn moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()
}
