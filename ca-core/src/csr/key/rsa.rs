//! RSA keys whose private half can be computed from the public one, or that are too small.

use num_bigint::BigUint;

use crate::csr::CsrError;

/// The smallest modulus in bits (NIST SP 800-131A; CA/Browser Forum BR 6.1.5).
const MIN_BITS: u64 = 2048;
/// The largest: verifying takes the square of the size, and no client needs more.
const MAX_BITS: u64 = 4096;
/// CA/Browser Forum BR 6.1.6: no factor smaller than 752.
const SMALLEST_FACTOR: u32 = 752;
/// CA/Browser Forum BR 6.1.1.3: rounds of Fermat's method.
const FERMAT_ROUNDS: u32 = 100;
/// Small primes within the structure of keys of CVE-2017-15361; 167 is the largest for the smallest of them.
const ROCA_LAST_PRIME: u32 = 167;
/// Bits of the largest exponent that the verifier takes (ring: at most 2³³ − 1).
const MAX_EXPONENT_BITS: u64 = 33;

/// Checks modulus and exponent, big-endian; tells the modulus' bits.
pub(super) fn check(modulus: &[u8], exponent: &[u8]) -> Result<u32, CsrError> {
    let modulus = BigUint::from_bytes_be(modulus);
    let bits = modulus.bits();
    // CA/Browser Forum BR 6.1.5: at least 2048 bits, divisible by 8.
    if !(MIN_BITS..=MAX_BITS).contains(&bits) || !bits.is_multiple_of(8) {
        return Err(CsrError::RsaSize { bits });
    }
    public_exponent(&BigUint::from_bytes_be(exponent))?;
    if let Some(factor) = small_factor(&modulus) {
        return Err(CsrError::RsaSmallFactor { factor });
    }
    if is_roca(&modulus) {
        return Err(CsrError::RsaRoca);
    }
    if has_close_factors(&modulus) {
        return Err(CsrError::RsaClosePrimes);
    }
    u32::try_from(bits).map_err(|_| CsrError::RsaSize { bits })
}

/// FIPS 186-5 appendix A.1.1 and CA/Browser Forum BR 6.1.6: odd, from 2¹⁶ + 1 to 2²⁵⁶ − 1. The upper end is lower here,
/// because the verifier ends there; every tool writes 65537 unless told otherwise.
fn public_exponent(exponent: &BigUint) -> Result<(), CsrError> {
    let refused = |why| Err(CsrError::RsaExponent { why });
    if !exponent.bit(0) {
        refused("even")
    } else if *exponent < BigUint::from(65_537_u32) {
        refused("smaller than 65537")
    } else if exponent.bits() > MAX_EXPONENT_BITS {
        refused("larger than 33 bits")
    } else {
        Ok(())
    }
}

/// The smallest prime factor below 752, two included.
fn small_factor(modulus: &BigUint) -> Option<u32> {
    primes(SMALLEST_FACTOR).find(|prime| remainder(modulus, *prime) == 0)
}

/// The fingerprint of Nemec et al., "The Return of Coppersmith's Attack" (ACM CCS 2017): primes of that
/// library are a power of 65537 modulo each small prime, and so is their product. About one sound key in 2²⁷ and
/// fewer looks like that by chance, and its holder makes another.
fn is_roca(modulus: &BigUint) -> bool {
    primes(ROCA_LAST_PRIME + 1).skip(1).all(|prime| {
        let generator = 65_537 % prime;
        let wanted = remainder(modulus, prime);
        let mut power = 1;
        (1..prime).any(|_| {
            power = power * generator % prime;
            power == wanted
        })
    })
}

/// Fermat's method: n = a² − b² with a close to √n whenever the factors are close. CVE-2022-26320 is a library whose
/// keys fall within a few rounds.
fn has_close_factors(modulus: &BigUint) -> bool {
    let mut a = modulus.sqrt();
    if &a * &a < *modulus {
        a += 1_u32;
    }
    let mut b_squared = &a * &a - modulus;
    for _ in 0..FERMAT_ROUNDS {
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

fn remainder(number: &BigUint, modulus: u32) -> u32 {
    // A remainder of a u32 is one digit or, when zero, none.
    (number % modulus).iter_u32_digits().next().unwrap_or(0)
}

/// The primes below `end`.
fn primes(end: u32) -> impl Iterator<Item = u32> {
    (2..end).filter(|number| {
        (2..).take_while(|divisor| divisor * divisor <= *number).all(|divisor| number % divisor != 0)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn primes_are_primes() {
        assert_eq!(primes(20).collect::<Vec<_>>(), [2, 3, 5, 7, 11, 13, 17, 19]);
        assert_eq!(primes(SMALLEST_FACTOR).last(), Some(751));
        assert_eq!(primes(SMALLEST_FACTOR).count(), 133);
    }

    #[test]
    fn squares_are_told_from_others() {
        let root = BigUint::from(3_u32).pow(700);
        let square = &root * &root;
        assert!(is_square(&square));
        assert!(is_square(&BigUint::from(0_u32)));
        assert!(!is_square(&(&square + 1_u32)));
        assert!(!is_square(&(&square * 2_u32)));
    }

    #[test]
    fn exponents_have_both_ends() {
        for (exponent, admitted) in [
            (3_u64, false),
            (65_535, false),
            (65_536, false),
            (65_537, true),
            (65_538, false),
            ((1 << 33) - 1, true),
            ((1 << 33) + 1, false),
        ] {
            assert_eq!(public_exponent(&BigUint::from(exponent)).is_ok(), admitted, "{exponent}");
        }
    }
}
