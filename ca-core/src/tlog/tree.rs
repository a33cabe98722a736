//! Reads roots and proofs out of a tree's tiles.

use std::collections::BTreeMap;

use super::hash::{Hash, empty_root, node_hash};
use super::tile::{FULL_WIDTH, Tile, Width};

/// A tree at one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// How many leaves it has.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

impl TreeHead {
    /// The tree without leaves.
    pub fn empty() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

/// Where tiles are kept.
pub trait Tiles {
    /// Why a tile could not be read.
    type Error: std::error::Error;

    /// Reads a tile. A wider one at the same level and index will do: the narrower is its beginning, so a store keeps
    /// only the widest that it has.
    ///
    /// # Errors
    /// It could not be read, or is not there.
    fn read(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error>;
}

impl<T: Tiles + ?Sized> Tiles for &T {
    type Error = T::Error;

    fn read(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error> {
        (**self).read(tile)
    }
}

/// Something could not be read out of the tiles.
#[derive(Debug, thiserror::Error)]
pub enum TreeError<E: std::error::Error> {
    /// A tile could not be read.
    #[error(transparent)]
    Read(E),
    /// A tile has fewer hashes than its tree's size says.
    #[error("{tile} has only {found} hashes")]
    Narrow {
        /// The tile that was asked for.
        tile: Tile,
        /// How many hashes there were.
        found: usize,
    },
    /// No such leaf.
    #[error("a tree of {size} leaves has no leaf {leaf}")]
    NoSuchLeaf {
        /// The leaf that was asked for, from 0.
        leaf: u64,
        /// How many there are.
        size: u64,
    },
    /// A tree does not come from a larger one.
    #[error("a tree of {second} leaves does not follow one of {first}")]
    Backwards {
        /// The size to come from.
        first: u64,
        /// The size to go to.
        second: u64,
    },
    /// The tiles are of another tree than the one that was signed.
    #[error("the tiles at {size} leaves have the root {found}, not {expected}: the store is damaged")]
    OtherRoot {
        /// The size.
        size: u64,
        /// The root that was signed.
        expected: Hash,
        /// The root of the tiles.
        found: Hash,
    },
}

/// The root at a size, from the tiles at the tree's right edge: at most one for each level.
///
/// # Errors
/// A tile is missing or too narrow.
pub fn root<T: Tiles>(tiles: &T, size: u64) -> Result<Hash, TreeError<T::Error>> {
    if size == 0 { Ok(empty_root()) } else { Reading::new(tiles, size).subtree(0, size) }
}

/// The proof that a leaf is in the tree of `size` leaves: RFC 6962 section 2.1.1.
///
/// # Errors
/// The leaf is not in the tree; a tile is missing or too narrow.
pub fn inclusion_proof<T: Tiles>(tiles: &T, leaf: u64, size: u64) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if leaf >= size {
        return Err(TreeError::NoSuchLeaf { leaf, size });
    }
    let mut reading = Reading::new(tiles, size);
    let (mut begin, mut end) = (0, size);
    let mut proof = Vec::new();
    while end - begin > 1 {
        // RFC 6962 section 2.1.1: "PATH(m, D[n]) = PATH(m, D[0:k]) : MTH(D[k:n]) for m < k; and
        // PATH(m - k, D[k:n]) : MTH(D[0:k]) for m >= k".
        let middle = begin + split(end - begin);
        if leaf < middle {
            proof.push(reading.subtree(middle, end)?);
            end = middle;
        } else {
            proof.push(reading.subtree(begin, middle)?);
            begin = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `second` leaves begins with the tree of `first`: RFC 6962 section 2.1.2. Empty where
/// `first` is 0 or equals `second`.
///
/// # Errors
/// `first` is larger than `second`; a tile is missing or too narrow.
pub fn consistency_proof<T: Tiles>(
    tiles: &T,
    first: u64,
    second: u64,
) -> Result<Vec<Hash>, TreeError<T::Error>> {
    if first > second {
        return Err(TreeError::Backwards { first, second });
    }
    let mut proof = Vec::new();
    if first == 0 || first == second {
        return Ok(proof);
    }
    let mut reading = Reading::new(tiles, second);
    let (mut begin, mut end) = (0, second);
    while first < end {
        // RFC 6962 section 2.1.2: "SUBPROOF(m, D[n], b) = SUBPROOF(m, D[0:k], b) : MTH(D[k:n])" for m <= k; and
        // "SUBPROOF(m, D[n], b) = SUBPROOF(m - k, D[k:n], false) : MTH(D[0:k])" for m > k.
        let middle = begin + split(end - begin);
        if first <= middle {
            proof.push(reading.subtree(middle, end)?);
            end = middle;
        } else {
            proof.push(reading.subtree(begin, middle)?);
            begin = middle;
        }
    }
    // RFC 6962 section 2.1.2: "SUBPROOF(m, D[m], true) = {}" where the subtree begins at the first leaf (b is true until
    // we go to the right), and "SUBPROOF(m, D[m], false) = {MTH(D[m])}".
    if begin > 0 {
        proof.push(reading.subtree(begin, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// RFC 6962 section 2.1: "let k be the largest power of two smaller than n". For n of at least 2.
const fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// A tree at one size, with the tiles read so far: each is read once for a whole proof.
struct Reading<'a, T> {
    tiles: &'a T,
    size: u64,
    read: BTreeMap<Tile, Vec<Hash>>,
}

impl<'a, T: Tiles> Reading<'a, T> {
    const fn new(tiles: &'a T, size: u64) -> Self {
        Self { tiles, size, read: BTreeMap::new() }
    }

    /// MTH(D[begin:end]) for at least one leaf, where `begin` is a multiple of the largest power of two up to their
    /// number: as in every range that RFC 6962 splits a tree into.
    fn subtree(&mut self, begin: u64, end: u64) -> Result<Hash, TreeError<T::Error>> {
        let leaves = end - begin;
        if leaves.is_power_of_two() {
            return self.perfect(begin, leaves);
        }
        let middle = begin + split(leaves);
        let left = self.subtree(begin, middle)?;
        let right = self.subtree(middle, end)?;
        Ok(node_hash(&left, &right))
    }

    /// A perfect subtree: one hash of a tile, or the tree over a power of two of them.
    fn perfect(&mut self, begin: u64, leaves: u64) -> Result<Hash, TreeError<T::Error>> {
        let height = leaves.ilog2();
        let (level, hashes) = (height / 8, 1_usize << (height % 8));
        let first = begin >> (8 * level);
        let index = first / u64::from(FULL_WIDTH);
        let tile = self.tile(level as u8, index)?;
        let at = (first % u64::from(FULL_WIDTH)) as usize;
        Ok(root_of_perfect(&tile[at..at + hashes]))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], TreeError<T::Error>> {
        let total = self.size >> (8 * u32::from(level));
        // A subtree within the tree lies in a tile that the tree has.
        let width = Width::in_level(total, index).unwrap_or(Width::FULL);
        let tile = Tile::within(level, index, width);
        if !self.read.contains_key(&tile) {
            self.read.insert(tile, read(self.tiles, tile)?);
        }
        Ok(self.read.get(&tile).map_or(&[], Vec::as_slice))
    }
}

/// Reads a tile at exactly its width.
pub(super) fn read<T: Tiles>(tiles: &T, tile: Tile) -> Result<Vec<Hash>, TreeError<T::Error>> {
    let mut hashes = tiles.read(tile).map_err(TreeError::Read)?;
    let width = usize::from(tile.width().get());
    if hashes.len() < width {
        return Err(TreeError::Narrow { tile, found: hashes.len() });
    }
    hashes.truncate(width);
    Ok(hashes)
}

/// The root over a power of two of hashes.
pub(super) fn root_of_perfect(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty_root(),
        [hash] => *hash,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&root_of_perfect(left), &root_of_perfect(right))
        }
    }
}
