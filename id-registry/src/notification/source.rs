//! Sources: applications that may notify.

use std::fmt;

use ca_core::fingerprint::fingerprint;
use ca_core::ledger::Actor;
use ca_core::storage::{Change, StorageError, Version};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{DeathSource, Kind, NOTIFICATION_SOURCES, NotificationError, SOURCE_ADDED, SOURCE_ENDED};
use crate::fault::{Attempt, until_settled};
use crate::id::{IdentityId, IdentityKind, StaffId};
use crate::identity::{FieldError, demand_kind, reason_line};
use crate::life::Teller;
use crate::page::{Page, PageSize};
use crate::permission::{ManageSources, Permit, ReadNotifications};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};
use crate::staff::SignInError;
use crate::timed;

/// The most certificates of one application that are looked at when it calls.
const CERTIFICATES: usize = 100;

/// An application that may notify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The application.
    pub application: IdentityId,
    /// Whose word it brings.
    pub speaks_for: DeathSource,
    /// What it may tell of.
    pub kinds: Vec<Kind>,
    /// When it was added, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub added_at: OffsetDateTime,
    /// Who added it.
    pub added_by: StaffId,
    /// Set when it was ended, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

/// A source as entered: nothing in it is checked yet.
#[derive(Debug, Clone)]
pub struct NewSource<'a> {
    /// The application.
    pub application: IdentityId,
    /// Whose word it brings, by a name of [`DeathSource`].
    pub speaks_for: &'a str,
    /// What it may tell of, by names of [`Kind`].
    pub kinds: &'a [String],
    /// Why. It stays in the ledger for good: no personal data.
    pub reason: &'a str,
}

/// Proof that a source calls. Comes from [`Registry::authenticate_source`] alone.
pub struct SourcePermit {
    pub(super) source: Source,
}

impl fmt::Debug for SourcePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourcePermit").field(&self.source.application).finish()
    }
}

impl SourcePermit {
    pub(super) fn teller(&self) -> Teller {
        Teller::Source(self.source.application)
    }

    pub(super) fn actor(&self) -> Actor {
        self.teller().actor()
    }
}

impl Registry {
    /// Lets an application notify.
    ///
    /// # Errors
    /// A field does not fit, it is no active application, it is a source already, or the registry failed.
    pub fn add_source(
        &self,
        permit: &Permit<ManageSources>,
        new: &NewSource<'_>,
    ) -> Result<Source, NotificationError> {
        let reason = reason_line("reason", new.reason)?;
        let speaks_for = word(
            "speaks_for",
            new.speaks_for,
            "whose word it brings: civil-register, court, health-facility",
        )?;
        let mut kinds = Vec::new();
        for name in new.kinds {
            let kind: Kind = word("kinds", name, KINDS)?;
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if kinds.is_empty() {
            return Err(FieldError { field: "kinds", why: "none is named".to_owned(), fits: KINDS }.into());
        }
        demand_kind(new.application, IdentityKind::Application)?;
        until_settled(|| {
            self.identity_record(new.application)?.0.demand_active()?;
            let there = self.source_record(new.application)?;
            if there.as_ref().is_some_and(|(source, _)| source.ended_at.is_none()) {
                return Err(NotificationError::SourceExists(new.application));
            }
            let source = Source {
                application: new.application,
                speaks_for,
                kinds: kinds.clone(),
                added_at: self.now(),
                added_by: permit.staff(),
                ended_at: None,
            };
            let names: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            let event = self
                .event(&permit.actor(), SOURCE_ADDED, format!("identity:{}", new.application))?
                .with("speaks-for", speaks_for.name())
                .with("kinds", names.join(","))
                .because(reason.clone());
            let key = new.application.to_string();
            let change = match there {
                Some((_, version)) => {
                    Change::new().replace(NOTIFICATION_SOURCES, key, version, encode(&source)?)
                }
                None => Change::new().insert(NOTIFICATION_SOURCES, key, encode(&source)?),
            };
            Ok(Attempt::of(self.commit(change.explained_by(&event)), || source))
        })
    }

    /// Ends a source at once: nothing that it says is taken any more.
    ///
    /// # Errors
    /// It is none, no reason, or the registry failed.
    pub fn end_source(
        &self,
        permit: &Permit<ManageSources>,
        application: IdentityId,
        reason: &str,
    ) -> Result<Source, NotificationError> {
        let reason = reason_line("reason", reason)?;
        until_settled(|| {
            let found = self.source_record(application)?.filter(|(source, _)| source.ended_at.is_none());
            let (source, version) = found.ok_or(NotificationError::NoSource(application))?;
            let source = Source { ended_at: Some(self.now()), ..source };
            let event = self.event(&permit.actor(), SOURCE_ENDED, format!("identity:{application}"))?;
            let change = Change::new()
                .replace(NOTIFICATION_SOURCES, application.to_string(), version, encode(&source)?)
                .explained_by(&event.because(reason.clone()));
            Ok(Attempt::of(self.commit(change), || source))
        })
    }

    /// Sources, ended ones too, in the order of their identifiers, beginning after `after`.
    ///
    /// # Errors
    /// The store failed.
    pub fn sources(
        &self,
        _permit: &Permit<ReadNotifications>,
        after: Option<IdentityId>,
        size: PageSize,
    ) -> Result<Page<Source, IdentityId>, NotificationError> {
        let found = self.source_records(after, size.entries() + 1)?;
        Ok(Page::cut(found, size, |source| source.application))
    }

    /// Finds out which source presents this client certificate; none where it is no source's. TLS has checked the path and that
    /// the caller holds the key; whether certificate and application still count is decided here, at every call.
    ///
    /// # Errors
    /// It is a source's and does not count (any more), or the registry failed.
    pub fn authenticate_source(&self, certificate: &[u8]) -> Result<Option<SourcePermit>, SignInError> {
        let sha256 = fingerprint(certificate);
        let mut after = None;
        loop {
            // A country has a handful of sources.
            let sources = self.source_records(after, PageSize::MOST)?;
            for source in &sources {
                let issued =
                    self.authorities().of_identity(&reference(source.application), None, CERTIFICATES)?;
                let Some(issued) = issued.into_iter().find(|issued| issued.sha256 == sha256) else {
                    continue;
                };
                if source.ended_at.is_some() {
                    return Ok(None);
                }
                self.certificate_counts(&issued)?;
                let (record, _) = self
                    .identity_record(source.application)
                    .map_err(|error| StorageError(error.to_string()))?;
                if record.demand_active().is_err() {
                    return Ok(None);
                }
                return Ok(Some(SourcePermit { source: source.clone() }));
            }
            match sources.last() {
                Some(last) if sources.len() == PageSize::MOST => after = Some(last.application),
                _ => return Ok(None),
            }
        }
    }

    fn source_records(&self, after: Option<IdentityId>, limit: usize) -> Result<Vec<Source>, StorageError> {
        let range = timed::range("", after.map(|after| after.to_string()));
        let found = self.store().scan(NOTIFICATION_SOURCES, &range, limit)?;
        found.iter().map(|(_, entry)| record::decode(NOTIFICATION_SOURCES, entry)).collect()
    }

    fn source_record(&self, id: IdentityId) -> Result<Option<(Source, Version)>, StorageError> {
        record::find(self.store(), NOTIFICATION_SOURCES, id.to_string())
    }
}

const KINDS: &str = "one or more of birth, death, change";

fn word<T>(field: &'static str, text: &str, fits: &'static str) -> Result<T, FieldError>
where
    T: std::str::FromStr<Err = crate::words::UnknownWord>,
{
    text.parse().map_err(|error: T::Err| FieldError { field, why: error.to_string(), fits })
}
