//! The hashes of the Merkle tree: RFC 6962 section 2.1, with SHA-256.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{Context, SHA256};

/// A hash of the tree: of a leaf, of a subtree, or its root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LENGTH]);

impl Hash {
    /// A hash's length in octets.
    pub const LENGTH: usize = 32;

    /// The hash with these octets.
    pub const fn new(octets: [u8; Self::LENGTH]) -> Self {
        Self(octets)
    }

    /// The hash's octets.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Base64, as checkpoints and proofs carry it.
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.0)
    }

    /// Reads what [`Hash::to_base64`] writes: padded, no spare bits set, nothing around it.
    pub fn from_base64(text: &str) -> Option<Self> {
        BASE64.decode(text).ok()?.try_into().ok().map(Self)
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(part);
        }
        let mut octets = [0; Self::LENGTH];
        octets.copy_from_slice(context.finish().as_ref());
        Self(octets)
    }
}

/// Hexadecimal, for people; the formats carry [`Hash::to_base64`].
impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The hash of an entry: a leaf of the tree.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    // RFC 6962 section 2.1: "MTH({d(0)}) = SHA-256(0x00 || d(0))".
    Hash::of(&[&[0x00], entry])
}

/// The hash of an inner node over its two subtrees.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    // RFC 6962 section 2.1: "SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))".
    Hash::of(&[&[0x01], &left.0, &right.0])
}

/// The root of the tree without leaves.
pub fn empty_root() -> Hash {
    // RFC 6962 section 2.1: "MTH({}) = SHA-256()".
    Hash::of(&[])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn known_hashes() {
        // The empty tree's and the empty leaf's hash, as Certificate Transparency's own tests have them.
        assert_eq!(
            empty_root().to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            leaf_hash(b"").to_string(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            node_hash(&leaf_hash(b""), &leaf_hash(&[0])).to_string(),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }

    #[test]
    fn base64_is_read_in_one_form_only() {
        let hash = leaf_hash(b"entry");
        let text = hash.to_base64();
        assert_eq!(Hash::from_base64(&text), Some(hash));
        let spare_bits = format!("{}B=", &text[..42]);
        let longer = BASE64.encode([0; 33]);
        for other in ["", &text[..43], &format!("{text}\n"), &format!(" {text}"), &spare_bits, &longer] {
            assert_eq!(Hash::from_base64(other), None, "{other:?}");
        }
    }
}
