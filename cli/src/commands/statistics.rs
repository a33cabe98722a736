//! `npki statistics`: how many there are of what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Ending;
use crate::output::{Outcome, Page, Simple};
use crate::session::Session;

#[derive(Debug, Serialize, Deserialize)]
struct Statistics {
    begun_at: String,
    ended_at: String,
    threshold: u64,
    groups: Vec<Group>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Group {
    of: String,
    by: String,
    total: Option<u64>,
    cells: BTreeMap<String, Option<u64>>,
}

/// Shows the newest statistics.
pub fn run(session: &mut Session) -> Ending {
    let counted: Statistics = session.client()?.read(&["statistics"])?;
    Ok(Outcome::done(Simple::new("npki.statistics/1", counted, text)))
}

fn text(counted: &Statistics, page: &mut Page) {
    page.facts(&[("counted", format!("{} to {}", counted.begun_at, counted.ended_at))]);
    let number = |count: &Option<u64>| count.map_or_else(|| "-".to_owned(), |count| count.to_string());
    let rows = counted.groups.iter().flat_map(|group| {
        let (of, by) = (group.of.clone(), group.by.clone());
        let total = [of.clone(), by.clone(), "total".to_owned(), number(&group.total)];
        // What is nothing is said by the total.
        let cells = group.cells.iter().filter(|(_, count)| **count != Some(0));
        let cells = cells.map(move |(name, count)| [of.clone(), by.clone(), name.clone(), number(count)]);
        std::iter::once(total).chain(cells)
    });
    page.table(["OF", "BY", "WHICH", "COUNT"], rows.collect(), "nothing");
    page.line(format!(
        "-: left out, because it is below {} or would give away a number that is",
        counted.threshold
    ));
}
