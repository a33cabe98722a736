//! The SQL of commits, composed for the tables that a batch touches, so that each is one statement.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use postgres::types::{ToSql, Type};

use super::batch::{Found, Leave, Left, LeftInTable, Supposed, Turn, Wanted};
use super::catalog::{Catalog, column, many};
use super::failure::Trouble;
use super::migrations::{FORMAT, newer};
use super::octets::{Octets, Raw};
use super::session::Session;
use crate::storage::{Content, StorageError, Table, Version};

/// Takes the turn, keeps it until the transaction ends, and says where it stands: all in one round trip.
pub(super) fn lock(session: &mut Session, catalog: &Catalog) -> Result<Turn, Trouble> {
    let begin = "BEGIN; SELECT sequence, ledger_size, state, format FROM";
    let row = session.ask(&format!("{begin} {} FOR UPDATE", catalog.name("turn")))?;
    let row = row.ok_or_else(|| no_turn(catalog))?;
    let text = |place| row.try_get(place).map(Option::unwrap_or_default);
    let number = |place| -> Result<u64, Trouble> {
        Ok(text(place)?.parse().map_err(|_| no_turn_is_like_this(catalog))?)
    };
    is_usable(catalog.schema(), text(2)?, i32::try_from(number(3)?).unwrap_or_default())?;
    Ok(Turn { sequence: number(0)?, ledger_size: number(1)? })
}

/// Reads the turn's row, and the versions under the keys that are wanted, at one moment.
pub(super) fn look(
    session: &mut Session,
    catalog: &Catalog,
    wanted: &Wanted<'_>,
) -> Result<(Turn, Found<'static>), Trouble> {
    let mut text =
        format!("SELECT 0, NULL::bytea, sequence, ledger_size, state, format FROM {}", catalog.name("turn"));
    let keys: Vec<Vec<Raw<'_>>> =
        wanted.values().map(|keys| keys.iter().map(|key| Raw(key)).collect()).collect();
    let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::new();
    for ((number, table), keys) in (1..).zip(wanted.keys()).zip(&keys) {
        let name = catalog.name(table.name());
        let _ = write!(
            text,
            " UNION ALL SELECT {number}, key, version, NULL, NULL, NULL FROM {name} WHERE key = ANY (${number})"
        );
        parameters.push(keys);
    }
    let rows = session.query(&text, &vec![Type::BYTEA_ARRAY; keys.len()], &parameters)?;
    let tables: Vec<Table> = wanted.keys().copied().collect();
    let absent = |keys: &BTreeSet<&[u8]>| keys.iter().map(|key| (Cow::Owned(key.to_vec()), None)).collect();
    let mut found: Found<'static> = wanted.iter().map(|(table, keys)| (*table, absent(keys))).collect();
    let mut turn = None;
    for row in rows {
        let (source, count): (i32, i64) = (row.try_get(0)?, row.try_get(2)?);
        match tables.get(usize::try_from(source).unwrap_or_default().wrapping_sub(1)) {
            Some(table) => {
                let Octets(key) = row.try_get(1)?;
                found
                    .entry(*table)
                    .or_default()
                    .insert(Cow::Owned(key), Some(Version(count.cast_unsigned())));
            }
            None => turn = Some(read_turn(catalog, &row)?),
        }
    }
    Ok((turn.ok_or_else(|| no_turn(catalog))?, found))
}

fn read_turn(catalog: &Catalog, row: &postgres::Row) -> Result<Turn, Trouble> {
    let (sequence, ledger_size): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
    let (state, format): (&str, i32) = (row.try_get(4)?, row.try_get(5)?);
    is_usable(catalog.schema(), state, format)?;
    Ok(Turn { sequence: sequence.cast_unsigned(), ledger_size: ledger_size.cast_unsigned() })
}

/// Refuses a store that is being filled, and one whose layout went on without this npki.
pub(super) fn is_usable(schema: &str, state: &str, format: i32) -> Result<(), StorageError> {
    if format != FORMAT {
        return Err(newer(schema, usize::try_from(format).unwrap_or_default()));
    }
    match state {
        "ready" => Ok(()),
        _ => Err(StorageError(format!(
            "the schema {schema} is being filled by a restore, or one was left unfinished: it is no store. Let the \
             restore finish; or drop the schemas {schema} and {schema}_report and restore again"
        ))),
    }
}

fn no_turn_is_like_this(catalog: &Catalog) -> StorageError {
    StorageError(format!("{} holds no numbers: the database is damaged", catalog.name("turn")))
}

fn no_turn(catalog: &Catalog) -> Trouble {
    StorageError(format!("{} has no row: the database is damaged", catalog.name("turn"))).into()
}

/// Which batch of which node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) node: &'a [u8],
    pub(super) batch: i64,
}

/// What a batch does to the turn's row, and to all others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    /// Where the turn's row stood when the batch was judged.
    pub(super) from: Turn,
    /// Where it stands afterwards.
    pub(super) to: Turn,
    /// What must be so besides, because the batch was judged on it without looking.
    pub(super) supposed: &'a Supposed<'a>,
    /// What is left in the tables.
    pub(super) left: &'a Left<'a>,
}

impl<'a> Step<'a> {
    /// What of `supposed` the server must be asked for. A key that was supposed to be free, and gets an entry, need not
    /// be: the table's primary key refuses a second one.
    fn asked(self) -> Vec<Condition<'a>> {
        let conditions = self.supposed.iter().map(|(table, keys)| {
            let left = self.left.get(table);
            let is_new = |key: &[u8]| matches!(left.and_then(|left| left.get(key)), Some(Leave::New(..)));
            Condition::of(*table, keys.iter().filter(move |(key, _)| !is_new(key)))
        });
        conditions.filter(|condition| !condition.keys.is_empty()).collect()
    }
}

/// Writes a batch and moves the turn's row on, if it still stands where the batch was judged and all is as supposed:
/// says whether it did. If it did not, nothing is written.
///
/// # Errors
/// [`Trouble::Present`] if a key that was supposed to be free is not: nothing is written, and a transaction that was
/// open is good for nothing but to be rolled back.
///
/// The conditions are sound under READ COMMITTED: if somebody moved the turn's row since this statement began, its
/// condition is evaluated on the row's new state and fails; if nobody did, no table has changed since it began.
pub(super) fn write(
    session: &mut Session,
    catalog: &Catalog,
    token: Token<'_>,
    step: Step<'_>,
) -> Result<bool, Trouble> {
    let columns: Vec<Columns<'_>> = step.left.iter().map(|(table, left)| Columns::of(*table, left)).collect();
    let conditions = step.asked();
    let mut types = vec![Type::INT8, Type::INT8, Type::INT8, Type::INT4, Type::BYTEA, Type::INT8];
    let node = Raw(token.node);
    let counts = [step.to.sequence, step.to.ledger_size, step.from.sequence].map(u64::cast_signed);
    let mut parameters: Vec<&(dyn ToSql + Sync)> =
        vec![&counts[0], &counts[1], &counts[2], &FORMAT, &node, &token.batch];
    let mut text = format!(
        "WITH turn AS (UPDATE {} SET sequence = $1, ledger_size = $2 \
         WHERE sequence = $3 AND format = $4 AND state = 'ready'",
        catalog.name("turn")
    );
    for condition in &conditions {
        condition.compose(catalog, &mut text, &mut types, &mut parameters);
    }
    let _ = write!(
        text,
        " RETURNING sequence), node AS (INSERT INTO {} AS n (node, batch, at) SELECT $5, $6, now() FROM turn \
         ON CONFLICT (node) DO UPDATE SET batch = EXCLUDED.batch, at = EXCLUDED.at)",
        catalog.name("nodes")
    );
    for (number, columns) in columns.iter().enumerate() {
        columns.compose(catalog, number, &mut text, &mut types, &mut parameters);
    }
    text.push_str(" SELECT sequence FROM turn");
    Ok(!session.query(&text, &types, &parameters)?.is_empty())
}

/// What is supposed of one table, by columns.
struct Condition<'a> {
    table: Table,
    keys: Vec<Raw<'a>>,
    versions: Vec<Option<i64>>,
}

impl<'a> Condition<'a> {
    fn of(table: Table, supposed: impl Iterator<Item = (&'a &'a [u8], &'a Option<Version>)>) -> Self {
        let entries = supposed.map(|(key, version)| (Raw(key), version.map(|it| it.0.cast_signed())));
        let (keys, versions) = entries.unzip();
        Self { table, keys, versions }
    }

    /// Adds this table's part to the condition: one look into the index for each key.
    fn compose<'p>(
        &'p self,
        catalog: &Catalog,
        text: &mut String,
        types: &mut Vec<Type>,
        parameters: &mut Vec<&'p (dyn ToSql + Sync)>,
    ) {
        let (name, place) = (catalog.name(self.table.name()), types.len() + 1);
        let _ = write!(
            text,
            " AND NOT EXISTS (SELECT 1 FROM unnest(${place}, ${}) AS s (key, version) \
             WHERE (SELECT t.version FROM {name} AS t WHERE t.key = s.key) IS DISTINCT FROM s.version)",
            place + 1
        );
        types.extend([Type::BYTEA_ARRAY, Type::INT8_ARRAY]);
        parameters.extend([&self.keys as &(dyn ToSql + Sync), &self.versions]);
    }
}

/// What a batch leaves in one table, by columns.
struct Columns<'a> {
    table: Table,
    new: Entries<'a>,
    other: Entries<'a>,
    removed: Vec<Raw<'a>>,
}

/// Entries by columns.
#[derive(Default)]
struct Entries<'a> {
    keys: Vec<Raw<'a>>,
    versions: Vec<i64>,
    values: Vec<Raw<'a>>,
}

impl<'a> Entries<'a> {
    fn push(&mut self, key: &'a [u8], version: Version, value: &'a [u8]) {
        self.keys.push(Raw(key));
        self.versions.push(version.0.cast_signed());
        self.values.push(Raw(value));
    }
}

impl<'a> Columns<'a> {
    fn of(table: Table, left: &'a LeftInTable<'a>) -> Self {
        let (mut new, mut other, mut removed) = (Entries::default(), Entries::default(), Vec::new());
        for (key, leave) in left {
            match *leave {
                Leave::New(version, value) => new.push(key, version, value),
                Leave::Value(version, value) => other.push(key, version, value),
                Leave::Nothing => removed.push(Raw(key)),
            }
        }
        Self { table, new, other, removed }
    }

    /// Adds this table's part to the statement. Each part reads the moved turn, so that it does nothing when the turn
    /// was not moved.
    fn compose<'p>(
        &'p self,
        catalog: &Catalog,
        number: usize,
        text: &mut String,
        types: &mut Vec<Type>,
        parameters: &mut Vec<&'p (dyn ToSql + Sync)>,
    ) {
        let (name, content) = (catalog.name(self.table.name()), self.table.content());
        for (entries, part, there) in
            [(&self.new, "insert", There::Nothing), (&self.other, "put", There::Perhaps)]
        {
            if !entries.keys.is_empty() {
                let put = put(&name, content, types.len() + 1, "turn, ", there);
                let _ = write!(text, ", {part}_{number} AS ({put})");
                types.extend([Type::BYTEA_ARRAY, Type::INT8_ARRAY, many(content)]);
                parameters.extend([&entries.keys as &(dyn ToSql + Sync), &entries.versions, &entries.values]);
            }
        }
        if !self.removed.is_empty() {
            let place = types.len() + 1;
            let _ = write!(
                text,
                ", remove_{number} AS (DELETE FROM {name} AS t USING turn WHERE t.key = ANY (${place}))"
            );
            types.push(Type::BYTEA_ARRAY);
            parameters.push(&self.removed);
        }
    }
}

/// What is known of the keys that are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing is there. If something were all the same, the server would refuse the whole statement.
    Nothing,
    /// Something may be there, and is replaced: the server looks first, and writes in two steps.
    Perhaps,
}

/// Puts many entries, given as three arrays from parameter `place` on.
pub(super) fn put(name: &str, content: Content, place: usize, also_from: &str, there: There) -> String {
    let column = column(content);
    let mut text = format!(
        "INSERT INTO {name} AS t (key, version, {column}) SELECT p.key, p.version, p.value \
         FROM {also_from}unnest(${place}, ${}, ${}) AS p (key, version, value)",
        place + 1,
        place + 2,
    );
    if there == There::Perhaps {
        let _ = write!(
            text,
            " ON CONFLICT (key) DO UPDATE SET version = EXCLUDED.version, {column} = EXCLUDED.{column}"
        );
    }
    text
}

/// Makes sure that a batch whose outcome is not known is not written any more, and says whether it was. The turn's row
/// is moved, which waits for a statement that the server may still be at, and makes those that come later do nothing.
/// Only then does the node's row tell.
pub(super) fn settle(session: &mut Session, catalog: &Catalog, token: Token<'_>) -> Result<bool, Trouble> {
    session.run(&format!("UPDATE {} SET sequence = sequence + 1", catalog.name("turn")))?;
    let asked = format!("SELECT 1 FROM {} WHERE node = $1 AND batch = $2", catalog.name("nodes"));
    let rows = session.query(&asked, &[Type::BYTEA, Type::INT8], &[&Raw(token.node), &token.batch])?;
    Ok(!rows.is_empty())
}

/// Forgets nodes that have not written for a month.
pub(super) fn forget_old_nodes(session: &mut Session, catalog: &Catalog) -> Result<(), Trouble> {
    let nodes = catalog.name("nodes");
    session.run(&format!("DELETE FROM {nodes} WHERE at < now() - INTERVAL '30 days'"))
}
