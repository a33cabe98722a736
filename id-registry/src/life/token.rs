//! The loss of a token as one event: every certificate whose key is in it is put on hold at once, or revoked when it was
//! stolen; and released when it is found, by another officer.

use std::collections::BTreeSet;

use ca_core::blocked_keys::SpkiDigest;
use ca_core::certificate::CertificateRecord;
use ca_core::ledger::Action;
use ca_core::serial::SerialNumber;
use ca_core::status::RevocationReason;
use ca_core::storage::Change;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::cascade::{Cascade, Status};
use super::{LifeError, Outcome, TOKEN_FOUND, TOKEN_LOST, TOKEN_STOLEN};
use crate::fault::{Attempt, until_settled};
use crate::id::{IdentityId, StaffId};
use crate::identity::{IDENTITIES, IdentityRecord, reason_line};
use crate::key_origin::{KeyOrigin, MakersName, OriginKind};
use crate::permission::{ChangeIdentities, Permit};
use crate::record::encode;
use crate::registry::Registry;

/// A token of an identity that is lost. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostToken {
    /// Since when, UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// The officers who entered it: another says that it is found.
    pub by: Vec<StaffId>,
    /// The certificates that are on hold for it.
    pub held: Vec<SerialNumber>,
}

/// What is in a token: what an officer says of it. A certificate is in it when its key is known to come from such a token, or
/// when it is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InToken {
    /// What kind of token it is.
    pub kind: Option<OriginKind>,
    /// Its model.
    pub model: Option<MakersName>,
    /// Its batch.
    pub batch: Option<MakersName>,
    /// Its firmware.
    pub firmware: Option<MakersName>,
    /// Certificates that are named.
    pub certificates: BTreeSet<SerialNumber>,
    /// Whether all that the identity has is in it.
    pub all: bool,
    /// Whether the officer knows that the keys are elsewhere of which nobody else knows where they are.
    pub others_elsewhere: bool,
}

/// Why the loss of a token is not entered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// Nothing says what is in it.
    #[error("nothing says what is in the token of {0}")]
    Nothing(IdentityId),
    /// No certificate that counts is in it.
    #[error("{0} has no certificate that counts and whose key is in such a token")]
    Empty(IdentityId),
    /// A certificate is named that the identity does not have, or that does not count any more.
    #[error("certificate {serial} is none of {identity} that counts")]
    NotIts {
        /// The identity.
        identity: IdentityId,
        /// What was named.
        serial: SerialNumber,
    },
    /// Nobody knows of some certificates where their keys are.
    #[error("nobody knows whether the keys of these are in the token: {}", join(.0))]
    Unknown(Vec<SerialNumber>),
    /// No token of the identity is lost.
    #[error("no token of {0} is lost")]
    NotLost(IdentityId),
}

fn join(serials: &[SerialNumber]) -> String {
    serials.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl InToken {
    const fn says_an_origin(&self) -> bool {
        self.kind.is_some() || self.model.is_some() || self.batch.is_some() || self.firmware.is_some()
    }

    fn is_empty(&self) -> bool {
        !self.says_an_origin() && !self.all && self.certificates.is_empty()
    }

    /// Whether a key that is known to come from there is from this token.
    fn is(&self, known: &KeyOrigin) -> bool {
        let fits = |said: &Option<MakersName>, known: &Option<MakersName>| {
            said.as_ref().is_none_or(|said| known.as_ref().is_some_and(|known| said.is(known)))
        };
        self.says_an_origin()
            && self.kind.is_none_or(|kind| kind == known.kind)
            && fits(&self.model, &known.model)
            && fits(&self.batch, &known.batch)
            && fits(&self.firmware, &known.firmware)
    }
}

impl Registry {
    /// Enters that a token of an identity is lost: what is in it is put on hold, and what must not be is revoked. When it was
    /// stolen, all of it is revoked as keyCompromise, and so is what was on hold for its loss where nothing else is said.
    ///
    /// # Errors
    /// Nothing says what is in it, nothing is, or nobody knows of some keys; or the registry failed.
    pub fn lose_token(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        token: &InToken,
        stolen: bool,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        let note = reason_line("note", note)?;
        let by = permit.actor();
        until_settled(|| {
            let (mut record, version) = self.identity_record(id)?;
            let none_missed = self.latest_issuance_stands(id)?;
            let within = self.certificates_in(&record, token, stolen)?;
            let action = if stolen { TOKEN_STOLEN } else { TOKEN_LOST };
            let mut cascade = Cascade::begun(&by, Some(&note));
            if stolen {
                self.revoke_stolen(&record, &within, &mut cascade)?;
                record.lost_token = record.lost_token.and_then(|lost| lost.without(&within));
            } else {
                let held = self.hold_lost(&record, &within, &mut cascade)?;
                let mut lost = record.lost_token.take().unwrap_or_else(|| LostToken {
                    since: self.now(),
                    by: Vec::new(),
                    held: Vec::new(),
                });
                lost.by.retain(|officer| *officer != permit.staff());
                lost.by.push(permit.staff());
                lost.held.extend(held);
                record.lost_token = Some(lost);
            }
            let also = none_missed.replace(IDENTITIES, id.to_string(), version, encode(&record)?);
            self.token_event(action, &record, also, &mut cascade)?;
            let Cascade { change, touched, .. } = cascade;
            Ok(Attempt::of(self.commit(change), || Outcome { record, touched }))
        })
    }

    /// Enters that a lost token is found, by an officer who did not enter its loss: what was put on hold for it is released,
    /// or stays on hold for as long as its identity is suspended.
    ///
    /// # Errors
    /// None is lost, the officer entered the loss, or the registry failed.
    pub fn find_token(
        &self,
        permit: &Permit<ChangeIdentities>,
        id: IdentityId,
        note: &str,
    ) -> Result<Outcome, LifeError> {
        let note = reason_line("note", note)?;
        let by = permit.actor();
        let found = until_settled(|| {
            let (mut record, version) = self.identity_record(id)?;
            let lost = record.lost_token.take().ok_or(TokenRefused::NotLost(id))?;
            self.demand_not_own(permit.staff(), id)?;
            if lost.by.contains(&permit.staff()) {
                return Err(LifeError::SamePerson(id));
            }
            let mut cascade = Cascade::begun(&by, Some(&note));
            let because = format!("{} of identity {id}", TOKEN_FOUND.as_str());
            self.release_held(&mut record, &lost.held, &because, &mut cascade)?;
            let also = Change::new().replace(IDENTITIES, id.to_string(), version, encode(&record)?);
            self.token_event(TOKEN_FOUND, &record, also, &mut cascade)?;
            let Cascade { change, touched, .. } = cascade;
            Ok(Attempt::of(self.commit(change), || Outcome { record, touched }))
        });
        if found.as_ref().is_err_and(LifeError::takes_a_colleague) {
            self.record_refused("FindToken", id, &by)?;
        }
        found
    }

    /// The certificates that are in a token, of those that count.
    fn certificates_in(
        &self,
        record: &IdentityRecord,
        token: &InToken,
        stolen: bool,
    ) -> Result<Vec<CertificateRecord>, LifeError> {
        let id = record.id;
        let living = self.living(id)?;
        let named: BTreeSet<SerialNumber> = match &record.lost_token {
            // Lost before, and stolen as it turns out.
            Some(lost) if stolen && token.is_empty() => lost.held.iter().cloned().collect(),
            _ if token.is_empty() => return Err(TokenRefused::Nothing(id).into()),
            _ => token.certificates.clone(),
        };
        let has = |serial: &SerialNumber| living.iter().any(|record| record.serial == *serial);
        if let Some(serial) = token.certificates.iter().find(|serial| !has(serial)) {
            return Err(TokenRefused::NotIts { identity: id, serial: serial.clone() }.into());
        }
        let (mut within, mut unknown) = (Vec::new(), Vec::new());
        for certificate in living {
            let origin = self.known_origin(&SpkiDigest::of_record(&certificate)?)?;
            let is_in = token.all || named.contains(&certificate.serial);
            match origin {
                _ if is_in => within.push(certificate),
                Some((known, _)) if token.is(&known.origin) => within.push(certificate),
                None if token.says_an_origin() => unknown.push(certificate.serial),
                _ => {}
            }
        }
        if !unknown.is_empty() && !token.others_elsewhere {
            return Err(TokenRefused::Unknown(unknown).into());
        }
        if within.is_empty() { Err(TokenRefused::Empty(id).into()) } else { Ok(within) }
    }

    /// Those that are on hold for the loss from now on.
    fn hold_lost(
        &self,
        record: &IdentityRecord,
        within: &[CertificateRecord],
        cascade: &mut Cascade<'_>,
    ) -> Result<Vec<SerialNumber>, LifeError> {
        let because = format!("{} of identity {}", TOKEN_LOST.as_str(), record.id);
        let mut held = self.hold_also(record, within, &because, cascade)?;
        held.retain(|serial| record.lost_token.as_ref().is_none_or(|lost| !lost.held.contains(serial)));
        Ok(held)
    }

    fn revoke_stolen(
        &self,
        record: &IdentityRecord,
        within: &[CertificateRecord],
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        let because = format!("{} of identity {}", TOKEN_STOLEN.as_str(), record.id);
        for certificate in within {
            let status = Status::Revoked(RevocationReason::KeyCompromise);
            self.change_status(status, certificate, &because, cascade)?;
        }
        Ok(())
    }

    fn token_event(
        &self,
        action: Action,
        record: &IdentityRecord,
        also: Change,
        cascade: &mut Cascade<'_>,
    ) -> Result<(), LifeError> {
        let event = self.event(cascade.by, action, format!("identity:{}", record.id))?;
        let change = also.and(self.history_of(record.id, &event, None, cascade.note)?);
        cascade.add(change.explained_by(&event));
        Ok(())
    }
}

impl LostToken {
    /// What is still lost without these.
    fn without(mut self, certificates: &[CertificateRecord]) -> Option<Self> {
        self.held.retain(|serial| certificates.iter().all(|record| record.serial != *serial));
        (!self.held.is_empty()).then_some(self)
    }
}

impl From<TokenRefused> for LifeError {
    fn from(refused: TokenRefused) -> Self {
        Self::Token(refused)
    }
}
