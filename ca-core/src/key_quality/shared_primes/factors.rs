//! Which keys share which factor.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigUint;

use super::Shared;

/// A factor and all keys that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonFactor {
    /// The factor; a prime, unless the keys share more than one.
    pub factor: BigUint,
    /// The keys that have it, by index; two at least.
    pub keys: Vec<usize>,
}

/// Sorts what [`find`](super::find) found by the factors that are shared. Takes the square of the number of keys found.
pub fn common_factors(moduli: &[BigUint], found: &[Shared]) -> Vec<CommonFactor> {
    let keys: Vec<(usize, &BigUint)> =
        found.iter().filter_map(|shared| Some((shared.index, moduli.get(shared.index)?))).collect();
    let mut factors: BTreeSet<BigUint> = BTreeSet::new();
    for shared in found {
        let Some(modulus) = moduli.get(shared.index) else { continue };
        if shared.factor == *modulus {
            // Every prime of it is shared: with whom, and which, only its neighbours tell.
            let others = keys.iter().filter(|(index, _)| *index != shared.index);
            factors.extend(others.map(|(_, other)| divisor(modulus, (*other).clone())));
        } else {
            factors.insert(shared.factor.clone());
        }
    }
    factors.remove(&BigUint::from(1_u32));
    let mut by_keys: BTreeMap<Vec<usize>, BigUint> = BTreeMap::new();
    for factor in factors {
        let having: Vec<usize> = keys
            .iter()
            .filter(|(_, modulus)| *modulus % &factor == BigUint::ZERO)
            .map(|(index, _)| *index)
            .collect();
        if having.len() > 1 {
            by_keys.insert(having, factor);
        }
    }
    by_keys.into_iter().map(|(keys, factor)| CommonFactor { factor, keys }).collect()
}

/// The greatest common divisor; zero has all divisors.
pub(super) fn divisor(modulus: &BigUint, rest: BigUint) -> BigUint {
    let (mut large, mut small) = (modulus.clone(), rest);
    while small != BigUint::ZERO {
        (large, small) = (small.clone(), large % small);
    }
    large
}
