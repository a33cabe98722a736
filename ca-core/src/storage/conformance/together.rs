//! Many callers at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Bench, Change, Check, CommitError, Finding, KeyRange, OTHERS, THINGS, holds, same};

const WRITERS: usize = 8;
const ROUNDS: usize = 10;

pub(super) const CHECKS: &[Check] = &[
    Check { name: "concurrent writers of one counter lose no update", run: counter },
    Check { name: "of concurrent inserts of one key one succeeds", run: one_winner },
    Check { name: "writers of different keys do not conflict", run: independent },
    Check { name: "a reader sees a change whole or not at all", run: whole },
    Check { name: "what is read was committed, and stays", run: monotonic },
];

/// Runs `work` on as many threads as there are writers; the first finding counts.
fn on_all(work: impl Fn(usize) -> Finding + Sync) -> Finding {
    std::thread::scope(|threads| {
        let work = &work;
        let running: Vec<_> = (0..WRITERS).map(|writer| threads.spawn(move || work(writer))).collect();
        running.into_iter().try_for_each(|one| one.join().map_err(|_| "a thread panicked".to_owned())?)
    })
}

fn number(octets: &[u8]) -> Result<u64, String> {
    String::from_utf8_lossy(octets).parse().map_err(|_| "the counter holds no number".to_owned())
}

/// Adds one to the counter; `false` when somebody else was first.
fn add_one(bench: &Bench) -> Result<bool, String> {
    let found = bench.there(THINGS, b"counter")?;
    let next = (number(&found.value)? + 1).to_string();
    let change = Change::new().replace(THINGS, "counter", found.version, next.clone()).insert(
        OTHERS,
        format!("{next:0>8}"),
        "counted",
    );
    match bench.try_commit(change)? {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

fn counter(bench: &Bench) -> Finding {
    bench.commit(Change::new().insert(THINGS, "counter", "0"))?;
    on_all(|_| {
        for _ in 0..ROUNDS {
            while !add_one(bench)? {}
        }
        Ok(())
    })?;
    same("count", number(&bench.there(THINGS, b"counter")?.value)?, (WRITERS * ROUNDS) as u64)?;
    same("counted", bench.keys(OTHERS, &KeyRange::all(), usize::MAX)?.len(), WRITERS * ROUNDS)
}

fn one_winner(bench: &Bench) -> Finding {
    let winners = AtomicUsize::new(0);
    on_all(|writer| {
        for round in 0..ROUNDS {
            let change = Change::new().insert(THINGS, format!("key {round}"), writer.to_string()).insert(
                OTHERS,
                format!("{round} {writer}"),
                "won",
            );
            match bench.try_commit(change)? {
                Ok(_) => winners.fetch_add(1, Ordering::SeqCst),
                Err(CommitError::Conflict { table: THINGS, .. }) => continue,
                Err(other) => return Err(other.to_string()),
            };
        }
        Ok(())
    })?;
    same("winners", winners.into_inner(), ROUNDS)?;
    for (key, entry) in bench.scan(THINGS, &KeyRange::all(), usize::MAX)? {
        let round = String::from_utf8_lossy(&key).replace("key ", "");
        let won = format!("{round} {}", String::from_utf8_lossy(&entry.value));
        bench.there(OTHERS, won.as_bytes())?;
    }
    same("losers wrote nothing", bench.keys(OTHERS, &KeyRange::all(), usize::MAX)?.len(), ROUNDS)
}

fn independent(bench: &Bench) -> Finding {
    on_all(|writer| {
        (0..ROUNDS).try_for_each(|i| bench.commit(Change::new().insert(THINGS, format!("{writer} {i}"), "1")))
    })?;
    same("keys", bench.keys(THINGS, &KeyRange::all(), usize::MAX)?.len(), WRITERS * ROUNDS)?;
    same("events", bench.events()?.len(), WRITERS * ROUNDS)
}

fn whole(bench: &Bench) -> Finding {
    let pair = |value: String| {
        Change::new().put(THINGS, "left", value.clone()).put(THINGS, "right", value.repeat(3_000))
    };
    bench.commit(pair("0000".to_owned()))?;
    on_all(|writer| {
        for round in 0..ROUNDS {
            if writer % 2 == 0 {
                bench.commit(pair(format!("{writer:02}{round:02}")))?;
            } else {
                let seen = bench.scan(THINGS, &KeyRange::all(), 10)?;
                let [(_, left), (_, right)] = seen.as_slice() else {
                    return Err("a half is missing".to_owned());
                };
                holds("both halves are of one change", right.value == left.value.repeat(3_000))?;
                let asked = bench.find_many(THINGS, &[b"left", b"right"])?;
                let [Some(left), Some(right)] = asked.as_slice() else {
                    return Err("a half is missing".to_owned());
                };
                holds("both halves read at once are of one change", right.version == left.version)?;
            }
        }
        Ok(())
    })
}

/// A reader never sees a record go back to an earlier state.
fn monotonic(bench: &Bench) -> Finding {
    bench.commit(Change::new().put(THINGS, "a", "0"))?;
    on_all(|writer| {
        let mut newest = 0;
        for round in 1..=ROUNDS {
            if writer == 0 {
                bench.commit(Change::new().put(THINGS, "a", round.to_string()))?;
            }
            let seen = number(&bench.there(THINGS, b"a")?.value)?;
            holds("a record never goes back", seen >= newest)?;
            newest = seen;
        }
        Ok(())
    })
}
