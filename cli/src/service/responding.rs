//! The OCSP responders of this node: one for each CA whose certificates name one, as the profiles are in force. A CA that a
//! change of a profile gives its first such certificate has its responder within a moment, on every node.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use ca_core::authority::Authority;
use ca_core::certificate::{CaId, Certificates};
use ca_core::clock::Clock;
use ca_core::hierarchy::Hierarchy;
use ca_core::profile_book::{Current, ProfileBook};
use ca_core::status::StatusIndex;
use ca_core::storage::Store;
use ocsp_responder::ocsp::{AnswerPolicy, Responder, ResponderParts, Responders};

use super::ServiceError;
use super::hierarchy::OpenedHierarchy;
use super::rotation::{Credential, OwnCertificate, OwnCertificates};
use super::serve::Foundation;
use super::settings::Settings;

/// One CA's responder, whose certificate is kept fresh.
#[derive(Debug)]
struct KeptResponder {
    ca: CaId,
    responder: Arc<Responder>,
    credential: Credential,
}

/// Whom each CA of this node has appointed: a share that grows with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Appointed(Arc<RwLock<ByCa>>);

type ByCa = BTreeMap<CaId, Arc<Responder>>;

impl Appointed {
    /// Those there are now.
    pub(super) fn all(&self) -> ByCa {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, ca: CaId, responder: Arc<Responder>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(ca, responder);
    }
}

/// The responders of this node.
#[derive(Debug)]
pub(super) struct Responding {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    profiles: Arc<ProfileBook>,
    plan: Hierarchy,
    /// Those whose keys are at hand.
    cas: Vec<Arc<Authority>>,
    index: Arc<StatusIndex>,
    policy: AnswerPolicy,
    kept: Vec<KeptResponder>,
    /// The profiles by which it was looked last, all of whose responders are there.
    complete: Option<Arc<Current>>,
    answering: Arc<Responders>,
    appointed: Appointed,
}

impl Responding {
    /// None is there yet.
    pub(super) fn of(hierarchy: &OpenedHierarchy, foundation: &Foundation, settings: &Settings) -> Self {
        let at_work = hierarchy.iter().filter_map(|(_, opened)| opened.authority());
        Self {
            store: Arc::clone(&foundation.store),
            clock: Arc::clone(&foundation.clock),
            profiles: Arc::clone(&foundation.profiles),
            plan: hierarchy.planned().clone(),
            cas: at_work.cloned().collect(),
            index: Arc::clone(&foundation.status),
            policy: settings.answers,
            kept: Vec::new(),
            complete: None,
            answering: Arc::default(),
            appointed: Appointed::default(),
        }
    }

    /// Those that answer: a share that grows with them.
    pub(super) const fn answering(&self) -> &Arc<Responders> {
        &self.answering
    }

    /// The same, by CA.
    pub(super) const fn appointed(&self) -> &Appointed {
        &self.appointed
    }

    /// Opens those that are missing.
    ///
    /// # Errors
    /// A certificate could not be made, or the store failed.
    pub(super) fn complete(&mut self, own: &OwnCertificates) -> Result<(), ServiceError> {
        let current = self.profiles.current()?;
        if self.complete.as_ref().is_some_and(|complete| Arc::ptr_eq(complete, &current)) {
            return Ok(());
        }
        let answering = self.plan.answering(&current);
        for authority in self.cas.clone() {
            let missing = !self.kept.iter().any(|kept| kept.ca == *authority.id());
            if missing && answering.contains(authority.id()) {
                self.open(&authority, own)?;
            }
        }
        self.complete = Some(current);
        Ok(())
    }

    fn open(&mut self, authority: &Authority, own: &OwnCertificates) -> Result<(), ServiceError> {
        let ca = authority.id().clone();
        let credential = own.current(&OwnCertificate::Responder(ca.clone()))?;
        let responder = Arc::new(Responder::new(ResponderParts {
            issuer: authority.certificate().to_vec(),
            certificate: credential.certificate.clone(),
            signer: credential.key.clone(),
            status: Arc::new(self.index.of(Certificates::new(Arc::clone(&self.store), ca.clone()))),
            clock: Arc::clone(&self.clock),
            policy: self.policy,
        })?);
        self.answering.add(Arc::clone(&responder));
        self.appointed.add(ca.clone(), Arc::clone(&responder));
        self.kept.push(KeptResponder { ca, responder, credential });
        Ok(())
    }

    /// Renews the certificates that are due.
    ///
    /// # Errors
    /// A certificate could not be made, or the store failed.
    pub(super) fn rotate(&mut self, own: &OwnCertificates) -> Result<(), ServiceError> {
        for kept in &mut self.kept {
            if own.due(&kept.credential)? {
                let fresh = own.renew(&OwnCertificate::Responder(kept.ca.clone()))?;
                kept.responder.rotate(&fresh.certificate, fresh.key.clone())?;
                kept.credential = fresh;
            }
        }
        Ok(())
    }
}
