//! The size of the modulus.

use super::RsaKey;
use crate::csr::CsrError;

/// The smallest modulus in bits (NIST SP 800-131A; CA/Browser Forum BR 6.1.5).
const MIN_BITS: u64 = 2048;
/// The largest: verifying takes the square of the size, and no client needs more.
const MAX_BITS: u64 = 4096;

/// CA/Browser Forum BR 6.1.5: at least 2048 bits, divisible by 8.
pub(super) fn fault(key: &RsaKey) -> Option<CsrError> {
    let bits = key.modulus.bits();
    let fits = (MIN_BITS..=MAX_BITS).contains(&bits) && bits.is_multiple_of(8);
    (!fits).then_some(CsrError::RsaSize { bits })
}

/// The modulus' bits; as many as fit, which are all when the rule is kept.
pub(super) fn bits(key: &RsaKey) -> u32 {
    u32::try_from(key.modulus.bits()).unwrap_or(u32::MAX)
}
