//! Filling a new database with an export.
//!
//! The turn's row says that the store is being filled before the first entry is written, so that nobody can use it
//! half full; it says that the store is ready in the same transaction in which the events have been counted.

use std::collections::BTreeMap;

use postgres::types::Type;

use super::catalog::{Catalog, many};
use super::failure::Trouble;
use super::migrations::migrate;
use super::octets::Raw;
use super::session::Session;
use super::settings::PostgresSettings;
use super::statements::{There, put};
use crate::ledger::EVENTS;
use crate::storage::{Moment, Restore, StorageError, Table, incomplete};

/// The most entries, and about the most octets, that are sent together.
const MOST_ENTRIES: usize = 5_000;
const MOST_OCTETS: usize = 8 * 1024 * 1024;

/// The version at which everything restored stands; the next change gets the one after it.
const VERSION: i64 = 1;

/// A database being filled.
pub(super) struct PostgresRestore {
    session: Session,
    catalog: Catalog,
    waiting: BTreeMap<Table, BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
    entries: usize,
    octets: usize,
}

impl PostgresRestore {
    pub(super) fn begin(settings: &PostgresSettings) -> Result<Self, StorageError> {
        migrate(settings)?;
        Self::mark(settings).map_err(Trouble::error)
    }

    fn mark(settings: &PostgresSettings) -> Result<Self, Trouble> {
        let mut session = Session::open_unhurried(settings)?;
        let catalog = Catalog::read(&mut session, settings.schema())?;
        let marked = format!(
            "UPDATE {} SET state = 'restoring', sequence = {VERSION} \
             WHERE state = 'ready' AND sequence = 0 AND ledger_size = 0 RETURNING sequence",
            catalog.name("turn")
        );
        if session.query(&marked, &[], &[])?.is_empty() {
            return Err(StorageError(format!(
                "the schema {0} is not empty: a restore goes into a new one. Drop the schemas {0} and {0}_report, or \
                 name another with schema=",
                settings.schema()
            ))
            .into());
        }
        Ok(Self { session, catalog, waiting: BTreeMap::new(), entries: 0, octets: 0 })
    }

    fn flush(&mut self) -> Result<(), Trouble> {
        (self.entries, self.octets) = (0, 0);
        for (table, entries) in std::mem::take(&mut self.waiting) {
            let name = self.catalog.name(table.name());
            let present = entries.iter().filter_map(|(key, value)| Some((Raw(key), Raw(value.as_deref()?))));
            let (keys, values): (Vec<Raw<'_>>, Vec<Raw<'_>>) = present.unzip();
            let absent = entries.iter().filter(|(_, value)| value.is_none());
            let removed: Vec<Raw<'_>> = absent.map(|(key, _)| Raw(key)).collect();
            if !keys.is_empty() {
                let versions = vec![VERSION; keys.len()];
                let types = [Type::BYTEA_ARRAY, Type::INT8_ARRAY, many(table.content())];
                let text = put(&name, table.content(), 1, "", There::Perhaps);
                self.session.query(&text, &types, &[&keys, &versions, &values])?;
            }
            if !removed.is_empty() {
                let text = format!("DELETE FROM {name} WHERE key = ANY ($1)");
                self.session.query(&text, &[Type::BYTEA_ARRAY], &[&removed])?;
            }
        }
        Ok(())
    }

    fn complete(&mut self, moment: Moment) -> Result<(), Trouble> {
        self.flush()?;
        let (events, turn) = (self.catalog.name(EVENTS.name()), self.catalog.name("turn"));
        self.session.run("BEGIN")?;
        let counted = self.session.query(&format!("SELECT count(*) FROM {events}"), &[], &[])?;
        let counted: i64 = counted.first().map_or(Ok(0), |row| row.try_get(0))?;
        if counted.cast_unsigned() != moment.ledger_size {
            return Err(incomplete(counted.cast_unsigned(), moment).into());
        }
        let ready = format!("UPDATE {turn} SET state = 'ready', ledger_size = $1 WHERE state = 'restoring'");
        self.session.query(&ready, &[Type::INT8], &[&counted])?;
        self.session.run("COMMIT")?;
        // Plans are made from what the tables hold now, not from what they held when they were empty.
        let tables: Vec<String> = self.catalog.all().map(|(table, _)| self.catalog.name(table)).collect();
        tables.iter().try_for_each(|table| self.session.run(&format!("ANALYZE {table}")))
    }
}

impl Restore for PostgresRestore {
    fn put(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        self.catalog.confirm(table)?;
        if let Some(value) = value {
            self.catalog.confirm_entry(table, key, value)?;
        }
        self.waiting.entry(table).or_default().insert(key.to_vec(), value.map(<[u8]>::to_vec));
        self.entries += 1;
        self.octets += key.len() + value.map_or(0, <[u8]>::len);
        if self.entries >= MOST_ENTRIES || self.octets >= MOST_OCTETS {
            self.flush().map_err(Trouble::error)?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, moment: Moment) -> Result<(), StorageError> {
        self.complete(moment).map_err(Trouble::error)
    }
}
