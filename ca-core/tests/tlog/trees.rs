//! Trees, tiles and proofs against RFC 6962 section 2.1 as it is written: recursively, over all leaves.

use crate::shelf::{Shelf, leaves};
use ca_core::tlog::growth::{Growth, WrittenTile};
use ca_core::tlog::hash::{Hash, empty_root, leaf_hash, node_hash};
use ca_core::tlog::proof::{ProofError, verify_consistency, verify_inclusion};
use ca_core::tlog::tree::{TreeError, TreeHead, consistency_proof, inclusion_proof, root};
use proptest::prelude::*;

/// "let k be the largest power of two smaller than n".
fn split(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

/// RFC 6962 section 2.1.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// RFC 6962 section 2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, last) = if m < k { (path(m, left), mth(right)) } else { (path(m - k, right), mth(left)) };
    proof.push(last);
    proof
}

/// RFC 6962 section 2.1.2.
fn subproof(m: usize, leaves: &[Hash], known: Known) -> Vec<Hash> {
    if m == leaves.len() {
        return if known == Known::Yes { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, last) = if m <= k {
        (subproof(m, left, known), mth(right))
    } else {
        (subproof(m - k, right, Known::No), mth(left))
    };
    proof.push(last);
    proof
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Yes,
    No,
}

fn head(leaves: &[Hash]) -> TreeHead {
    TreeHead { size: leaves.len() as u64, root: mth(leaves) }
}

/// Every proof that differs from this one in one place: a bit flipped, a hash left out, doubled, added or moved.
fn spoilt(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        let mut octets = *flipped[at].as_bytes();
        octets[at % 32] ^= 1 << (at % 8);
        flipped[at] = Hash::new(octets);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        let mut doubled = proof.to_vec();
        doubled.insert(at, proof[at]);
        let mut moved = proof.to_vec();
        moved.swap(at, proof.len() - 1);
        all.extend([flipped, shorter, doubled, moved]);
    }
    for at in 0..=proof.len() {
        let mut longer = proof.to_vec();
        longer.insert(at, leaf_hash(b"foreign"));
        all.push(longer);
    }
    all.retain(|other| other != proof);
    all
}

#[test]
fn every_inclusion_proof_up_to_70_leaves() {
    let leaves = leaves(70);
    let shelf = Shelf::grown(&leaves);
    for size in 1..=leaves.len() {
        let tree = head(&leaves[..size]);
        for leaf in 0..size {
            let proof = inclusion_proof(&shelf, leaf as u64, size as u64).unwrap();
            assert_eq!(proof, path(leaf, &leaves[..size]), "{leaf} of {size}");
            verify_inclusion(&leaves[leaf], leaf as u64, &tree, &proof).unwrap();
            for wrong in spoilt(&proof) {
                verify_inclusion(&leaves[leaf], leaf as u64, &tree, &wrong).unwrap_err();
            }
            let other = (leaf + 1) % size;
            if other != leaf {
                verify_inclusion(&leaves[leaf], other as u64, &tree, &proof).unwrap_err();
                verify_inclusion(&leaves[other], leaf as u64, &tree, &proof).unwrap_err();
            }
        }
    }
}

#[test]
fn every_consistency_proof_up_to_70_leaves() {
    let leaves = leaves(70);
    let shelf = Shelf::grown(&leaves);
    for second in 1..=leaves.len() {
        let later = head(&leaves[..second]);
        for first in 1..=second {
            let earlier = head(&leaves[..first]);
            let proof = consistency_proof(&shelf, first as u64, second as u64).unwrap();
            assert_eq!(proof, subproof(first, &leaves[..second], Known::Yes), "{first} to {second}");
            verify_consistency(&earlier, &later, &proof).unwrap();
            for wrong in spoilt(&proof) {
                verify_consistency(&earlier, &later, &wrong).unwrap_err();
            }
            let forked = TreeHead { root: leaf_hash(b"foreign"), ..earlier };
            verify_consistency(&forked, &later, &proof).unwrap_err();
            let forked = TreeHead { root: leaf_hash(b"foreign"), ..later };
            verify_consistency(&earlier, &forked, &proof).unwrap_err();
        }
    }
}

#[test]
fn the_empty_tree_is_the_beginning_of_every_tree() {
    let later = head(&leaves(5));
    verify_consistency(&TreeHead::empty(), &later, &[]).unwrap();
    verify_consistency(&TreeHead::empty(), &TreeHead::empty(), &[]).unwrap();
    assert_eq!(verify_consistency(&TreeHead::empty(), &later, &[later.root]), Err(ProofError::Length));
    let not_empty = TreeHead { root: later.root, ..TreeHead::empty() };
    assert_eq!(verify_consistency(&not_empty, &later, &[]), Err(ProofError::OtherRoot));
    assert_eq!(verify_consistency(&later, &later, &[later.root]), Err(ProofError::Length));
    let backwards = verify_consistency(&later, &TreeHead::empty(), &[]);
    assert_eq!(backwards, Err(ProofError::Backwards { first: 5, second: 0 }));
    let beyond = verify_inclusion(&later.root, 5, &later, &[]);
    assert_eq!(beyond, Err(ProofError::NoSuchLeaf { leaf: 5, size: 5 }));
    let none = verify_inclusion(&later.root, 0, &TreeHead::empty(), &[]);
    assert_eq!(none, Err(ProofError::NoSuchLeaf { leaf: 0, size: 0 }));
}

#[test]
fn proofs_of_another_length_prove_nothing_whatever_root_they_lead_to() {
    let [one, two, three] = leaves(3).try_into().unwrap();
    let pair = node_hash(&one, &two);
    let tree = |size, root| TreeHead { size, root };
    let too_short = verify_inclusion(&one, 0, &tree(4, pair), &[two]);
    assert_eq!(too_short, Err(ProofError::Length));
    let none = verify_inclusion(&one, 0, &tree(2, one), &[]);
    assert_eq!(none, Err(ProofError::Length));
    let too_long = verify_inclusion(&two, 0, &tree(1, pair), &[one]);
    assert_eq!(too_long, Err(ProofError::Length));
    let too_short = verify_consistency(&tree(1, one), &tree(4, pair), &[two]);
    assert_eq!(too_short, Err(ProofError::Length));
    let none = verify_consistency(&tree(1, one), &tree(2, one), &[]);
    assert_eq!(none, Err(ProofError::Length));
    let none = verify_consistency(&tree(3, one), &tree(4, one), &[]);
    assert_eq!(none, Err(ProofError::Length));
    let too_long = verify_consistency(&tree(1, one), &tree(2, node_hash(&three, &pair)), &[two, three]);
    assert_eq!(too_long, Err(ProofError::Length));
}

#[test]
fn verifying_the_largest_trees_ends_in_a_refusal() {
    let hashes = leaves(70);
    let tree = |size| TreeHead { size, root: hashes[0] };
    for size in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) + 1, i64::MAX as u64] {
        for length in [0, 1, 62, 63, 64, 65, 70] {
            for index in [0, 1, size / 2, size - 1] {
                verify_inclusion(&hashes[1], index, &tree(size), &hashes[..length]).unwrap_err();
            }
            for first in [1, 2, 3, size / 2, size - 1] {
                verify_consistency(&tree(first), &tree(size), &hashes[..length]).unwrap_err();
            }
        }
    }
}

/// The sizes around which tiles become full.
const EDGES: [u64; 10] = [1, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537];

#[test]
fn proofs_hold_across_the_edges_of_tiles() {
    let leaves = leaves(65_537 + 300);
    let shelf = Shelf::grown(&leaves);
    let largest = leaves.len() as u64;
    let tree = |size: u64| head(&leaves[..size as usize]);
    let sizes: Vec<(u64, TreeHead)> =
        EDGES.into_iter().chain([largest]).map(|size| (size, tree(size))).collect();
    for (size, later) in &sizes {
        assert_eq!(root(&shelf, *size).unwrap(), later.root, "{size}");
        for leaf in [0, 1, 254, 255, 256, 257, 511, 512, 65_535, 65_536, size - 1] {
            if leaf < *size {
                let proof = inclusion_proof(&shelf, leaf, *size).unwrap();
                verify_inclusion(&leaves[leaf as usize], leaf, later, &proof).unwrap();
            } else {
                let refused = inclusion_proof(&shelf, leaf, *size);
                assert!(matches!(refused, Err(TreeError::NoSuchLeaf { .. })));
            }
        }
        for (first, earlier) in sizes.iter().filter(|(first, _)| first <= size) {
            let proof = consistency_proof(&shelf, *first, *size).unwrap();
            verify_consistency(earlier, later, &proof).unwrap();
        }
    }
    assert!(matches!(consistency_proof(&shelf, 2, 1), Err(TreeError::Backwards { .. })));
}

#[test]
fn the_tiles_of_the_specifications_example() {
    // tlog-tiles, "Partial Tiles": a tree of 70,000 leaves.
    let shelf = Shelf::grown(&leaves(70_000));
    let widths = |level: u8| -> Vec<usize> {
        let tiles = shelf.tiles.iter().filter(|((at, _), _)| *at == level);
        tiles.map(|(_, hashes)| hashes.len()).collect()
    };
    let (full, last) = (vec![256; 273], 112);
    assert_eq!(widths(0), [full, vec![last]].concat());
    assert_eq!(widths(1), [256, 17]);
    assert_eq!(widths(2), [1]);
    // "a tree of size 256 will be represented by a full level 0 tile and a partial level 1 tile of width 1."
    let shelf = Shelf::grown(&leaves(256));
    let tiles: Vec<_> = shelf.tiles.iter().map(|(at, hashes)| (*at, hashes.len())).collect();
    assert_eq!(tiles, [((0, 0), 256), ((1, 0), 1)]);
}

#[test]
fn growth_writes_and_reads_the_right_edge_only() {
    let leaves = leaves(66_100);
    let (old, new) = leaves.split_at(65_900);
    let shelf = Shelf::grown(old);
    let mut growth = Growth::of(&shelf, &head(old)).unwrap();
    assert!(shelf.reads() <= 3, "{} tiles were read", shelf.reads());
    let full: Vec<_> = new.iter().flat_map(|leaf| growth.append(*leaf)).collect();
    let grown = growth.finish();
    let paths = |tiles: &[WrittenTile]| -> Vec<String> {
        tiles.iter().map(|written| written.tile.to_string()).collect()
    };
    assert_eq!(paths(&full), ["tile/0/257"]);
    // Level 2 had one hash before and has one now.
    assert_eq!(paths(&grown.tiles), ["tile/0/258.p/52", "tile/1/001.p/2"]);
    assert_eq!(grown.head, head(&leaves));
    let still = Growth::of(&shelf, &head(old)).unwrap().finish();
    assert_eq!((still.tiles.len(), still.head), (0, head(old)), "nothing came, nothing is written");
}

#[test]
fn a_damaged_right_edge_does_not_grow() {
    let leaves = leaves(600);
    let tree = head(&leaves);
    let mut shelf = Shelf::grown(&leaves);
    shelf.tiles.get_mut(&(1, 0)).unwrap()[0] = leaf_hash(b"foreign");
    let refused = Growth::of(&shelf, &tree);
    assert!(matches!(refused, Err(TreeError::OtherRoot { expected, .. }) if expected == tree.root));
    shelf.tiles.get_mut(&(0, 2)).unwrap().pop();
    assert!(matches!(Growth::of(&shelf, &tree), Err(TreeError::Narrow { found: 87, .. })));
    assert!(matches!(root(&shelf, 600), Err(TreeError::Narrow { found: 87, .. })));
    shelf.tiles.remove(&(0, 2));
    assert!(matches!(Growth::of(&shelf, &tree), Err(TreeError::Read(_))));
    assert!(matches!(inclusion_proof(&shelf, 0, 600), Err(TreeError::Read(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a tree grew, it is the same tree.
    #[test]
    fn growth_in_batches_is_growth(batches in proptest::collection::vec(0..400_usize, 1..8)) {
        let all = leaves(batches.iter().sum());
        let mut shelf = Shelf::default();
        let mut tree = TreeHead::empty();
        let mut from = 0;
        for batch in batches {
            let next = shelf.grow(&tree, &all[from..from + batch]);
            let proof = consistency_proof(&shelf, tree.size, next.size).unwrap();
            verify_consistency(&tree, &next, &proof).unwrap();
            (tree, from) = (next, from + batch);
            prop_assert_eq!(tree, head(&all[..from]));
            prop_assert_eq!(root(&shelf, tree.size).unwrap(), tree.root);
        }
        prop_assert_eq!(shelf.tiles, Shelf::grown(&all).tiles);
    }

    #[test]
    fn proofs_are_those_of_the_rfc(size in 1..2000_usize, at in any::<prop::sample::Index>()) {
        let all = leaves(2000);
        // The tiles are wider than a tree of `size` needs.
        let shelf = Shelf::grown(&all);
        let at = at.index(size);
        let proof = inclusion_proof(&shelf, at as u64, size as u64).unwrap();
        prop_assert_eq!(&proof, &path(at, &all[..size]));
        verify_inclusion(&all[at], at as u64, &head(&all[..size]), &proof).unwrap();
        let first = at + 1;
        let proof = consistency_proof(&shelf, first as u64, size as u64).unwrap();
        prop_assert_eq!(&proof, &subproof(first, &all[..size], Known::Yes));
        let (earlier, later) = (head(&all[..first]), head(&all[..size]));
        verify_consistency(&earlier, &later, &proof).unwrap();
        for wrong in spoilt(&proof) {
            prop_assert!(verify_consistency(&earlier, &later, &wrong).is_err());
        }
    }
}
