//! Where a key lives, as flags.

use clap::Args;
use clap::builder::PossibleValuesParser;
use id_registry::key_origin::OriginKind;
use serde_json::Map;

use crate::client::records::KeyOrigin;

/// Where a key lives.
#[derive(Debug, Clone, Args)]
pub struct KeyOriginArguments {
    /// What keeps the key
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(OriginKind::ALL.map(OriginKind::name)))]
    key_origin: Option<String>,
    /// The token's model, or the program and its version. No personal data
    #[arg(long, value_name = "NAME", requires = "key_origin")]
    token_model: Option<String>,
    /// The batch that the token was made or delivered in; never the number of one card
    #[arg(long, value_name = "NAME", requires = "key_origin")]
    token_batch: Option<String>,
    /// The token's firmware
    #[arg(long, value_name = "NAME", requires = "key_origin")]
    token_firmware: Option<String>,
}

impl KeyOriginArguments {
    /// What was stated, if anything was.
    pub fn stated(&self) -> Option<KeyOrigin> {
        Some(KeyOrigin {
            kind: self.key_origin.clone()?,
            model: self.token_model.clone(),
            batch: self.token_batch.clone(),
            firmware: self.token_firmware.clone(),
            further: Map::new(),
        })
    }
}
