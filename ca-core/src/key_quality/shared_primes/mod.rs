//! Moduli that share a prime: whoever computes their greatest common divisor has both private keys (Heninger et al.,
//! "Mining Your Ps and Qs", 2012; Lenstra et al., "Ron was wrong, Whit is right", 2012).
//!
//! Comparing each with each takes the square of their number. Bernstein's way ("How to find smooth parts of integers",
//! "Scaled remainder trees") multiplies all, and finds the product of all others modulo each. Keys are taken in groups
//! of a bounded size, so that memory is: the products of all groups stay, the tree of one group comes and goes.

mod factors;
mod reciprocal;
mod transform;
mod tree;

pub use factors::{CommonFactor, common_factors};

use num_bigint::BigUint;
use reciprocal::Reciprocal;
use transform::Multiplier;
use tree::Tree;

/// How many moduli one group has. The tree of a group of 2048-bit moduli takes about 700 MB of memory while it is
/// worked on; besides that, each modulus takes half a kilobyte.
pub const GROUP: usize = 1 << 15;

/// A modulus that shares a factor with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Which it is.
    pub index: usize,
    /// What it has in common with the product of all others; the modulus itself when all its primes are shared.
    pub factor: BigUint,
}

/// How far the search has come, in steps of very different length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

/// Finds all moduli that share a factor with another. They must be different from each other, and greater than one.
pub fn find(moduli: &[BigUint], progress: &mut dyn FnMut(Progress)) -> Vec<Shared> {
    find_in_groups(moduli, GROUP, progress)
}

fn find_in_groups(moduli: &[BigUint], size: usize, progress: &mut dyn FnMut(Progress)) -> Vec<Shared> {
    let groups: Vec<&[BigUint]> = moduli.chunks(size).collect();
    let by = Multiplier::default();
    let mut steps = Steps::of(&groups, progress);
    let products: Vec<BigUint> = match groups[..] {
        // Of a single group the tree is made once, below.
        [_] => Vec::new(),
        _ => groups.iter().map(|group| steps.tree(group, &by).product().clone()).collect(),
    };
    let mut found = Vec::new();
    for (place, group) in groups.iter().enumerate() {
        let tree = steps.tree(group, &by);
        let outside = product_of_others(&products, place, tree.product(), &by, &mut steps);
        let others = tree.others(&outside, &mut || steps.step());
        let shared = group.iter().zip(others).enumerate().filter_map(|(within, (modulus, rest))| {
            let factor = factors::divisor(modulus, rest);
            (factor > BigUint::from(1_u32)).then_some(Shared { index: place * size + within, factor })
        });
        found.extend(shared);
    }
    found
}

/// The product of all other groups, modulo this group's.
fn product_of_others(
    products: &[BigUint],
    own: usize,
    modulus: &BigUint,
    by: &Multiplier,
    steps: &mut Steps<'_>,
) -> BigUint {
    let one = BigUint::from(1_u32);
    if products.len() < 2 {
        return one;
    }
    let reciprocal = Reciprocal::of(modulus, by);
    let others = products.iter().enumerate().filter(|(place, _)| *place != own);
    others.fold(one, |all, (_, other)| {
        steps.step();
        // The last group is smaller than the others: their products may be longer than its square.
        let other = if other.bits() < 2 * modulus.bits() {
            reciprocal.remainder(other)
        } else {
            reduced(other, &reciprocal, modulus)
        };
        reciprocal.remainder(&by.product(&all, &other))
    })
}

/// A long number modulo a short one, from its highest part down.
fn reduced(number: &BigUint, reciprocal: &Reciprocal<'_>, modulus: &BigUint) -> BigUint {
    let part = modulus.bits() - 1;
    let parts = number.bits().div_ceil(part.max(1));
    (0..parts).rev().fold(BigUint::ZERO, |rest, place| {
        let next = reciprocal::lowest(&(number >> (place * part)), part);
        reciprocal.remainder(&((rest << part) + next))
    })
}

struct Steps<'a> {
    progress: Progress,
    tell: &'a mut dyn FnMut(Progress),
}

impl<'a> Steps<'a> {
    fn of(groups: &[&[BigUint]], tell: &'a mut dyn FnMut(Progress)) -> Self {
        let heights: u64 = groups.iter().map(|group| Tree::height(group.len())).sum();
        let count = groups.len() as u64;
        let total = if count > 1 { 3 * heights + count * (count - 1) } else { 2 * heights };
        Self { progress: Progress { done: 0, total }, tell }
    }

    fn step(&mut self) {
        self.progress.done += 1;
        (self.tell)(self.progress);
    }

    fn tree<'b>(&mut self, group: &[BigUint], by: &'b Multiplier) -> Tree<'b> {
        Tree::over(group, by, &mut || self.step())
    }
}

#[cfg(test)]
mod tests;
