//! Arithmetic with small primes.

use num_bigint::BigUint;

/// The primes below `end`.
pub(super) fn primes(end: u32) -> impl Iterator<Item = u32> {
    (2..end).filter(|number| {
        (2..).take_while(|divisor| divisor * divisor <= *number).all(|divisor| number % divisor != 0)
    })
}

/// What is left of a number modulo a small one.
pub(super) fn remainder(number: &BigUint, modulus: u32) -> u32 {
    // A remainder of a u32 is one digit or, when zero, none.
    (number % modulus).iter_u32_digits().next().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_primes() {
        assert_eq!(primes(20).collect::<Vec<_>>(), [2, 3, 5, 7, 11, 13, 17, 19]);
        assert_eq!(primes(752).last(), Some(751));
        assert_eq!(primes(752).count(), 133);
    }
}
