//! Contexts: which server, which trust anchor, which client certificate, under one name.

mod anchors;
mod file;
mod identity;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use anchors::{Anchor, Anchors, Fingerprint};
pub use file::{folder, path};
pub use identity::{ClientIdentity, private_key};

use crate::failure::{Failure, catalogue};

/// One deployment, as this machine knows it.
#[derive(Debug, Clone)]
pub struct Context {
    /// Its name.
    pub name: String,
    /// Where its interface is: an `https` origin.
    pub url: url::Url,
    /// What its certificates must lead to.
    pub anchors: Anchors,
    /// The client certificate and its key; without them only what is public can be asked.
    pub identity: Option<IdentityFiles>,
    /// Where it publishes CRLs and CA certificates: an `http` origin.
    pub public_url: Option<url::Url>,
}

/// Files of a client certificate, as absolute paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate, its chain after it, PEM.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8 PEM.
    pub key: PathBuf,
}

/// All contexts, and which one is in use.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    current: Option<String>,
    contexts: BTreeMap<String, Context>,
}

impl Configuration {
    /// Reads the configuration file; none is an empty configuration.
    ///
    /// # Errors
    /// It cannot be read or has a key nobody knows.
    pub fn load() -> Result<Self, Failure> {
        file::load(&path()?)
    }

    /// Writes the configuration file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn store(&self) -> Result<(), Failure> {
        file::store(&path()?, self)
    }

    /// All contexts, by name.
    pub fn all(&self) -> impl Iterator<Item = &Context> {
        self.contexts.values()
    }

    /// The name of the context in use.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// The context named, or the one in use.
    ///
    /// # Errors
    /// None is in use, or there is none of this name.
    pub fn chosen(&self, name: Option<&str>) -> Result<Context, Failure> {
        let Some(name) = name.or(self.current()) else { return Err(self.none_chosen()) };
        self.contexts.get(name).cloned().ok_or_else(|| self.unknown(name))
    }

    /// Adds a context. The first one is put to use.
    ///
    /// # Errors
    /// There is one of this name.
    pub fn add(&mut self, context: Context) -> Result<(), Failure> {
        if self.contexts.contains_key(&context.name) {
            return Err(Failure::of(&catalogue::CONTEXT_EXISTS)
                .what(format!("a context {} exists", context.name))
                .fix(format!("npki context remove {}", context.name)));
        }
        if self.contexts.is_empty() {
            self.current = Some(context.name.clone());
        }
        self.contexts.insert(context.name.clone(), context);
        Ok(())
    }

    /// Puts a context to use.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn put_to_use(&mut self, name: &str) -> Result<(), Failure> {
        if !self.contexts.contains_key(name) {
            return Err(self.unknown(name));
        }
        self.current = Some(name.to_owned());
        Ok(())
    }

    /// Removes a context.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn remove(&mut self, name: &str) -> Result<(), Failure> {
        if self.contexts.remove(name).is_none() {
            return Err(self.unknown(name));
        }
        if self.current.as_deref() == Some(name) {
            self.current = None;
        }
        Ok(())
    }

    fn none_chosen(&self) -> Failure {
        let failure = Failure::of(&catalogue::NO_CONTEXT);
        match self.contexts.keys().next() {
            Some(name) => {
                failure.cause("contexts exist, but none is in use").fix(format!("npki context use {name}"))
            }
            None => failure,
        }
    }

    fn unknown(&self, name: &str) -> Failure {
        let failure = Failure::of(&catalogue::UNKNOWN_CONTEXT).what(format!("there is no context {name}"));
        match nearest(name, self.contexts.keys().map(String::as_str)) {
            Some(near) => failure.fix(format!("did you mean {near}?")),
            None => failure,
        }
    }
}

/// The name most like `word`, when it is like it at all.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
}
