//! Reading everything as it stood at one moment: one transaction whose statements all see that moment.

use super::Shared;
use super::batch::Wanted;
use super::catalog::column;
use super::failure::Trouble;
use super::octets::Octets;
use super::session::Session;
use super::statements;
use crate::storage::{Exported, Moment, StorageError};

/// Gives everything to `take`, row by row as it arrives.
///
/// # Errors
/// The server went away, which cannot be mended without beginning anew; or `take` failed.
pub(super) fn export(
    shared: &Shared,
    take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
) -> Result<Moment, StorageError> {
    within(shared, take).map_err(Trouble::error)
}

fn within(
    shared: &Shared,
    take: &mut dyn FnMut(Exported) -> Result<(), StorageError>,
) -> Result<Moment, Trouble> {
    let mut session = Session::open_unhurried(&shared.settings)?;
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
    // The first statement fixes the moment.
    let (turn, _) = statements::look(&mut session, &shared.catalog, &Wanted::new())?;
    for (table, content) in shared.catalog.all() {
        let text = format!("SELECT key, {} FROM {}", column(content), shared.catalog.name(table));
        session.stream(&text, &mut |row| {
            let (Octets(key), Octets(value)) = (row.try_get(0)?, row.try_get(1)?);
            Ok(take(Exported { table: table.to_owned(), key, value: Some(value) })?)
        })?;
    }
    session.run("COMMIT")?;
    Ok(Moment { ledger_size: turn.ledger_size })
}
