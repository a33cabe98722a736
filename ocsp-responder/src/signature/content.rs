//! The signed file itself: read once, never held in memory.

use std::io::Read;

use crate::validation::algorithm::DigestAlgorithm;

/// The digest of a file's octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentDigest {
    algorithm: DigestAlgorithm,
    octets: Vec<u8>,
}

impl ContentDigest {
    /// Reads `content` to its end and digests it.
    ///
    /// # Errors
    /// The content could not be read.
    pub fn read(mut content: impl Read, algorithm: DigestAlgorithm) -> std::io::Result<Self> {
        let mut context = ring::digest::Context::new(algorithm.ring());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => context.update(buffer.get(..length).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { algorithm, octets: context.finish().as_ref().to_vec() })
    }

    /// Digests what is in memory.
    pub fn of(content: &[u8], algorithm: DigestAlgorithm) -> Self {
        Self { algorithm, octets: ring::digest::digest(algorithm.ring(), content).as_ref().to_vec() }
    }

    /// A digest that somebody else made; `None` if it has not the octets that one of this algorithm has.
    pub fn given(algorithm: DigestAlgorithm, octets: Vec<u8>) -> Option<Self> {
        (octets.len() == usize::from(algorithm.octets())).then_some(Self { algorithm, octets })
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The digest's octets.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }
}
