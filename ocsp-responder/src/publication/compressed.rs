//! CRLs in gzip, for those who take it: each is compressed once, when the first asks. Trusted lists, which are few, when they are
//! published.
//!
//! A CRL is a list of random serial numbers with much the same around each: over a slow line it comes in half the time or less.
//! Filters are as dense as they can be, and certificates are small: both are sent as they are.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Files with fewer octets are sent in one packet anyway.
const LEAST: u64 = 1_400;
/// Files with more octets are sent as they are: compressing takes a whole one in memory.
const MOST: u64 = 64 * 1024 * 1024;
/// The octets that all compressed files may take in memory together.
const ROOM: usize = 64 * 1024 * 1024;

/// Files that were compressed, by the digest of what they were made of.
#[derive(Debug, Default)]
pub(crate) struct CompressedFiles(Mutex<VecDeque<CompressedFile>>);

#[derive(Debug)]
struct CompressedFile {
    /// Of the file as it is: SHA-256, hexadecimal.
    sha256: String,
    /// Nothing while it is being made, and where it would not be smaller.
    gzip: Option<Arc<[u8]>>,
}

impl CompressedFiles {
    /// The file of this digest and size in gzip. Nothing while somebody else has it made, who need not be waited for, and where
    /// it is not worth it.
    ///
    /// # Errors
    /// That of `octets`, which gives the file.
    pub(crate) fn find_or_make<E>(
        &self,
        sha256: &str,
        size: u64,
        octets: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Option<Arc<[u8]>>, E> {
        if !(LEAST..=MOST).contains(&size) {
            return Ok(None);
        }
        {
            let mut files = self.files();
            if let Some(known) = files.iter().find(|file| file.sha256 == sha256) {
                return Ok(known.gzip.clone());
            }
            files.push_back(CompressedFile { sha256: sha256.to_owned(), gzip: None });
        }
        let made = octets().map(|octets| gzip(&octets));
        let mut files = self.files();
        let Some(place) = files.iter().position(|file| file.sha256 == sha256) else { return made };
        match made {
            Ok(gzip) => {
                files.get_mut(place).into_iter().for_each(|file| file.gzip.clone_from(&gzip));
                make_room(&mut files);
                Ok(gzip)
            }
            // The next who asks tries again.
            Err(error) => {
                files.remove(place);
                Err(error)
            }
        }
    }

    fn files(&self) -> MutexGuard<'_, VecDeque<CompressedFile>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets those that were made first. A CRL is superseded long before.
fn make_room(files: &mut VecDeque<CompressedFile>) {
    let octets = |file: &CompressedFile| file.gzip.as_ref().map_or(0, |gzip| gzip.len());
    let mut taken: usize = files.iter().map(octets).sum();
    while taken > ROOM && files.len() > 1 {
        taken -= files.pop_front().as_ref().map_or(0, octets);
    }
}

/// Octets in gzip; nothing where that is not smaller.
pub(crate) fn gzip(octets: &[u8]) -> Option<Arc<[u8]>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Into memory: nothing fails.
    encoder.write_all(octets).ok()?;
    let gzip = encoder.finish().ok()?;
    (gzip.len() < octets.len()).then(|| gzip.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;
    use std::convert::Infallible;
    use std::io::Read;

    use super::*;

    fn file(fill: u8, size: usize) -> (String, Vec<u8>) {
        let octets: Vec<u8> = (0..size).map(|at| if at % 4 == 0 { fill } else { 7 }).collect();
        (hex::encode(ring::digest::digest(&ring::digest::SHA256, &octets)), octets)
    }

    #[test]
    fn a_file_is_compressed_once_and_comes_out_as_it_was() {
        let (files, made) = (CompressedFiles::default(), Cell::new(0));
        let (sha256, octets) = file(1, 100_000);
        for _ in 0..3 {
            let given = || {
                made.set(made.get() + 1);
                Ok::<_, Infallible>(octets.clone())
            };
            let gzip = files.find_or_make(&sha256, 100_000, given).unwrap().unwrap();
            let mut read = Vec::new();
            flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut read).unwrap();
            assert_eq!(read, octets);
        }
        assert_eq!(made.get(), 1);
    }

    #[test]
    fn what_is_not_worth_it_is_not_made_and_what_failed_is_tried_again() {
        let files = CompressedFiles::default();
        let never = || -> Result<Vec<u8>, &str> { unreachable!() };
        assert_eq!(files.find_or_make("small", LEAST - 1, never), Ok(None));
        assert_eq!(files.find_or_make("large", MOST + 1, never), Ok(None));
        assert_eq!(files.find_or_make("lost", LEAST, || Err("gone")), Err("gone"));
        let (_, octets) = file(2, 2_000);
        assert!(files.find_or_make("lost", LEAST, || Ok::<_, &str>(octets)).unwrap().is_some());
        let digest = |number: u8| ring::digest::digest(&ring::digest::SHA512, &[number]).as_ref().to_vec();
        let random: Vec<u8> = (0..63).flat_map(digest).collect();
        assert_eq!(files.find_or_make("dense", 4_000, || Ok::<_, &str>(random)), Ok(None));
    }

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let mut files: VecDeque<CompressedFile> = (0..5)
            .map(|number| CompressedFile { sha256: number.to_string(), gzip: Some(vec![0; ROOM / 3].into()) })
            .collect();
        make_room(&mut files);
        let left: Vec<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
        assert_eq!(left, ["2", "3", "4"]);
    }
}
