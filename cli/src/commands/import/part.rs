//! Parts of a list: cut so that each fits one call, and always at the same rows.

use std::io;

use id_registry::http::problem::IDENTIFIER_TAKEN;
use id_registry::import::MOST_ROWS;
use serde_json::{Value, json};

use super::list::{List, Place, Raw, Row};
use super::seen::Seen;
use crate::client::records::Refusal;

/// The most octets of identities in one call: the service reads 256 KiB.
const MOST_OCTETS: usize = 200 * 1024;

/// The row has not the form of a row.
fn unreadable(detail: String) -> Refusal {
    let code = crate::failure::catalogue::LIST_UNFIT.code.to_owned();
    Refusal { code, field: None, detail, fix: "write the row again".to_owned() }
}

/// A row on its way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) number: u64,
    pub(super) raw: Raw,
    /// The identity to be sent; or why the row is not.
    pub(super) identity: Result<Value, Refusal>,
}

/// Consecutive rows, and the place behind them.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) rows: Vec<Pending>,
    pub(super) after: Place,
}

/// Cuts a list into parts.
#[derive(Debug)]
pub(super) struct Cutter {
    list: List,
    /// Read, but too much for the part before.
    kept: Option<(Pending, usize)>,
    /// In a dry run: what stands further up.
    seen: Option<Seen>,
}

impl Cutter {
    pub(super) fn of(list: List, dry_run: bool) -> Self {
        Self { list, kept: None, seen: dry_run.then(Seen::default) }
    }

    /// The numbers seen so far, in a dry run.
    pub(super) const fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// The next part; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Part>> {
        let mut part = Part { rows: Vec::new(), after: self.list.place() };
        let mut octets = 0;
        while part.rows.len() < MOST_ROWS {
            let before = self.list.place();
            let (row, size) = match self.kept.take() {
                Some(kept) => kept,
                None => match self.list.next()? {
                    Some(row) => self.pending(row),
                    None => break,
                },
            };
            if octets + size > MOST_OCTETS && !part.rows.is_empty() {
                self.kept = Some((row, size));
                part.after = before;
                return Ok(Some(part));
            }
            octets += size;
            part.rows.push(row);
            part.after = self.list.place();
        }
        Ok((!part.rows.is_empty()).then_some(part))
    }

    fn pending(&mut self, row: Row) -> (Pending, usize) {
        let Row { number, raw, identity } = row;
        let mut identity = identity.map_err(unreadable);
        let twice = match (&identity, &mut self.seen) {
            (Ok(identity), Some(seen)) => seen.twice(identity),
            _ => false,
        };
        if twice {
            identity = Err(Refusal {
                code: IDENTIFIER_TAKEN.code.to_owned(),
                field: Some("identifier".to_owned()),
                detail: "its number or tag stands further up in the list".to_owned(),
                fix: "leave one of the two rows".to_owned(),
            });
        }
        let size = identity.as_ref().map_or(0, |identity| identity.to_string().len() + 40);
        (Pending { number, raw, identity }, size)
    }
}

impl Part {
    /// What is sent of it; nothing when no row can be.
    pub(super) fn message(&self, source: &str, dry_run: bool) -> Option<Value> {
        let row = |row: &Pending| Some(json!({"row": row.number, "identity": row.identity.as_ref().ok()?}));
        let rows: Vec<Value> = self.rows.iter().filter_map(row).collect();
        (!rows.is_empty()).then(|| json!({"source": source, "dry_run": dry_run, "rows": rows}))
    }

    /// Whether it holds what others may name as owner or sponsor.
    pub(super) fn founds(&self) -> bool {
        self.has_kind(&["organisation", "person"])
    }

    /// The numbers and tags in it.
    pub(super) fn numbers(&self) -> Seen {
        Seen::of(self.rows.iter().filter_map(|row| row.identity.as_ref().ok()))
    }

    /// Whether it names owners and sponsors.
    pub(super) fn depends(&self) -> bool {
        self.has_kind(&["device", "application", "agent"])
    }

    fn has_kind(&self, kinds: &[&str]) -> bool {
        let identities = self.rows.iter().filter_map(|row| row.identity.as_ref().ok());
        let mut found = identities.filter_map(|identity| identity.get("kind").and_then(Value::as_str));
        found.any(|kind| kinds.contains(&kind))
    }
}
