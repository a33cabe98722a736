//! Why a profile was not taken.

use std::path::PathBuf;

/// A profile was not taken. The fault is always the file's.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The file or folder could not be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds no profile.
    #[error("{} holds no profiles", .0.display())]
    NoProfiles(PathBuf),
    /// The file's name cannot be a profile's.
    #[error("{0:?} cannot name a profile: use 1 to 64 lower-case letters, digits and hyphens")]
    Name(String),
    /// The file is not TOML, or a key is missing or of another type.
    #[error("{place}: {message}")]
    Malformed {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// A key that profiles do not have.
    #[error("unknown key `{found}` in {place}{}", did_you_mean(nearest.as_deref()))]
    UnknownKey {
        /// The key.
        found: String,
        /// Where.
        place: Place,
        /// The most similar key there is.
        nearest: Option<String>,
    },
    /// A word that is none of those a key may have.
    #[error("unknown value `{found}` in {place}{}", did_you_mean(nearest.as_deref()))]
    UnknownValue {
        /// The value.
        found: String,
        /// Where.
        place: Place,
        /// The most similar value there is.
        nearest: Option<String>,
    },
    /// The profile would make certificates that break rules.
    #[error("{file}: {}", join(broken))]
    Rules {
        /// The file.
        file: String,
        /// Every rule it breaks.
        broken: Vec<BrokenRule>,
    },
}

/// A place in a profile's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was asked for.
    pub file: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The character of the line, from 1.
    pub column: Option<u32>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{} line {line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// A rule that a profile breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {why} ({clause})")]
pub struct BrokenRule {
    /// The key at fault.
    pub key: &'static str,
    /// What is wrong with it.
    pub why: String,
    /// Where the rule stands; "npki" for rules of our own.
    pub clause: &'static str,
}

impl BrokenRule {
    pub(super) fn new(key: &'static str, clause: &'static str, why: impl Into<String>) -> Self {
        Self { key, why: why.into(), clause }
    }
}

fn join(broken: &[BrokenRule]) -> String {
    broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
