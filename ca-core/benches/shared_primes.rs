//! How long the search for shared primes takes: `cargo bench -p ca-core --bench shared_primes -- 10000`.
//!
//! The moduli are random odd numbers of 2048 bits, which cost what real ones do; two of them are given a factor in
//! common. (Random numbers share small factors too; real moduli have none.)
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement tells its result and may stop")]

use std::time::Instant;

use ca_core::clock::{Entropy, SystemEntropy};
use ca_core::key_quality::shared_primes::find;
use num_bigint::BigUint;

/// The one that npki runs with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let count: usize = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(1_000);
    let prime = (BigUint::from(1_u32) << 521_u32) - 1_u32;
    let mut moduli: Vec<BigUint> = (0..count).map(|_| random()).collect();
    for index in [0, count - 1] {
        moduli[index] = (&moduli[index] >> 521_u32) * &prime;
    }
    let begun = Instant::now();
    let found = find(&moduli, &mut |_| {});
    let seconds = begun.elapsed().as_secs_f64();
    let ours = found.iter().filter(|shared| &shared.factor % &prime == BigUint::ZERO).count();
    assert_eq!(ours, 2);
    let resident = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = resident.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{count} moduli of 2048 bits: {seconds:.1} s, {peak}");
}

fn random() -> BigUint {
    let mut octets = [0; 256];
    SystemEntropy.fill(&mut octets).unwrap();
    octets[0] |= 0x80;
    octets[255] |= 1;
    BigUint::from_bytes_be(&octets)
}
