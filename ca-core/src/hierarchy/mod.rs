//! The hierarchy of an installation: which CAs there are, who certifies whom, and which profiles each issues under.
//!
//! It is data: `hierarchy.toml` in the data directory. `file` holds the loose form as written; [`Hierarchy`] is the
//! checked form, in which every CA stands below one that comes before it.

mod advice;
mod file;
mod rules;

use std::path::{Path, PathBuf};

use crate::algorithm::KeyAlgorithm;
use crate::authorities::Tenure;
use crate::certificate::CaId;
use crate::profile::{Profile, ProfileId, ProfileSet};
use crate::profile_book::Current;
use crate::toml_fault::TomlFault;

macro_rules! built_in {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../config/hierarchies/", $name, ".toml")))
    };
}

/// The hierarchies npki comes with, name and TOML text. `npki init` copies one into the data directory.
pub const BUILT_IN: &[(&str, &str)] = &[built_in!("national"), built_in!("pilot")];

/// The profile of staff's certificates.
pub const STAFF_PROFILE: &str = "staff-authentication";
/// The profile of the HTTPS server's certificate.
pub const SERVER_PROFILE: &str = "tls-server";
/// The profile of OCSP responders' certificates: each CA issues its own responder's.
pub const RESPONDER_PROFILE: &str = "ocsp-responder";
/// The profile of time-stamping units.
pub const TIMESTAMPING_PROFILE: &str = "timestamping-unit";

/// A checked hierarchy. Issuers stand before what they issue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hierarchy(Vec<PlannedCa>);

/// One CA of a hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCa {
    /// Its name in this installation: in file names and addresses.
    pub id: CaId,
    /// The CA that certifies it; `None` for a root.
    pub issuer: Option<CaId>,
    /// What its common name says after the organisation's name.
    pub name: String,
    /// The profile of its own certificate.
    pub profile: ProfileId,
    /// What kind of key it has.
    pub key: KeyAlgorithm,
    /// Where its key is.
    pub kept: KeyKeeping,
    /// The profiles of end entities it issues under. OCSP responders' need not be named.
    pub issues: Vec<ProfileId>,
    /// When it issues.
    pub tenure: Tenure,
    /// The root whose next generation it is: the two vouch for each other.
    pub succeeds: Option<CaId>,
}

/// Where a CA's key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyKeeping {
    /// In a sealed file of the folder of keys.
    Software,
    /// In the token of `[pkcs11]`, under this label.
    Token {
        /// CKA_LABEL.
        label: String,
    },
    /// On a machine without a network: what needs it is done in ceremonies.
    Offline,
}

impl Hierarchy {
    /// Reads a hierarchy from TOML and checks it against the profiles.
    ///
    /// # Errors
    /// The text is no hierarchy, or CAs or profiles do not fit together.
    pub fn from_toml(text: &str, profiles: &Current) -> Result<Self, HierarchyFault> {
        let hierarchy = Self::outlined(text)?;
        let broken = hierarchy.broken_with(profiles);
        if broken.is_empty() { Ok(hierarchy) } else { Err(HierarchyFault::Rules(broken)) }
    }

    fn outlined(text: &str) -> Result<Self, HierarchyFault> {
        let loose: file::Loose =
            toml::from_str(text).map_err(|error| HierarchyFault::Text(TomlFault::of(text, &error)))?;
        Ok(Self(loose.planned().map_err(|broken| HierarchyFault::Rules(vec![broken]))?))
    }

    /// Every rule that CAs and profiles break together.
    pub(crate) fn broken_with(&self, profiles: &Current) -> Vec<BrokenHierarchy> {
        rules::broken_by(&self.in_effect(profiles), profiles)
    }

    /// Reads and checks a hierarchy's file.
    ///
    /// # Errors
    /// The file cannot be read, or as [`Hierarchy::from_toml`].
    pub fn load(path: &Path, profiles: &Current) -> Result<Self, HierarchyError> {
        Self::read(path, |text| Self::from_toml(text, profiles))
    }

    /// Reads a hierarchy's file for the names that stand in it. It is not held against the profiles: nothing may be issued
    /// by it.
    ///
    /// # Errors
    /// The file cannot be read, or is no hierarchy.
    pub fn outline(path: &Path) -> Result<Self, HierarchyError> {
        Self::read(path, Self::outlined)
    }

    fn read(
        path: &Path,
        understand: impl FnOnce(&str) -> Result<Self, HierarchyFault>,
    ) -> Result<Self, HierarchyError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| HierarchyError::File { path: path.to_owned(), source })?;
        understand(&text).map_err(|fault| HierarchyError::Fault { path: path.to_owned(), fault })
    }

    /// As it is with the profile book: a profile that came later is issued by the CA that the book names, and nothing is
    /// issued under one that was retired.
    #[must_use]
    pub fn in_effect(&self, profiles: &Current) -> Self {
        let in_effect =
            |ca: &PlannedCa| PlannedCa { issues: profiles.issued_with(&ca.issues, &ca.id), ..ca.clone() };
        Self(self.0.iter().map(in_effect).collect())
    }

    /// The CAs whose certificates name an OCSP responder, as the profiles are in force, issuers before what they issue.
    pub fn answering(&self, profiles: &Current) -> Vec<CaId> {
        let answers = |ca: &PlannedCa| ca.needs_responder(profiles.profiles()).then_some(ca.id.clone());
        self.in_effect(profiles).iter().filter_map(answers).collect()
    }

    /// All CAs, issuers before what they issue.
    pub fn iter(&self) -> impl Iterator<Item = &PlannedCa> {
        self.0.iter()
    }

    /// A CA by its name.
    pub fn find(&self, id: &CaId) -> Option<&PlannedCa> {
        self.0.iter().find(|ca| ca.id == *id)
    }

    /// The roots, in their order.
    pub fn roots(&self) -> impl Iterator<Item = &PlannedCa> {
        self.0.iter().filter(|ca| ca.issuer.is_none())
    }

    /// The CAs from this one up to its root, both included; nothing for a CA that is not there.
    pub fn path<'a>(&'a self, id: &CaId) -> impl Iterator<Item = &'a PlannedCa> {
        std::iter::successors(self.find(id), |ca| self.find(ca.issuer.as_ref()?))
    }

    /// The CAs that issue under a profile at one time or another.
    pub fn issuers_of<'a>(&'a self, profile: &'a str) -> impl Iterator<Item = &'a PlannedCa> {
        self.0.iter().filter(move |ca| ca.issues.iter().any(|issued| issued.0 == profile))
    }
}

impl PlannedCa {
    /// Whether any certificate it issues names an OCSP responder, which then has to answer for it.
    pub fn needs_responder(&self, profiles: &ProfileSet) -> bool {
        self.issued(profiles).any(|profile| profile.ocsp_address)
    }

    fn issued<'a>(&'a self, profiles: &'a ProfileSet) -> impl Iterator<Item = &'a Profile> {
        self.issues.iter().filter_map(|profile| profiles.find(&profile.0).ok())
    }
}

/// What is wrong with a hierarchy. The fault is always the file's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HierarchyFault {
    /// The text is not understood.
    #[error("{0}")]
    Text(TomlFault),
    /// CAs and profiles do not fit together: every rule that is broken.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rules(Vec<BrokenHierarchy>),
}

/// A rule that one CA of a hierarchy breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("CA {ca:?}: {why} ({clause})")]
pub struct BrokenHierarchy {
    /// The CA, as it is called in the file.
    pub ca: String,
    /// What is wrong.
    pub why: String,
    /// Where the rule stands; "npki" for rules of our own.
    pub clause: &'static str,
}

/// A hierarchy was not taken.
#[derive(Debug, thiserror::Error)]
pub enum HierarchyError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What it says is wrong.
    #[error("{}: {fault}", path.display())]
    Fault {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: HierarchyFault,
    },
}

#[cfg(test)]
mod tests;
