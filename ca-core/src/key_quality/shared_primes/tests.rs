use super::*;

/// Primes by trial, small enough to be found at once.
fn primes(from: u32, count: usize) -> Vec<BigUint> {
    let is_prime = |n: &u32| (2..).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
    (from..).filter(is_prime).take(count).map(BigUint::from).collect()
}

fn quiet(_: Progress) {}

#[test]
fn shared_primes_are_found_whatever_the_groups() {
    let p = primes(1_000_000, 80);
    // Pairs of their own primes, but for the three that follow each other and one whose primes are both shared.
    let mut moduli: Vec<BigUint> = p.chunks(2).map(|pair| &pair[0] * &pair[1]).collect();
    moduli.push(&p[0] * &p[7]);
    moduli.push(&p[2] * BigUint::from(7_919_u32));
    for size in [1, 2, 3, 7, 40, 41, 42, 1_000] {
        let found = find_in_groups(&moduli, size, &mut quiet);
        let told: Vec<(usize, BigUint)> =
            found.iter().map(|shared| (shared.index, shared.factor.clone())).collect();
        assert_eq!(
            told,
            [
                (0, p[0].clone()),
                (1, p[2].clone()),
                (3, p[7].clone()),
                (40, &p[0] * &p[7]),
                (41, p[2].clone())
            ],
            "groups of {size}"
        );
        let factors = common_factors(&moduli, &found);
        let keys: Vec<&[usize]> = factors.iter().map(|factor| &factor.keys[..]).collect();
        assert_eq!(keys, [&[0, 40][..], &[1, 41], &[3, 40]]);
    }
}

#[test]
fn keys_that_share_everything_in_a_ring_are_told_apart() {
    let p = primes(5_000_000, 3);
    let moduli = [&p[0] * &p[1], &p[1] * &p[2], &p[2] * &p[0]];
    let found = find(&moduli, &mut quiet);
    assert_eq!(found.len(), 3);
    let factors = common_factors(&moduli, &found);
    assert_eq!(factors.len(), 3, "{factors:?}");
    assert!(factors.iter().all(|factor| factor.keys.len() == 2 && p.contains(&factor.factor)));
}

#[test]
fn few_keys_and_none_are_no_trouble() {
    assert_eq!(find(&[], &mut quiet), []);
    assert_eq!(find(&primes(100, 1), &mut quiet), []);
    assert_eq!(find(&primes(100, 2), &mut quiet), []);
}

#[test]
fn progress_ends_where_it_said_it_would() {
    let moduli = primes(1_000, 100);
    for size in [16, 1_000] {
        let mut last = Progress { done: 0, total: 0 };
        find_in_groups(&moduli, size, &mut |progress| {
            assert!(progress.done == last.done + 1 && (last.total == 0 || progress.total == last.total));
            last = progress;
        });
        assert_eq!(last.done, last.total);
    }
}

/// Long numbers go through the transform and Newton's method in earnest.
#[test]
fn long_moduli_are_compared_as_well() {
    let odd = |seed: u32| {
        // Not primes: what they have in common is what was put in.
        (0..64_u32).fold(BigUint::from(1_u32), |number, step| {
            (number << 32_u32)
                + (seed.wrapping_mul(2_654_435_761).wrapping_add(step.wrapping_mul(40_503)) | 1)
        })
    };
    let prime = (BigUint::from(1_u32) << 521_u32) - 1_u32;
    let mut moduli: Vec<BigUint> = (0..150).map(odd).collect();
    moduli[17] = &moduli[17] * &prime;
    moduli[149] = &moduli[149] * &prime;
    let found = find_in_groups(&moduli, 64, &mut quiet);
    for index in [17, 149] {
        let shared = found.iter().find(|shared| shared.index == index);
        assert!(shared.is_some_and(|shared| &shared.factor % &prime == BigUint::ZERO), "{index}");
    }
    let without = found.iter().filter(|shared| &shared.factor % &prime == BigUint::ZERO).count();
    assert_eq!(without, 2);
}
