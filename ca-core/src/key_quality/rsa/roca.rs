//! CVE-2017-15361, "ROCA": keys of a library that many smart cards and TPMs carried.

use super::RsaKey;
use super::trial::{primes, remainder};
use crate::csr::CsrError;

/// Small primes within the structure of such keys; 167 is the largest for the smallest of them.
const LAST_PRIME: u32 = 167;

/// The fingerprint of Nemec et al., "The Return of Coppersmith's Attack" (ACM CCS 2017): primes of that
/// library are a power of 65537 modulo each small prime, and so is their product. About one sound key in 2²⁷ and
/// fewer looks like that by chance, and its holder makes another.
pub(super) fn fault(key: &RsaKey) -> Option<CsrError> {
    let looks_so = primes(LAST_PRIME + 1).skip(1).all(|prime| {
        let generator = 65_537 % prime;
        let wanted = remainder(&key.modulus, prime);
        let mut power = 1;
        (1..prime).any(|_| {
            power = power * generator % prime;
            power == wanted
        })
    });
    looks_so.then_some(CsrError::RsaRoca)
}
