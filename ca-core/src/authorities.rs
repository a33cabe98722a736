//! The CAs of one installation: which of them issues under which profile, and everything that they have issued.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::alternative_name::Name;
use crate::authority::absent::AbsentAuthority;
use crate::authority::link::KnownRoot;
use crate::authority::rehearsal::Rehearsal;
use crate::authority::{Authority, CA_CERTIFICATES, RevokeError};
use crate::blocked_keys::{self, BlockedKey, KeyDigest};
use crate::certificate::{
    self, CERTIFICATES, CERTIFICATES_BY_IDENTITY, CaId, CertificatePlace, CertificateRecord, Certificates,
};
use crate::clock::Clock;
use crate::csr::{KeyKind, SubjectPublicKey, Wishes};
use crate::hierarchy::{Hierarchy, RESPONDER_PROFILE};
use crate::issuance::{IssuanceRequest, IssueError, IssuedCertificate};
use crate::ledger::Actor;
use crate::profile::{AttributeType, ProfileId};
use crate::profile_book::{Current, InForce, Judged, Objection, ProfileBook, Wanted};
use crate::serial::SerialNumber;
use crate::status::Grounds;
use crate::storage::{AuditedChange, Entry, KeyRange, StorageError, Store};
use crate::subject::{ApprovedSubject, Fact, IdentityRef};
use crate::vault::{Envelope, Vault, VaultError};

/// When a CA issues: the overlap of two generations is planned by these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tenure {
    /// From this moment on, UTC; `None` from the beginning.
    pub from: Option<OffsetDateTime>,
    /// Before this moment, UTC; `None` as long as what it issues ends before it does.
    pub until: Option<OffsetDateTime>,
}

impl Tenure {
    /// Whether it issues at this moment.
    pub fn covers(&self, at: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }
}

/// A CA with its key at hand, and its place among the others.
#[derive(Debug, Clone)]
pub struct PlacedAuthority {
    /// The CA.
    pub authority: Arc<Authority>,
    /// The profiles of end entities it issues under.
    pub issues: Vec<ProfileId>,
    /// When it issues.
    pub tenure: Tenure,
    /// The certificates from its own up to below the root's, DER, and those in which other roots vouch for its root: what a
    /// subscriber needs to be believed.
    pub chain: Vec<Vec<u8>>,
}

impl PlacedAuthority {
    /// Whether it issues under a profile at one time or another: by the hierarchy, or by the book of profiles.
    fn serves(&self, profile: &InForce) -> bool {
        self.issues.contains(&profile.id) || profile.issued_by() == Some(self.authority.id())
    }
}

/// The CAs of one installation.
#[derive(Debug)]
pub struct Authorities {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    profiles: Arc<ProfileBook>,
    /// As it is planned, without what the book of profiles adds.
    plan: Hierarchy,
    placed: BTreeMap<CaId, PlacedAuthority>,
    absent: BTreeMap<CaId, Arc<AbsentAuthority>>,
    /// Those whose keys are elsewhere, too.
    known: BTreeSet<CaId>,
}

impl Authorities {
    /// No CAs yet.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, profiles: Arc<ProfileBook>) -> Self {
        let (placed, absent, known) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { store, clock, profiles, plan: Hierarchy::default(), placed, absent, known }
    }

    /// The hierarchy that they stand in: changes of profiles are held against it.
    #[must_use]
    pub fn planned(self, plan: Hierarchy) -> Self {
        Self { plan, ..self }
    }

    /// Adds a CA whose key is at hand.
    #[must_use]
    pub fn with(mut self, placed: PlacedAuthority) -> Self {
        let id = placed.authority.id().clone();
        self.known.insert(id.clone());
        self.placed.insert(id, placed);
        self
    }

    /// Adds a CA whose key is elsewhere, offline or retired: what it issued is read all the same.
    #[must_use]
    pub fn with_absent(mut self, absent: Arc<AbsentAuthority>) -> Self {
        let id = absent.id().clone();
        self.known.insert(id.clone());
        self.absent.insert(id, absent);
        self
    }

    /// The profiles of the installation.
    pub const fn profiles(&self) -> &Arc<ProfileBook> {
        &self.profiles
    }

    /// A CA whose key is at hand.
    pub fn of(&self, id: &CaId) -> Option<&Arc<Authority>> {
        self.placed.get(id).map(|placed| &placed.authority)
    }

    /// A CA whose key is elsewhere.
    pub fn absent(&self, id: &CaId) -> Option<&Arc<AbsentAuthority>> {
        self.absent.get(id)
    }

    /// Whether a CA of this name is of this installation, wherever its key is.
    pub fn knows(&self, id: &CaId) -> bool {
        self.known.contains(id)
    }

    /// Those whose keys are elsewhere, in the order of their names.
    pub fn all_absent(&self) -> impl Iterator<Item = &Arc<AbsentAuthority>> {
        self.absent.values()
    }

    /// The roots, wherever their keys are.
    pub fn roots(&self) -> impl Iterator<Item = KnownRoot<'_>> {
        let here = self.placed.values().map(|placed| &placed.authority).filter(|it| it.is_root());
        let here = here.map(|it| KnownRoot { id: it.id(), certificate: it.certificate() });
        let elsewhere = self.absent.values().filter(|it| it.is_root());
        here.chain(elsewhere.map(|it| KnownRoot { id: it.id(), certificate: it.certificate() }))
    }

    /// The certificates of all CAs, DER, wherever their keys are.
    pub fn own_certificates(&self) -> Vec<Vec<u8>> {
        let here = self.placed.values().map(|placed| placed.authority.certificate());
        here.chain(self.absent.values().map(|absent| absent.certificate())).map(<[u8]>::to_vec).collect()
    }

    /// Those whose keys are at hand, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &PlacedAuthority> {
        self.placed.values()
    }

    /// The CA that issues under a profile now. While two generations overlap, the younger one does whose own certificate
    /// counts; where none counts, the younger one all the same, and it refuses.
    ///
    /// # Errors
    /// None does, or the store failed.
    pub fn issuing(&self, profile: &InForce) -> Result<&PlacedAuthority, IssueError> {
        let now = self.clock.now();
        let serves = |placed: &&PlacedAuthority| placed.serves(profile) && placed.tenure.covers(now);
        let mut candidates: Vec<_> = self.placed.values().filter(serves).collect();
        candidates.sort_by_key(|placed| std::cmp::Reverse(placed.tenure.from));
        for placed in &candidates {
            if placed.authority.revocation()?.is_none() {
                return Ok(placed);
            }
        }
        candidates.first().copied().ok_or_else(|| IssueError::NoAuthority(profile.id.clone()))
    }

    /// The profiles of end entities that a CA issues under, with what the book of profiles says.
    pub fn issued_by(&self, placed: &PlacedAuthority, current: &Current) -> Vec<ProfileId> {
        current.issued_with(&placed.issues, placed.authority.id())
    }

    /// Judges a change of a profile: its text, the hierarchy, and each CA that is to issue under it, by its own
    /// certificate.
    ///
    /// # Errors
    /// What stands against it, or the store failed.
    pub fn judge(&self, current: &Current, id: &ProfileId, wanted: Wanted<'_>) -> Result<Judged, Objection> {
        let judged = Judged::of(current, &self.plan, id, wanted)?;
        let Ok(profile) = judged.in_force() else { return Ok(judged) };
        let now = self.clock.now();
        let is_responder_s = profile.id.0 == RESPONDER_PROFILE;
        let answering = if is_responder_s { self.plan.answering(judged.next()) } else { Vec::new() };
        let is_over = |placed: &PlacedAuthority| placed.tenure.until.is_some_and(|until| until <= now);
        for placed in self.placed.values().filter(|placed| !is_over(placed)) {
            if placed.serves(&profile) || answering.contains(placed.authority.id()) {
                placed.authority.can_issue(&profile, now)?;
            }
        }
        Ok(judged)
    }

    /// The CA of this name, DER, whose key is at hand.
    pub fn named(&self, name: &[u8]) -> Option<&PlacedAuthority> {
        self.placed.values().find(|placed| placed.authority.name() == name)
    }

    /// The certificates from a CA's own up to below its root's, DER; nothing where its key is not at hand.
    pub fn chain(&self, id: &CaId) -> &[Vec<u8>] {
        self.placed.get(id).map_or(&[], |placed| placed.chain.as_slice())
    }

    /// Asks the CA that issues under `profile` whether it admits this key for this identity. Changes nothing.
    ///
    /// # Errors
    /// No CA issues under the profile, the refusal with its rule, or the store failed.
    pub fn admit(
        &self,
        key: SubjectPublicKey,
        wishes: &Wishes,
        subject: ApprovedSubject,
        profile: &InForce,
    ) -> Result<Admission, IssueError> {
        let authority = Arc::clone(&self.issuing(profile)?.authority);
        let request = authority.admit_key(key, wishes, subject, profile)?;
        Ok(Admission { authority, request })
    }

    /// What a certificate for this key and identity would say under `profile` if it were issued at `now`, by the CA that
    /// issues under it. Nothing is signed and nothing changes; whether the key serves somebody else or is blocked is not
    /// asked, as no profile decides it.
    ///
    /// # Errors
    /// The refusal with its rule, or the store failed.
    pub fn rehearse(
        &self,
        key: SubjectPublicKey,
        wishes: &Wishes,
        subject: ApprovedSubject,
        profile: &InForce,
        now: OffsetDateTime,
    ) -> Result<Rehearsal, IssueError> {
        let authority = &self.issuing(profile)?.authority;
        authority.rehearsal(profile.admit(key, wishes, subject)?, now)
    }

    /// One certificate's record, whichever CA issued it.
    ///
    /// # Errors
    /// Storage failed; absence is `Ok(None)`.
    pub fn find(&self, serial: &SerialNumber) -> Result<Option<CertificateRecord>, StorageError> {
        for certificates in self.certificates() {
            if let Some(record) = certificates.find(serial)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The records of these serial numbers, whichever CA issued each, in their order; `None` for one that none did.
    ///
    /// # Errors
    /// Storage failed.
    pub fn find_many(
        &self,
        serials: &[SerialNumber],
    ) -> Result<Vec<Option<CertificateRecord>>, StorageError> {
        let mut found = vec![None; serials.len()];
        for certificates in self.certificates() {
            for (place, record) in found.iter_mut().zip(certificates.find_many(serials)?) {
                if record.is_some() {
                    *place = record;
                }
            }
        }
        Ok(found)
    }

    /// One certificate's DER; `None` when its identity was erased.
    ///
    /// # Errors
    /// The DER is not there or does not open, or key or store failed.
    pub fn der(&self, record: &CertificateRecord, vault: &Vault) -> Result<Option<Vec<u8>>, VaultError> {
        Certificates::new(Arc::clone(&self.store), record.issuer.clone()).der(record, vault)
    }

    /// At most `limit` records of all CAs in the order of their serial numbers, beginning after `after`.
    ///
    /// # Errors
    /// Storage failed.
    pub fn list(
        &self,
        after: Option<&SerialNumber>,
        limit: usize,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        self.merged(limit, |certificates| certificates.list(after, limit))
    }

    /// At most `limit` certificates of one identity, of all CAs, in the order of their serial numbers, beginning after
    /// `after`.
    ///
    /// # Errors
    /// Storage failed, or the index names a certificate that is not there.
    pub fn of_identity(
        &self,
        identity: &IdentityRef,
        after: Option<&SerialNumber>,
        limit: usize,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        self.merged(limit, |certificates| certificates.of_identity(identity, after, limit))
    }

    /// At most `limit` records of all CAs in the order of their places, beginning after `after`: the cheapest way to see
    /// all of them. Those of a CA that was struck from the hierarchy are among them.
    ///
    /// # Errors
    /// Storage failed, or a record cannot be read.
    pub fn page(
        &self,
        after: Option<&CertificatePlace>,
        limit: usize,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        let range = after.map_or_else(KeyRange::all, |place| KeyRange::all().after(&place.key()));
        let found = self.store.scan(CERTIFICATES, &range, limit)?;
        found.iter().map(|(_, entry)| certificate::decode(entry)).collect()
    }

    /// The records at these places, in their order; `None` where there is none.
    ///
    /// # Errors
    /// Storage failed, or a record cannot be read.
    pub fn at(&self, places: &[CertificatePlace]) -> Result<Vec<Option<CertificateRecord>>, StorageError> {
        let keys: Vec<Vec<u8>> = places.iter().map(CertificatePlace::key).collect();
        let found = self.store.get_many(CERTIFICATES, &keys)?;
        found.iter().map(|entry| entry.as_ref().map(certificate::decode).transpose()).collect()
    }

    /// How far through all certificates a reader of [`Authorities::page`] is that has come to a place, in thousandths.
    pub fn thousandths(&self, place: &CertificatePlace) -> u16 {
        let before = self.known.iter().filter(|ca| *ca < place.ca()).count();
        let all = self.known.len().max(1);
        let done = (before * 1_000 + usize::from(place.thousandths())) / all;
        u16::try_from(done).unwrap_or(1_000).min(1_000)
    }

    /// All certificates of one identity, of all CAs, at most `limit`.
    ///
    /// # Errors
    /// Storage failed, or the index names a certificate that is not there.
    pub fn held_by(
        &self,
        identity: &IdentityRef,
        limit: usize,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        let prefix = format!("{identity}/").into_bytes();
        let keys = self.store.scan(CERTIFICATES_BY_IDENTITY, &KeyRange::prefix(&prefix), limit)?;
        let damaged = || StorageError("an entry of certificates_by_identity leads nowhere".to_owned());
        let place = |(key, _): &Entry| {
            key.get(prefix.len()..).and_then(CertificatePlace::from_key).ok_or_else(damaged)
        };
        let places = keys.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        self.at(&places)?.into_iter().map(|record| record.ok_or_else(damaged)).collect()
    }

    /// The kind of a certificate's key; `None` when it cannot be known any more, as its identity was erased.
    ///
    /// # Errors
    /// The DER is not there or does not open, or key or store failed.
    pub fn key_kind(&self, record: &CertificateRecord, vault: &Vault) -> Result<Option<KeyKind>, VaultError> {
        Certificates::new(Arc::clone(&self.store), record.issuer.clone()).key_kind(record, vault)
    }

    /// Revokes a certificate or puts it on hold; `also` is committed in the same change.
    ///
    /// # Errors
    /// Its CA's key is elsewhere; else as [`Authority::revoke`].
    pub fn revoke(
        &self,
        record: &CertificateRecord,
        grounds: impl Into<Grounds>,
        actor: &Actor,
        also: AuditedChange,
    ) -> Result<CertificateRecord, RevokeError> {
        self.issuer_of(record)?.revoke(&record.serial, grounds, actor, also)
    }

    /// The change that revokes a certificate or puts it on hold, to be committed by the caller.
    ///
    /// # Errors
    /// Its CA's key is elsewhere; else as [`Authority::revoking`].
    pub fn revoking(
        &self,
        record: &CertificateRecord,
        grounds: impl Into<Grounds>,
        actor: &Actor,
        because: Option<&str>,
    ) -> Result<(CertificateRecord, AuditedChange), RevokeError> {
        self.issuer_of(record)?.revoking(&record.serial, grounds, actor, because)
    }

    /// Releases a certificate from hold; `also` is committed in the same change.
    ///
    /// # Errors
    /// Its CA's key is elsewhere; else as [`Authority::release`].
    pub fn release(
        &self,
        record: &CertificateRecord,
        actor: &Actor,
        also: AuditedChange,
    ) -> Result<CertificateRecord, RevokeError> {
        self.issuer_of(record)?.release(&record.serial, actor, also)
    }

    /// The change that releases a certificate from hold, to be committed by the caller.
    ///
    /// # Errors
    /// Its CA's key is elsewhere; else as [`Authority::releasing`].
    pub fn releasing(
        &self,
        record: &CertificateRecord,
        actor: &Actor,
        because: Option<&str>,
    ) -> Result<(CertificateRecord, AuditedChange), RevokeError> {
        self.issuer_of(record)?.releasing(&record.serial, actor, because)
    }

    /// Why a key is blocked, if it is: it is so for every CA.
    ///
    /// # Errors
    /// Storage failed.
    pub fn blocked_key(&self, public_key_info: &[u8]) -> Result<Option<BlockedKey>, StorageError> {
        blocked_keys::blocked(self.store.as_ref(), public_key_info)
    }

    /// The CAs whose own key has one of these digests.
    ///
    /// # Errors
    /// Storage failed.
    pub fn with_own_key(&self, digests: &[KeyDigest]) -> Result<Vec<CaId>, StorageError> {
        let mut found = Vec::new();
        for id in &self.known {
            let own = match self.of(id) {
                Some(authority) => KeyDigest::all_of(authority.public_key_info()),
                None => self.key_of_absent(id)?,
            };
            if own.iter().any(|digest| digests.contains(digest)) {
                found.push(id.clone());
            }
        }
        Ok(found)
    }

    /// A root that was founded here left its certificate; another CA's is among what its issuer issued.
    fn key_of_absent(&self, id: &CaId) -> Result<Vec<KeyDigest>, StorageError> {
        let Some(kept) = self.store.get(CA_CERTIFICATES, id.as_str().as_bytes())? else {
            return Ok(Vec::new());
        };
        let parsed = X509Certificate::from_der(&kept.value);
        Ok(parsed.map(|(_, parsed)| KeyDigest::all_of(parsed.public_key().raw)).unwrap_or_default())
    }

    fn issuer_of(&self, record: &CertificateRecord) -> Result<&Arc<Authority>, RevokeError> {
        self.of(&record.issuer).ok_or_else(|| RevokeError::KeyElsewhere {
            serial: record.serial.clone(),
            ca: record.issuer.clone(),
        })
    }

    fn certificates(&self) -> impl Iterator<Item = Certificates> {
        self.known.iter().map(|id| Certificates::new(Arc::clone(&self.store), id.clone()))
    }

    fn merged(
        &self,
        limit: usize,
        read: impl Fn(&Certificates) -> Result<Vec<CertificateRecord>, StorageError>,
    ) -> Result<Vec<CertificateRecord>, StorageError> {
        let mut all = Vec::new();
        for certificates in self.certificates() {
            all.extend(read(&certificates)?);
        }
        all.sort_by(|one, other| one.serial.as_bytes().cmp(other.serial.as_bytes()));
        all.truncate(limit);
        Ok(all)
    }
}

/// A request that the CA in charge of its profile admitted.
#[derive(Debug)]
pub struct Admission {
    authority: Arc<Authority>,
    request: IssuanceRequest,
}

/// Stands for a value that nobody can tell before the certificate is issued.
pub const DRAWN: &str = "(drawn when it is issued)";

impl Admission {
    /// The CA that will issue.
    pub fn issuer(&self) -> &CaId {
        self.authority.id()
    }

    /// The attributes of the subject that the certificate will have, in their order; [`DRAWN`] where a value is drawn for
    /// each certificate.
    pub fn subject(&self) -> impl Iterator<Item = (AttributeType, &str)> {
        let drawn = self.request.subject.values(Fact::Pseudonym);
        let told = |value: &'_ String| drawn.contains(value);
        self.request
            .attributes
            .iter()
            .map(move |(kind, value)| (*kind, if told(value) { DRAWN } else { value.as_str() }))
    }

    /// The alternative names that it will have.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.request.names.iter()
    }

    /// Prepares, signs, and commits the certificate and `also` in one change: see [`Authority::prepare`] and
    /// [`Authority::sign`].
    ///
    /// # Errors
    /// As these.
    pub fn issue(
        self,
        actor: &Actor,
        also: impl FnOnce(&CertificateRecord, &Envelope) -> Result<AuditedChange, VaultError>,
    ) -> Result<IssuedCertificate, IssueError> {
        let prepared = self.authority.prepare(self.request, actor)?;
        self.authority.sign(prepared, actor, also)
    }
}
