//! One message of the feed: as it comes, and as it was verified.

use ring::digest;

use super::body::{self, BodyWriter, TakesBody};
use super::head::Head;
use crate::certificate::CaId;
use crate::serial::SerialNumber;
use crate::status::SerialStatus;
use crate::tlog::hash::Hash;
use crate::tlog::note::{NoteError, NoteSigner, SignError, SignedNote, VerifierKey};

/// What every message begins with.
const BEGINNING: &[u8] = b"npki status feed\n";
/// The longest head that is read, in octets: one of ours has some 600.
const MAX_HEAD: usize = 16 * 1024;
/// The longest body that is read, in octets: fifty million certificates.
pub const MAX_BODY: u64 = 1024 * 1024 * 1024;

/// A message as it came: nothing about it is proven.
#[derive(Debug, Clone)]
pub struct FeedMessage<'a> {
    note: SignedNote,
    body: &'a [u8],
    /// The whole of it.
    octets: &'a [u8],
}

/// A message that a known key signed, whole.
#[derive(Debug, Clone)]
pub struct VerifiedMessage<'a> {
    head: Head,
    body: &'a [u8],
    octets: &'a [u8],
}

impl<'a> FeedMessage<'a> {
    /// Reads the message that these octets begin with; what follows it.
    ///
    /// # Errors
    /// There is none, or it is cut off.
    pub fn split(octets: &'a [u8]) -> Result<(Self, &'a [u8]), FeedError> {
        let rest = match octets.strip_prefix(BEGINNING) {
            Some(rest) => rest,
            None if BEGINNING.starts_with(octets) => return Err(FeedError::CutOff),
            None => return Err(FeedError::NotAFeed),
        };
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(FeedError::CutOff)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_HEAD {
            return Err(FeedError::Head);
        }
        let (head, rest) = rest.split_at_checked(length).ok_or(FeedError::CutOff)?;
        let note = SignedNote::parse(head)?;
        // Not believed yet, and bounded: it only says where the message ends.
        let length = Head::parse(note.text())?.body_length;
        if length > MAX_BODY {
            return Err(FeedError::TooLarge);
        }
        let length = usize::try_from(length).map_err(|_| FeedError::TooLarge)?;
        let (body, rest) = rest.split_at_checked(length).ok_or(FeedError::CutOff)?;
        let octets = octets.get(..octets.len() - rest.len()).unwrap_or(octets);
        Ok((Self { note, body, octets }, rest))
    }

    /// The message that all of these octets are.
    ///
    /// # Errors
    /// There is none, it is cut off, or something follows it.
    pub fn whole(octets: &'a [u8]) -> Result<Self, FeedError> {
        match Self::split(octets)? {
            (message, []) => Ok(message),
            _ => Err(FeedError::NotAFeed),
        }
    }

    /// Goes on if one of these keys signed it and the body is the one that was signed.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(self, keys: &[VerifierKey]) -> Result<VerifiedMessage<'a>, FeedError> {
        self.note.verify(keys)?;
        let head = Head::parse(self.note.text())?;
        if sha256(self.body) != head.body_sha256 {
            return Err(FeedError::OtherBody);
        }
        // Form comes after signature: only what its author really wrote is worth an opinion.
        body::read(self.body, &mut Nothing).ok_or(FeedError::Body)?;
        Ok(VerifiedMessage { head, body: self.body, octets: self.octets })
    }
}

impl<'a> VerifiedMessage<'a> {
    /// What it says of itself.
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// The message as it came: whoever is given these octets can verify them again.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// How many certificates it tells of, CA by CA.
    ///
    /// # Errors
    /// The body cannot be read, which was looked at before.
    pub fn gist(&self) -> Result<Vec<Gist>, FeedError> {
        let mut counts = Counts(Vec::new());
        self.read(&mut counts)?;
        Ok(counts.0)
    }

    /// Reads the body.
    pub(super) fn read(&self, into: &mut dyn TakesBody) -> Result<(), FeedError> {
        body::read(self.body, into).ok_or(FeedError::Body)
    }
}

/// Messages one after the other, as in a file that is carried by hand.
#[derive(Debug, Clone)]
pub struct MessageReader<'a>(&'a [u8]);

impl<'a> MessageReader<'a> {
    /// All messages of these octets.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }
}

impl<'a> Iterator for MessageReader<'a> {
    type Item = Result<FeedMessage<'a>, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        match FeedMessage::split(self.0) {
            Ok((message, rest)) => {
                self.0 = rest;
                Some(Ok(message))
            }
            Err(error) => {
                self.0 = &[];
                Some(Err(error))
            }
        }
    }
}

/// Puts a message together: `head` says all but the body's length and digest.
pub(super) fn sign(mut head: Head, body: BodyWriter, signer: &NoteSigner) -> Result<Vec<u8>, SignError> {
    let body = body.finish();
    head.body_length = u64::try_from(body.len()).unwrap_or(u64::MAX);
    head.body_sha256 = sha256(&body);
    let text = head.to_text().ok_or(SignError::Text(NoteError::Form))?;
    let note = SignedNote::sign(text, signer)?.to_string();
    let mut message = Vec::with_capacity(BEGINNING.len() + 4 + note.len() + body.len());
    message.extend_from_slice(BEGINNING);
    message.extend_from_slice(&u32::try_from(note.len()).unwrap_or(u32::MAX).to_be_bytes());
    message.extend_from_slice(note.as_bytes());
    message.extend_from_slice(&body);
    Ok(message)
}

pub(super) fn sha256(octets: &[u8]) -> Hash {
    let mut digest = [0; Hash::LENGTH];
    digest.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
    Hash::new(digest)
}

/// What a message tells of one CA, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gist {
    /// The CA.
    pub ca: CaId,
    /// How many of its certificates are good.
    pub good: u64,
    /// How many are revoked or on hold.
    pub revoked: u64,
}

struct Counts(Vec<Gist>);

impl TakesBody for Counts {
    fn ca(&mut self, ca: CaId, _: &[u8]) {
        self.0.push(Gist { ca, good: 0, revoked: 0 });
    }

    fn entry(&mut self, _: &SerialNumber, status: SerialStatus) {
        let Some(of_ca) = self.0.last_mut() else { return };
        match status {
            SerialStatus::Good => of_ca.good += 1,
            SerialStatus::Revoked(_) => of_ca.revoked += 1,
            SerialStatus::Unknown => {}
        }
    }
}

/// For whoever only wants to know whether a body can be read.
struct Nothing;

impl TakesBody for Nothing {
    fn ca(&mut self, _: CaId, _: &[u8]) {}
    fn entry(&mut self, _: &SerialNumber, _: SerialStatus) {}
}

/// Octets that are no message of a feed, or none of the feed that is followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Something else.
    #[error("this is no status feed of npki")]
    NotAFeed,
    /// The end is missing.
    #[error("the feed's message is cut off")]
    CutOff,
    /// Longer than [`MAX_BODY`].
    #[error("the feed's message is longer than {MAX_BODY} octets")]
    TooLarge,
    /// The head is of no form that this npki knows.
    #[error("the head of the feed's message cannot be read: it is damaged, or of a newer npki")]
    Head,
    /// The signature.
    #[error("the feed's message is not signed by the key that is trusted: {0}")]
    Signature(#[from] NoteError),
    /// The body is not the one that was signed.
    #[error("the body of the feed's message is not the one that was signed: it is damaged or altered")]
    OtherBody,
    /// It was signed and cannot be read.
    #[error("the body of the feed's message cannot be read")]
    Body,
}
