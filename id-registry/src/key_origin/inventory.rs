//! Entering origins of keys that are in use already, from a list.

use std::collections::BTreeMap;

use ca_core::blocked_keys::SpkiDigest;
use ca_core::serial::SerialNumber;
use ca_core::storage::Change;

use super::{ENTERED, KEY_ORIGINS, KeyOrigin, KnownOrigin, OriginError};
use crate::fault::{Attempt, until_settled};
use crate::identity::reason_line;
use crate::permission::{Permit, StateKeyOrigins};
use crate::record::encode;
use crate::registry::Registry;

/// The most entries of one change.
pub const MOST_ENTRIES: usize = 500;

/// How an entry names a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owning {
    /// The key of this certificate.
    Certificate(SerialNumber),
    /// This key, whether a certificate holds it or not.
    Key(SpkiDigest),
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginEntry {
    /// Whose origin it is.
    pub of: Owning,
    /// The origin.
    pub origin: KeyOrigin,
}

/// What entering did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entered {
    /// Keys whose origin was not known before.
    pub new: usize,
    /// Keys whose origin was known otherwise.
    pub changed: usize,
    /// Keys whose origin was known so.
    pub known: usize,
    /// Serial numbers that no certificate has: nothing was entered for these.
    pub unknown: Vec<SerialNumber>,
}

impl Registry {
    /// Enters origins of keys from a list; `source` says where the list is from. What is entered takes the place of what
    /// was known. Entering the same again changes nothing.
    ///
    /// # Errors
    /// Too many entries or none, one key twice, a source that does not fit, or the registry failed.
    pub fn enter_key_origins(
        &self,
        permit: &Permit<StateKeyOrigins>,
        entries: &[OriginEntry],
        source: &str,
    ) -> Result<Entered, OriginError> {
        let source = reason_line("source", source)?;
        if entries.is_empty() || entries.len() > MOST_ENTRIES {
            return Err(OriginError::Count(entries.len()));
        }
        let (keys, unknown) = self.keys_named(entries)?;
        let entered = until_settled(|| self.enter(permit, &keys, &source))?;
        Ok(Entered { unknown, ..entered })
    }

    /// The keys that entries name, each once, and the serial numbers that name none.
    fn keys_named<'a>(
        &self,
        entries: &'a [OriginEntry],
    ) -> Result<(BTreeMap<SpkiDigest, &'a KeyOrigin>, Vec<SerialNumber>), OriginError> {
        let serial = |entry: &OriginEntry| match &entry.of {
            Owning::Certificate(serial) => Some(serial.clone()),
            Owning::Key(_) => None,
        };
        let serials: Vec<SerialNumber> = entries.iter().filter_map(serial).collect();
        let mut certificates = self.authorities().find_many(&serials)?.into_iter();
        let (mut keys, mut unknown) = (BTreeMap::new(), Vec::new());
        for OriginEntry { of, origin } in entries {
            let key = match of {
                Owning::Key(key) => *key,
                Owning::Certificate(serial) => match certificates.next().flatten() {
                    Some(record) => SpkiDigest::of_record(&record)?,
                    None => {
                        unknown.push(serial.clone());
                        continue;
                    }
                },
            };
            match keys.insert(key, origin) {
                Some(other) if !origin.is(other) => return Err(OriginError::Twice(key)),
                _ => {}
            }
        }
        Ok((keys, unknown))
    }

    fn enter(
        &self,
        permit: &Permit<StateKeyOrigins>,
        keys: &BTreeMap<SpkiDigest, &KeyOrigin>,
        source: &str,
    ) -> Result<Attempt<Entered, OriginError>, OriginError> {
        let (mut change, mut entered, at) = (Change::new(), Entered::default(), self.now());
        let digests: Vec<SpkiDigest> = keys.keys().copied().collect();
        for ((key, origin), found) in keys.iter().zip(self.known_origins(&digests)?) {
            let known = KnownOrigin { origin: (*origin).clone(), request: None, at, by: permit.actor() };
            match found {
                Some((found, _)) if found.origin.is(origin) => entered.known += 1,
                Some((_, version)) => {
                    change = change.replace(KEY_ORIGINS, key.0, version, encode(&known)?);
                    entered.changed += 1;
                }
                None => {
                    change = change.insert(KEY_ORIGINS, key.0, encode(&known)?);
                    entered.new += 1;
                }
            }
        }
        if change.is_empty() {
            return Ok(Attempt::Settled(Ok(entered)));
        }
        let event = self.event(&permit.actor(), ENTERED, "key-origins")?.because(source);
        let event = event.with("new", entered.new.to_string()).with("changed", entered.changed.to_string());
        Ok(Attempt::of(self.commit(change.explained_by(&event)), || entered))
    }
}
