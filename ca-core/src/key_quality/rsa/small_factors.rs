//! Moduli with a factor that anyone finds.

use super::RsaKey;
use super::trial::{primes, remainder};
use crate::csr::CsrError;

/// CA/Browser Forum BR 6.1.6: no factor smaller than 752.
const SMALLEST_FACTOR: u32 = 752;

/// Names the smallest prime factor below 752, two included.
pub(super) fn fault(key: &RsaKey) -> Option<CsrError> {
    let factor = primes(SMALLEST_FACTOR).find(|prime| remainder(&key.modulus, *prime) == 0)?;
    Some(CsrError::RsaSmallFactor { factor })
}
