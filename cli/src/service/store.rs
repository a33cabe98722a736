//! The one place that turns settings into a store: to use the one there is, or to fill a new one.

use std::sync::Arc;

use ca_core::storage::sled::SledStore;
use ca_core::storage::{Restore, Store, Table};

use super::ServiceError;
use super::settings::Settings;

/// Every table of an installation.
pub(super) fn tables() -> Vec<Table> {
    [ca_core::TABLES, id_registry::TABLES].concat()
}

/// Opens an installation's store.
pub(super) fn open(settings: &Settings) -> Result<Arc<dyn Store>, ServiceError> {
    match SledStore::open(&settings.store) {
        Ok(store) => Ok(Arc::new(store)),
        Err(error) if error.is_held() => Err(ServiceError::StoreHeld(error.0)),
        Err(error) => Err(error.into()),
    }
}

/// Begins to fill the new store of an installation that is being restored.
pub(super) fn begin_restore(settings: &Settings) -> Result<Box<dyn Restore>, ServiceError> {
    Ok(Box::new(SledStore::begin_restore(&settings.store)?))
}
