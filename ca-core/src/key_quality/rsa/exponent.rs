//! The public exponent.

use num_bigint::BigUint;

use super::RsaKey;
use crate::csr::CsrError;

/// The largest exponent's bits. The standards end at 2²⁵⁶, those who verify end sooner: ring and with it rustls at 33
/// bits, Go and Windows at 31 and 32, OpenSSL at 64 for large moduli. A certificate for such a key would be refused
/// wherever it is shown, by npki's own validation first; its holder learns it here, while making another key is easy.
const MAX_BITS: u64 = 33;
/// FIPS 186-5 appendix A.1.1: below 2²⁵⁶.
const STANDARD_BITS: u64 = 256;

/// FIPS 186-5 appendix A.1.1 and CA/Browser Forum BR 6.1.6: odd, from 2¹⁶ + 1 to 2²⁵⁶ − 1; here to 2³³ − 1.
pub(super) fn fault(key: &RsaKey) -> Option<CsrError> {
    let exponent = &key.exponent;
    let why = if !exponent.bit(0) {
        "even"
    } else if *exponent < BigUint::from(65_537_u32) {
        "smaller than 65537"
    } else if exponent.bits() > STANDARD_BITS {
        "larger than 256 bits"
    } else if exponent.bits() > MAX_BITS {
        "larger than 33 bits, which most relying parties cannot verify"
    } else {
        return None;
    };
    Some(CsrError::RsaExponent { why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(exponent: BigUint) -> Option<CsrError> {
        fault(&RsaKey { modulus: BigUint::from(1_u32), exponent })
    }

    #[test]
    fn exponents_have_both_ends() {
        for (exponent, admitted) in [
            (0_u64, false),
            (1, false),
            (3, false),
            (65_535, false),
            (65_536, false),
            (65_537, true),
            (65_538, false),
            ((1 << 33) - 1, true),
            ((1 << 33) + 1, false),
        ] {
            assert_eq!(why(BigUint::from(exponent)).is_none(), admitted, "{exponent}");
        }
        let beyond = (BigUint::from(1_u32) << 256_u32) + 1_u32;
        assert_eq!(why(beyond), Some(CsrError::RsaExponent { why: "larger than 256 bits" }));
    }
}
