//! The profiles of an installation: those that npki comes with, and those of a folder.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Profile, ProfileError, ProfileId, file};
use crate::toml_fault::nearest;

macro_rules! built_in {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../config/profiles/", $name, ".toml")))
    };
}

/// The profiles npki comes with, name and TOML text. `npki init` copies them into the data directory, where a country
/// adapts them; from then on the copies are what counts.
pub const BUILT_IN: &[(&str, &str)] = &[
    built_in!("agent"),
    built_in!("application"),
    built_in!("audit-log-signer"),
    built_in!("device"),
    built_in!("issuing-ca"),
    built_in!("ocsp-responder"),
    built_in!("organisation-seal"),
    built_in!("person-authentication"),
    built_in!("person-authentication-pseudonymous"),
    built_in!("person-signature"),
    built_in!("person-signature-short-term"),
    built_in!("persons-ca"),
    built_in!("registry-document-signer"),
    built_in!("root-ca"),
    built_in!("seals-ca"),
    built_in!("staff-authentication"),
    built_in!("things-ca"),
    built_in!("timestamping-ca"),
    built_in!("timestamping-unit"),
    built_in!("tls-ca"),
    built_in!("tls-server"),
    built_in!("trusted-list-signer"),
    built_in!("xroad-security-server"),
    built_in!("xroad-signing"),
];

/// The TOML text of a profile that npki comes with; `None` for a name that none has.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// All profiles of an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileSet(BTreeMap<ProfileId, Profile>);

impl ProfileSet {
    /// A set of these.
    pub fn new(profiles: impl IntoIterator<Item = Profile>) -> Self {
        Self(profiles.into_iter().map(|profile| (profile.id.clone(), profile)).collect())
    }

    /// Looks a profile up by name.
    ///
    /// # Errors
    /// No such profile; the error knows the nearest name.
    pub fn find(&self, id: &str) -> Result<&Profile, UnknownProfile> {
        self.0.get(&ProfileId(id.to_owned())).ok_or_else(|| UnknownProfile {
            asked: id.to_owned(),
            nearest: nearest(id, self.0.keys().map(|known| known.0.as_str())).map(ToOwned::to_owned),
        })
    }

    /// Reads and checks profiles: pairs of a name, which is the file's stem, and the file's text.
    ///
    /// # Errors
    /// The first file that cannot be read or breaks a rule.
    pub fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ProfileError> {
        files.into_iter().map(|(stem, text)| Profile::from_toml(stem, text)).collect()
    }

    /// Reads and checks every `*.toml` of a folder, as [`ProfileSet::read_folder`].
    ///
    /// # Errors
    /// The folder or a file cannot be read, a profile breaks a rule, or there is none.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, ProfileError> {
        Ok(Self::read_folder(folder)?.into_iter().map(|(profile, _)| profile).collect())
    }

    /// Reads every `*.toml` of a folder once and checks it; other files are left alone. Profiles with their texts, in the
    /// order of their names.
    ///
    /// # Errors
    /// The folder or a file cannot be read, a profile breaks a rule, or there is none.
    pub fn read_folder(folder: impl AsRef<Path>) -> Result<Vec<(Profile, String)>, ProfileError> {
        let folder = folder.as_ref();
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| ProfileError::File { path, source }
        };
        let mut read = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(at(folder))? {
            let path = entry.map_err(at(folder))?.path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(at(&path))?;
            let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let profile = file::read(&stem, &path.display().to_string(), &text)?;
            read.push((profile, text));
        }
        read.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
        if read.is_empty() { Err(ProfileError::NoProfiles(folder.to_owned())) } else { Ok(read) }
    }

    /// The profiles that npki comes with ([`BUILT_IN`]).
    ///
    /// # Errors
    /// None in a build whose tests passed: they check every one of these files.
    pub fn built_in() -> Result<Self, ProfileError> {
        Self::from_files(BUILT_IN.iter().copied())
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.0.values()
    }
}

impl FromIterator<Profile> for ProfileSet {
    fn from_iter<I: IntoIterator<Item = Profile>>(profiles: I) -> Self {
        Self::new(profiles)
    }
}

/// No profile has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no profile is called {asked:?}")]
pub struct UnknownProfile {
    /// The name asked for.
    pub asked: String,
    /// The most similar name there is.
    pub nearest: Option<String>,
}
