//! Entry bundles: the entries whose hashes are a tile of level 0.

use super::FULL_WIDTH;

/// The longest entry a bundle can hold, in octets.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// Octets that are no entry bundle, or an entry that fits in none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The entry is too long.
    #[error("an entry of {0} octets fits in no bundle; {MAX_ENTRY} do")]
    LongEntry(usize),
    /// The bundle ends within its entry with this index.
    #[error("the bundle ends within its entry {0}")]
    Truncated(usize),
    /// More than 256 entries.
    #[error("the bundle has more than {FULL_WIDTH} entries")]
    TooManyEntries,
}

/// Adds an entry to the end of a bundle. A narrower bundle is the beginning of a wider one at the same place.
///
/// # Errors
/// The entry is longer than [`MAX_ENTRY`]; the bundle is as it was.
pub fn append_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    // tlog-tiles, "Log entries": "Entry bundles are sequences of big-endian uint16 length-prefixed log entries."
    let length = u16::try_from(entry.len()).map_err(|_| BundleError::LongEntry(entry.len()))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The entries of a bundle.
///
/// # Errors
/// The octets are no bundle.
pub fn entries(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        if entries.len() == usize::from(FULL_WIDTH) {
            return Err(BundleError::TooManyEntries);
        }
        let (entry, after) = split_entry(rest).ok_or(BundleError::Truncated(entries.len()))?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

fn split_entry(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bundles_give_their_entries_back(
            all in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..=256),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bundle = Vec::new();
            for entry in &all {
                append_entry(&mut bundle, entry).unwrap();
            }
            prop_assert_eq!(entries(&bundle).unwrap(), all);
            if !bundle.is_empty() {
                let cut = &bundle[..cut.index(bundle.len())];
                if let Ok(fewer) = entries(cut) {
                    let octets: usize = fewer.iter().map(|entry| entry.len() + 2).sum();
                    prop_assert_eq!(octets, cut.len(), "cut between two entries");
                }
            }
        }
    }

    #[test]
    fn the_lengths_are_bounded() {
        let mut bundle = vec![0, 1, 7];
        let longest = vec![1; MAX_ENTRY];
        assert_eq!(
            append_entry(&mut bundle, &[&longest[..], &[0]].concat()),
            Err(BundleError::LongEntry(65_536))
        );
        assert_eq!(bundle, [0, 1, 7]);
        append_entry(&mut bundle, &longest).unwrap();
        assert_eq!(entries(&bundle).unwrap(), [&[7], &longest[..]]);
        assert_eq!(entries(&[0, 1, 7, 0]), Err(BundleError::Truncated(1)));
        assert_eq!(entries(&[0, 2, 7]), Err(BundleError::Truncated(0)));
        assert_eq!(entries(&[0; 512]).unwrap().len(), 256);
        assert_eq!(entries(&[0; 514]), Err(BundleError::TooManyEntries));
    }
}
