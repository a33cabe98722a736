//! Answering an issuing CA's request.

use time::{Duration, OffsetDateTime};

use super::check::request;
use super::outputs::Form;
use super::root::subject_of;
use super::session::{Session, facts};
use crate::authority::Authority;
use crate::ceremony::exchange::{Answer, ExchangeError, Request, Response};
use crate::ceremony::journal::Facts;
use crate::ceremony::script::Issuing;
use crate::ceremony::{CeremonyError, fingerprint};
use crate::certificate::CertificateRecord;
use crate::crl;
use crate::csr::{SubjectPublicKey, Wishes};
use crate::profile_book::InForce;
use crate::storage::{AuditedChange, Store};
use crate::subject::{ApprovedSubject, IdentityRef};

impl Session<'_> {
    pub(super) fn certify_issuing_ca(&mut self, act: &Issuing) -> Result<(), CeremonyError> {
        let asked = request(&act.request_sha256, &self.input(&act.request)?)?;
        self.step("certificate", |session| session.issuing_certificate(act, &asked))?;
        self.step("response", |session| {
            session.output(&act.response, Form::Signed, |session| session.response(&asked))
        })
    }

    fn issuing_certificate(&mut self, act: &Issuing, request: &Request) -> Result<Facts, CeremonyError> {
        let identity = identity_of(request);
        let subject = subject_of(&request.content().name, &identity.0);
        let key = key_of(request)?;
        let record = self.issue(&identity, &key, |authority| {
            let profile = InForce::pinned(act.profile.clone());
            Ok(authority.admit_key(key.clone(), &Wishes::none(), subject, &profile)?)
        })?;
        Ok(certificate_facts(&record))
    }

    /// The certificate of this key: the one that was issued before a power cut, or a new one.
    pub(super) fn issue(
        &mut self,
        identity: &IdentityRef,
        key: &SubjectPublicKey,
        admit: impl FnOnce(&Authority) -> Result<crate::issuance::IssuanceRequest, CeremonyError>,
    ) -> Result<CertificateRecord, CeremonyError> {
        let (authority, begun) = (self.authority()?, self.begun());
        if let Some(record) = find(&authority, identity, key, begun)? {
            return Ok(record);
        }
        // What a power cut left between reserving a serial number and issuing is closed first.
        authority.abandon_open_reservations(Duration::ZERO)?;
        let actor = self.actor();
        let prepared = authority.prepare(admit(&authority)?, &actor)?;
        Ok(authority.sign(prepared, &actor, |_, _| Ok(AuditedChange::nothing()))?.record)
    }

    /// The root with its key, opened by the holders.
    pub(super) fn authority(&mut self) -> Result<Authority, CeremonyError> {
        let (root, store, secret, now) = (self.root()?, self.store()?, self.open()?, self.now());
        self.station.authority(&store, &root, &secret, now)
    }

    /// The DER of a certificate that was issued.
    pub(super) fn certificate_of(
        &mut self,
        identity: &IdentityRef,
        key: &SubjectPublicKey,
    ) -> Result<Vec<u8>, CeremonyError> {
        let missing = || CeremonyError::unfit("the medium's store has lost the certificate");
        let (authority, begun) = (self.authority()?, self.begun());
        let record = find(&authority, identity, key, begun)?.ok_or_else(missing)?;
        let (store, secret) = (self.store()?, self.open()?);
        let vault = self.station.vault(&store, &secret)?;
        authority.certificates().der(&record, &vault)?.ok_or_else(missing)
    }

    fn response(&mut self, request: &Request) -> Result<Vec<u8>, CeremonyError> {
        let key = key_of(request)?;
        let certificate = self.certificate_of(&identity_of(request), &key)?;
        let (authority, secret) = (self.authority()?, self.open()?);
        let list = newest_crl(self.store()?.as_ref(), &authority)?;
        let answer = Answer {
            certificate: &certificate,
            root: authority.certificate(),
            crl: &list,
            ceremony: self.script.id.as_str(),
            at: self.now(),
        };
        let response = Response::make(request, &answer, self.station.signer(&secret)?.as_ref())?;
        Ok(response.to_file().into_bytes())
    }
}

fn newest_crl(store: &dyn Store, authority: &Authority) -> Result<Vec<u8>, CeremonyError> {
    let missing = || CeremonyError::unfit("the root has no CRL yet");
    Ok(crl::newest(store, authority.id())?.ok_or_else(missing)?.der)
}

fn key_of(request: &Request) -> Result<SubjectPublicKey, CeremonyError> {
    SubjectPublicKey::from_der(&request.content().public_key)
        .map_err(|error| CeremonyError::unfit(format!("the key of the request: {error}")))
}

/// What the root's ledger calls an issuing CA.
fn identity_of(request: &Request) -> IdentityRef {
    let content = request.content();
    IdentityRef(format!("ca:{}:{}", content.hierarchy, content.ca))
}

/// The certificate of this key that was issued since `begun`: an earlier ceremony may have certified it on other terms.
fn find(
    authority: &Authority,
    identity: &IdentityRef,
    key: &SubjectPublicKey,
    begun: OffsetDateTime,
) -> Result<Option<CertificateRecord>, CeremonyError> {
    /// No CA has as many certificates from one root.
    const MOST: usize = 10_000;
    let of_key = fingerprint(key.der());
    let all = authority.certificates().of_identity(identity, None, MOST)?;
    Ok(all.into_iter().find(|record| record.key_sha256 == of_key && record.issued_at >= begun))
}

/// What the journal says of a certificate.
pub(super) fn certificate_facts(record: &CertificateRecord) -> Facts {
    facts([
        ("serial", record.serial.to_string()),
        ("certificate-sha256", record.sha256.clone()),
        ("public-key-sha256", record.key_sha256.clone()),
        ("profile", record.profile.to_string()),
        ("not-after", crate::clock::in_words(record.not_after)),
    ])
}

/// Whether a request was answered before: its key is bound in the medium's store.
pub(super) fn answered(
    store: &std::sync::Arc<dyn Store>,
    ca: &crate::certificate::CaId,
    request: &Request,
) -> Result<(), CeremonyError> {
    let certificates = crate::certificate::Certificates::new(std::sync::Arc::clone(store), ca.clone());
    let of_key = fingerprint(&request.content().public_key);
    let all = certificates.of_identity(&identity_of(request), None, 10_000)?;
    match all.into_iter().find(|record| record.key_sha256 == of_key) {
        Some(record) => Err(ExchangeError::Answered(record.issued_at).into()),
        None => Ok(()),
    }
}

/// The subject of an identity that is named by a reference alone.
pub(super) fn reference(identity: &IdentityRef) -> ApprovedSubject {
    ApprovedSubject::new(identity.clone())
}
