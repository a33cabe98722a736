//! Lets a tree grow: which tiles are to be written for new leaves, and what the root becomes.

use super::hash::{Hash, empty_root, node_hash};
use super::tile::{FULL_WIDTH, Tile, Width};
use super::tree::{Tiles, TreeError, TreeHead, read, root_of_perfect};

/// A tile to be written. A partial one takes the place of any narrower one at its level and index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenTile {
    /// Where it is.
    pub tile: Tile,
    /// Its hashes, as many as the tile is wide. [`super::tile::to_octets`] gives them as they are served.
    pub hashes: Vec<Hash>,
}

/// What [`Growth::finish`] leaves to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grown {
    /// The partial tiles that changed, at most one for each level.
    pub tiles: Vec<WrittenTile>,
    /// The tree as it is now.
    pub head: TreeHead,
}

/// A tree that is growing. Holds the partial tiles at its right edge and nothing else, at most 255 hashes for each of 8
/// levels, however large the tree is and however many leaves come.
#[derive(Debug, Clone, Default)]
pub struct Growth {
    begun_at: u64,
    size: u64,
    /// The partial tile at the right edge of each level, from 0; empty where the level ends with a full one.
    edge: Vec<Vec<Hash>>,
}

impl Growth {
    /// A tree without leaves yet.
    pub const fn new() -> Self {
        Self { begun_at: 0, size: 0, edge: Vec::new() }
    }

    /// Goes on from a tree, whose right edge is read and must have the root that is expected: a damaged store must not
    /// grow into a tree that contradicts what was signed.
    ///
    /// # Errors
    /// A tile is missing, too narrow, or of another tree.
    pub fn of<T: Tiles>(tiles: &T, head: &TreeHead) -> Result<Self, TreeError<T::Error>> {
        let mut edge = Vec::new();
        let mut total = head.size;
        while total > 0 {
            let index = total / u64::from(FULL_WIDTH);
            let hashes = match Width::in_level(total, index) {
                Some(width) => read(tiles, Tile::within(edge.len() as u8, index, width))?,
                None => Vec::new(),
            };
            edge.push(hashes);
            total = index;
        }
        let growth = Self { begun_at: head.size, size: head.size, edge };
        match growth.root() {
            found if found == head.root => Ok(growth),
            found => Err(TreeError::OtherRoot { size: head.size, expected: head.root, found }),
        }
    }

    /// Adds a leaf, by its hash. Gives the tiles that became full by it: mostly none, at most one for each level.
    pub fn append(&mut self, leaf: Hash) -> Vec<WrittenTile> {
        let mut full = Vec::new();
        let mut carried = leaf;
        self.size += 1;
        for level in 0.. {
            if self.edge.len() == level {
                self.edge.push(Vec::new());
            }
            let Some(hashes) = self.edge.get_mut(level) else { break };
            hashes.push(carried);
            if hashes.len() < usize::from(FULL_WIDTH) {
                break;
            }
            // tlog-tiles, "Partial Tiles": a partial tile "MUST NOT be hashed into a tile at the level above"; now it
            // is full.
            carried = root_of_perfect(hashes);
            let index = (self.size >> (8 * (level + 1))) - 1;
            let hashes = std::mem::take(hashes);
            full.push(WrittenTile { tile: Tile::within(level as u8, index, Width::FULL), hashes });
        }
        full
    }

    /// The root as of now.
    pub fn root(&self) -> Hash {
        // The tree is a row of perfect subtrees, one for each bit of its size, the largest first: those of the lowest
        // level are its right end. RFC 6962 section 2.1 joins such a row from the right.
        let mut root: Option<Hash> = None;
        for hashes in &self.edge {
            let mut end = hashes.len();
            while end > 0 {
                let begin = end - (1 << end.trailing_zeros());
                let left = root_of_perfect(&hashes[begin..end]);
                root = Some(root.map_or(left, |right| node_hash(&left, &right)));
                end = begin;
            }
        }
        root.unwrap_or_else(empty_root)
    }

    /// How many leaves the tree has now.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Ends the growth: the partial tiles that changed, and the new tree.
    pub fn finish(self) -> Grown {
        let head = TreeHead { size: self.size, root: self.root() };
        let mut tiles = Vec::new();
        for (level, hashes) in self.edge.into_iter().enumerate() {
            let total = head.size >> (8 * level);
            let changed = total > self.begun_at >> (8 * level);
            let index = total / u64::from(FULL_WIDTH);
            if let Some(width) = Width::in_level(total, index).filter(|_| changed) {
                tiles.push(WrittenTile { tile: Tile::within(level as u8, index, width), hashes });
            }
        }
        Grown { tiles, head }
    }
}
