//! The tables that the database has, and the statements for each.

use std::collections::BTreeMap;

use postgres::types::Type;

use super::failure::Trouble;
use super::session::Session;
use crate::storage::{Content, StorageError, Table};

/// The longest key, octets: a row of a B-tree's page has room for about 2 700.
const LONGEST_KEY: usize = 2_000;
/// The largest value, octets. PostgreSQL's own bound is 1 GiB for a message.
const LARGEST_VALUE: usize = 256 * 1024 * 1024;

/// How deep JSON may be nested; PostgreSQL's stack has room for some thousands.
const DEEPEST_JSON: usize = 512;

/// The tables of one schema.
#[derive(Debug, Clone)]
pub(super) struct Catalog {
    schema: String,
    tables: BTreeMap<String, Content>,
}

impl Catalog {
    /// Reads which tables there are. Those of npki's own bookkeeping have other columns.
    pub(super) fn read(session: &mut Session, schema: &str) -> Result<Self, Trouble> {
        let asked = "SELECT table_name::text, column_name::text FROM information_schema.columns \
             WHERE table_schema = $1 AND column_name IN ('record', 'octets')";
        let mut tables = BTreeMap::new();
        for row in session.query(asked, &[Type::TEXT], &[&schema])? {
            let (name, column): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let content = if column == "record" { Content::Records } else { Content::Octets };
            tables.insert(name, content);
        }
        Ok(Self { schema: schema.to_owned(), tables })
    }

    /// Makes tables besides those of the migrations.
    pub(super) fn create(session: &mut Session, schema: &str, tables: &[Table]) -> Result<(), Trouble> {
        tables.iter().try_for_each(|table| {
            let (column, kind) = match table.content() {
                Content::Records => ("record", "json"),
                Content::Octets => ("octets", "bytea"),
            };
            session.run(&format!(
                "CREATE TABLE IF NOT EXISTS \"{schema}\".\"{}\" \
                 (key bytea PRIMARY KEY, version bigint NOT NULL, {column} {kind} NOT NULL)",
                table.name()
            ))
        })
    }

    /// The schema's name.
    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    /// Every table's name and content, in the order of names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Content)> {
        self.tables.iter().map(|(name, content)| (name.as_str(), *content))
    }

    /// Confirms that a table is there and holds what npki thinks it does.
    ///
    /// # Errors
    /// It is not, or does not.
    pub(super) fn confirm(&self, table: Table) -> Result<(), StorageError> {
        match self.tables.get(table.name()) {
            Some(content) if *content == table.content() => Ok(()),
            Some(content) => Err(StorageError(format!(
                "the table {}.{} holds {}, not {}",
                self.schema,
                table.name(),
                described(*content),
                described(table.content())
            ))),
            None => Err(StorageError(format!("the database has no table {}.{}", self.schema, table.name()))),
        }
    }

    /// Confirms that a value can be kept under a key of a table.
    ///
    /// # Errors
    /// It cannot, which is its author's fault.
    pub(super) fn confirm_entry(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let refuse = |why: String| {
            StorageError(format!("{} cannot take the value of key {}: {why}", table.name(), hex::encode(key)))
        };
        self.confirm(table)?;
        if key.len() > LONGEST_KEY {
            return Err(refuse(format!("the key is longer than {LONGEST_KEY} octets")));
        }
        if value.len() > LARGEST_VALUE {
            return Err(refuse(format!("it is larger than {LARGEST_VALUE} octets")));
        }
        match table.content() {
            Content::Records => confirm_json(value).map_err(refuse),
            Content::Octets => Ok(()),
        }
    }

    /// A table or other object of the schema, as SQL names it. Only names that were read from the database or stand
    /// in npki's sources get here.
    pub(super) fn name(&self, table: &str) -> String {
        format!("\"{}\".\"{table}\"", self.schema)
    }
}

/// Confirms that PostgreSQL takes this for JSON: its parser reads what RFC 8259 says, but descends only so far.
fn confirm_json(value: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(value).map_err(|error| error.to_string())?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())?;
    let opened = text.bytes().filter(|octet| matches!(octet, b'[' | b'{')).count();
    // Nothing is nested deeper than it is opened: nearly all records need no closer look.
    if opened > DEEPEST_JSON && depth(text) > DEEPEST_JSON {
        Err(format!("it is nested deeper than {DEEPEST_JSON}"))
    } else {
        Ok(())
    }
}

/// How deep the arrays and objects of a JSON text are nested.
fn depth(json: &str) -> usize {
    let (mut deepest, mut depth, mut in_string, mut escaped) = (0_usize, 0_usize, false, false);
    for octet in json.bytes() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The column of a value.
pub(super) const fn column(content: Content) -> &'static str {
    match content {
        Content::Records => "record",
        Content::Octets => "octets",
    }
}

/// The type of that column, for many values.
pub(super) const fn many(content: Content) -> Type {
    match content {
        Content::Records => Type::JSON_ARRAY,
        Content::Octets => Type::BYTEA_ARRAY,
    }
}

const fn described(content: Content) -> &'static str {
    match content {
        Content::Records => "JSON documents",
        Content::Octets => "octets",
    }
}
