//! Products of very long numbers, by a number-theoretic transform.
//!
//! The library's own multiplication takes the 1.46th power of the length, which for the products of a hundred thousand
//! moduli (25 MB each) means hours. Here the numbers are cut into 16-bit digits, and their convolution is computed in
//! the field of p = 2⁶⁴ − 2³² + 1, which has roots of unity of order 2³².

use std::cell::RefCell;

use num_bigint::BigUint;

/// 2⁶⁴ − 2³² + 1, a prime.
const P: u64 = 0xffff_ffff_0000_0001;
/// 2⁶⁴ modulo p.
const EPSILON: u64 = 0xffff_ffff;
/// Generates the field's multiplicative group.
const GENERATOR: u64 = 7;
/// Where the library's own multiplication becomes slower, in bits of the shorter number. Measured.
const WORTHWHILE: u64 = 60_000;

/// Multiplies, and keeps what each product needs anew: the powers of the longest root of unity hold those of all
/// shorter ones.
#[derive(Debug, Default)]
pub(super) struct Multiplier {
    roots: RefCell<Vec<Vec<u64>>>,
}

impl Multiplier {
    /// The product.
    pub(super) fn product(&self, left: &BigUint, right: &BigUint) -> BigUint {
        if left.bits().min(right.bits()) < WORTHWHILE { left * right } else { self.convolved(left, right) }
    }

    fn convolved(&self, left: &BigUint, right: &BigUint) -> BigUint {
        let digits = left.bits().div_ceil(16) + right.bits().div_ceil(16);
        // Each sum of the convolution has at most 2²⁸ products of 32 bits: it stays below p, and nothing is lost.
        // Numbers of half a gigabyte do not come here: see the bound on a group.
        let length = usize::try_from(digits).unwrap_or(usize::MAX).next_power_of_two();
        let depth = length.trailing_zeros() as usize;
        if self.roots.borrow().len() < depth {
            self.roots.replace(powers_for(length));
        }
        let roots = self.roots.borrow();
        let roots = roots.get(roots.len() - depth..).unwrap_or_default();
        let mut first = cut(left, length);
        forward(&mut first, roots);
        {
            let mut second = cut(right, length);
            forward(&mut second, roots);
            first.iter_mut().zip(&second).for_each(|(left, right)| *left = times(*left, *right));
        }
        backward(&mut first, roots);
        joined(&first, inverse_of(length as u64))
    }
}

/// 16-bit digits, the lowest first, padded with zeros to `length`.
fn cut(number: &BigUint, length: usize) -> Vec<u64> {
    let mut digits = Vec::with_capacity(length);
    for word in number.iter_u64_digits() {
        digits.extend((0..4).map(|place| (word >> (16 * place)) & 0xffff));
    }
    // The highest word may have brought zeros that the length did not count.
    digits.resize(length, 0);
    digits
}

/// Divides each sum by the transform's length, and carries.
fn joined(sums: &[u64], scale: u64) -> BigUint {
    let mut words = Vec::with_capacity(sums.len() / 2 + 2);
    let mut carry = 0_u64;
    for pair in sums.chunks(2) {
        let mut word = 0_u32;
        for (place, sum) in pair.iter().enumerate() {
            // Sums stay below 2⁶⁰, so that the carry fits.
            carry += times(*sum, scale);
            word |= ((carry & 0xffff) as u32) << (16 * place);
            carry >>= 16;
        }
        words.push(word);
    }
    words.extend([carry as u32, (carry >> 32) as u32]);
    BigUint::new(words)
}

/// Powers of roots of unity: half of those of the whole order, then of half the order, and so on.
fn powers_for(order: usize) -> Vec<Vec<u64>> {
    let root = power(GENERATOR, (P - 1) / order as u64);
    let mut level: Vec<u64> =
        std::iter::successors(Some(1), |last| Some(times(*last, root))).take(order / 2).collect();
    let mut powers = Vec::new();
    while !level.is_empty() {
        let next = level.iter().copied().step_by(2).take(level.len() / 2).collect();
        powers.push(std::mem::replace(&mut level, next));
    }
    powers
}

/// Decimation in frequency: the result comes in bit-reversed order, which [`backward`] takes. Depth first, so that from
/// some depth on everything stays in the processor's cache.
fn forward(values: &mut [u64], powers: &[Vec<u64>]) {
    let Some((level, deeper)) = powers.split_first() else { return };
    let (low, high) = values.split_at_mut(level.len());
    for ((left, right), root) in low.iter_mut().zip(high.iter_mut()).zip(level) {
        (*left, *right) = (plus(*left, *right), times(minus(*left, *right), *root));
    }
    forward(low, deeper);
    forward(high, deeper);
}

/// The way back, but for a division by the length.
fn backward(values: &mut [u64], powers: &[Vec<u64>]) {
    let Some((level, deeper)) = powers.split_first() else { return };
    let (low, high) = values.split_at_mut(level.len());
    backward(low, deeper);
    backward(high, deeper);
    let mut pairs = low.iter_mut().zip(high.iter_mut());
    if let Some((left, right)) = pairs.next() {
        (*left, *right) = (plus(*left, *right), minus(*left, *right));
    }
    // The inverse of the k-th power is the negative of the (half − k)-th.
    for ((left, right), root) in pairs.zip(level.iter().rev()) {
        let turned = times(*right, *root);
        (*left, *right) = (minus(*left, turned), plus(*left, turned));
    }
}

fn plus(left: u64, right: u64) -> u64 {
    let (sum, over) = left.overflowing_add(right);
    let sum = if over { sum.wrapping_add(EPSILON) } else { sum };
    if sum >= P { sum - P } else { sum }
}

fn minus(left: u64, right: u64) -> u64 {
    let (difference, under) = left.overflowing_sub(right);
    if under { difference.wrapping_add(P) } else { difference }
}

/// 2⁶⁴ is 2³² − 1 modulo p, and 2⁹⁶ is −1.
fn times(left: u64, right: u64) -> u64 {
    let whole = u128::from(left) * u128::from(right);
    let (low, high) = (whole as u64, (whole >> 64) as u64);
    let (top, middle) = (high >> 32, high & EPSILON);
    let (difference, under) = low.overflowing_sub(top);
    let difference = if under { difference.wrapping_sub(EPSILON) } else { difference };
    let (sum, over) = difference.overflowing_add(middle * EPSILON);
    let sum = if over { sum.wrapping_add(EPSILON) } else { sum };
    if sum >= P { sum - P } else { sum }
}

fn power(base: u64, exponent: u64) -> u64 {
    let (mut result, mut square, mut left) = (1, base, exponent);
    while left > 0 {
        if left & 1 == 1 {
            result = times(result, square);
        }
        square = times(square, square);
        left >>= 1;
    }
    result
}

/// Fermat: a^(p − 2) is the inverse of a.
fn inverse_of(number: u64) -> u64 {
    power(number, P - 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_field_is_a_field() {
        for number in [1, 2, 7, EPSILON, EPSILON + 1, P - 1, P - 2, 0x8000_0000_0000_0000] {
            assert_eq!(times(number, inverse_of(number)), 1, "{number}");
            assert_eq!(minus(plus(number, P - 1), P - 1), number);
            let slow = u128::from(number) * u128::from(P - 3) % u128::from(P);
            assert_eq!(u128::from(times(number, P - 3)), slow);
        }
    }

    #[test]
    fn the_largest_digits_carry_as_they_must() {
        let ones = (BigUint::from(1_u32) << 100_000_u32) - 1_u32;
        let by = Multiplier::default();
        assert_eq!(by.convolved(&ones, &ones), &ones * &ones);
        // The roots of the longer product serve the shorter ones.
        assert_eq!(by.convolved(&ones, &BigUint::from(1_u32)), ones);
        assert_eq!(by.convolved(&ones, &BigUint::ZERO), BigUint::ZERO);
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_library(
            left in proptest::collection::vec(any::<u32>(), 0..300),
            right in proptest::collection::vec(any::<u32>(), 0..300),
        ) {
            let (left, right) = (BigUint::new(left), BigUint::new(right));
            prop_assert_eq!(Multiplier::default().convolved(&left, &right), left * right);
        }
    }
}
