//! Where a store is: the one place that chooses the engine.

use std::path::PathBuf;
use std::sync::Arc;

use super::postgres::{PostgresSettings, PostgresStore};
use super::sled::SledStore;
use super::{Restore, StorageError, Store};

/// Where a store is: a folder of this machine, or a PostgreSQL database.
#[derive(Debug, Clone)]
pub struct StoreAddress(Place);

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    Postgres(Box<PostgresSettings>),
}

impl StoreAddress {
    /// Reads `postgres://…` (see [`PostgresSettings::parse`]) or the path of a folder.
    ///
    /// # Errors
    /// The address is of a kind not known, or PostgreSQL's parameters are wrong.
    pub fn parse(text: &str) -> Result<Self, StorageError> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => {
                Ok(Self(Place::Postgres(Box::new(PostgresSettings::parse(text)?))))
            }
            // What stands before the colons might be a name and a password: it is not repeated.
            Some(_) => Err(StorageError(
                "a store's address is the path of a folder, or begins with postgres://".to_owned(),
            )),
            None if text.is_empty() => Err(StorageError("a store's address is empty".to_owned())),
            None => Ok(Self(Place::Folder(text.into()))),
        }
    }

    /// The folder, where the store is one of this machine's.
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &self.0 {
            Place::Folder(folder) => Some(folder),
            Place::Postgres(_) => None,
        }
    }

    /// Opens the store; makes it if it is not there.
    ///
    /// # Errors
    /// The engine's.
    pub fn open(&self) -> Result<Arc<dyn Store>, StorageError> {
        Ok(match &self.0 {
            Place::Folder(folder) => Arc::new(SledStore::open(folder)?),
            Place::Postgres(settings) => Arc::new(PostgresStore::open(settings)?),
        })
    }
}

impl StoreAddress {
    /// Begins to fill a new store at this place, which must hold nothing yet.
    ///
    /// # Errors
    /// The engine's.
    pub fn begin_restore(&self) -> Result<Box<dyn Restore>, StorageError> {
        Ok(match &self.0 {
            Place::Folder(folder) => Box::new(SledStore::begin_restore(folder)?),
            Place::Postgres(settings) => Box::new(PostgresStore::begin_restore(settings)?),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_path_is_a_folder() {
        let address = StoreAddress::parse("/var/lib/npki/store").unwrap();
        assert_eq!(address.folder(), Some(std::path::Path::new("/var/lib/npki/store")));
        assert!(StoreAddress::parse("postgres://npki@localhost/npki").unwrap().folder().is_none());
    }

    #[test]
    fn an_address_of_another_kind_is_refused_without_repeating_it() {
        let refused = StoreAddress::parse("mysql://npki:secret@db/npki").unwrap_err().to_string();
        assert!(refused.contains("postgres://") && !refused.contains("secret"), "{refused}");
        assert!(StoreAddress::parse("").is_err());
    }

    #[test]
    fn a_password_in_the_address_is_not_shown() {
        let address = StoreAddress::parse("postgres://npki:hunter2@localhost/npki").unwrap();
        assert!(!format!("{address:?}").contains("hunter2"));
    }
}
