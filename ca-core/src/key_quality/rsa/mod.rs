//! RSA keys that are too small, or whose private half can be computed from the public one: one rule, one file.

mod close_primes;
mod exponent;
mod roca;
mod size;
mod small_factors;
mod trial;

use num_bigint::BigUint;

use crate::csr::CsrError;

/// The numbers of an RSA public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaKey {
    /// n
    pub modulus: BigUint,
    /// e
    pub exponent: BigUint,
}

impl RsaKey {
    /// Takes both numbers, big-endian.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Self {
        Self { modulus: BigUint::from_bytes_be(modulus), exponent: BigUint::from_bytes_be(exponent) }
    }
}

/// A rule: what it has against a key.
type Rule = fn(&RsaKey) -> Option<CsrError>;

/// The rules, the cheapest first: whoever sends a key of absurd size is refused before anything is computed with it.
const RULES: [Rule; 5] =
    [size::fault, exponent::fault, small_factors::fault, roca::fault, close_primes::fault];

/// Checks a key; tells its modulus' bits.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(key: &RsaKey) -> Result<u32, CsrError> {
    RULES.iter().find_map(|rule| rule(key)).map_or_else(|| Ok(size::bits(key)), Err)
}

/// Everything that is wrong with a key. Of one whose size is not admitted only that, and its exponent, are said: the
/// other rules are not computed with numbers of any size.
pub fn faults(key: &RsaKey) -> Vec<CsrError> {
    let computed: &[Rule] = if size::fault(key).is_some() { &RULES[..2] } else { &RULES };
    computed.iter().filter_map(|rule| rule(key)).collect()
}
