//! The one place that turns settings into a store: to use the one there is, or to fill a new one.

use std::path::Path;
use std::sync::Arc;

use ca_core::storage::address::StoreAddress;
use ca_core::storage::{Restore, Store, Table};
use serde::Deserialize;

use super::ServiceError;
use super::settings::Settings;

/// `[store]` in `npki.toml`, as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LooseStore {
    engine: Option<String>,
    path: Option<String>,
    url: Option<String>,
}

impl LooseStore {
    /// Checks the section; a folder's path starts at `data`.
    pub(crate) fn check(self, data: &Path) -> Result<StoreAddress, String> {
        let address = match (self.engine.as_deref().unwrap_or("sled"), self.path, self.url) {
            ("sled", path, None) => place(data, path.as_deref().unwrap_or("store")),
            ("postgres", None, Some(url)) => StoreAddress::parse(&url),
            ("postgres", None, None) => {
                return Err("store.url is missing: postgres://USER@HOST/DATABASE".into());
            }
            ("postgres", Some(_), _) => return Err("store.path is for the engine \"sled\" only".into()),
            ("sled", _, Some(_)) => return Err("store.url is for the engine \"postgres\" only".into()),
            (other, _, _) => {
                return Err(format!("store.engine is {other:?}: it must be \"sled\" or \"postgres\""));
            }
        };
        address.map_err(|error| format!("store: {}", error.0))
    }
}

/// An address as given on the command line; a folder's path starts at `data`.
pub(crate) fn place(data: &Path, text: &str) -> Result<StoreAddress, ca_core::storage::StorageError> {
    if text.contains("://") {
        StoreAddress::parse(text)
    } else {
        StoreAddress::parse(&data.join(text).to_string_lossy())
    }
}

/// The `[store]` section that says so, for a settings file.
pub(crate) fn section(text: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    if text.contains("://") {
        format!("engine = \"postgres\"\nurl = {}", quoted(text))
    } else {
        format!("engine = \"sled\"\npath = {}", quoted(text))
    }
}

/// Every table of an installation.
pub(super) fn tables() -> Vec<Table> {
    [ca_core::TABLES, id_registry::TABLES, ocsp_responder::TABLES].concat()
}

/// Opens an installation's store.
pub(super) fn open(settings: &Settings) -> Result<Arc<dyn Store>, ServiceError> {
    settings
        .store
        .open()
        .map_err(|error| if error.is_held() { ServiceError::StoreHeld(error.0) } else { error.into() })
}

/// Begins to fill the new store of an installation that is being restored.
pub(super) fn begin_restore(settings: &Settings) -> Result<Box<dyn Restore>, ServiceError> {
    Ok(settings.store.begin_restore()?)
}
