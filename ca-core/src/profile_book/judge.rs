//! Judging a change of a profile before it is taken: the text itself, and everything else that is in force beside it.

use super::{
    Current, DIRECTORY, Directory, Edition, EditionState, Endorsement, InForce, Listed, MOST_OCTETS,
    NotInForce, Origin, PROFILE_BOOK, PROFILE_EDITIONS, digest,
};
use crate::authority::Unable;
use crate::certificate::CaId;
use crate::hierarchy::{BrokenHierarchy, Hierarchy, RESPONDER_PROFILE, SERVER_PROFILE, STAFF_PROFILE};
use crate::ledger::Event;
use crate::profile::{Profile, ProfileError, ProfileId, ProfileKind, ProfileSet, UnknownProfile, oids};
use crate::storage::{Change, StorageError, Version};

/// What is to become of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// It is to have this text.
    Text {
        /// Its TOML.
        text: &'a str,
        /// The CA that is to issue under it, where that is not settled.
        issued_by: Option<&'a CaId>,
    },
    /// Nothing is to be issued under it any more.
    Retirement,
}

/// A change that fits what was in force when it was judged; it can be entered as long as that is so.
#[derive(Debug, Clone)]
pub struct Judged {
    id: ProfileId,
    text: String,
    listed: Listed,
    directory: Directory,
    version: Version,
    next: Current,
}

/// A change does not fit.
#[derive(Debug, thiserror::Error)]
pub enum Objection {
    /// The text is no profile, or breaks rules.
    #[error(transparent)]
    Text(#[from] ProfileError),
    /// The text is too long.
    #[error("the profile has {0} octets, and at most {MOST_OCTETS} are taken")]
    TooLong(usize),
    /// It is what is in force.
    #[error("profile {0} is exactly this already")]
    Unchanged(ProfileId),
    /// There is no such profile to retire.
    #[error(transparent)]
    Unknown(#[from] UnknownProfile),
    /// It was retired before.
    #[error("profile {0} was retired before")]
    Retired(ProfileId),
    /// The installation cannot do without it.
    #[error("profile {profile} cannot be retired: {why}")]
    Indispensable {
        /// Which.
        profile: ProfileId,
        /// What needs it.
        why: String,
    },
    /// The installation needs it for something else.
    #[error("profile {profile} must {what}: this service relies on it")]
    Misfit {
        /// Which.
        profile: ProfileId,
        /// What certificates of it must be good for.
        what: &'static str,
    },
    /// A CA's profile stays one, and an end entity's too.
    #[error("profile {0} cannot become one of another kind: give the new one a name of its own")]
    OtherKind(ProfileId),
    /// Nobody issues under it.
    #[error("no CA issues under profile {0} yet")]
    NoIssuer(ProfileId),
    /// Another CA issues under it.
    #[error("profile {profile} is issued by {}, not by {named}", issued_by.join(" and "))]
    OtherIssuer {
        /// Which.
        profile: ProfileId,
        /// The CAs that issue under it.
        issued_by: Vec<String>,
        /// The CA that was named.
        named: CaId,
    },
    /// The CA that was named does not exist.
    #[error("this installation has no CA called {0}")]
    UnknownCa(CaId),
    /// A CA's profile is issued by no CA that could be named.
    #[error("profile {0} is a CA's: hierarchy.toml says which CA is certified under it, and by whom")]
    OfCa(ProfileId),
    /// It does not fit the hierarchy.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Hierarchy(Vec<BrokenHierarchy>),
    /// The CA cannot issue under it.
    #[error(transparent)]
    Unable(#[from] Unable),
    /// There is no book, or it could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Judged {
    /// Judges a change by the text, and by the hierarchy as it is planned.
    pub(crate) fn of(
        current: &Current,
        plan: &Hierarchy,
        id: &ProfileId,
        wanted: Wanted<'_>,
    ) -> Result<Self, Objection> {
        let no_book = || StorageError("this installation keeps no profiles in its store".to_owned());
        let version = current.version().ok_or_else(no_book)?;
        let former = current.listed(id);
        let number = former.map_or(0, |former| former.number) + 1;
        let (text, listed) = match wanted {
            Wanted::Text { text, issued_by } => {
                let issued_by = issuer(current, plan, &read(current, id, text)?, issued_by)?;
                let (sha256, state) = (digest(text), EditionState::InForce);
                if former.is_some_and(|former| former.sha256 == sha256 && former.state == state) {
                    return Err(Objection::Unchanged(id.clone()));
                }
                (text, Listed { number, sha256, state, issued_by })
            }
            Wanted::Retirement => {
                let (former, text) = to_be_retired(current, plan, id)?;
                (text, Listed { number, state: EditionState::Retired, ..former.clone() })
            }
        };
        let next = current.with_edition(id, text, listed.clone());
        let before = plan.broken_with(current);
        let broken: Vec<_> = plan.broken_with(&next).into_iter().filter(|it| !before.contains(it)).collect();
        if !broken.is_empty() {
            return Err(Objection::Hierarchy(broken));
        }
        let directory = Directory { profiles: next.directory() };
        Ok(Self { id: id.clone(), text: text.to_owned(), listed, directory, version, next })
    }

    /// What will be in force.
    pub(crate) const fn next(&self) -> &Current {
        &self.next
    }

    /// The profile.
    pub const fn id(&self) -> &ProfileId {
        &self.id
    }

    /// Whether anything will be issued under it.
    pub const fn state(&self) -> EditionState {
        self.listed.state
    }

    /// The number of the edition that it will be.
    pub const fn number(&self) -> u32 {
        self.listed.number
    }

    /// SHA-256 of its text, lower-case hex; of one that is retired, of the text that it had.
    pub fn sha256(&self) -> &str {
        &self.listed.sha256
    }

    /// The CA that will issue under it, where the hierarchy does not say.
    pub const fn issued_by(&self) -> Option<&CaId> {
        self.listed.issued_by.as_ref()
    }

    /// The profile as it will be looked up.
    ///
    /// # Errors
    /// It is to be retired.
    pub fn in_force(&self) -> Result<InForce, NotInForce> {
        self.next.find(&self.id.0)
    }

    /// The change that puts it in force, provided that no profile was changed since it was judged.
    ///
    /// # Errors
    /// A record cannot be written.
    pub fn entered(self, word: Endorsement, event: &Event) -> Result<Change, StorageError> {
        let Self { id, text, listed, directory, version, next: _ } = self;
        let edition = Edition {
            profile: id,
            number: listed.number,
            state: listed.state,
            text,
            sha256: listed.sha256,
            issued_by: listed.issued_by,
            since: event.at,
            origin: Origin::Change(word),
            event: event.id,
        };
        let key = Edition::key(&edition.profile, edition.number);
        Ok(Change::new().insert(PROFILE_EDITIONS, key, edition.encode()?).replace(
            PROFILE_BOOK,
            DIRECTORY,
            version,
            directory.encode()?,
        ))
    }
}

/// Reads the text and holds it against what the profile was.
fn read(current: &Current, id: &ProfileId, text: &str) -> Result<Profile, Objection> {
    if text.len() > MOST_OCTETS {
        return Err(Objection::TooLong(text.len()));
    }
    let profile = Profile::from_toml(&id.0, text)?;
    let same_kind = |former: &Profile| {
        matches!(
            (former.kind, profile.kind),
            (ProfileKind::RootCa, ProfileKind::RootCa)
                | (ProfileKind::IssuingCa { .. }, ProfileKind::IssuingCa { .. })
                | (ProfileKind::EndEntity, ProfileKind::EndEntity)
        )
    };
    if current.latest(id).is_some_and(|former| !same_kind(former)) {
        return Err(Objection::OtherKind(id.clone()));
    }
    match misfit(&profile) {
        Some(what) => Err(Objection::Misfit { profile: id.clone(), what }),
        None => Ok(profile),
    }
}

/// What a profile that the service itself uses must be good for, where it is not.
fn misfit(profile: &Profile) -> Option<&'static str> {
    let purposes = &profile.extended_key_usage;
    match profile.id.0.as_str() {
        RESPONDER_PROFILE if !profile.is_responder() => Some("certify OCSP responders"),
        SERVER_PROFILE if !profile.is_tls_server() => Some("authenticate TLS servers"),
        STAFF_PROFILE if !purposes.is_empty() && !purposes.contains(&oids::CLIENT_AUTH) => {
            Some("authenticate TLS clients")
        }
        _ => None,
    }
}

/// The profiles that the service cannot do without, where they are missing or good for something else: name, and what is
/// wrong.
pub fn unfit_for_service(profiles: &ProfileSet) -> Vec<(ProfileId, String)> {
    let answers = profiles.iter().any(|profile| profile.ocsp_address);
    let about = |(name, needed): (&str, bool)| {
        let why = match profiles.find(name) {
            Ok(profile) => misfit(profile).map(|what| format!("must {what}: the service relies on it")),
            Err(_) => {
                needed.then(|| "is missing, and the service has certificates of its own under it".to_owned())
            }
        };
        why.map(|why| (ProfileId(name.to_owned()), why))
    };
    let own = [(RESPONDER_PROFILE, answers), (SERVER_PROFILE, true), (STAFF_PROFILE, true)];
    own.into_iter().filter_map(about).collect()
}

/// The CA that will issue under a profile where the hierarchy does not say, or that nobody would.
fn issuer(
    current: &Current,
    plan: &Hierarchy,
    profile: &Profile,
    named: Option<&CaId>,
) -> Result<Option<CaId>, Objection> {
    let id = &profile.id;
    if profile.is_ca() {
        return if named.is_some() { Err(Objection::OfCa(id.clone())) } else { Ok(None) };
    }
    let by_book = current.issuer_of(id);
    let mut issued_by: Vec<_> = plan.issuers_of(&id.0).map(|ca| ca.id.to_string()).collect();
    issued_by.extend(by_book.map(ToString::to_string));
    if id.0 == RESPONDER_PROFILE {
        issued_by.push("each CA for its own responder".to_owned());
    }
    match named {
        Some(named) if plan.find(named).is_none() => Err(Objection::UnknownCa(named.clone())),
        // One that was retired may come back under another CA.
        Some(named) if issued_by.is_empty() || by_book.is_some_and(|_| current.is_set_aside(id)) => {
            Ok(Some(named.clone()))
        }
        Some(named) if !issued_by.contains(&named.to_string()) => {
            Err(Objection::OtherIssuer { profile: id.clone(), issued_by, named: named.clone() })
        }
        None if issued_by.is_empty() => Err(Objection::NoIssuer(id.clone())),
        // What the hierarchy says is not said again; what the book said stays.
        _ => Ok(by_book.cloned()),
    }
}

/// What is retired, if the installation can do without it, and the text that it has.
fn to_be_retired<'a>(
    current: &'a Current,
    plan: &Hierarchy,
    id: &ProfileId,
) -> Result<(&'a Listed, &'a str), Objection> {
    current.knows(id)?;
    let no_edition = || StorageError(format!("profile {id} has no edition"));
    let (former, text) = current.listed(id).zip(current.text_of(id)).ok_or_else(no_edition)?;
    if former.state == EditionState::Retired {
        return Err(Objection::Retired(id.clone()));
    }
    let indispensable = |why: String| Err(Objection::Indispensable { profile: id.clone(), why });
    if [RESPONDER_PROFILE, SERVER_PROFILE, STAFF_PROFILE].contains(&id.0.as_str()) {
        return indispensable("this service has certificates of its own under it".to_owned());
    }
    match plan.iter().find(|ca| ca.profile == *id) {
        Some(ca) => indispensable(format!("CA {} of hierarchy.toml is certified under it", ca.id)),
        None => Ok((former, text)),
    }
}
