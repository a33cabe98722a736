//! Letters: short octets for one reader, compressed and then sealed by age, so that whoever carries them, or finds the
//! machine they were written on, reads nothing. Their writer keeps no secret and cannot read them again.
//!
//! A letter is an age file (<https://c2sp.org/age>) for one X25519 recipient, around the length of the text (4 octets,
//! big-endian) and an LZ4 block of it. Encryption does not say who wrote: what vouches for letters is a signature over them.

use std::io::{Read, Write};
use std::iter;

use zeroize::Zeroizing;

use crate::backup::{Identity, Recipient, parse_identities};

/// The longest text of a letter.
pub const MOST_OCTETS: usize = 96 * 1024;

/// What age and LZ4 add at most to a text that cannot be compressed.
const OVERHEAD: usize = 4 * 1024;

/// Seals a text for its reader. The randomness is the operating system's, as that of every age file.
///
/// # Errors
/// The text is too long, or could not be sealed.
pub fn seal(reader: &Recipient, text: &[u8]) -> Result<Vec<u8>, LetterError> {
    if text.len() > MOST_OCTETS {
        return Err(LetterError::TooLong);
    }
    let length = u32::try_from(text.len()).map_err(|_| LetterError::TooLong)?;
    let compressed = Zeroizing::new(lz4_flex::block::compress(text));
    let encryptor = age::Encryptor::with_recipients(iter::once(reader.as_age()));
    let encryptor = encryptor.map_err(|_| LetterError::NotSealed)?;
    let mut sealed = Vec::new();
    let write = || {
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(&length.to_be_bytes())?;
        writer.write_all(&compressed)?;
        writer.finish().map(drop)
    };
    write().map_err(|_: std::io::Error| LetterError::NotSealed)?;
    Ok(sealed)
}

/// Opens a letter. What it claims to hold is believed only within [`MOST_OCTETS`].
///
/// # Errors
/// It was sealed for somebody else, altered, cut short, or is none.
pub fn open(reader: &Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, LetterError> {
    if sealed.len() > MOST_OCTETS + OVERHEAD {
        return Err(LetterError::TooLong);
    }
    let decryptor = age::Decryptor::new_buffered(sealed).map_err(|_| LetterError::NotOpened)?;
    let opened = decryptor.decrypt(iter::once(reader.as_age())).map_err(|_| LetterError::NotOpened)?;
    let mut inside = Zeroizing::new(Vec::new());
    // The reader authenticates each octet before it gives it out.
    let most = (MOST_OCTETS + OVERHEAD) as u64;
    opened.take(most).read_to_end(&mut inside).map_err(|_| LetterError::NotOpened)?;
    let (length, compressed) = inside.split_first_chunk::<4>().ok_or(LetterError::NotOpened)?;
    let length = u32::from_be_bytes(*length) as usize;
    if length > MOST_OCTETS {
        return Err(LetterError::TooLong);
    }
    let mut text = Zeroizing::new(vec![0; length]);
    // Into a buffer of this size and no other: a block that would give more is refused.
    match lz4_flex::block::decompress_into(compressed, &mut text) {
        Ok(written) if written == length => Ok(text),
        _ => Err(LetterError::NotOpened),
    }
}

/// Reads the secret that opens letters, as [`new_identity`](crate::backup::new_identity) wrote it.
///
/// # Errors
/// It is none.
pub fn reader(secret: &str) -> Result<Identity, LetterError> {
    let identities = parse_identities(secret).map_err(|_| LetterError::NoReader)?;
    identities.into_iter().next().ok_or(LetterError::NoReader)
}

/// Reads whom letters are to be sealed for: `age1…`.
///
/// # Errors
/// It is no recipient.
pub fn addressee(text: &str) -> Result<Recipient, LetterError> {
    let recipients = Recipient::parse_all(&[text]).map_err(|_| LetterError::NoReader)?;
    recipients.into_iter().next().ok_or(LetterError::NoReader)
}

/// A letter was not sealed or not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// It holds, or claims to hold, more than a letter does.
    #[error("it is longer than {MOST_OCTETS} octets")]
    TooLong,
    /// It could not be sealed.
    #[error("it could not be sealed")]
    NotSealed,
    /// It is for somebody else, or damaged.
    #[error("it was sealed for another registry, or is damaged")]
    NotOpened,
    /// The key is none.
    #[error("this is no age X25519 key")]
    NoReader,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::backup::new_identity;
    use crate::clock::SystemClock;

    fn pair() -> (Identity, Recipient) {
        let new = new_identity(&SystemClock);
        (reader(&new.file).unwrap(), addressee(&new.recipient.to_string()).unwrap())
    }

    #[test]
    fn a_letter_is_read_by_its_reader_alone() {
        let ((identity, recipient), (other, _)) = (pair(), pair());
        for text in [&b""[..], b"Mokoena", &[b'x'; MOST_OCTETS]] {
            let sealed = seal(&recipient, text).unwrap();
            assert_eq!(&**open(&identity, &sealed).unwrap(), text);
            assert_eq!(open(&other, &sealed).unwrap_err(), LetterError::NotOpened);
            assert!(!sealed.windows(7).any(|it| it == b"Mokoena"));
        }
        assert_eq!(seal(&recipient, &[0; MOST_OCTETS + 1]).unwrap_err(), LetterError::TooLong);
        assert!(seal(&recipient, &[b'x'; MOST_OCTETS]).unwrap().len() < 2_000, "it is compressed");
    }

    #[test]
    fn a_letter_that_was_touched_is_refused() {
        let (identity, recipient) = pair();
        let sealed = seal(&recipient, b"{\"surname\":\"Mokoena\"}").unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(open(&identity, &altered).is_err(), "octet {at}");
            assert!(open(&identity, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_letter_that_would_swell_is_refused_before_it_does() {
        let (identity, recipient) = pair();
        let bomb = |claimed: u32, text: &[u8]| {
            let encryptor = age::Encryptor::with_recipients(iter::once(recipient.as_age())).unwrap();
            let mut sealed = Vec::new();
            let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
            writer.write_all(&claimed.to_be_bytes()).unwrap();
            writer.write_all(&lz4_flex::block::compress(text)).unwrap();
            writer.finish().unwrap();
            sealed
        };
        assert_eq!(open(&identity, &bomb(u32::MAX, b"x")).unwrap_err(), LetterError::TooLong);
        let swelling = vec![0; 16 * 1024 * 1024];
        assert_eq!(open(&identity, &bomb(100, &swelling)).unwrap_err(), LetterError::NotOpened);
        assert_eq!(open(&identity, &bomb(100, b"short")).unwrap_err(), LetterError::NotOpened);
    }
}
