//! CVE-2022-26320: moduli of two primes that are close to each other.

use num_bigint::BigUint;

use super::RsaKey;
use super::trial::remainder;
use crate::csr::CsrError;

/// CA/Browser Forum BR 6.1.1.3: rounds of Fermat's method.
const ROUNDS: u32 = 100;

/// Fermat's method: n = a² − b² with a close to √n whenever the factors are close. Keys of the library of
/// CVE-2022-26320 fall within a few rounds.
pub(super) fn fault(key: &RsaKey) -> Option<CsrError> {
    has_close_factors(&key.modulus).then_some(CsrError::RsaClosePrimes)
}

fn has_close_factors(modulus: &BigUint) -> bool {
    let mut a = modulus.sqrt();
    if &a * &a < *modulus {
        a += 1_u32;
    }
    let mut b_squared = &a * &a - modulus;
    for _ in 0..ROUNDS {
        if is_square(&b_squared) {
            return true;
        }
        // (a + 1)² − a² = 2a + 1
        b_squared += (&a << 1_u32) + 1_u32;
        a += 1_u32;
    }
    false
}

/// Most numbers are told from squares by what they leave modulo small numbers; roots are taken of the rest only.
fn is_square(number: &BigUint) -> bool {
    let may_be = [64_u32, 63, 65, 11, 17, 19, 23].into_iter().all(|modulus| {
        let wanted = remainder(number, modulus);
        (0..modulus).any(|root| root * root % modulus == wanted)
    });
    may_be && {
        let root = number.sqrt();
        &root * &root == *number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_told_from_others() {
        let root = BigUint::from(3_u32).pow(700);
        let square = &root * &root;
        assert!(is_square(&square));
        assert!(is_square(&BigUint::from(0_u32)));
        assert!(!is_square(&(&square + 1_u32)));
        assert!(!is_square(&(&square * 2_u32)));
    }
}
