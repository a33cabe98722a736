//! Names of campaigns.

use ca_core::plain_name::is_plain;
use serde::{Deserialize, Serialize};

use crate::identity::FieldError;

/// A campaign's name: 1 to 40 lower-case letters, digits and hyphens. It stands in addresses and in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CampaignName(String);

impl CampaignName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the name that a request gives.
    pub(crate) fn for_request(text: &str) -> Result<Self, FieldError> {
        text.parse().map_err(|error: InvalidCampaignName| FieldError {
            field: "campaign",
            why: error.to_string(),
            fits: "the name of a campaign: npki campaign list",
        })
    }

    /// How the ledger names the campaign.
    pub(super) fn subject(&self) -> String {
        format!("campaign:{}", self.0)
    }
}

impl std::fmt::Display for CampaignName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for CampaignName {
    type Err = InvalidCampaignName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if is_plain(text, 40) { Ok(Self(text.to_owned())) } else { Err(InvalidCampaignName) }
    }
}

impl TryFrom<String> for CampaignName {
    type Error = InvalidCampaignName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CampaignName> for String {
    fn from(name: CampaignName) -> Self {
        name.0
    }
}

/// Not a campaign's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a campaign's name has 1 to 40 lower-case letters, digits and hyphens")]
pub struct InvalidCampaignName;
