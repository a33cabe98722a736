//! Division by the same long number again and again: one reciprocal by Newton's method, then products only.

use num_bigint::BigUint;

use super::transform::Multiplier;

/// Bits that a value is computed beyond what is needed. Each step of a computation loses one at most.
pub(super) const SLACK: u64 = 64;

/// 1/divisor as a fraction: about 2^(its bits + precision) / divisor.
#[derive(Debug)]
pub(super) struct Reciprocal<'a> {
    by: &'a Multiplier,
    divisor: &'a BigUint,
    precision: u64,
    value: BigUint,
}

impl<'a> Reciprocal<'a> {
    /// Of a number that is not zero, precise enough for dividends up to its square.
    pub(super) fn of(divisor: &'a BigUint, by: &'a Multiplier) -> Self {
        let precision = divisor.bits() + SLACK;
        Self { by, divisor, precision, value: newton(divisor, precision, by) }
    }

    /// The fractional part of dividend/divisor, in units of 2^-precision, and that precision.
    pub(super) fn fraction(&self, dividend: &BigUint) -> (BigUint, u64) {
        let scaled = self.by.product(dividend, &self.value) >> self.divisor.bits();
        (lowest(&scaled, self.precision), self.precision)
    }

    /// The remainder of a dividend that is at most the divisor's square.
    pub(super) fn remainder(&self, dividend: &BigUint) -> BigUint {
        let quotient = self.by.product(dividend, &self.value) >> (self.divisor.bits() + self.precision);
        let whole = self.by.product(&quotient, self.divisor);
        // The quotient is right to within one or two.
        let mut left = if whole > *dividend { dividend + self.divisor - whole } else { dividend - whole };
        while left >= *self.divisor {
            left -= self.divisor;
        }
        left
    }
}

/// The lowest bits of a number.
pub(super) fn lowest(number: &BigUint, bits: u64) -> BigUint {
    if number.bits() <= bits { number.clone() } else { number - ((number >> bits) << bits) }
}

/// y ← y + y(1 − vy) for v = divisor / 2^bits, which lies in [½, 1): each round nearly doubles the correct bits.
fn newton(divisor: &BigUint, precision: u64, by: &Multiplier) -> BigUint {
    let mut known = 30;
    let top = shifted(divisor, divisor.bits(), 32);
    let mut y = (BigUint::from(1_u32) << (known + 32)) / top;
    while known < precision {
        let next = (2 * known - 4).min(precision);
        let wide = next + 4;
        let v = shifted(divisor, divisor.bits(), wide);
        let one = BigUint::from(1_u32) << (wide + known);
        let close = by.product(&v, &y);
        let scale = wide + 2 * known - next;
        let (base, correction) = (&y << (next - known), |off: &BigUint| by.product(&y, off) >> scale);
        y = if close <= one {
            base + correction(&(&one - &close))
        } else {
            base - correction(&(&close - &one))
        };
        known = next;
    }
    y
}

/// A number of so many bits, brought to `wanted` bits.
fn shifted(number: &BigUint, bits: u64, wanted: u64) -> BigUint {
    if bits > wanted { number >> (bits - wanted) } else { number << (wanted - bits) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn remainders_are_those_of_the_library(
            divisor in proptest::collection::vec(any::<u32>(), 1..200),
            dividend in proptest::collection::vec(any::<u32>(), 0..200),
        ) {
            let (divisor, mut dividend) = (BigUint::new(divisor) + 1_u32, BigUint::new(dividend));
            if dividend.bits() > 2 * divisor.bits() - 1 {
                dividend >>= dividend.bits() - (2 * divisor.bits() - 1);
            }
            prop_assert_eq!(Reciprocal::of(&divisor, &Multiplier::default()).remainder(&dividend), dividend % divisor);
        }
    }

    #[test]
    fn powers_of_two_and_their_neighbours_divide() {
        let power = BigUint::from(1_u32) << 5_000_u32;
        for divisor in
            [power.clone(), &power - 1_u32, &power + 1_u32, BigUint::from(1_u32), BigUint::from(3_u32)]
        {
            let dividend = &divisor * &divisor - 1_u32;
            assert_eq!(
                Reciprocal::of(&divisor, &Multiplier::default()).remainder(&dividend),
                &dividend % &divisor
            );
        }
    }
}
