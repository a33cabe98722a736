//! Verifies proofs, with nothing but the heads of the trees they are about.

use super::hash::{Hash, node_hash};
use super::tree::TreeHead;

/// A proof that proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf is beyond the tree's end.
    #[error("a tree of {size} leaves has no leaf {leaf}")]
    NoSuchLeaf {
        /// The leaf, from 0.
        leaf: u64,
        /// How many there are.
        size: u64,
    },
    /// The first tree is larger than the second.
    #[error("a tree of {second} leaves does not follow one of {first}")]
    Backwards {
        /// The first tree's size.
        first: u64,
        /// The second tree's size.
        second: u64,
    },
    /// The proof has too few or too many hashes for these trees.
    #[error("the proof has not the number of hashes that these trees need")]
    Length,
    /// The proof leads to another root.
    #[error("the proof leads to another root")]
    OtherRoot,
}

/// Verifies that the leaf with this hash and index is in the tree: RFC 9162 section 2.1.3.2.
///
/// # Errors
/// It is not, as far as this proof tells.
pub fn verify_inclusion(leaf: &Hash, index: u64, head: &TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    // Step 1: "Compare leaf_index from the inclusion_proof_v2 structure against tree_size. If leaf_index is greater
    // than or equal to tree_size, then stop and fail".
    if index >= head.size {
        return Err(ProofError::NoSuchLeaf { leaf: index, size: head.size });
    }
    // Step 2: "Set fn to leaf_index and sn to tree_size - 1." (`node` and `last` here.)
    let (mut node, mut last) = (index, head.size - 1);
    let mut root = *leaf;
    for hash in proof {
        // Step 4 a: "If sn is 0, then stop the iteration and fail the proof verification."
        if last == 0 {
            return Err(ProofError::Length);
        }
        // Step 4 b: "If LSB(fn) is set, or if fn is equal to sn", the sibling is on the left.
        if node & 1 == 1 || node == last {
            root = node_hash(hash, &root);
            (node, last) = past_missing_siblings(node, last);
        } else {
            root = node_hash(&root, hash);
        }
        // Step 4 c: "Finally, right-shift both fn and sn one time."
        (node, last) = (node >> 1, last >> 1);
    }
    // Step 5: "Compare sn to 0. Compare r against the root_hash."
    if last != 0 {
        return Err(ProofError::Length);
    }
    if root == head.root { Ok(()) } else { Err(ProofError::OtherRoot) }
}

/// Verifies that the second tree begins with the first: RFC 9162 section 2.1.4.2.
///
/// The RFC leaves out two cases, where the proof must be empty: equal sizes, where the roots must be equal; and an empty
/// first tree, which every tree begins with (tlog-witness, "add-checkpoint": "The proof MUST be empty if the old size is
/// zero").
///
/// # Errors
/// It does not, as far as this proof tells.
pub fn verify_consistency(first: &TreeHead, second: &TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    if first.size > second.size {
        return Err(ProofError::Backwards { first: first.size, second: second.size });
    }
    if first.size == 0 || first.size == second.size {
        return verify_without_hashes(first, second, proof);
    }
    // Step 2: "If first is an exact power of 2, then prepend first_hash to the consistency_path array."
    let (start, rest) = if first.size.is_power_of_two() {
        // Step 1: "If consistency_path is an empty array, stop and fail"; where it is not, that shows at its end.
        (first.root, proof)
    } else {
        let (start, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*start, rest)
    };
    let (first_root, second_root) = walk(first.size, second.size, start, rest)?;
    // Step 7: "verify that the fr calculated is equal to the first_hash supplied, that the sr calculated is equal to
    // the second_hash supplied, and that sn is 0."
    let right = first_root == first.root && second_root == second.root;
    if right { Ok(()) } else { Err(ProofError::OtherRoot) }
}

fn verify_without_hashes(first: &TreeHead, second: &TreeHead, proof: &[Hash]) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::Length);
    }
    let empty_as_such = first.size > 0 || first.root == TreeHead::empty().root;
    let same = first.size < second.size || first.root == second.root;
    if empty_as_such && same { Ok(()) } else { Err(ProofError::OtherRoot) }
}

/// Steps 3 to 6: both roots, from the hash they have in common upwards.
fn walk(first: u64, second: u64, start: Hash, proof: &[Hash]) -> Result<(Hash, Hash), ProofError> {
    // Step 3: "Set fn to first - 1 and sn to second - 1." Step 4: "If LSB(fn) is set, then right-shift both fn and sn
    // equally until LSB(fn) is not set."
    let shared = (first - 1).trailing_ones();
    let (mut node, mut last) = ((first - 1) >> shared, (second - 1) >> shared);
    // Step 5: "Set both fr and sr to the first value in the consistency_path array."
    let (mut first_root, mut second_root) = (start, start);
    for hash in proof {
        // Step 6 a: "If sn is 0, then stop the iteration and fail the proof verification."
        if last == 0 {
            return Err(ProofError::Length);
        }
        // Step 6 b: "If LSB(fn) is set, or if fn is equal to sn", the hash is in both trees.
        if node & 1 == 1 || node == last {
            first_root = node_hash(hash, &first_root);
            second_root = node_hash(hash, &second_root);
            (node, last) = past_missing_siblings(node, last);
        } else {
            second_root = node_hash(&second_root, hash);
        }
        // Step 6 c: "Finally, right-shift both fn and sn one time."
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 { Ok((first_root, second_root)) } else { Err(ProofError::Length) }
}

/// "If LSB(fn) is not set, then right-shift both fn and sn equally until either LSB(fn) is set or fn is 0."
const fn past_missing_siblings(node: u64, last: u64) -> (u64, u64) {
    if node == 0 {
        return (node, last);
    }
    let levels = node.trailing_zeros();
    (node >> levels, last >> levels)
}
