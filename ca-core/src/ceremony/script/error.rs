//! Why a script was not taken. The fault is always the file's.

use crate::profile::ProfileError;

/// A script was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// It is not TOML, or a key is missing or of another type.
    #[error("{place}: {message}")]
    Malformed {
        /// Where.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A key that scripts do not have.
    #[error("unknown key `{found}` in {place}{}", did_you_mean(nearest.as_deref()))]
    UnknownKey {
        /// The key.
        found: String,
        /// Where.
        place: String,
        /// The most similar key there is.
        nearest: Option<String>,
    },
    /// A word that is none of those a key may have.
    #[error("unknown value `{found}` in {place}{}", did_you_mean(nearest.as_deref()))]
    UnknownValue {
        /// The value.
        found: String,
        /// Where.
        place: String,
        /// The most similar value there is.
        nearest: Option<String>,
    },
    /// A profile in it is not one.
    #[error("{file}: the profile in it: {source}")]
    Profile {
        /// The file.
        file: String,
        /// What is wrong with the profile.
        source: ProfileError,
    },
    /// It says something that cannot be done.
    #[error("{file}: {}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faults {
        /// The file.
        file: String,
        /// All that is wrong.
        faults: Vec<Fault>,
    },
}

/// One thing that a script says and that cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {why}")]
pub struct Fault {
    /// The key.
    pub key: &'static str,
    /// What is wrong.
    pub why: String,
}

impl Fault {
    pub(super) fn new(key: &'static str, why: impl Into<String>) -> Self {
        Self { key, why: why.into() }
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
