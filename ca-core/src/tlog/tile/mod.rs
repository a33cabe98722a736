//! Tiles: the tree's hashes, and its entries, in pieces that never change once they are full (C2SP tlog-tiles).

mod bundle;
mod path;

pub use bundle::{BundleError, MAX_ENTRY, append_entry, entries};
pub use path::{Resource, UnknownPath};

use super::hash::Hash;

/// The width of a full tile: hashes in it, entries in a full bundle.
pub const FULL_WIDTH: u16 = 256;

/// The highest level a tile may have.
const MAX_LEVEL: u8 = 63;

/// Where a tile of hashes is: its level, its index within the level, and how many hashes it has.
///
/// tlog-tiles, "Merkle Tree": "At “level 0” tiles contain leaf hashes. At “level 1” and above, each hash in a tile is
/// the Merkle Tree Hash of a *full* tile at the level below." So a narrower tile is the beginning of a wider one at the
/// same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    level: u8,
    index: u64,
    width: Width,
}

impl Tile {
    /// The tile at this place, if its level is at most 63.
    pub fn new(level: u8, index: u64, width: Width) -> Option<Self> {
        (level <= MAX_LEVEL).then_some(Self { level, index, width })
    }

    /// For places that are computed from a tree's size: their level is at most 7.
    pub(super) const fn within(level: u8, index: u64, width: Width) -> Self {
        Self { level, index, width }
    }

    /// 0 where the hashes are of leaves.
    pub const fn level(self) -> u8 {
        self.level
    }

    /// The place within the level, from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes it has.
    pub const fn width(self) -> Width {
        self.width
    }
}

impl std::fmt::Display for Tile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Resource::Hashes(*self).fmt(f)
    }
}

/// How many hashes a tile, or entries a bundle, has: 1 to 256. 256 is full, fewer is partial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Width(u16);

impl Width {
    /// Full: 256.
    pub const FULL: Self = Self(FULL_WIDTH);

    /// A width of 1 to 256.
    pub const fn new(width: u16) -> Option<Self> {
        // tlog-tiles, "Partial Tiles": "Empty tiles MUST NOT be served."
        if width >= 1 && width <= FULL_WIDTH { Some(Self(width)) } else { None }
    }

    /// How wide the tile with this index is in a level that holds `total` hashes; none if the level ends before it.
    pub fn in_level(total: u64, index: u64) -> Option<Self> {
        // tlog-tiles, "Partial Tiles": "The partial tile at level l for a tree of size s has floor(s / 256**l) mod 256
        // entries."
        let begin = index.checked_mul(u64::from(FULL_WIDTH))?;
        let rest = total.checked_sub(begin)?.min(u64::from(FULL_WIDTH));
        u16::try_from(rest).ok().and_then(Self::new)
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Whether this is [`Width::FULL`].
    pub const fn is_full(self) -> bool {
        self.0 == FULL_WIDTH
    }
}

/// A tile of hashes as it is served: one after the other.
pub fn to_octets(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The hashes of a tile as it is served; none if the octets are not 1 to 256 hashes.
pub fn from_octets(octets: &[u8]) -> Option<Vec<Hash>> {
    // tlog-tiles, "Merkle Tree": "Full tiles MUST be exactly 256 hashes wide, or 8,192 bytes."
    let (hashes, rest) = octets.as_chunks::<{ Hash::LENGTH }>();
    let width = u16::try_from(hashes.len()).ok().and_then(Width::new);
    (width.is_some() && rest.is_empty()).then(|| hashes.iter().copied().map(Hash::new).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::tlog::hash::leaf_hash;

    #[test]
    fn tiles_are_their_hashes() {
        let hashes: Vec<Hash> = (0..=u8::MAX).map(|number| leaf_hash(&[number])).collect();
        let octets = to_octets(&hashes);
        assert_eq!(octets.len(), 8192);
        for width in 1..=hashes.len() {
            assert_eq!(from_octets(&octets[..32 * width]).unwrap(), hashes[..width]);
            assert_eq!(from_octets(&octets[..32 * width - 1]), None);
        }
        assert_eq!(from_octets(&[]), None);
        assert_eq!(from_octets(&[&octets[..], &octets[..32]].concat()), None);
    }

    #[test]
    fn levels_and_widths_are_bounded() {
        assert!(Tile::new(63, 0, Width::FULL).is_some());
        assert!(Tile::new(64, 0, Width::FULL).is_none());
        assert!(Width::new(0).is_none() && Width::new(257).is_none());
        assert_eq!(Width::in_level(u64::MAX, u64::MAX), None);
    }
}
