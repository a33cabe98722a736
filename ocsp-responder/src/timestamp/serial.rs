//! Serial numbers that never come twice, whatever happens to the machine.
//!
//! RFC 3161 section 2.4.2: unique for each token of a unit, "even after a possible interruption (e.g., crash) of the
//! service". A number is made of three parts: which start of the unit it is, counted by the caller and durable before the
//! first token of that start; 64 random bits drawn at the start; and a count within it. A crash costs one durable write at
//! the next start and none while tokens are given. The random bits are for what the count of starts cannot help against: a
//! folder that was restored from an old backup counts its starts anew, and draws others.

use std::sync::atomic::{AtomicU64, Ordering};

use ca_core::clock::{Entropy, EntropyError};
use der::asn1::{Int, Uint};

/// The serial numbers of one start of a unit.
#[derive(Debug)]
pub struct Serials {
    start: u32,
    random: [u8; 8],
    next: AtomicU64,
}

impl Serials {
    /// The numbers of the start of this number, which must be durable and never used before.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn of_start(start: u32, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut random = [0; 8];
        entropy.fill(&mut random)?;
        // With the highest bit clear it fits into the 160 bits that clients must take.
        Ok(Self { start: start & 0x7fff_ffff, random, next: AtomicU64::new(1) })
    }

    /// The next number.
    pub(super) fn next(&self) -> der::Result<Int> {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let octets = [&self.start.to_be_bytes()[..], &self.random, &count.to_be_bytes()].concat();
        Ok(Int::from(Uint::new(&octets)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use ca_core::clock::SystemEntropy;

    use super::*;

    #[test]
    fn no_number_comes_twice_even_where_starts_are_counted_anew() {
        let mut seen = HashSet::new();
        for start in [1, 2, 1, 0, u32::MAX] {
            let serials = Serials::of_start(start, &SystemEntropy).unwrap();
            for _ in 0..100 {
                let number = serials.next().unwrap();
                // RFC 3161 section 2.4.2: up to 160 bits; X.690 section 8.3.3: positive.
                assert!(number.as_bytes().len() <= 20 && number.as_bytes()[0] < 0x80);
                assert!(seen.insert(number.as_bytes().to_vec()));
            }
        }
    }
}
