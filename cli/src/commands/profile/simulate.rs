//! `npki profile simulate`: what a changed profile would do to the requests of the last month, before it is proposed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::propose::read;
use crate::commands::Ending;
use crate::commands::moment::{moment, written};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::session::Session;

/// How many requests one call looks at: it answers within a second or two.
const PAGE: usize = 200;
/// How many requests are named for each effect.
const EXAMPLES: usize = 5;

/// What to simulate.
#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// The profile's TOML, as it would be; the file's name is the profile's: NAME.toml
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Since when: hours, days or weeks back, such as 30d, or a day, such as 2027-03-31
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = since)]
    since: Since,
    /// The CA that would issue under it, for a profile that no CA issues under yet: npki ca list
    #[arg(long, value_name = "CA")]
    issued_by: Option<String>,
}

/// A moment, or how long ago it is.
#[derive(Debug, Clone, Copy)]
enum Since {
    Ago(Duration),
    Moment(OffsetDateTime),
}

/// Reads how long ago, a day, which begins at midnight UTC, or a moment.
fn since(text: &str) -> Result<Since, String> {
    let ago = text.char_indices().last().and_then(|(end, unit)| {
        let number: u16 = text.get(..end)?.parse().ok()?;
        match unit {
            'h' => Some(Duration::hours(number.into())),
            'd' => Some(Duration::days(number.into())),
            'w' => Some(Duration::weeks(number.into())),
            _ => None,
        }
    });
    if let Some(ago) = ago {
        return Ok(Since::Ago(ago));
    }
    moment(text).map(Since::Moment).map_err(|_| {
        "write 12h, 30d, 4w, a day as 2027-03-31, or a moment as 2027-03-31T14:05:00Z".to_owned()
    })
}

/// A page, as the server tells it.
#[derive(Debug, Deserialize)]
struct Answer {
    requests: usize,
    erased: usize,
    effects: Vec<Effect>,
    next: Option<String>,
}

/// What the change would do to requests of one kind.
#[derive(Debug, Serialize, Deserialize)]
struct Effect {
    status: String,
    effect: String,
    detail: Option<String>,
    count: usize,
    examples: Vec<String>,
}

/// What was found in all requests.
#[derive(Debug, Serialize)]
struct Simulation {
    profile: String,
    #[serde(with = "time::serde::rfc3339")]
    since: OffsetDateTime,
    /// Requests of the profile.
    requests: usize,
    /// Of these, those of identities that were erased.
    erased: usize,
    effects: Vec<Effect>,
}

/// Asks page by page, and adds up.
pub fn run(arguments: &SimulateArguments, session: &mut Session) -> Ending {
    let (profile, text) = read(&arguments.file)?;
    let since = match arguments.since {
        Since::Ago(ago) => session.clock.now() - ago,
        Since::Moment(moment) => moment,
    };
    let client = session.client()?;
    let mut body = json!({"profile": profile, "text": text, "since": written(since), "limit": PAGE});
    if let Some(ca) = &arguments.issued_by {
        body["issued_by"] = json!(ca);
    }
    let mut found = Simulation { profile, since, requests: 0, erased: 0, effects: Vec::new() };
    let mut effects: BTreeMap<(String, String, Option<String>), Effect> = BTreeMap::new();
    loop {
        let page: Answer = client.change(&["profiles", "simulation"], &body, session.entropy.as_ref())?;
        found.requests += page.requests;
        found.erased += page.erased;
        for effect in page.effects {
            let kind = (effect.effect.clone(), effect.status.clone(), effect.detail.clone());
            match effects.entry(kind) {
                Entry::Vacant(place) => drop(place.insert(effect)),
                Entry::Occupied(sum) => add(sum.into_mut(), effect),
            }
        }
        match page.next {
            Some(next) => body["after"] = json!(next),
            None => break,
        }
    }
    found.effects = effects.into_values().collect();
    Ok(Outcome::done(Simple::new("npki.profile.simulate/1", found, text_of)))
}

fn add(sum: &mut Effect, found: Effect) {
    sum.count += found.count;
    let room = EXAMPLES.saturating_sub(sum.examples.len());
    sum.examples.extend(found.examples.into_iter().take(room));
}

fn text_of(found: &Simulation, page: &mut Page) {
    let untouched = ["same", "refused-as-before"];
    let touched = found.effects.iter().any(|effect| !untouched.contains(&effect.effect.as_str()));
    let (meaning, word) = if touched { (Meaning::Doubtful, "differs") } else { (Meaning::Good, "same") };
    page.verdict(meaning, word, format!("profile {}, {} requests", found.profile, found.requests));
    if found.erased > 0 {
        page.line(format!(
            "  {} more are of identities that were erased: nothing is known of them",
            found.erased
        ));
    }
    let rows = found.effects.iter().map(|effect| {
        [
            effect.effect.clone(),
            effect.detail.clone().unwrap_or_default(),
            effect.status.clone(),
            effect.count.to_string(),
            effect.examples.join(" "),
        ]
    });
    page.table(
        ["EFFECT", "RULE OR PART", "REQUESTS", "COUNT", "FOR EXAMPLE"],
        rows.collect(),
        "no requests of this profile",
    );
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        for (text, hours) in [("12h", 12), ("30d", 720), ("2w", 336)] {
            assert!(
                matches!(since(text).unwrap(), Since::Ago(ago) if ago == Duration::hours(hours)),
                "{text}"
            );
        }
        assert!(
            matches!(since("2027-03-31").unwrap(), Since::Moment(at) if at.unix_timestamp() == 1_806_451_200)
        );
        for text in ["", "d", "-3d", "30", "30 days", "99999999d", "tomorrow", "3é"] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
