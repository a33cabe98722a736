//! Evidence: what an identity was proven by, who checked it and how, and which assurance level follows from it.
//!
//! Kinds and what they carry are data ([`AssuranceRules`]). Who issued an item and its number are sealed with the identity; in clear
//! are kinds, days, digests of scans, and who checked. A scan itself stays where it was made: here is its SHA-256.

use ca_core::ledger::{Action, Event};
use ca_core::profile::Assurance;
use ca_core::storage::{AuditedChange, Change, Expect, KeyRange, StorageError, Table};
use ca_core::vault::{Envelope, SealedText, VaultError, purpose_of_field};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::fault::{Attempt, Fault, by_fault, until_settled};
use crate::id::{IdentityId, StaffId};
use crate::identity::{FieldError, IDENTITIES, IdentityError, day, line};
use crate::permission::{Permit, ReadRegistry, RegisterIdentities, actor_of};
use crate::record::{self, encode};
use crate::registry::{Registry, reference};
use crate::timed;
use crate::words::words;

mod level;
mod rules;

pub use level::{Carried, Proofing};
pub use rules::{AssuranceRules, BUILT_IN};

/// What identities were proven by: `identity/time/event` → a record in which issuer and number are sealed.
pub const IDENTITY_EVIDENCE: Table = Table::records("identity_evidence");

/// An item of evidence was entered.
pub const ENTERED: Action = Action::named("evidence.entered");

/// More items of one identity are not kept.
pub const MOST: usize = 100;

words! {
    /// How an item was checked.
    How {
        /// The person, or whoever acts for the organisation, was there.
        InPerson = "in-person",
        /// They were not.
        Remote = "remote",
    }
}

/// An item of evidence.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The ledger's event by which it was entered.
    pub id: String,
    /// Its kind, as the rules name it.
    pub kind: String,
    /// Who issued it; `None` when the identity was erased.
    pub issuer: Option<String>,
    /// Its number; `None` also when the identity was erased.
    pub reference: Option<String>,
    /// When it was issued.
    pub issued_on: Option<Date>,
    /// The last day on which it is valid.
    pub expires_on: Option<Date>,
    /// How it was checked.
    pub how: How,
    /// SHA-256 of a scan that is kept elsewhere, hexadecimal.
    pub scan_sha256: Option<String>,
    /// Who checked it.
    pub checked_by: StaffId,
    /// When, UTC.
    pub checked_at: OffsetDateTime,
}

impl std::fmt::Debug for Evidence {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// An item as entered: nothing in it is checked yet.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are those of Evidence")]
pub struct NewEvidence {
    pub kind: String,
    pub issuer: String,
    pub reference: Option<String>,
    pub issued_on: Option<String>,
    pub expires_on: Option<String>,
    pub how: String,
    pub scan_sha256: Option<String>,
}

impl std::fmt::Debug for NewEvidence {
    /// Personal data does not reach logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewEvidence").finish_non_exhaustive()
    }
}

/// A record of [`IDENTITY_EVIDENCE`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "record::day::option")]
    issued_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "record::day::option")]
    expires_on: Option<Date>,
    how: How,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scan_sha256: Option<String>,
    checked_by: StaffId,
    #[serde(with = "time::serde::rfc3339")]
    checked_at: OffsetDateTime,
    /// Issuer and reference.
    source: SealedText,
}

/// What is sealed of an item.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    issuer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// What is known of how surely an identity is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// All items, the oldest first.
    pub items: Vec<Evidence>,
    /// What they carry today.
    pub carried: Carried,
}

/// Evidence was refused or could not be dealt with.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A field does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The identity is not there, closed or somebody else's.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The very same item is there already.
    #[error("this {kind} was entered already, on {on}")]
    Twice {
        /// Its kind.
        kind: String,
        /// When.
        on: Date,
    },
    /// There are as many items as are kept.
    #[error("identity {0} has {MOST} items of evidence, and no more are kept")]
    TooMany(IdentityId),
    /// The registry failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

by_fault!(EvidenceError: StorageError, VaultError);

impl Registry {
    /// Enters an item of evidence that this officer has checked.
    ///
    /// # Errors
    /// A field does not fit, the same item was entered before, the identity is not active, or the registry failed.
    pub fn enter_evidence(
        &self,
        permit: &Permit<RegisterIdentities>,
        identity: IdentityId,
        new: &NewEvidence,
    ) -> Result<Evidence, EvidenceError> {
        let mut item = read(&self.settings().assurance, (permit.staff(), self.now()), new)?;
        until_settled(|| {
            let (record, version) = self.identity_record(identity)?;
            record.demand_active()?;
            demand_new(identity, &self.evidence_of(identity)?, &item)?;
            let event = self.event(&permit.actor(), ENTERED, format!("identity:{identity}"))?;
            item.id = event.id.to_string();
            let stands = Change::new().check(IDENTITIES, identity.to_string(), Expect::Version(version));
            let change = stands.and(self.keeping(identity, &item)?).explained_by(&told(event, &item));
            Ok(Attempt::of(self.commit(change), || item.clone()))
        })
    }

    /// What keeps an item: issuer and number sealed with the identity.
    fn keeping(&self, identity: IdentityId, item: &Evidence) -> Result<Change, EvidenceError> {
        let (envelope, key_stands) = self.vault().for_writing(&reference(identity))?;
        Ok(key_stands.and(kept_under(&envelope, identity, item)?))
    }

    /// What enters items of an identity that enters itself in the same commit.
    pub(crate) fn evidence_with(
        &self,
        envelope: &Envelope,
        identity: IdentityId,
        items: &[Evidence],
    ) -> Result<AuditedChange, Fault> {
        let mut change = AuditedChange::nothing();
        for item in items {
            let event = self.event(&actor_of(item.checked_by), ENTERED, format!("identity:{identity}"))?;
            let item = Evidence { id: event.id.to_string(), ..item.clone() };
            change = change.and(kept_under(envelope, identity, &item)?.explained_by(&told(event, &item)));
        }
        Ok(change)
    }

    /// What an identity was proven by, and which level follows from it: a look at a person's record.
    ///
    /// # Errors
    /// No such identity, it belongs to somebody else, or the registry failed.
    pub fn evidence(&self, permit: &Permit<ReadRegistry>, id: IdentityId) -> Result<Proven, EvidenceError> {
        self.identity_record(id)?.0.within(permit.scope())?;
        let proven = self.proven(id, None)?;
        self.look_up(permit, [id])?;
        Ok(proven)
    }

    /// The same, without a look being recorded: for whoever has looked at the identity, or decides (`decides`).
    pub(crate) fn proven(&self, id: IdentityId, decides: Option<StaffId>) -> Result<Proven, Fault> {
        let items = self.evidence_of(id)?;
        let carried = self.settings().assurance.carried(&items, self.now().date(), decides);
        Ok(Proven { items, carried })
    }

    /// What keeps an identity's evidence from carrying a level, in words.
    pub(crate) fn missing(&self, proven: &Proven, decides: StaffId, wanted: Assurance) -> String {
        let rules = &self.settings().assurance;
        let brings = rules.would_bring(&proven.items, self.now().date(), Some(decides), wanted);
        let brings = if brings.is_empty() {
            "no single further item brings it there: enter two independent ones".to_owned()
        } else {
            format!("it takes one of {}, of another issuer", brings.join(", "))
        };
        if proven.carried.left_out.is_empty() {
            return brings;
        }
        format!("{brings}; not counted: {}", proven.carried.left_out.join("; "))
    }

    fn evidence_of(&self, id: IdentityId) -> Result<Vec<Evidence>, Fault> {
        let prefix = format!("{id}/");
        let found = self.store().scan(IDENTITY_EVIDENCE, &KeyRange::prefix(prefix.as_bytes()), MOST)?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let envelope = self.vault().for_reading(&reference(id))?;
        let mut items = Vec::with_capacity(found.len());
        for (key, entry) in &found {
            let kept: Kept = record::decode(IDENTITY_EVIDENCE, entry)?;
            let id: String = timed::named(IDENTITY_EVIDENCE, key)?;
            let opened = envelope.as_ref().map(|envelope| envelope.open_text(&purpose(&id), &kept.source));
            let source = opened.transpose()?.map(|text| serde_json::from_str::<Source>(&text)).transpose();
            let source = source.map_err(|_| StorageError("an item of evidence is damaged".to_owned()))?;
            let (issuer, reference) = source.map(|it| (it.issuer, it.reference)).unzip();
            items.push(Evidence {
                id,
                kind: kept.kind,
                issuer,
                reference: reference.flatten(),
                issued_on: kept.issued_on,
                expires_on: kept.expires_on,
                how: kept.how,
                scan_sha256: kept.scan_sha256,
                checked_by: kept.checked_by,
                checked_at: kept.checked_at,
            });
        }
        Ok(items)
    }
}

/// What keeps an item: issuer and number sealed in its identity's envelope.
fn kept_under(envelope: &Envelope, identity: IdentityId, item: &Evidence) -> Result<Change, Fault> {
    let issuer = item.issuer.clone().unwrap_or_default();
    let source = serde_json::to_string(&Source { issuer, reference: item.reference.clone() });
    let source = source.map_err(|_| StorageError("evidence cannot be written".to_owned()))?;
    let kept = Kept {
        kind: item.kind.clone(),
        issued_on: item.issued_on,
        expires_on: item.expires_on,
        how: item.how,
        scan_sha256: item.scan_sha256.clone(),
        checked_by: item.checked_by,
        checked_at: item.checked_at,
        source: envelope.seal_text(&purpose(&item.id), &source)?,
    };
    let place = timed::key(&format!("{identity}/"), item.checked_at, &item.id);
    Ok(Change::new().insert(IDENTITY_EVIDENCE, place, encode(&kept)?))
}

/// Reads an item that this officer checked at this moment.
pub(crate) fn read(
    rules: &AssuranceRules,
    (by, checked_at): (StaffId, OffsetDateTime),
    new: &NewEvidence,
) -> Result<Evidence, FieldError> {
    let today = checked_at.date();
    let rule = rules.kind(&new.kind)?;
    let reference = new.reference.as_deref().map(|text| line("reference", text, 100)).transpose()?;
    if rule.needs_reference && reference.is_none() {
        return Err(unfit("reference", "evidence of this kind has a number, and there is none"));
    }
    let issued_on =
        new.issued_on.as_deref().map(|text| day("issued_on", text, fits("issued_on"))).transpose()?;
    if issued_on.is_some_and(|day| day > today) {
        return Err(unfit("issued_on", "it lies in the future"));
    }
    let expires_on =
        new.expires_on.as_deref().map(|text| day("expires_on", text, fits("expires_on"))).transpose()?;
    if expires_on.is_some_and(|day| day < today || issued_on.is_some_and(|issued| day < issued)) {
        return Err(unfit("expires_on", "it has lapsed"));
    }
    Ok(Evidence {
        id: String::new(),
        kind: new.kind.clone(),
        issuer: Some(line("issuer", &new.issuer, 200)?),
        reference,
        issued_on,
        expires_on,
        how: how(&new.how)?,
        scan_sha256: new.scan_sha256.as_deref().map(digest).transpose()?,
        checked_by: by,
        checked_at,
    })
}

/// The ledger tells kinds and digests, nothing personal.
fn told(event: Event, item: &Evidence) -> Event {
    let event = event.with("kind", item.kind.clone()).with("how", item.how.name());
    match &item.scan_sha256 {
        Some(digest) => event.with("scan-sha256", digest.clone()),
        None => event,
    }
}

/// The same document proves nothing more when it is entered once more.
fn demand_new(id: IdentityId, known: &[Evidence], new: &Evidence) -> Result<(), EvidenceError> {
    if known.len() >= MOST {
        return Err(EvidenceError::TooMany(id));
    }
    let same = |item: &&Evidence| {
        let scan = item.scan_sha256.is_some() && item.scan_sha256 == new.scan_sha256;
        let document = item.reference.is_some()
            && (item.reference.as_ref(), item.issuer.as_ref())
                == (new.reference.as_ref(), new.issuer.as_ref())
            && item.expires_on == new.expires_on;
        item.kind == new.kind && (scan || document) && item.checked_by == new.checked_by
    };
    match known.iter().find(same) {
        Some(item) => Err(EvidenceError::Twice { kind: item.kind.clone(), on: item.checked_at.date() }),
        None => Ok(()),
    }
}

fn purpose(event: &str) -> String {
    purpose_of_field(IDENTITY_EVIDENCE, event, "source")
}

fn unfit(field: &'static str, why: &str) -> FieldError {
    FieldError { field, why: why.to_owned(), fits: fits(field) }
}

fn fits(field: &str) -> &'static str {
    match field {
        "reference" => "the number that stands on it",
        "how" => "in-person or remote",
        "scan_sha256" => {
            "the SHA-256 of the scan's file, 64 hexadecimal digits; the scan itself stays where it is"
        }
        _ => "a day as 2026-11-29: issued not after today, expiring not before",
    }
}

fn how(text: &str) -> Result<How, FieldError> {
    text.parse().map_err(|_| unfit("how", "it is neither in-person nor remote"))
}

fn digest(text: &str) -> Result<String, FieldError> {
    if text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(unfit("scan_sha256", "it is no SHA-256"))
}
