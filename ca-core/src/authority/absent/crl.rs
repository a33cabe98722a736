//! Taking over a CRL that was made where the CA's key is.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::list::SignedList;
use super::{AbsentAuthority, told};
use crate::authority::listing::Since;
use crate::authority::revoke::{HELD, RELEASED, REVOKED, RevocationEntry};
use crate::authority::root::CA_CERTIFICATES;
use crate::certificate::REVOCATIONS;
use crate::clock::{EntropyError, in_words};
use crate::crl::{self, CRL_NUMBERS, CRLS, Crl, CrlName, CrlNumber};
use crate::fingerprint::fingerprint;
use crate::issuance::issuer::Issuer;
use crate::ledger::signatures::Seen;
use crate::ledger::{Action, Actor};
use crate::serial::SerialNumber;
use crate::status::{Revocation, RevocationReason};
use crate::storage::{
    AuditedChange, Change, CommitError, Expect, KeyRange, Operation, StorageError, Version,
};

/// A CRL that was made elsewhere was taken over, and is published.
pub const CRL_INSTALLED: Action = Action::named("crl.installed");

/// How many entries one pass reads.
const PAGE: usize = 1_000;

/// Whether a CRL changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taking {
    /// It is the newest now.
    Installed,
    /// It was the newest before.
    ThereAlready,
}

/// A CRL that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenCrl {
    /// Whether it changed anything.
    pub taking: Taking,
    /// Its cRLNumber.
    pub number: u64,
    /// When it was made, UTC.
    pub this_update: OffsetDateTime,
    /// When the next is due at the latest, UTC.
    pub next_update: OffsetDateTime,
    /// How many certificates it lists.
    pub listed: usize,
    /// Which of them were not listed before.
    pub revoked: Vec<SerialNumber>,
    /// Which were on hold and are not any more.
    pub released: Vec<SerialNumber>,
    /// SHA-256 of its DER, lower-case hex.
    pub sha256: String,
}

/// What stands in the store of a certificate on the CRL.
type Kept = BTreeMap<SerialNumber, (RevocationEntry, Version)>;

impl AbsentAuthority {
    /// Takes over a CRL, DER: it is published from now on, and what it lists is revoked here at once. A CRL that is the
    /// newest already changes nothing.
    ///
    /// # Errors
    /// This CA did not sign it, it is not a complete one, older than the newest, of the future, past its time, or leaves
    /// out what was revoked for good. [`CommitError::Conflict`]: another was taken over meanwhile.
    pub fn take_crl(&self, der: &[u8], actor: &Actor) -> Result<TakenCrl, CrlRefused> {
        let list = SignedList::verify(der, &self.issuer)?;
        let store = self.parts.store.as_ref();
        let name = CrlName::first(self.parts.id.clone());
        let previous = crl::newest_versioned(store, &name)?;
        let mut taken = TakenCrl {
            taking: Taking::ThereAlready,
            number: list.number,
            this_update: list.this_update,
            next_update: list.next_update,
            listed: list.entries.len(),
            revoked: Vec::new(),
            released: Vec::new(),
            sha256: fingerprint(der),
        };
        if previous.as_ref().is_some_and(|(newest, _)| newest.sha256() == taken.sha256) {
            return Ok(taken);
        }
        let newest = previous.as_ref().map_or(0, |(newest, _)| newest.number);
        let (next, reserved) = crl::next_number(store, &name, newest)?;
        self.must_be_current(&list, next)?;
        let expect = previous.as_ref().map_or(Expect::Absent, |(_, version)| Expect::Version(*version));
        let change = self.published(der, &list, expect, reserved, actor)?;
        let known = previous.map(|(newest, _)| (newest.number, newest.this_update));
        let since = Since::brought_over(known, (list.number, list.this_update));
        let change = change.and(self.followed(&list, since, actor, &mut taken)?);
        store.commit(change)?;
        taken.taking = Taking::Installed;
        Ok(taken)
    }

    fn must_be_current(&self, list: &SignedList, next: u64) -> Result<(), CrlRefused> {
        // RFC 5280 section 5.2.3: numbers only ever rise.
        if list.number < next {
            return Err(CrlRefused::Older { number: list.number, newest: next - 1 });
        }
        let now = self.parts.clock.now();
        if list.this_update > now {
            return Err(CrlRefused::NotYet(list.this_update));
        }
        if list.next_update <= now {
            return Err(CrlRefused::Stale(list.next_update));
        }
        Ok(())
    }

    fn published(
        &self,
        der: &[u8],
        list: &SignedList,
        expect: Expect,
        reserved: Expect,
        actor: &Actor,
    ) -> Result<AuditedChange, CrlRefused> {
        let id = self.parts.id.as_str();
        let SignedList { number, this_update, next_update, .. } = *list;
        let crl = Crl { number, this_update, next_update, der: der.to_vec() };
        let to_be_signed_sha256 =
            Seen::of_der(der).map(|seen| seen.to_be_signed.to_string()).unwrap_or_default();
        let reservation = serde_json::to_vec(&CrlNumber { number, to_be_signed_sha256 })
            .map_err(|error| StorageError(error.to_string()))?;
        let event = self.ledger.event(actor, CRL_INSTALLED, format!("crl:{id}"))?;
        let event = told(event.with("number", number.to_string()), der);
        Ok(Change::new()
            .write(CRLS, id, expect, Operation::Put(crl.to_stored()))
            .write(CRL_NUMBERS, id, reserved, Operation::Put(reservation))
            .explained_by(&event))
    }

    /// What the list says of single certificates, each with an event of its own.
    fn followed(
        &self,
        list: &SignedList,
        since: Since,
        actor: &Actor,
        taken: &mut TakenCrl,
    ) -> Result<AuditedChange, CrlRefused> {
        let (kept, ends) = (self.kept()?, self.ends()?);
        let mut all = AuditedChange::nothing();
        for (serial, revocation) in &list.entries {
            let expect = match kept.get(serial) {
                Some((entry, _)) if entry.revocation == *revocation => continue,
                Some((_, version)) => Expect::Version(*version),
                None => {
                    taken.revoked.push(serial.clone());
                    Expect::Absent
                }
            };
            let not_after = ends.get(serial).copied().unwrap_or(self.issuer.not_after);
            let change = self.revoked(serial, revocation, not_after, expect, actor)?;
            all = all.and(change);
        }
        for (serial, (entry, version)) in
            kept.iter().filter(|(serial, _)| !list.entries.contains_key(*serial))
        {
            if entry.revocation.reason == RevocationReason::CertificateHold {
                let event = self.ledger.event(actor, RELEASED, self.subject_of(serial))?;
                let key = self.parts.id.key(serial);
                all = all.and(Change::new().delete(REVOCATIONS, key, *version).explained_by(&event));
                taken.released.push(serial.clone());
            } else if since.keeps(entry) {
                return Err(CrlRefused::Forgotten { serial: serial.clone(), at: entry.revocation.at });
            }
        }
        Ok(all)
    }

    fn revoked(
        &self,
        serial: &SerialNumber,
        revocation: &Revocation,
        not_after: OffsetDateTime,
        expect: Expect,
        actor: &Actor,
    ) -> Result<AuditedChange, CrlRefused> {
        let action = if revocation.reason == RevocationReason::CertificateHold { HELD } else { REVOKED };
        let event = self.ledger.event(actor, action, self.subject_of(serial))?;
        let event = event.with("reason", revocation.reason.name());
        let entry = RevocationEntry { revocation: revocation.clone(), not_after };
        let value = serde_json::to_vec(&entry).map_err(|error| StorageError(error.to_string()))?;
        let key = self.parts.id.key(serial);
        Ok(Change::new().write(REVOCATIONS, key, expect, Operation::Put(value)).explained_by(&event))
    }

    fn subject_of(&self, serial: &SerialNumber) -> String {
        format!("certificate:{}/{serial}", self.parts.id)
    }

    /// What the store has as revoked by this CA.
    fn kept(&self) -> Result<Kept, StorageError> {
        let prefix = self.parts.id.prefix();
        let mut range = KeyRange::prefix(&prefix);
        let mut kept = Kept::new();
        loop {
            let page = self.parts.store.scan(REVOCATIONS, &range, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(kept) };
            range = range.after(last);
            for (key, entry) in &page {
                let damaged = |why: String| StorageError(format!("a revocation cannot be read: {why}"));
                let serial = SerialNumber::from_der_content(key.get(prefix.len()..).unwrap_or_default())
                    .map_err(|error| damaged(error.to_string()))?;
                let found: RevocationEntry =
                    serde_json::from_slice(&entry.value).map_err(|error| damaged(error.to_string()))?;
                kept.insert(serial, (found, entry.version));
            }
        }
    }

    /// The last seconds of the certificates that this CA issued to CAs of the installation.
    fn ends(&self) -> Result<BTreeMap<SerialNumber, OffsetDateTime>, StorageError> {
        let all = self.parts.store.scan(CA_CERTIFICATES, &KeyRange::all(), PAGE)?;
        let read = all.iter().filter_map(|(_, entry)| Issuer::of_certificate(&entry.value).ok());
        let ours = read.filter(|certificate| certificate.issued_by == self.issuer.name);
        Ok(ours.map(|certificate| (certificate.serial, certificate.not_after)).collect())
    }
}

/// A CRL was not taken over. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CrlRefused {
    /// It is no CRL that can be used.
    #[error("it cannot be used: {0}")]
    Unreadable(String),
    /// It is another CA's.
    #[error("it is of {found}, not of {wanted}")]
    OtherIssuer {
        /// Its issuer.
        found: String,
        /// The CA it was given for.
        wanted: String,
    },
    /// The CA's key did not sign it.
    #[error("the CA's key did not sign it, or it was altered")]
    Signature,
    /// It is a delta, indirect or partial CRL, or of a kind that is not known.
    #[error("it is not a complete CRL: it has the critical extension {0}")]
    NotComplete(String),
    /// It is not newer than the one that is there.
    #[error("its number is {number}, and number {newest} is there already")]
    Older {
        /// Its number.
        number: u64,
        /// The newest one's.
        newest: u64,
    },
    /// It is of the future.
    #[error("it was made {}, which is not yet: compare the clocks of both machines", in_words(*.0))]
    NotYet(OffsetDateTime),
    /// It is past its time.
    #[error("the next one was due {}: make a new one", in_words(*.0))]
    Stale(OffsetDateTime),
    /// It leaves out what was revoked for good.
    #[error("it leaves out certificate {serial}, which was revoked {} and must be listed until it was on one CRL past its end", in_words(*at))]
    Forgotten {
        /// Which.
        serial: SerialNumber,
        /// When it was revoked.
        at: OffsetDateTime,
    },
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl From<StorageError> for CrlRefused {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}
