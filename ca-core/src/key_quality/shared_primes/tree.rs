//! The products of a group of moduli, level by level, and what a number leaves modulo each of them.

use num_bigint::BigUint;

use super::reciprocal::{Reciprocal, SLACK, lowest};
use super::transform::Multiplier;

/// Called after each level of a tree.
pub(super) type Tick<'a> = &'a mut dyn FnMut();

/// Products of neighbours: the moduli themselves first, the product of all last.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    by: &'a Multiplier,
    levels: Vec<Vec<BigUint>>,
    /// Σ over i of the product of all moduli but the i-th: modulo the i-th it is the product of the others, as in the
    /// derivative of a polynomial.
    derivative: BigUint,
}

impl<'a> Tree<'a> {
    /// Multiplies. There must be a modulus.
    pub(super) fn over(moduli: &[BigUint], by: &'a Multiplier, tick: Tick<'_>) -> Self {
        let mut derivatives = vec![BigUint::from(1_u32); moduli.len()];
        let mut levels = vec![moduli.to_vec()];
        let mut last = moduli.to_vec();
        while last.len() > 1 {
            derivatives =
                last.chunks(2).zip(derivatives.chunks(2)).map(|pair| summed(pair.0, pair.1, by)).collect();
            last = last.chunks(2).map(|pair| multiplied(pair, by)).collect();
            levels.push(last.clone());
            tick();
        }
        Self { by, levels, derivative: derivatives.pop().unwrap_or_default() }
    }

    /// How many levels there are to multiply for so many moduli; as many are walked down again.
    pub(super) const fn height(moduli: usize) -> u64 {
        moduli.next_power_of_two().trailing_zeros() as u64
    }

    /// The product of all.
    pub(super) fn product(&self) -> &BigUint {
        self.levels.last().and_then(|level| level.first()).unwrap_or(&BigUint::ZERO)
    }

    /// The product of all other moduli, times `outside`, modulo each modulus. Bernstein's scaled remainders: from the
    /// fraction x/(ab) one comes to x/a by multiplying with b, so that there is one division only, by the product of
    /// all, and of each product only the bits behind the point count.
    pub(super) fn others(&self, outside: &BigUint, tick: Tick<'_>) -> Vec<BigUint> {
        let reciprocal = Reciprocal::of(self.product(), self.by);
        let derivative = reciprocal.remainder(&self.derivative);
        let dividend = reciprocal.remainder(&self.by.product(&derivative, outside));
        let mut fractions = vec![reciprocal.fraction(&dividend)];
        drop(reciprocal);
        for level in self.levels.iter().rev().skip(1) {
            fractions = level
                .chunks(2)
                .zip(fractions)
                .flat_map(|(pair, fraction)| descended(pair, &fraction, self.by))
                .collect();
            tick();
        }
        let moduli = self.levels.first().into_iter().flatten();
        moduli.zip(fractions).map(|(modulus, fraction)| remainder_of(modulus, &fraction)).collect()
    }
}

fn multiplied(pair: &[BigUint], by: &Multiplier) -> BigUint {
    match pair {
        [left, right] => by.product(left, right),
        [single] => single.clone(),
        _ => BigUint::ZERO,
    }
}

/// (ab)′ = a′b + b′a
fn summed(numbers: &[BigUint], derivatives: &[BigUint], by: &Multiplier) -> BigUint {
    match (numbers, derivatives) {
        ([a, b], [a_derived, b_derived]) => by.product(a_derived, b) + by.product(b_derived, a),
        (_, [single]) => single.clone(),
        _ => BigUint::ZERO,
    }
}

type Fraction = (BigUint, u64);

fn descended(pair: &[BigUint], fraction: &Fraction, by: &Multiplier) -> Vec<Fraction> {
    match pair {
        [left, right] => vec![narrowed(fraction, right, left, by), narrowed(fraction, left, right, by)],
        _ => vec![fraction.clone()],
    }
}

/// Multiplies by the sibling, and keeps as many bits behind the point as the modulus needs.
fn narrowed(
    (value, precision): &Fraction,
    sibling: &BigUint,
    modulus: &BigUint,
    by: &Multiplier,
) -> Fraction {
    let wanted = (modulus.bits() + SLACK).min(*precision);
    let behind_the_point = lowest(&by.product(value, sibling), *precision);
    (behind_the_point >> (precision - wanted), wanted)
}

fn remainder_of(modulus: &BigUint, (value, precision): &Fraction) -> BigUint {
    let half = BigUint::from(1_u32) << (precision - 1);
    let rounded = (value * modulus + half) >> *precision;
    // What was a little less than a whole number came out as 0.999…
    if rounded >= *modulus { rounded - modulus } else { rounded }
}
