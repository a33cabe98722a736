//! The signed file itself: read once, never held in memory.

use std::io::Read;

use crate::validation::algorithm::DigestAlgorithm;

/// Digests of the same octets with several algorithms.
#[derive(Debug)]
pub(super) struct Digests(Vec<ContentDigest>);

impl Digests {
    /// Reads `content` to its end.
    pub(super) fn read(mut content: impl Read, algorithms: &[DigestAlgorithm]) -> std::io::Result<Self> {
        let mut contexts: Vec<_> = algorithms
            .iter()
            .map(|algorithm| (*algorithm, ring::digest::Context::new(algorithm.ring())))
            .collect();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => {
                    let part = buffer.get(..length).unwrap_or_default();
                    contexts.iter_mut().for_each(|(_, context)| context.update(part));
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let finished = |(algorithm, context): (_, ring::digest::Context)| ContentDigest {
            algorithm,
            octets: context.finish().as_ref().to_vec(),
        };
        Ok(Self(contexts.into_iter().map(finished).collect()))
    }

    /// One that was given, and others of content that is at hand.
    pub(super) fn given(
        given: ContentDigest,
        content: Option<&[u8]>,
        algorithms: &[DigestAlgorithm],
    ) -> Self {
        let made = content.into_iter().flat_map(|content| {
            algorithms.iter().map(move |algorithm| ContentDigest::of(content, *algorithm))
        });
        Self(std::iter::once(given).chain(made).collect())
    }

    /// The digest of this algorithm, when it was made.
    pub(super) fn with(&self, algorithm: DigestAlgorithm) -> Option<&ContentDigest> {
        self.0.iter().find(|digest| digest.algorithm == algorithm)
    }
}

/// A digest while it is made, of octets that stand in several places.
pub(super) struct Digesting {
    algorithm: DigestAlgorithm,
    context: ring::digest::Context,
}

impl Digesting {
    /// Of nothing yet.
    pub(super) fn by(algorithm: DigestAlgorithm) -> Self {
        Self { algorithm, context: ring::digest::Context::new(algorithm.ring()) }
    }

    /// Goes on with these octets.
    pub(super) fn add(&mut self, octets: &[u8]) {
        self.context.update(octets);
    }

    /// Goes on with all that can be read.
    pub(super) fn add_all(&mut self, content: impl Read) -> std::io::Result<()> {
        let mut buffered = std::io::BufReader::with_capacity(64 * 1024, content);
        loop {
            let part = std::io::BufRead::fill_buf(&mut buffered)?;
            let length = part.len();
            if length == 0 {
                return Ok(());
            }
            self.context.update(part);
            std::io::BufRead::consume(&mut buffered, length);
        }
    }

    pub(super) fn finish(self) -> ContentDigest {
        ContentDigest { algorithm: self.algorithm, octets: self.context.finish().as_ref().to_vec() }
    }
}

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
    pub fn read(content: impl Read, algorithm: DigestAlgorithm) -> std::io::Result<Self> {
        let Digests(made) = Digests::read(content, &[algorithm])?;
        made.into_iter().next().ok_or_else(|| std::io::ErrorKind::Other.into())
    }

    /// Digests what is in memory.
    pub fn of(content: &[u8], algorithm: DigestAlgorithm) -> Self {
        Self { algorithm, octets: ring::digest::digest(algorithm.ring(), content).as_ref().to_vec() }
    }

    /// Digests what stands in several places, one after the other.
    pub fn of_parts(parts: &[&[u8]], algorithm: DigestAlgorithm) -> Self {
        let mut context = ring::digest::Context::new(algorithm.ring());
        parts.iter().for_each(|part| context.update(part));
        Self { algorithm, octets: context.finish().as_ref().to_vec() }
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
