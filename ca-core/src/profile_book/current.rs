//! What is in force at one moment.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use super::{Edition, EditionMark, EditionState, Listed, PROFILE_EDITIONS};
use crate::certificate::CaId;
use crate::profile::{Profile, ProfileId, ProfileSet, UnknownProfile, nearest};
use crate::storage::{StorageError, Store, Version};

/// The editions that are in force at one moment.
#[derive(Clone, Default)]
pub struct Current {
    /// The directory's; `None` where no book is kept.
    version: Option<Version>,
    entries: BTreeMap<ProfileId, Arc<Entry>>,
    /// Those under which something is issued.
    profiles: ProfileSet,
}

impl std::fmt::Debug for Current {
    /// The texts would fill pages.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.entries.iter().map(|(id, entry)| (id, &entry.listed))).finish()
    }
}

/// One profile.
#[derive(Debug, Clone)]
struct Entry {
    /// Which edition; `None` where no book is kept.
    listed: Option<Listed>,
    /// Its TOML; empty where no book is kept.
    text: String,
    /// As this npki reads it, or why it cannot.
    profile: Result<Arc<Profile>, String>,
}

impl Entry {
    fn new(id: &ProfileId, text: String, listed: Listed) -> Self {
        let profile = Profile::from_toml(&id.0, &text).map(Arc::new).map_err(|error| error.to_string());
        Self { listed: Some(listed), text, profile }
    }

    fn is_retired(&self) -> bool {
        self.listed.as_ref().is_some_and(|listed| listed.state == EditionState::Retired)
    }
}

impl Current {
    /// Profiles of no book.
    pub fn given(profiles: ProfileSet) -> Self {
        let entry = |profile: &Profile| {
            let entry = Entry { listed: None, text: String::new(), profile: Ok(Arc::new(profile.clone())) };
            (profile.id.clone(), Arc::new(entry))
        };
        Self { version: None, entries: profiles.iter().map(entry).collect(), profiles }
    }

    /// Reads the editions that a directory names; those that `known` has are taken from there.
    pub(super) fn read(
        store: &dyn Store,
        version: Version,
        directory: BTreeMap<ProfileId, Listed>,
        known: Option<&Self>,
    ) -> Result<Self, StorageError> {
        let mut entries = BTreeMap::new();
        let mut unread = Vec::new();
        for (id, listed) in directory {
            let same = known.and_then(|known| known.entries.get(&id));
            match same.filter(|entry| entry.listed.as_ref() == Some(&listed)) {
                Some(entry) => {
                    entries.insert(id, Arc::clone(entry));
                }
                None => unread.push((id, listed)),
            }
        }
        let keys: Vec<_> = unread.iter().map(|(id, listed)| Edition::key(id, listed.number)).collect();
        for ((id, listed), found) in unread.into_iter().zip(store.get_many(PROFILE_EDITIONS, &keys)?) {
            let (number, sha256) = (listed.number, &listed.sha256);
            let lost = || StorageError(format!("edition {number} of profile {id} is not there"));
            let edition = Edition::decode(&found.ok_or_else(lost)?.value)?;
            if edition.sha256 != *sha256 {
                return Err(StorageError(format!("edition {number} of profile {id} is another one")));
            }
            let entry = Entry::new(&id, edition.text, listed);
            entries.insert(id, Arc::new(entry));
        }
        Ok(Self::with(Some(version), entries))
    }

    fn with(version: Option<Version>, entries: BTreeMap<ProfileId, Arc<Entry>>) -> Self {
        let in_force = entries.values().filter(|entry| !entry.is_retired());
        let profiles = in_force.filter_map(|entry| entry.profile.as_deref().ok()).cloned().collect();
        Self { version, entries, profiles }
    }

    /// The same with one profile otherwise.
    pub(super) fn with_edition(&self, id: &ProfileId, text: &str, listed: Listed) -> Self {
        let mut entries = self.entries.clone();
        entries.insert(id.clone(), Arc::new(Entry::new(id, text.to_owned(), listed)));
        Self::with(self.version, entries)
    }

    /// The directory as it is stored.
    pub(super) fn directory(&self) -> BTreeMap<ProfileId, Listed> {
        let listed = |(id, entry): (&ProfileId, &Arc<Entry>)| Some((id.clone(), entry.listed.clone()?));
        self.entries.iter().filter_map(listed).collect()
    }

    pub(super) fn listed(&self, id: &ProfileId) -> Option<&Listed> {
        self.entries.get(id)?.listed.as_ref()
    }

    pub(super) const fn version(&self) -> Option<Version> {
        self.version
    }

    /// Whether there is no profile at all: the book was not begun.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The profiles that are in force.
    pub const fn profiles(&self) -> &ProfileSet {
        &self.profiles
    }

    /// The number of a profile's newest edition.
    pub fn number_of(&self, id: &ProfileId) -> Option<u32> {
        self.listed(id).map(|listed| listed.number)
    }

    /// SHA-256 of the text of a profile's newest edition.
    pub fn digest_of(&self, id: &ProfileId) -> Option<&str> {
        self.listed(id).map(|listed| listed.sha256.as_str())
    }

    /// The text of a profile's newest edition.
    pub fn text_of(&self, id: &ProfileId) -> Option<&str> {
        self.entries.get(id).map(|entry| entry.text.as_str())
    }

    /// The CA that issues under a profile, where the installation's hierarchy does not say.
    pub fn issuer_of(&self, id: &ProfileId) -> Option<&CaId> {
        self.listed(id)?.issued_by.as_ref()
    }

    /// The profiles in force that this CA issues under by the book's word.
    fn issued_by<'a>(&'a self, ca: &'a CaId) -> impl Iterator<Item = &'a ProfileId> {
        self.profiles.iter().map(|profile| &profile.id).filter(move |id| self.issuer_of(id) == Some(ca))
    }

    /// The profiles that a CA issues under, by a plan and by the book: one that came later is issued by the CA that the book
    /// names, and nothing is issued under one that was set aside.
    pub fn issued_with(&self, planned: &[ProfileId], ca: &CaId) -> Vec<ProfileId> {
        let by_plan = planned.iter().filter(|id| !self.is_set_aside(id));
        let by_book = self.issued_by(ca).filter(|id| !planned.contains(id));
        by_plan.chain(by_book).cloned().collect()
    }

    /// Whether a profile is known and nothing is issued under it: it is retired, or this npki cannot use it.
    pub fn is_set_aside(&self, id: &ProfileId) -> bool {
        self.entries.get(id).is_some_and(|entry| entry.is_retired() || entry.profile.is_err())
    }

    /// What this npki cannot use, and why.
    pub fn unfit(&self) -> impl Iterator<Item = (&ProfileId, &str)> {
        self.entries.iter().filter_map(|(id, entry)| Some((id, entry.profile.as_ref().err()?.as_str())))
    }

    /// A profile in its newest edition, also when it is retired.
    pub fn latest(&self, id: &ProfileId) -> Option<&Arc<Profile>> {
        self.entries.get(id)?.profile.as_ref().ok()
    }

    /// Goes on if there is a profile of this name, in force or not: certificates may have been issued under it.
    ///
    /// # Errors
    /// There never was; the error knows the nearest name.
    pub fn knows(&self, id: &ProfileId) -> Result<(), UnknownProfile> {
        self.entry(id).map(|_| ())
    }

    fn entry(&self, id: &ProfileId) -> Result<&Entry, UnknownProfile> {
        self.entries.get(id).map(AsRef::as_ref).ok_or_else(|| {
            let known = self.profiles.iter().map(|profile| profile.id.0.as_str());
            UnknownProfile { asked: id.0.clone(), nearest: nearest(&id.0, known).map(ToOwned::to_owned) }
        })
    }

    /// A profile that is in force.
    ///
    /// # Errors
    /// There is none of this name, nothing is issued under it any more, or this npki cannot use it.
    pub fn find(&self, id: &str) -> Result<InForce, NotInForce> {
        let name = ProfileId(id.to_owned());
        let entry = self.entry(&name)?;
        if entry.is_retired() {
            return Err(NotInForce::Retired(name));
        }
        let profile = entry.profile.clone().map_err(|why| NotInForce::Unfit { profile: name, why })?;
        let mark = entry.listed.as_ref().zip(self.version).map(|(listed, directory)| EditionMark {
            number: listed.number,
            sha256: listed.sha256.clone(),
            directory,
        });
        let issued_by = entry.listed.as_ref().and_then(|listed| listed.issued_by.clone());
        Ok(InForce { profile, mark, issued_by })
    }
}

/// A profile that was in force when it was looked up: what a request is admitted under.
#[derive(Debug, Clone)]
pub struct InForce {
    profile: Arc<Profile>,
    mark: Option<EditionMark>,
    issued_by: Option<CaId>,
}

impl InForce {
    /// A profile that no book keeps: what a ceremony's script pins.
    pub fn pinned(profile: Profile) -> Self {
        Self { profile: Arc::new(profile), mark: None, issued_by: None }
    }

    /// The profile, shared by whatever is issued under it.
    pub(crate) const fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Its edition; `None` for a profile that no book keeps.
    pub const fn mark(&self) -> Option<&EditionMark> {
        self.mark.as_ref()
    }

    /// The CA that issues under it, where the installation's hierarchy does not say.
    pub const fn issued_by(&self) -> Option<&CaId> {
        self.issued_by.as_ref()
    }
}

impl Deref for InForce {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.profile
    }
}

/// Nothing is issued under a profile.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotInForce {
    /// No profile has this name.
    #[error(transparent)]
    Unknown(#[from] UnknownProfile),
    /// It was retired.
    #[error("profile {0} was retired: nothing is issued under it any more")]
    Retired(ProfileId),
    /// Its text is no profile to this npki, which is older or stricter than the one that took it.
    #[error("profile {profile} cannot be used by this version of npki: {why}")]
    Unfit {
        /// Which.
        profile: ProfileId,
        /// What is wrong.
        why: String,
    },
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
