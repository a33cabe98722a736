//! Admission, preparation and signing of certificates.

use time::{Duration, OffsetDateTime};

use super::{Addresses, Authority, encode};
use crate::blocked_keys::{self, SpkiDigest};
use crate::certificate::{
    self, CERTIFICATE_DER, CERTIFICATES, CERTIFICATES_BY_IDENTITY, CertificateRecord, KEYS,
};
use crate::clock::whole_seconds;
use crate::crl::{Form, NamedIn, Partition};
use crate::csr::{SubjectPublicKey, VerifiedCsr, Wishes};
use crate::fingerprint::fingerprint;
use crate::issuance::reservation::{RESERVATIONS, RESERVED, Reservation};
use crate::issuance::to_be_signed::{self, Contents, IssuedBy};
use crate::issuance::{Draft, IssuanceRequest, IssueError, IssuedCertificate, PreparedCertificate, Refusal};
use crate::key_index;
use crate::ledger::signatures::TO_BE_SIGNED;
use crate::ledger::{Action, Actor};
use crate::lint;
use crate::name;
use crate::profile::Profile;
use crate::profile_book::InForce;
use crate::serial::SerialNumber;
use crate::storage::{AuditedChange, Change, Expect, StorageError};
use crate::subject::{ApprovedSubject, IdentityRef};
use crate::vault::{Envelope, SealedText, VaultError};

/// A certificate was signed, stored and bound.
pub const ISSUED: Action = Action::named("certificate.issued");

/// How far notBefore lies in the past: relying parties' clocks are behind by minutes where power fails.
pub const BACKDATE: Duration = Duration::minutes(5);

impl Authority {
    /// Asks a profile whether it admits a request for this identity. Changes nothing.
    ///
    /// # Errors
    /// The refusal with its rule, or the store failed.
    pub fn admit(
        &self,
        csr: &VerifiedCsr,
        subject: ApprovedSubject,
        profile: &InForce,
    ) -> Result<IssuanceRequest, IssueError> {
        self.admit_key(csr.key().clone(), csr.wishes(), subject, profile)
    }

    /// As [`Authority::admit`], for a key of the installation's own (a responder's, a server's), which needs no
    /// proof of possession.
    ///
    /// # Errors
    /// The refusal with its rule, or the store failed.
    pub fn admit_key(
        &self,
        key: SubjectPublicKey,
        wishes: &Wishes,
        subject: ApprovedSubject,
        profile: &InForce,
    ) -> Result<IssuanceRequest, IssueError> {
        self.demand_fit_keys(&key, subject.identity(), profile)?;
        Ok(profile.admit(key, wishes, subject)?)
    }

    /// What no profile decides: neither the CA's key nor the subscriber's is in others' hands, and the latter belongs to
    /// this identity or to nobody.
    pub(super) fn demand_fit_keys(
        &self,
        key: &SubjectPublicKey,
        identity: &IdentityRef,
        profile: &Profile,
    ) -> Result<(), IssueError> {
        self.demand_unblocked(key, profile)?;
        // The binding of a key is for all time: it serves one identity only.
        match self.holder_of_key(key)? {
            Some((holder, _)) if holder != *identity => Err(Refusal::KeyOfAnother.into()),
            _ => Ok(()),
        }
    }

    fn demand_unblocked(&self, key: &SubjectPublicKey, profile: &Profile) -> Result<(), IssueError> {
        let store = self.parts.store.as_ref();
        // Nobody can tell what a CA signs from what others sign with its key, so it issues nothing more.
        if !tells_status(profile)
            && let Some(blocked) = blocked_keys::blocked(store, &self.issuer.public_key_info)?
        {
            let ca = self.parts.id.clone();
            return Err(IssueError::OwnKeyBlocked { ca, reason: blocked.reason });
        }
        // What is known to be compromised gets no certificate, whoever asks.
        match blocked_keys::blocked(store, key.der())? {
            Some(blocked) => Err(Refusal::from(blocked).into()),
            None => Ok(()),
        }
    }

    /// Writes the to-be-signed bytes, lints them, and reserves their serial number durably.
    ///
    /// # Errors
    /// The clock was set back, lint found a fault, or the reservation could not be committed.
    pub fn prepare(
        &self,
        request: IssuanceRequest,
        actor: &Actor,
    ) -> Result<PreparedCertificate, IssueError> {
        self.must_stand(&request.profile)?;
        // A certificate's period cannot be mended afterwards.
        let now = whole_seconds(self.parts.clock.steady()?);
        let serial = SerialNumber::draw(self.parts.entropy.as_ref())?;
        let (to_be_signed, draft) = self.draft(request, serial, now)?;
        self.reserve(to_be_signed, draft, now, actor)
    }

    /// Writes the to-be-signed bytes and lints them.
    pub(super) fn draft(
        &self,
        request: IssuanceRequest,
        serial: SerialNumber,
        now: OffsetDateTime,
    ) -> Result<(lint::LintedTbs, Draft), IssueError> {
        let (not_before, not_after) = self.period(&request.profile, now);
        if not_after > self.issuer.not_after {
            return Err(IssueError::IssuerTooShort);
        }
        let partition = self.partition_for(&request.profile, &serial)?;
        let written = to_be_signed::certificate(
            &Contents {
                profile: &request.profile,
                attributes: &request.attributes,
                names: &request.names,
                key: &request.key,
                serial: &serial,
                not_before,
                not_after,
                addresses: &self.addresses_for(partition),
            },
            &IssuedBy::Ca(&self.issuer),
        )?;
        let to_be_signed = self.judge.lint(written, &request.profile, &request.key)?;
        let IssuanceRequest { profile, subject, key, edition, .. } = request;
        let draft = Draft { serial, profile, subject, key, not_before, not_after, partition, edition };
        Ok((to_be_signed, draft))
    }

    /// Which CRL a certificate is to name. One that names none is of the first partition.
    fn partition_for(&self, profile: &Profile, serial: &SerialNumber) -> Result<Partition, Refusal> {
        // RFC 5280 section 5.2.5: the CRLs of this CA say that they are about one kind of certificate only.
        if !self.plan.contains.covers(profile.kind) {
            let contains = self.plan.contains.to_string();
            return Err(Refusal::CrlLeavesOut { profile: profile.id.to_string(), contains });
        }
        Ok(if profile.crl_address { self.plan.place(serial.as_bytes()) } else { Partition::FIRST })
    }

    /// The addresses for a certificate of a partition.
    fn addresses_for(&self, partition: Partition) -> Addresses {
        let named_in = self.plan.delta.as_ref().map(|delta| delta.named_in);
        let freshest = named_in == Some(NamedIn::CrlsAndCertificates);
        Addresses {
            crl: self.address(partition, Form::Full),
            freshest_crl: freshest.then(|| self.address(partition, Form::Delta)),
            ..self.parts.addresses.clone()
        }
    }

    /// From when until when, both included (RFC 5280 section 4.1.2.5).
    fn period(&self, profile: &Profile, now: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
        if let Some(cross) = &profile.cross {
            return (cross.not_before.max(self.issuer.not_before), cross.not_after);
        }
        let not_before = (now - BACKDATE).max(self.issuer.not_before);
        (not_before, not_before + profile.validity_at(now) - Duration::seconds(1))
    }

    fn reserve(
        &self,
        to_be_signed: lint::LintedTbs,
        draft: Draft,
        now: OffsetDateTime,
        actor: &Actor,
    ) -> Result<PreparedCertificate, IssueError> {
        let key = self.parts.id.key(&draft.serial);
        let digest = fingerprint(to_be_signed.as_bytes());
        let reservation = Reservation {
            at: now,
            identity: draft.subject.identity().clone(),
            to_be_signed_sha256: digest.clone(),
            abandoned: false,
        };
        let event =
            self.ledger.event(actor, RESERVED, self.subject_of(&draft.serial))?.with(TO_BE_SIGNED, digest);
        let value = serde_json::to_vec(&reservation).map_err(|error| StorageError(error.to_string()))?;
        let change = Change::new()
            .insert(RESERVATIONS, key.clone(), value)
            .check(CERTIFICATES, key, Expect::Absent)
            .explained_by(&event);
        let reservation = self.parts.store.commit(change)?.version;
        Ok(PreparedCertificate { to_be_signed, draft, reservation })
    }

    /// Signs, and commits the certificate, its binding, its event and `also` in one change. By move: at most once.
    ///
    /// `also` is given the envelope that the certificate is sealed in: whatever else the change seals for the same
    /// identity belongs in it (see [`Vault::for_writing`](crate::vault::Vault::for_writing)).
    ///
    /// # Errors
    /// The identity was erased, which is found before anything is signed. The key could not be used, or the change
    /// could not be made or committed; then the certificate is never given out.
    pub fn sign(
        &self,
        prepared: PreparedCertificate,
        actor: &Actor,
        also: impl FnOnce(&CertificateRecord, &Envelope) -> Result<AuditedChange, VaultError>,
    ) -> Result<IssuedCertificate, IssueError> {
        let PreparedCertificate { to_be_signed, draft, reservation } = prepared;
        let (envelope, key_stands) = self.parts.vault.for_writing(draft.subject.identity())?;
        let subject = self.sealed_subject(&envelope, &draft.serial, to_be_signed.as_bytes())?;
        let bound = self.bind_key(&draft)?;
        let signature = self.parts.signer.sign(to_be_signed.as_bytes())?;
        let der = to_be_signed.with_signature(&signature)?;
        let record = self.record(&draft, &der, subject);
        let event = self
            .ledger
            .event(actor, ISSUED, self.subject_of(&draft.serial))?
            .with("identity", draft.subject.identity().0.clone())
            .with("profile", draft.profile.id.0.clone())
            .with("sha256", record.sha256.clone());
        let event = match &draft.edition {
            Some(edition) => event.with("profile-sha256", edition.sha256.clone()),
            None => event,
        };
        let key = self.parts.id.key(&draft.serial);
        let sealed_der = certificate::seal_der(&envelope, &self.parts.id, &draft.serial, &der)?;
        let change = key_index::entered(
            Change::new(),
            &SpkiDigest::of(draft.key.der()),
            &self.parts.id,
            &draft.serial,
            Some(draft.key.der()),
        )
        .delete(RESERVATIONS, key.clone(), reservation)
        .insert(CERTIFICATES, key.clone(), encode(&record)?)
        .insert(CERTIFICATE_DER, key, sealed_der)
        .insert(CERTIFICATES_BY_IDENTITY, self.certificates.binding_key(&record.identity, &record.serial), [])
        .and(bound)
        .and(key_stands)
        .and(self.still_stands(&draft.profile))
        .and(draft.still_in_force())
        .explained_by(&event);
        self.parts.store.commit(change.and(also(&record, &envelope)?))?;
        Ok(IssuedCertificate { record, der })
    }

    /// The subject as it stands in the bytes that will be signed, as text, sealed.
    fn sealed_subject(
        &self,
        envelope: &Envelope,
        serial: &SerialNumber,
        to_be_signed: &[u8],
    ) -> Result<SealedText, IssueError> {
        let subject = name::text(to_be_signed::subject(to_be_signed)?);
        Ok(certificate::seal_subject(envelope, &self.parts.id, serial, &subject)?)
    }

    fn record(&self, draft: &Draft, der: &[u8], subject: SealedText) -> CertificateRecord {
        CertificateRecord {
            serial: draft.serial.clone(),
            issuer: self.parts.id.clone(),
            profile: draft.profile.id.clone(),
            profile_sha256: draft.edition.as_ref().map(|edition| edition.sha256.clone()),
            identity: draft.subject.identity().clone(),
            subject,
            sha256: fingerprint(der),
            key_sha256: fingerprint(draft.key.der()),
            key_kind: Some(draft.key.kind()),
            not_before: draft.not_before,
            not_after: draft.not_after,
            issued_at: whole_seconds(self.parts.clock.now()),
            revocation: None,
            crl_partition: draft.partition,
        }
    }

    /// Binds the key to the identity for all time, or demands that the binding still stands; either way that at that
    /// moment neither the key nor the CA's own is blocked.
    fn bind_key(&self, draft: &Draft) -> Result<Change, IssueError> {
        let identity = draft.subject.identity();
        self.demand_unblocked(&draft.key, &draft.profile)?;
        let key = key_digest(&draft.key);
        let mut free = blocked_keys::still_free(Change::new(), draft.key.der());
        if !tells_status(&draft.profile) {
            free = blocked_keys::still_free(free, &self.issuer.public_key_info);
        }
        match self.holder_of_key(&draft.key)? {
            None => Ok(free.insert(KEYS, key, identity.0.as_bytes())),
            Some((holder, version)) if holder == *identity => {
                Ok(free.check(KEYS, key, Expect::Version(version)))
            }
            Some(_) => Err(Refusal::KeyOfAnother.into()),
        }
    }

    fn holder_of_key(
        &self,
        key: &SubjectPublicKey,
    ) -> Result<Option<(IdentityRef, crate::storage::Version)>, StorageError> {
        let Some(entry) = self.parts.store.get(KEYS, &key_digest(key))? else { return Ok(None) };
        let holder = String::from_utf8(entry.value)
            .map_err(|_| StorageError("a key's binding cannot be read".to_owned()))?;
        Ok(Some((IdentityRef(holder), entry.version)))
    }
}

/// RFC 6960 section 4.2.2.2: a CA's responder is certified by that CA. It must still be heard that what the CA issued is
/// revoked (ETSI EN 319 411-1 CSS-6.3.10), so a CA that is blocked or revoked certifies its responder, and nobody else.
pub(super) fn tells_status(profile: &Profile) -> bool {
    profile.is_responder()
}

pub(super) fn key_digest(key: &SubjectPublicKey) -> Vec<u8> {
    ring::digest::digest(&ring::digest::SHA256, key.der()).as_ref().to_vec()
}
