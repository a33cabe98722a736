//! The store of a country: PostgreSQL, several npki nodes on one cluster at once.
//!
//! - **Real tables.** One for each kind of record, made by the numbered files in `migrations/`; a record is `json` text
//!   that a database administrator can read, kept octet for octet (`jsonb` would not: it reorders members, and the
//!   ledger's digests are over octets); DER and the like are `bytea`. Views for reports, without personal data, are in a
//!   schema of their own.
//! - **Turns.** The one row of `turn` counts changes and events. Every batch of every node moves it on, if it stands
//!   where the batch was judged. So batches follow one another, expectations (absence too) are judged on the very state
//!   that the batch meets, and positions of events have no gap. PostgreSQL's serializable isolation would promise the
//!   same by letting transactions fail that merely look dangerous, and number nothing. The price, that batches of all
//!   nodes wait for one another, is shared by all changes of a batch (see `committer.rs`).
//! - **Durable when it returns.** Connections ask for `synchronous_commit = on` where the server has less, and refuse a
//!   server without fsync. With a synchronous standby a commit that returned survives the loss of the primary;
//!   with an asynchronous one the last moments may be lost, and npki cannot know it.
//! - **The true outcome.** When a connection breaks while a batch is written, what became of it is found out after
//!   connecting again, to whichever host takes writes now. Only if there is none for longer than `patience` are callers
//!   told of a failure.
//! - **Nothing hangs.** A frozen node cannot hold the turn: a batch is one statement, and where it is more, the server
//!   ends transactions that stand still. A server that does not answer leaves callers with an error, not waiting.
//! - Statements are plain SQL without extensions, advisory locks or notifications, for other engines that speak
//!   PostgreSQL's protocol.
//!
//! The `postgres` crate is used because everything here is synchronous. It brings a runtime of its own, inside: a store
//! must be called from threads that may block, never from an asynchronous task.

mod batch;
mod catalog;
mod committer;
mod committing;
mod export;
mod failure;
mod migrations;
mod octets;
mod password;
mod readers;
mod restore;
mod session;
mod settings;
mod statements;
mod tls;

use std::collections::HashMap;
use std::sync::Arc;

use ::postgres::Row;
use ::postgres::types::{ToSql, Type};

use self::batch::{Confirmed, Wanted};
use self::catalog::{Catalog, column};
use self::committer::Committer;
use self::committing::Committing;
use self::failure::{Patience, Trouble};
use self::octets::{Octets, Raw};
use self::readers::Readers;
use self::restore::PostgresRestore;
use self::session::Session;
pub use self::settings::PostgresSettings;
use super::{
    AuditedChange, CommitError, Committed, Entry, Exported, KeyRange, Moment, Restore, StorageError, Store,
    Table, Version, Versioned,
};
use crate::clock::{Entropy, SystemEntropy};

/// A [`Store`] in a PostgreSQL database.
pub struct PostgresStore {
    shared: Arc<Shared>,
    readers: Readers,
    committing: Committing,
}

/// What readers and the committing thread share.
struct Shared {
    settings: PostgresSettings,
    catalog: Catalog,
}

impl PostgresStore {
    /// Opens the store; makes its tables if they are not there. Waits for the server for as long as the settings'
    /// patience lasts.
    ///
    /// # Errors
    /// The server does not answer, does not let npki in, is not who it should be, does not keep what it acknowledges;
    /// or the schema is of a newer npki or an unfinished restore.
    pub fn open(settings: &PostgresSettings) -> Result<Self, StorageError> {
        migrations::migrate(settings)?;
        let mut node = [0; 16];
        SystemEntropy.fill(&mut node).map_err(|error| StorageError(error.to_string()))?;
        let (session, catalog) = begin(settings)?;
        let shared = Arc::new(Shared { settings: settings.clone(), catalog });
        let committer = Committer::new(Arc::clone(&shared), session, node);
        // A caller waits for the batch before its own as well.
        let committing = Committing::start(committer, settings.patience() * 2)?;
        Ok(Self { shared, readers: Readers::new(settings.clone()), committing })
    }

    /// Begins to fill a new schema with an export.
    ///
    /// # Errors
    /// As [`open`](Self::open); or the schema is not empty.
    pub fn begin_restore(settings: &PostgresSettings) -> Result<impl Restore + use<>, StorageError> {
        PostgresRestore::begin(settings)
    }

    /// Makes tables besides npki's own, where they are not there yet: for tests that bring theirs. A store that is open
    /// already does not see them.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn create_tables(settings: &PostgresSettings, tables: &[Table]) -> Result<(), StorageError> {
        migrations::migrate(settings)?;
        Session::open(settings)
            .and_then(|mut session| Catalog::create(&mut session, settings.schema(), tables))
            .map_err(Trouble::error)
    }

    fn query(
        &self,
        text: &str,
        types: &[Type],
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StorageError> {
        self.readers.read(|session| session.query(text, types, parameters))
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PostgresStore").field(&self.shared.settings).finish()
    }
}

/// The connection that will write, and what the database is like.
fn begin(settings: &PostgresSettings) -> Result<(Session, Catalog), StorageError> {
    let mut patience = Patience::new(settings.patience());
    let once = || {
        let mut session = Session::open(settings)?;
        let catalog = Catalog::read(&mut session, settings.schema())?;
        statements::look(&mut session, &catalog, &Wanted::new())?;
        statements::forget_old_nodes(&mut session, &catalog)?;
        Ok((session, catalog))
    };
    loop {
        match once() {
            Ok(begun) => return Ok(begun),
            Err(trouble) => patience.bear(trouble)?,
        }
    }
}

impl Store for PostgresStore {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Versioned>, StorageError> {
        self.shared.catalog.confirm(table)?;
        let (name, column) = (self.shared.catalog.name(table.name()), column(table.content()));
        let text = format!("SELECT version, {column} FROM {name} WHERE key = $1");
        let rows = self.query(&text, &[Type::BYTEA], &[&Raw(key)])?;
        rows.first().map(|row| versioned(row, 0)).transpose().map_err(Trouble::error)
    }

    fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Option<Versioned>>, StorageError> {
        self.shared.catalog.confirm(table)?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (name, column) = (self.shared.catalog.name(table.name()), column(table.content()));
        let text = format!("SELECT key, version, {column} FROM {name} WHERE key = ANY ($1)");
        let wanted: Vec<Raw<'_>> = keys.iter().map(|key| Raw(key)).collect();
        let rows = self.query(&text, &[Type::BYTEA_ARRAY], &[&wanted])?;
        let found: HashMap<Vec<u8>, Versioned> =
            rows.iter().map(entry).collect::<Result<_, _>>().map_err(Trouble::error)?;
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    fn scan(&self, table: Table, range: &KeyRange, limit: usize) -> Result<Vec<Entry>, StorageError> {
        self.shared.catalog.confirm(table)?;
        if range.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let (name, column) = (self.shared.catalog.name(table.name()), column(table.content()));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let from = Raw(range.from.as_deref().unwrap_or_default());
        let begins = format!("SELECT key, version, {column} FROM {name} WHERE key >= $1");
        let rows = match range.until.as_deref().map(Raw) {
            Some(until) => self.query(
                &format!("{begins} AND key < $3 ORDER BY key LIMIT $2"),
                &[Type::BYTEA, Type::INT8, Type::BYTEA],
                &[&from, &limit, &until],
            ),
            None => self.query(
                &format!("{begins} ORDER BY key LIMIT $2"),
                &[Type::BYTEA, Type::INT8],
                &[&from, &limit],
            ),
        }?;
        rows.iter().map(entry).collect::<Result<_, _>>().map_err(Trouble::error)
    }

    fn commit(&self, change: AuditedChange) -> Result<Committed, CommitError> {
        self.committing.commit(Confirmed::new(change, &self.shared.catalog)?)
    }

    fn ledger_size(&self) -> Result<u64, StorageError> {
        let look = |session: &mut Session| statements::look(session, &self.shared.catalog, &Wanted::new());
        Ok(self.readers.read(look)?.0.ledger_size)
    }

    fn export(
        &self,
        take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
    ) -> Result<Moment, StorageError> {
        export::export(&self.shared, take)
    }
}

fn entry(row: &Row) -> Result<Entry, Trouble> {
    let Octets(key) = row.try_get(0)?;
    Ok((key, versioned(row, 1)?))
}

/// The version in this column, and the value in the next.
fn versioned(row: &Row, place: usize) -> Result<Versioned, Trouble> {
    let (version, Octets(value)): (i64, Octets) = (row.try_get(place)?, row.try_get(place + 1)?);
    Ok(Versioned { value, version: Version(version.cast_unsigned()) })
}

#[cfg(test)]
mod tests;
