//! The database's layout, step by step: numbered SQL files, applied once and in order, never changed afterwards.
//!
//! Nodes that start at once take turns at a row lock, so each step happens once. The turn's row carries the number of
//! the last step, and every commit asks for it: a node that knows an older layout stops writing at that moment.

use postgres::types::Type;
use sha2::{Digest, Sha256};

use super::failure::{Patience, Trouble};
use super::session::Session;
use super::settings::PostgresSettings;
use crate::storage::StorageError;

struct Step {
    name: &'static str,
    sql: &'static str,
}

const STEPS: &[Step] = &[
    Step { name: "tables", sql: include_str!("migrations/0001_tables.sql") },
    Step { name: "reporting", sql: include_str!("migrations/0002_reporting.sql") },
    Step { name: "keys", sql: include_str!("migrations/0003_keys.sql") },
    Step { name: "crl-chunks", sql: include_str!("migrations/0004_crl_chunks.sql") },
    Step { name: "links", sql: include_str!("migrations/0006_links.sql") },
    Step { name: "key-origins", sql: include_str!("migrations/0007_key_origins.sql") },
    Step { name: "profile-book", sql: include_str!("migrations/0008_profile_book.sql") },
    Step { name: "profile-proposals", sql: include_str!("migrations/0009_profile_proposals.sql") },
    Step { name: "campaigns", sql: include_str!("migrations/0010_campaigns.sql") },
    Step { name: "imports", sql: include_str!("migrations/0011_imports.sql") },
    Step { name: "lives", sql: include_str!("migrations/0012_lives.sql") },
    Step { name: "blocks", sql: include_str!("migrations/0013_blocks.sql") },
    Step { name: "identity-changes", sql: include_str!("migrations/0014_identity_changes.sql") },
    Step { name: "evidence", sql: include_str!("migrations/0015_evidence.sql") },
    Step { name: "withdrawals", sql: include_str!("migrations/0016_withdrawals.sql") },
    Step { name: "relying-parties", sql: include_str!("migrations/0017_relying_parties.sql") },
    Step { name: "packets", sql: include_str!("migrations/0018_packets.sql") },
    Step { name: "statistics", sql: include_str!("migrations/0019_statistics.sql") },
    Step { name: "offices", sql: include_str!("migrations/0020_offices.sql") },
    Step { name: "guardianships", sql: include_str!("migrations/0021_guardianships.sql") },
    Step { name: "webhooks", sql: include_str!("migrations/0022_webhooks.sql") },
    Step { name: "notifications", sql: include_str!("migrations/0023_notifications.sql") },
    Step { name: "trusted lists", sql: include_str!("migrations/0024_trusted_lists.sql") },
    Step { name: "ledger index entries", sql: include_str!("migrations/0025_ledger_index_entries.sql") },
    Step { name: "ca retirements", sql: include_str!("migrations/0026_ca_retirements.sql") },
];

/// The number of the last step that this npki knows: steps count from 1.
pub(super) const FORMAT: i32 = STEPS.len() as i32;

impl Step {
    fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.sql))
    }

    fn statements(&self, schema: &str) -> String {
        let text = self.sql.replace("${schema}", &format!("\"{schema}\""));
        text.replace("${report}", &format!("\"{schema}_report\""))
    }
}

/// Brings the database to the layout that this npki knows.
///
/// # Errors
/// The database is of a newer npki, was changed by somebody else, or refuses.
pub(super) fn migrate(settings: &PostgresSettings) -> Result<(), StorageError> {
    let mut patience = Patience::new(settings.patience());
    loop {
        let trouble =
            match Session::open_unhurried(settings).and_then(|session| once(session, settings.schema())) {
                Ok(()) => return Ok(()),
                Err(trouble) => trouble,
            };
        patience.bear(trouble)?;
    }
}

fn once(mut session: Session, schema: &str) -> Result<(), Trouble> {
    make_journal(&mut session, schema)?;
    // Dropping the session on an error ends the transaction without a trace.
    session.run(&format!("BEGIN; SELECT number FROM \"{schema}\".migrations WHERE number = 0 FOR UPDATE"))?;
    let applied = applied(&mut session, schema)?;
    compare(schema, &applied)?;
    for (number, step) in (1..).zip(STEPS).skip(applied.len()) {
        tracing::info!(number, name = step.name, schema, "the database's layout takes a step");
        session.run(&step.statements(schema))?;
        let noted = format!(
            "INSERT INTO \"{schema}\".migrations (number, name, sha256, applied_at) \
             VALUES ($1, $2, $3, now())"
        );
        let types = [Type::INT4, Type::TEXT, Type::TEXT];
        session.query(&noted, &types, &[&number, &step.name, &step.digest()])?;
        let format = format!("UPDATE \"{schema}\".turn SET format = $1");
        session.query(&format, &[Type::INT4], &[&number])?;
    }
    session.run("COMMIT")
}

/// The schemas and the table of steps, whose row 0 is only there to be locked. `IF NOT EXISTS` does not help two that
/// start at once: the one that loses looks again. It does not help a user either who may not make schemas: what the
/// database's administrator has made is taken as it is.
fn make_journal(session: &mut Session, schema: &str) -> Result<(), Trouble> {
    for name in [schema.to_owned(), format!("{schema}_report")] {
        let asked = "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1";
        if session.query(asked, &[Type::TEXT], &[&name])?.is_empty() {
            as_if_locked(session.run(&format!("CREATE SCHEMA \"{name}\"")))?;
        }
    }
    as_if_locked(session.run(&format!(
        "CREATE TABLE IF NOT EXISTS \"{schema}\".migrations (number integer PRIMARY KEY, name text NOT NULL, \
         sha256 text NOT NULL, applied_at timestamptz NOT NULL); \
         INSERT INTO \"{schema}\".migrations (number, name, sha256, applied_at) \
         VALUES (0, 'lock', '', now()) ON CONFLICT (number) DO NOTHING"
    )))
}

/// Somebody else made the same thing in this moment: worth another look.
fn as_if_locked(outcome: Result<(), Trouble>) -> Result<(), Trouble> {
    match outcome {
        Err(Trouble::Present(said)) => Err(Trouble::Busy(said)),
        Err(Trouble::Fault(StorageError(said))) if said.contains("already exists") => {
            Err(Trouble::Busy(said))
        }
        other => other,
    }
}

fn applied(session: &mut Session, schema: &str) -> Result<Vec<String>, Trouble> {
    let asked = format!("SELECT sha256 FROM \"{schema}\".migrations WHERE number > 0 ORDER BY number");
    let rows = session.query(&asked, &[], &[])?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn compare(schema: &str, applied: &[String]) -> Result<(), StorageError> {
    if applied.len() > STEPS.len() {
        return Err(newer(schema, applied.len()));
    }
    let changed = STEPS.iter().zip(applied).find(|(step, digest)| step.digest() != **digest);
    match changed {
        Some((step, _)) => Err(StorageError(format!(
            "the schema {schema} was made by another npki: its step \"{}\" is not the one known here",
            step.name
        ))),
        None => Ok(()),
    }
}

/// What a node is told whose database went on without it.
pub(super) fn newer(schema: &str, format: usize) -> StorageError {
    StorageError(format!(
        "the schema {schema} was written by a newer npki (layout {format}; this one knows {FORMAT}): update this npki"
    ))
}
