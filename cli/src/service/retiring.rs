//! Retiring a CA whose key is at hand: it has stopped issuing, what it issued is over, and its last CRLs are made.

use std::path::Path;

use ca_core::authority::retire::RetireError;
use ca_core::certificate::CaId;
use ca_core::clock::in_words;
use ca_core::crl::StoredCrl;
use ca_core::hierarchy::{Hierarchy, PlannedCa};
use ca_core::ledger::Actor;
use ca_core::toml_fault::nearest;
use time::OffsetDateTime;

use super::ServiceError;
use super::hierarchy::{OpenedCa, open_at_work};
use super::key_folder::{KeyFolder, Passphrase};
use super::serve::Foundation;
use super::settings::Settings;

/// A CA that was retired.
#[derive(Debug, serde::Serialize)]
pub(crate) struct RetiredCa {
    pub(crate) ca: String,
    /// Its last CRLs.
    pub(crate) crls: Vec<LastCrl>,
    /// The last second of its own certificate.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) not_after: OffsetDateTime,
}

/// A CRL after which none comes.
#[derive(Debug, serde::Serialize)]
pub(crate) struct LastCrl {
    /// The CA's name and, where there are shards, the shard's number.
    pub(crate) crl: String,
    pub(crate) number: u64,
    /// How many certificates it lists.
    pub(crate) entries: u64,
    /// SHA-256 of its DER, lower-case hex.
    pub(crate) sha256: String,
}

impl From<StoredCrl> for LastCrl {
    fn from(crl: StoredCrl) -> Self {
        Self {
            crl: crl.name.to_string(),
            number: crl.number,
            entries: crl.entries().unwrap_or_default(),
            sha256: crl.sha256(),
        }
    }
}

/// Retires a CA. The service must be stopped where its store is the embedded one.
///
/// # Errors
/// There is no such CA, its key is not at hand, it still issues, or what it issued still counts; then nothing was changed. Or
/// the key or the store failed: done again, it goes on.
pub(crate) fn retire(data: &Path, ca: &str, reason: &str) -> Result<RetiredCa, ServiceError> {
    let settings = Settings::load(data)?;
    let keys = KeyFolder::new(settings.keys.clone(), Passphrase::find(&settings)?);
    let foundation = Foundation::open(&settings, &keys)?;
    let planned = Hierarchy::load(&settings.hierarchy, &*foundation.profiles.current()?)?;
    let ca = find(&planned, ca)?;
    let opened = open_at_work(&foundation, &settings, &keys, ca)?;
    let authority = opened.as_ref().and_then(OpenedCa::authority).ok_or_else(|| key_elsewhere(&ca.id))?;
    if authority.revocation()?.is_none() && authority.not_after() >= foundation.clock.now() {
        has_stopped(ca, foundation.clock.now())?;
    }
    let crls = authority.retire(reason, &Actor::system("retire")).map_err(told)?;
    Ok(RetiredCa {
        ca: ca.id.to_string(),
        crls: crls.into_iter().map(LastCrl::from).collect(),
        not_after: authority.not_after(),
    })
}

fn find<'a>(planned: &'a Hierarchy, ca: &str) -> Result<&'a PlannedCa, ServiceError> {
    planned.iter().find(|it| it.id.as_str() == ca).ok_or_else(|| {
        let near = nearest(ca, planned.iter().map(|it| it.id.as_str()));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        ServiceError::Refused(format!("hierarchy.toml has no CA {ca}{hint}"))
    })
}

fn key_elsewhere(ca: &CaId) -> ServiceError {
    ServiceError::Refused(format!(
        "the key of CA {ca} is not at hand; where it is offline, its last CRL is made in a root-crl ceremony with last = true"
    ))
}

/// A CA that is expected to issue is not retired by surprise.
fn has_stopped(ca: &PlannedCa, now: OffsetDateTime) -> Result<(), ServiceError> {
    let why = match ca.tenure.until {
        _ if ca.issues.is_empty() => return Ok(()),
        Some(until) if until <= now => return Ok(()),
        Some(until) => format!("it issues until {}", in_words(until)),
        None => "hierarchy.toml does not say until when it issues".to_owned(),
    };
    Err(ServiceError::Refused(format!(
        "CA {} has not stopped issuing: {why}. Say issues_until there, with a CA that takes over, and retire it after that",
        ca.id
    )))
}

fn told(error: RetireError) -> ServiceError {
    let what = error.to_string();
    ServiceError::Refused(match error {
        RetireError::InForce { ca, .. } => format!(
            "{what}. Wait until they have ended, or revoke them: npki campaign start with --issuer {ca} ends them by a date"
        ),
        _ => what,
    })
}
