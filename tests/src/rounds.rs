//! How often the tests that let chance choose the moment repeat themselves.

use std::time::Instant;

/// Names the number of rounds: `tests/nightly.sh` sets it.
pub const ROUNDS: &str = "NPKI_ROUNDS";

/// The rounds: as many as [`ROUNDS`] says, or else as a test run on every change can afford. Where somebody asked for a
/// number of them, each tells how far it has come: a hundred take long.
#[allow(clippy::print_stderr, reason = "for the person who waits")]
pub fn rounds(on_every_change: usize) -> impl Iterator<Item = usize> {
    let chosen = std::env::var(ROUNDS).ok();
    let (asked, begun) = (chosen.is_some(), Instant::now());
    let count = chosen.map_or(on_every_change, |text| {
        text.parse().unwrap_or_else(|_| panic!("{ROUNDS} is no number: {text}"))
    });
    let test = std::thread::current().name().unwrap_or("rounds").to_owned();
    (1..=count).inspect(move |round| {
        if asked {
            eprintln!("{test}: round {round} of {count}, after {} s", begun.elapsed().as_secs());
        }
    })
}
