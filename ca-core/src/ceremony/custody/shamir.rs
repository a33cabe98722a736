//! Shamir's secret sharing over GF(256), octet by octet: a share is the value of a random polynomial at the holder's
//! index, and the secret its value at zero.
//!
//! The field's arithmetic and the interpolation are vsss-rs's, in constant time. The polynomials' coefficients are drawn
//! here, uniformly, zero included: with one share too few every secret is as likely as any other.

use vsss_rs::Gf256;
use zeroize::Zeroizing;

use crate::clock::{Entropy, EntropyError};

/// Splits `secret` among the indexes 1 to `count`; any `threshold` shares give it back. The bounds are the caller's.
pub(super) fn split(
    secret: &[u8],
    threshold: u8,
    count: u8,
    entropy: &dyn Entropy,
) -> Result<Vec<Zeroizing<Vec<u8>>>, EntropyError> {
    let mut shares: Vec<_> = (0..count).map(|_| Zeroizing::new(Vec::with_capacity(secret.len()))).collect();
    let mut coefficients = Zeroizing::new(vec![0; usize::from(threshold).saturating_sub(1)]);
    for octet in secret {
        entropy.fill(&mut coefficients)?;
        for (index, share) in (1..=count).zip(&mut shares) {
            share.push(value_at(index, *octet, &coefficients));
        }
    }
    Ok(shares)
}

/// Horner's scheme, from the highest power down.
fn value_at(index: u8, constant: u8, coefficients: &[u8]) -> u8 {
    let index = Gf256(index);
    let sum =
        coefficients.iter().rev().fold(Gf256(0), |sum, coefficient| (sum + Gf256(*coefficient)) * index);
    (sum + Gf256(constant)).0
}

/// The secret of these shares; `None` where they cannot be of one secret: an index twice, or of unequal length.
pub(super) fn combine(shares: &[(u8, &[u8])]) -> Option<Zeroizing<Vec<u8>>> {
    let joined: Vec<Zeroizing<Vec<u8>>> =
        shares.iter().map(|(index, value)| Zeroizing::new([&[*index], *value].concat())).collect();
    // The library takes plain vectors: they are wiped here.
    let mut plain: Vec<Vec<u8>> = joined.iter().map(|share| share.to_vec()).collect();
    let secret = Gf256::combine_bytes(&plain).ok().map(Zeroizing::new);
    plain.iter_mut().for_each(zeroize::Zeroize::zeroize);
    secret
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::{combine, split};
    use crate::clock::SystemEntropy;

    #[test]
    fn any_three_of_five_give_it_back_and_two_do_not() {
        let secret = [7; 32];
        let shares = split(&secret, 3, 5, &SystemEntropy).unwrap();
        let at = |index: u8| (index, shares[usize::from(index) - 1].as_slice());
        for first in 1..=5 {
            for second in first + 1..=5 {
                assert_ne!(combine(&[at(first), at(second)]).unwrap().as_slice(), secret);
                for third in second + 1..=5 {
                    assert_eq!(combine(&[at(first), at(second), at(third)]).unwrap().as_slice(), secret);
                }
            }
        }
        assert!(combine(&[at(1), at(1), at(2)]).is_none());
    }

    /// With one share too few, each secret is explained by exactly one polynomial: so none is likelier.
    #[test]
    fn one_share_too_few_excludes_no_secret() {
        let shares = split(&[0], 2, 2, &SystemEntropy).unwrap();
        let mut possible: Vec<u8> =
            (0..=255).map(|other| combine(&[(1, &shares[0]), (2, &[other])]).unwrap()[0]).collect();
        possible.sort_unstable();
        assert_eq!(possible, (0..=255).collect::<Vec<u8>>());
    }
}
