//! How often the tests that let chance choose the moment repeat themselves.

/// Names the number of rounds: `tests/nightly.sh` sets it.
pub const ROUNDS: &str = "NPKI_ROUNDS";

/// The number of rounds: what [`ROUNDS`] says, or else what a test run on every change can afford.
pub fn rounds(on_every_change: usize) -> usize {
    let chosen = std::env::var(ROUNDS).ok();
    chosen.map_or(on_every_change, |text| {
        text.parse().unwrap_or_else(|_| panic!("{ROUNDS} is no number: {text}"))
    })
}
