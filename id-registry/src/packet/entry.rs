//! Entries: a person, what proves who it is, and perhaps a certification request, each a piece of its own. The officer's
//! machine and the registry judge them by the same code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_core::backup::Identity;
use ca_core::clock::whole_seconds;
use ca_core::csr::{CertificationRequest, CsrError};
use ca_core::letter::{self, LetterError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::EntryError;
use super::file::Sealed;
use crate::evidence::{self, AssuranceRules, Evidence, NewEvidence};
use crate::id::{IdentityKind, StaffId};
use crate::identity::{Details, FieldError, NewIdentity, checked};

/// More items of evidence of one entry are not taken.
const MOST_EVIDENCE: usize = 20;

/// What a machine has to know to enrol without a network. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The registry's address.
    pub registry: String,
    /// Whom entries are sealed for: `age1…`.
    pub recipient: String,
    /// The officer who asked.
    pub officer: StaffId,
    /// For how many days what was collected is taken.
    pub days: u32,
    /// The rules of evidence, TOML.
    pub evidence: String,
    /// When the registry said so, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// A piece of an entry.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    entry: u32,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    what: What,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum What {
    Person(Box<Details>),
    Evidence(NewEvidence),
    /// DER in base64, as JSON has no octets.
    Request {
        profile: String,
        csr: String,
    },
}

impl std::fmt::Debug for Piece {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Piece").field("entry", &self.entry).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Piece {
    /// The person of an entry.
    ///
    /// # Errors
    /// A field does not fit.
    pub fn person(entry: u32, at: OffsetDateTime, new: NewIdentity) -> Result<Self, FieldError> {
        let (details, _) = checked(new, at.date())?;
        Ok(Self { entry, at: whole_seconds(at), what: What::Person(Box::new(details)) })
    }

    /// An item of evidence that this officer checked.
    ///
    /// # Errors
    /// A field does not fit.
    pub fn evidence(
        entry: u32,
        at: OffsetDateTime,
        new: NewEvidence,
        (rules, officer): (&AssuranceRules, StaffId),
    ) -> Result<Self, FieldError> {
        evidence::read(rules, (officer, at), &new)?;
        Ok(Self { entry, at: whole_seconds(at), what: What::Evidence(new) })
    }

    /// A certification request, PEM or DER, that the person hands in, and the profile that it is for.
    ///
    /// # Errors
    /// The request is not good.
    pub fn request(entry: u32, at: OffsetDateTime, profile: &str, csr: &[u8]) -> Result<Self, CsrError> {
        let csr = STANDARD.encode(CertificationRequest::parse(csr)?.verify()?.der());
        Ok(Self { entry, at: whole_seconds(at), what: What::Request { profile: profile.to_owned(), csr } })
    }

    /// Seals the piece for the registry.
    ///
    /// # Errors
    /// The recipient is none, or the piece could not be sealed.
    pub fn seal(&self, recipient: &str) -> Result<Vec<u8>, LetterError> {
        let text = serde_json::to_vec(self).map(zeroize::Zeroizing::new);
        letter::seal(&letter::addressee(recipient)?, &text.map_err(|_| LetterError::NotSealed)?)
    }

    fn open(key: &Identity, sealed: &Sealed) -> Result<Self, EntryError> {
        let unreadable = EntryError::Unreadable;
        let text = letter::open(key, &sealed.letter)
            .map_err(|_| unreadable("it was sealed for another registry, or is damaged"))?;
        let piece: Self =
            serde_json::from_slice(&text).map_err(|_| unreadable("it has another form: update npki"))?;
        if piece.entry != sealed.entry {
            return Err(unreadable("it is a piece of another entry"));
        }
        Ok(Self { at: whole_seconds(piece.at), ..piece })
    }
}

/// An entry, opened and judged by itself: what the registry knows besides is not looked at yet.
pub(super) struct Entry {
    pub(super) at: OffsetDateTime,
    pub(super) details: Details,
    pub(super) evidence: Vec<Evidence>,
    pub(super) request: Option<(String, Vec<u8>)>,
}

/// The moments between which entries may have been collected.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) from: OffsetDateTime,
    pub(super) until: OffsetDateTime,
}

/// Who checked, and by which rules.
#[derive(Clone, Copy)]
pub(super) struct Checking<'a> {
    pub(super) officer: StaffId,
    pub(super) rules: &'a AssuranceRules,
    pub(super) window: Window,
}

impl Entry {
    /// Opens the pieces of one entry, in their order: the person comes first.
    pub(super) fn open(key: &Identity, pieces: &[Sealed], by: Checking<'_>) -> Result<Self, EntryError> {
        let mut pieces = pieces.iter().map(|sealed| Piece::open(key, sealed));
        let first = pieces.next().transpose()?;
        let Some(Piece { at, what: What::Person(details), .. }) = first else {
            return Err(EntryError::Unreadable("it does not begin with a person"));
        };
        if details.kind() != IdentityKind::Person {
            return Err(EntryError::Unreadable("it is no person's"));
        }
        by.window.demand(at)?;
        let (details, _) =
            checked((*details).entered_anew(()), at.date()).map_err(crate::identity::IdentityError::from)?;
        let mut entry = Self { at, details, evidence: Vec::new(), request: None };
        for piece in pieces {
            entry.take(piece?, by)?;
        }
        Ok(entry)
    }

    fn take(&mut self, piece: Piece, by: Checking<'_>) -> Result<(), EntryError> {
        let unreadable = |why| Err(EntryError::Unreadable(why));
        by.window.demand(piece.at)?;
        match piece.what {
            What::Person(_) => return unreadable("it has two persons"),
            What::Evidence(_) if self.evidence.len() >= MOST_EVIDENCE => {
                return unreadable("it has too much evidence");
            }
            What::Evidence(new) => {
                let item = evidence::read(by.rules, (by.officer, piece.at), &new);
                self.evidence.push(item.map_err(EntryError::Evidence)?);
            }
            What::Request { .. } if self.request.is_some() => {
                return unreadable("it has two certification requests");
            }
            What::Request { profile, csr } => {
                let Ok(csr) = STANDARD.decode(csr) else {
                    return unreadable("its certification request is no base64");
                };
                CertificationRequest::parse(&csr)?.verify()?;
                self.request = Some((profile, csr));
            }
        }
        Ok(())
    }
}

impl Window {
    fn demand(self, at: OffsetDateTime) -> Result<(), EntryError> {
        let why = match at {
            _ if at < self.from => "that is too long ago",
            _ if at > self.until => "that is after the packet was sealed",
            _ => return Ok(()),
        };
        Err(EntryError::Time { at, why })
    }
}
