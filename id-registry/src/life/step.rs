//! The machine: from where a step leads where, who may take it, and what becomes of the certificates. It decides, and
//! changes nothing.

use std::collections::BTreeSet;

use ca_core::ledger::{Action, Actor};
use ca_core::status::RevocationReason;

use super::{
    Cause, ClosureCause, DEATH_REPORTED, DIED, DeathSignal, DeathSource, FOUND_ALIVE, LifeError, REOPENED,
    RESUMED, SUSPENDED, SuspensionCause,
};
use crate::id::IdentityKind;
use crate::identity::{CLOSED, IdentityRecord, IdentityStatus};

/// A step in an identity's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Suspend(SuspensionCause),
    Resume,
    ReportDeath(DeathSource),
    ConfirmDeath,
    FindAlive,
    Close(ClosureCause),
    Reopen,
    /// What its owner's step does to a device or application.
    WithOwner(Cause),
    /// What its owner's coming back does to it.
    BackWithOwner(Cause),
    /// Nobody answers for it, and the days of grace are over.
    LoseSponsor,
    /// A successor answers for it.
    RegainSponsor,
}

/// What a step does to the identity's certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    Stay,
    /// Put on hold; what must not be is revoked.
    Hold,
    /// What was put on hold for it is released.
    Release,
    Revoke(RevocationReason),
}

/// Where a step leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Next {
    pub(crate) status: IdentityStatus,
    /// Why it is not active; `None` when it is.
    pub(crate) cause: Option<Cause>,
    pub(crate) credentials: Credentials,
    pub(crate) action: Action,
}

impl Step {
    /// Where it leads from where the identity stands.
    ///
    /// # Errors
    /// It does not begin there, is for another kind of identity, takes somebody else, or lacks grounds.
    pub(crate) fn from(self, record: &IdentityRecord, by: &Actor) -> Result<Next, LifeError> {
        self.demand_kind(record)?;
        let next = match (record.status, record.cause(), self) {
            (IdentityStatus::Active, _, Self::Suspend(cause)) => suspended(cause.into(), SUSPENDED),
            (IdentityStatus::Active, _, Self::WithOwner(Cause::OwnerSuspended)) => {
                suspended(Cause::OwnerSuspended, SUSPENDED)
            }
            (IdentityStatus::Active, _, Self::LoseSponsor) => suspended(Cause::SponsorGone, SUSPENDED),
            // Its owner's coming back is not enough then.
            (IdentityStatus::Suspended, Some(Cause::OwnerSuspended), Self::LoseSponsor) => {
                Next { credentials: Credentials::Stay, ..suspended(Cause::SponsorGone, SUSPENDED) }
            }
            (IdentityStatus::Active | IdentityStatus::Suspended, _, Self::ReportDeath(source)) => {
                demand_new_source(record, source)?;
                suspended(Cause::DeathReported, DEATH_REPORTED)
            }
            (IdentityStatus::Suspended, Some(Cause::Requested | Cause::Investigation), Self::Resume)
            | (IdentityStatus::Suspended, Some(Cause::SponsorGone), Self::RegainSponsor) => active(RESUMED),
            (IdentityStatus::Suspended, Some(Cause::DeathReported), Self::ConfirmDeath) => {
                demand_grounds(record)?;
                closed(Cause::Deceased, DIED)
            }
            (IdentityStatus::Suspended, Some(Cause::DeathReported), Self::FindAlive)
            | (IdentityStatus::Closed, Some(Cause::Deceased), Self::FindAlive) => {
                // Who lives is where they were before: an investigation has not ended by it.
                match record.standing.as_ref().and_then(|standing| standing.before) {
                    Some(before) => Next { credentials: Credentials::Stay, ..suspended(before, FOUND_ALIVE) },
                    None => active(FOUND_ALIVE),
                }
            }
            (IdentityStatus::Active | IdentityStatus::Suspended, _, Self::Close(cause)) => {
                closed(cause.into(), CLOSED)
            }
            (IdentityStatus::Active | IdentityStatus::Suspended, _, Self::WithOwner(Cause::OwnerClosed)) => {
                closed(Cause::OwnerClosed, CLOSED)
            }
            (
                IdentityStatus::Closed,
                Some(Cause::Emigrated | Cause::Dissolved | Cause::Retired),
                Self::Reopen,
            ) => active(REOPENED),
            (_, Some(found), Self::BackWithOwner(cause)) if found == cause => active(RESUMED),
            _ => return Err(self.elsewhere(record)),
        };
        self.demand_another(record, by)?;
        Ok(next)
    }

    fn demand_kind(self, record: &IdentityRecord) -> Result<(), LifeError> {
        let kind = record.id.kind();
        let (wanted, fits) = match self {
            Self::ReportDeath(_)
            | Self::ConfirmDeath
            | Self::FindAlive
            | Self::Close(ClosureCause::Emigrated) => ("persons", kind == IdentityKind::Person),
            Self::Close(ClosureCause::Dissolved) => ("organisations", kind == IdentityKind::Organisation),
            Self::Close(ClosureCause::Retired) | Self::RegainSponsor => {
                let is_thing = !matches!(kind, IdentityKind::Person | IdentityKind::Organisation);
                ("devices, applications and agents", is_thing)
            }
            _ => return Ok(()),
        };
        if fits { Ok(()) } else { Err(LifeError::WrongKind { id: record.id, wanted }) }
    }

    /// What takes a second officer: whoever suspended, closed or reported does not also undo or confirm it.
    fn demand_another(self, record: &IdentityRecord, by: &Actor) -> Result<(), LifeError> {
        let Some(standing) = &record.standing else { return Ok(()) };
        let same = match self {
            Self::Resume | Self::Reopen => standing.by == *by,
            Self::ConfirmDeath => has_signalled(record, by),
            Self::FindAlive => standing.by == *by || has_signalled(record, by),
            _ => false,
        };
        if same { Err(LifeError::SamePerson(record.id)) } else { Ok(()) }
    }

    fn elsewhere(self, record: &IdentityRecord) -> LifeError {
        let needed = match self {
            Self::Suspend(_) => "only what is active is suspended",
            Self::Resume => "resumed is what was suspended on request or for an investigation",
            Self::ReportDeath(_) => "it is closed already",
            Self::ConfirmDeath => "nobody has reported a death",
            Self::FindAlive => "it is neither reported nor confirmed dead",
            Self::Close(_) => "it is closed already",
            Self::Reopen => "reopened is what emigrated, was dissolved or retired",
            Self::WithOwner(_) | Self::BackWithOwner(_) => "its owner's step does not reach it",
            Self::LoseSponsor | Self::RegainSponsor => "its sponsor's step does not reach it",
        };
        LifeError::Elsewhere { id: record.id, status: record.status, cause: record.cause(), needed }
    }
}

const fn suspended(cause: Cause, action: Action) -> Next {
    let credentials = Credentials::Hold;
    Next { status: IdentityStatus::Suspended, cause: Some(cause), credentials, action }
}

const fn active(action: Action) -> Next {
    Next { status: IdentityStatus::Active, cause: None, credentials: Credentials::Release, action }
}

/// RFC 5280 section 5.3.1: what an identity that has ended held is of no use any more.
const fn closed(cause: Cause, action: Action) -> Next {
    let credentials = Credentials::Revoke(RevocationReason::CessationOfOperation);
    Next { status: IdentityStatus::Closed, cause: Some(cause), credentials, action }
}

/// Who has said that the person has died.
fn signals(record: &IdentityRecord) -> &[DeathSignal] {
    record.standing.as_ref().map_or(&[], |standing| &standing.signals)
}

fn has_signalled(record: &IdentityRecord, by: &Actor) -> bool {
    signals(record).iter().any(|signal| signal.by.actor() == *by)
}

fn demand_new_source(record: &IdentityRecord, source: DeathSource) -> Result<(), LifeError> {
    if signals(record).iter().any(|signal| signal.source == source) {
        return Err(LifeError::SignalTwice(source));
    }
    Ok(())
}

/// Four deaths in ten are registered. So others may say it too, and no one of them alone.
fn demand_grounds(record: &IdentityRecord) -> Result<(), LifeError> {
    let signals = signals(record);
    let settles = |source: DeathSource| matches!(source, DeathSource::CivilRegister | DeathSource::Court);
    let kinds: BTreeSet<&str> = signals.iter().map(|signal| signal.source.name()).collect();
    if signals.iter().any(|signal| settles(signal.source)) || kinds.len() > 1 {
        return Ok(());
    }
    let source_named = kinds.into_iter().next().unwrap_or("none");
    Err(LifeError::TooFewSignals { id: record.id, source_named })
}
