//! The CAs of an installation, opened: each with its certificate and, where it is at hand, its key.

use std::collections::BTreeMap;
use std::sync::Arc;

use ca_core::authorities::{Authorities, PlacedAuthority};
use ca_core::authority::Authority;
use ca_core::certificate::CaId;
use ca_core::clock::SystemEntropy;
use ca_core::hierarchy::{Hierarchy, KeyKeeping, PlannedCa, STAFF_PROFILE};
use ca_core::key_index::KeyIndex;
use ca_core::keys::Signer;
use ca_core::keys::token::Expected;
use ca_core::ledger::{Actor, Ledger};

use super::key_folder::KeyFolder;
use super::rotation::certificate_path;
use super::serve::Foundation;
use super::settings::Settings;
use super::{ServiceError, files};

/// One CA, opened.
#[derive(Debug, Clone)]
pub(super) struct OpenedCa {
    /// Its certificate, DER.
    pub(super) certificate: Vec<u8>,
    /// The CA at work; `None` while its key is elsewhere.
    pub(super) authority: Option<Arc<Authority>>,
}

impl OpenedCa {
    /// Opens a CA that is founded.
    pub(super) fn open(
        foundation: &Foundation,
        settings: &Settings,
        keys: &KeyFolder,
        ca: &PlannedCa,
    ) -> Result<Self, ServiceError> {
        let path = certificate_path(&settings.certificates, ca.id.as_str());
        let certificate = files::read_certificate(&path)?;
        let Some(signer) = signer(ca, settings, keys)? else {
            tracing::info!(ca = %ca.id, "the CA's key is offline");
            return Ok(Self { certificate, authority: None });
        };
        let authority = foundation.authority(ca.id.as_str(), certificate.clone(), signer)?;
        let authority = authority.with_crl_plan(settings.crls.of(ca));
        Ok(Self { certificate, authority: Some(Arc::new(authority)) })
    }
}

/// The CAs of an installation.
#[derive(Debug)]
pub(super) struct OpenedHierarchy {
    planned: Hierarchy,
    opened: BTreeMap<CaId, OpenedCa>,
}

impl OpenedHierarchy {
    /// None of these CAs is opened yet.
    pub(super) const fn closed(planned: Hierarchy) -> Self {
        Self { planned, opened: BTreeMap::new() }
    }

    /// Opens every CA of the installation.
    pub(super) fn open(
        foundation: &Foundation,
        settings: &Settings,
        keys: &KeyFolder,
    ) -> Result<Self, ServiceError> {
        let mut this = Self::closed(Hierarchy::load(&settings.hierarchy, &foundation.profiles)?);
        settings.crls.check_names(&this.planned)?;
        for ca in this.planned.clone().iter() {
            if !certificate_path(&settings.certificates, ca.id.as_str()).exists() {
                let why = format!("CA {} of hierarchy.toml is not founded yet", ca.id);
                return Err(ServiceError::Refused(why));
            }
            this.add(ca.id.clone(), OpenedCa::open(foundation, settings, keys, ca)?);
        }
        Ok(this)
    }

    /// Adds a CA that is opened.
    pub(super) fn add(&mut self, id: CaId, ca: OpenedCa) {
        self.opened.insert(id, ca);
    }

    /// The opened CAs, issuers before what they issue.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&PlannedCa, &OpenedCa)> {
        self.planned.iter().filter_map(|planned| Some((planned, self.opened.get(&planned.id)?)))
    }

    /// A CA that is opened and whose key is at hand.
    pub(super) fn at_work(&self, id: &CaId) -> Result<&Arc<Authority>, ServiceError> {
        let authority = self.opened.get(id).and_then(|ca| ca.authority.as_ref());
        authority.ok_or_else(|| ServiceError::Refused(format!("the key of CA {id} is not at hand")))
    }

    /// The certificates from a CA's own up to below its root's, DER.
    pub(super) fn chain(&self, id: &CaId) -> Vec<Vec<u8>> {
        let below_root = self.planned.path(id).filter(|ca| ca.issuer.is_some());
        below_root.filter_map(|ca| self.opened.get(&ca.id)).map(|ca| ca.certificate.clone()).collect()
    }

    /// The roots and their certificates, DER.
    pub(super) fn roots(&self) -> impl Iterator<Item = (&PlannedCa, &[u8])> {
        self.iter()
            .filter(|(planned, _)| planned.issuer.is_none())
            .map(|(planned, ca)| (planned, &*ca.certificate))
    }

    /// The roots that staff's client certificates lead to, DER.
    pub(super) fn staff_anchors(&self) -> Vec<Vec<u8>> {
        let issuers = self.planned.issuers_of(STAFF_PROFILE);
        let mut anchors = Vec::new();
        for root in issuers.filter_map(|ca| self.planned.path(&ca.id).last()) {
            if let Some(opened) =
                self.opened.get(&root.id).filter(|opened| !anchors.contains(&opened.certificate))
            {
                anchors.push(opened.certificate.clone());
            }
        }
        anchors
    }

    /// Enters what each CA issued before there was an index of keys: before anybody is served, as what asks for the
    /// certificates of a key must find all of them. Those whose keys are elsewhere too.
    pub(super) fn complete_key_index(&self, foundation: &Foundation) -> Result<(), ServiceError> {
        let index = KeyIndex::new(Arc::clone(&foundation.store));
        let ledger = Ledger::new(Arc::clone(&foundation.clock), Arc::new(SystemEntropy));
        for (ca, _) in self.iter() {
            let entered = index.complete(&ca.id, &foundation.vault, &ledger, &Actor::system("key-index"))?;
            if entered > 0 {
                tracing::info!(ca = %ca.id, entered, "certificates were entered into the index of keys");
            }
        }
        Ok(())
    }

    /// The CAs as issuance sees them.
    pub(super) fn authorities(&self, foundation: &Foundation) -> Authorities {
        let (store, clock) = (Arc::clone(&foundation.store), Arc::clone(&foundation.clock));
        let none = Authorities::new(store, clock, foundation.profiles.clone());
        self.iter().fold(none, |authorities, (planned, ca)| match &ca.authority {
            Some(authority) => authorities.with(PlacedAuthority {
                authority: Arc::clone(authority),
                issues: planned.issues.clone(),
                tenure: planned.tenure,
                chain: self.chain(&planned.id),
            }),
            None => authorities.with_absent(planned.id.clone()),
        })
    }
}

/// A CA's key; `None` where it is not here. A root's key file may be taken away, to be kept offline.
pub(super) fn signer(
    ca: &PlannedCa,
    settings: &Settings,
    keys: &KeyFolder,
) -> Result<Option<Arc<dyn Signer>>, ServiceError> {
    match &ca.kept {
        KeyKeeping::Software if ca.issuer.is_none() && !keys.holds(ca.id.as_str()) => Ok(None),
        KeyKeeping::Software => Ok(Some(Arc::new(keys.open(ca.id.as_str())?))),
        KeyKeeping::Offline => Ok(None),
        KeyKeeping::Token { label } => {
            let missing = || {
                let why = "there is no section [pkcs11] in npki.toml: it says which token holds CA keys";
                ServiceError::Refused(format!("CA {}: {why}", ca.id))
            };
            let token = settings.signing_token.as_ref().ok_or_else(missing)?;
            Ok(Some(token.open_signer(label, &Expected::of(ca.key))?))
        }
    }
}
