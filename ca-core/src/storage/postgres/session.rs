//! One connection to the server, with the statements prepared on it.

use std::collections::HashMap;
use std::sync::Arc;

use postgres::types::{ToSql, Type};
use postgres::{Client, NoTls, Row, SimpleQueryMessage, SimpleQueryRow, Statement};

use super::failure::Trouble;
use super::settings::PostgresSettings;
use super::tls::Tls;
use crate::storage::StorageError;

/// The most statements kept prepared on one connection: what a batch writes to differs, and so do its statements.
const MOST_STATEMENTS: usize = 256;

/// What every session begins with. A session that stands still, or waits for a lock, gives up within seconds, so that
/// nothing is held for ever; times are those of the server.
const BEGINNING: &str = "SET default_transaction_isolation = 'read committed'; \
     SET lock_timeout = '10s'; SET statement_timeout = '30s'; SET idle_in_transaction_session_timeout = '10s'";

/// Commits are durable when they return: a server or role that is set up otherwise is overruled, stronger settings
/// (`remote_apply`) stay.
const DURABLE: &str = "SET synchronous_commit = on";

/// All access is by primary key. Plans made while a table was empty must not read it from end to end when it has grown,
/// so they are told not to; and one plan serves all values. Where an engine has no such settings, nothing is set.
const PLANNING: &str = "SELECT set_config(s.name, w.value, false) FROM pg_catalog.pg_settings s \
     JOIN (VALUES ('enable_seqscan', 'off'), ('plan_cache_mode', 'force_generic_plan'), ('jit', 'off')) \
     AS w (name, value) ON w.name = s.name";

/// One connection.
pub(super) struct Session {
    client: Client,
    statements: HashMap<Arc<str>, Statement>,
}

impl Session {
    /// Connects for short statements.
    pub(super) fn open(settings: &PostgresSettings) -> Result<Self, Trouble> {
        let mut session = Self::connect(settings)?;
        session.run(BEGINNING)?;
        session.client.query(PLANNING, &[])?;
        Ok(session)
    }

    /// Connects for a long look at everything, or for filling a new store.
    pub(super) fn open_unhurried(settings: &PostgresSettings) -> Result<Self, Trouble> {
        let mut session = Self::connect(settings)?;
        session.run("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")?;
        Ok(session)
    }

    fn connect(settings: &PostgresSettings) -> Result<Self, Trouble> {
        let (config, tls) = settings.connection()?;
        let client = match tls {
            Tls::Plain => config.connect(NoTls)?,
            Tls::Verified(tls) => config.connect(*tls)?,
        };
        let mut session = Self { client, statements: HashMap::new() };
        session.demand_durability()?;
        Ok(session)
    }

    fn demand_durability(&mut self) -> Result<(), Trouble> {
        let asked = "SELECT current_setting('server_encoding'), current_setting('fsync', true), \
             current_setting('synchronous_commit', true)";
        let row = self.client.query_one(asked, &[])?;
        let setting = |place| row.try_get::<_, Option<String>>(place);
        if setting(0)?.as_deref() != Some("UTF8") {
            let what = "the database's encoding must be UTF8 (createdb --encoding UTF8 --template template0)";
            return Err(StorageError(what.to_owned()).into());
        }
        if setting(1)?.as_deref() == Some("off") {
            let what =
                "the server runs with fsync = off: it would lose what it has acknowledged; set it to on";
            return Err(StorageError(what.to_owned()).into());
        }
        if setting(2)?.is_some_and(|chosen| !["on", "remote_apply"].contains(&chosen.as_str())) {
            self.run(DURABLE)?;
        }
        Ok(())
    }

    /// Runs statements without parameters or results, in one round trip.
    pub(super) fn run(&mut self, statements: &str) -> Result<(), Trouble> {
        Ok(self.client.batch_execute(statements)?)
    }

    /// Runs statements without parameters in one round trip; the first row that they give, as text.
    pub(super) fn ask(&mut self, statements: &str) -> Result<Option<SimpleQueryRow>, Trouble> {
        let messages = self.client.simple_query(statements)?;
        let mut rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.next())
    }

    /// Runs a statement prepared once on this connection, with parameters of these types.
    pub(super) fn query(
        &mut self,
        text: &str,
        types: &[Type],
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Trouble> {
        let statement = self.prepared(text, types)?;
        Ok(self.client.query(&statement, parameters)?)
    }

    /// Gives each row to `take` as it arrives.
    pub(super) fn stream(
        &mut self,
        text: &str,
        take: &mut dyn FnMut(&Row) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        use postgres::fallible_iterator::FallibleIterator;
        let mut rows = self.client.query_raw(text, std::iter::empty::<&(dyn ToSql + Sync)>())?;
        while let Some(row) = rows.next()? {
            take(&row)?;
        }
        Ok(())
    }

    /// Whether the connection is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn prepared(&mut self, text: &str, types: &[Type]) -> Result<Statement, Trouble> {
        if let Some(statement) = self.statements.get(text) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= MOST_STATEMENTS {
            self.statements.clear();
        }
        let statement = self.client.prepare_typed(text, types)?;
        self.statements.insert(text.into(), statement.clone());
        Ok(statement)
    }
}
