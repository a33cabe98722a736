//! Where a profile comes from that is shown or compared: a file, an edition of the installation's, or what npki comes with.

use std::path::PathBuf;
use std::str::FromStr;

use ca_core::profile::{BUILT_IN, Profile, built_in};
use ca_core::profile_book::digest;
use serde::Serialize;

use super::history::Edition;
use crate::client::Client;
use crate::failure::{Failure, catalogue};
use crate::session::Session;

/// What follows the @ for a profile that npki comes with.
const BUILT_IN_MARK: &str = "built-in";

/// A profile as it is named on the command line.
#[derive(Debug, Clone)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// An edition of the installation's.
    Edition(EditionName),
    /// What npki comes with.
    BuiltIn(String),
}

/// An edition, `NAME` or `NAME@NUMBER`.
#[derive(Debug, Clone)]
pub struct EditionName {
    /// The profile.
    pub profile: String,
    /// The number; the newest where none is given.
    pub number: Option<u32>,
}

/// A profile's text, and what is known of where it comes from.
#[derive(Debug, Serialize)]
pub struct Found {
    /// What it is called in sentences.
    pub named: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The CA that issues under it, where the hierarchy does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<String>,
    pub sha256: String,
    /// Why this npki cannot tell what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
    #[serde(skip)]
    pub text: String,
    #[serde(skip)]
    pub read: Option<Profile>,
}

impl FromStr for EditionName {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let Some((profile, number)) = word.split_once('@') else {
            return Ok(Self { profile: word.to_owned(), number: None });
        };
        let number =
            number.parse().map_err(|_| "write NAME, or NAME@NUMBER: person-signature@3".to_owned())?;
        Ok(Self { profile: profile.to_owned(), number: Some(number) })
    }
}

impl FromStr for Source {
    type Err = String;

    /// What has a dot or a slash is a file: no profile's name has one.
    fn from_str(word: &str) -> Result<Self, String> {
        let is_file = word.split('@').next().is_some_and(|name| name.contains(['.', '/', '\\']));
        match word.split_once('@') {
            _ if is_file => Ok(Self::File(PathBuf::from(word))),
            Some((name, BUILT_IN_MARK)) => Ok(Self::BuiltIn(name.to_owned())),
            _ => EditionName::from_str(word).map(Self::Edition).map_err(|_| {
                "write a file, NAME, NAME@NUMBER, or NAME@built-in for what npki comes with".to_owned()
            }),
        }
    }
}

impl Source {
    /// Reads it; a client is made when one is needed.
    ///
    /// # Errors
    /// There is none, the file cannot be read, or the server cannot be asked.
    pub fn find(&self, session: &mut Session) -> Result<Found, Failure> {
        match self {
            Self::File(path) => {
                let text = super::propose::read_text(path)?;
                let named = path.display().to_string();
                // A file that is compared may have any name; its own is the one that faults are told under.
                let stem = path.file_stem().and_then(|stem| stem.to_str());
                let is_name = |stem: &&str| stem.chars().all(|c| c.is_ascii_lowercase() || c == '-');
                let found = Found::of(named, stem.filter(is_name), text);
                Ok(Found { file: Some(path.clone()), ..found })
            }
            Self::BuiltIn(name) => {
                let text = built_in(name).ok_or_else(|| no_built_in(name))?.to_owned();
                let named = format!("{name} as npki comes with it");
                Ok(Found { profile: Some(name.clone()), ..Found::of(named, Some(name), text) })
            }
            Self::Edition(name) => Ok(Found::edition(name.read(&session.client()?)?)),
        }
    }
}

impl EditionName {
    /// Asks the server for it.
    ///
    /// # Errors
    /// There is none, or the server cannot be asked.
    pub fn read(&self, client: &Client) -> Result<Edition, Failure> {
        let number = self.number.map_or_else(|| "newest".to_owned(), |number| number.to_string());
        client.read(&["profiles", &self.profile, "editions", &number])
    }
}

impl Found {
    /// A text; a file that is compared may have any name.
    fn of(named: String, profile: Option<&str>, text: String) -> Self {
        let (read, unread) = match Profile::from_toml(profile.unwrap_or("profile"), &text) {
            Ok(profile) => (Some(profile), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let sha256 = digest(&text);
        let (file, profile, edition, state, issued_by) = (None, None, None, None, None);
        Self { named, file, profile, edition, state, issued_by, sha256, unread, text, read }
    }

    /// An edition of the installation's.
    pub fn edition(edition: Edition) -> Self {
        let named = format!("{} edition {}", edition.profile, edition.number);
        let text = edition.text.unwrap_or_default();
        let found = Self::of(named, Some(&edition.profile), text);
        let (number, state) = (Some(edition.number), Some(edition.state));
        let issued_by = edition.further.get("issued_by").and_then(|ca| ca.as_str()).map(ToOwned::to_owned);
        Self { profile: Some(edition.profile), edition: number, state, issued_by, ..found }
    }

    /// The profile, where its words are needed.
    ///
    /// # Errors
    /// It is none, or none that this npki can read.
    pub fn profile(&self) -> Result<&Profile, Failure> {
        self.read.as_ref().ok_or_else(|| {
            let failure = Failure::of(&catalogue::PROFILE_RULE)
                .what(format!("{} is no profile that this npki can read", self.named))
                .cause(self.unread.clone().unwrap_or_default());
            match &self.file {
                Some(file) => failure.fix(format!("see every fault: npki profile check {}", file.display())),
                None => failure.fix("use the version of npki that the server has: npki version"),
            }
        })
    }
}

fn no_built_in(name: &str) -> Failure {
    let failure = Failure::of(&catalogue::UNKNOWN_PROFILE)
        .what(format!("npki comes with no profile {name}"))
        .cause("@built-in means those that npki comes with");
    match crate::context::nearest(name, BUILT_IN.iter().map(|(known, _)| *known)) {
        Some(near) => failure.fix(format!("did you mean {near}@built-in?")),
        None => failure.fix("see which there are: npki profile export --built-in --out DIR"),
    }
}
