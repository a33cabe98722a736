//! The CAs of an installation, opened: each with its certificate and, where it is at hand, its key.

use std::collections::BTreeMap;
use std::sync::Arc;

use ca_core::authorities::{Authorities, PlacedAuthority};
use ca_core::authority::Authority;
use ca_core::authority::absent::AbsentAuthority;
use ca_core::authority::link::links_of;
use ca_core::authority::retire::retirement;
use ca_core::certificate::CaId;
use ca_core::clock::in_words;
use ca_core::crl::{self, CrlName, Form};
use ca_core::hierarchy::{Hierarchy, KeyKeeping, PlannedCa, STAFF_PROFILE};
use ca_core::key_index::KeyIndex;
use ca_core::keys::Signer;
use ca_core::keys::token::Expected;
use ca_core::ledger::Actor;
use ca_core::profile_book::Current;
use ca_core::storage::Store;

use super::key_folder::KeyFolder;
use super::rotation::certificate_path;
use super::serve::Foundation;
use super::settings::Settings;
use super::signing_token::SigningToken;
use super::{ServiceError, files};

/// One CA, opened.
#[derive(Debug, Clone)]
pub(super) struct OpenedCa {
    /// Its certificate, DER.
    pub(super) certificate: Vec<u8>,
    /// Whether its key is at hand.
    pub(super) standing: Standing,
}

/// Whether a CA's key is at hand.
#[derive(Debug, Clone)]
pub(super) enum Standing {
    /// It is: the CA at work.
    AtWork(Arc<Authority>),
    /// It is elsewhere.
    Absent(Arc<AbsentAuthority>),
}

impl OpenedCa {
    /// Opens a CA that is founded.
    pub(super) fn open(
        foundation: &Foundation,
        settings: &Settings,
        keys: &KeyFolder,
        ca: &PlannedCa,
    ) -> Result<Self, ServiceError> {
        if is_retired(foundation, ca)? {
            return Self::without_key(foundation, settings, ca);
        }
        if let Some(at_work) = open_at_work(foundation, settings, keys, ca)? {
            return Ok(at_work);
        }
        tracing::info!(ca = %ca.id, "the CA's key is offline");
        Self::without_key(foundation, settings, ca)
    }

    fn without_key(
        foundation: &Foundation,
        settings: &Settings,
        ca: &PlannedCa,
    ) -> Result<Self, ServiceError> {
        Ok(Self::absent(foundation.absent(ca, certificate_of(settings, ca)?)?))
    }

    /// A CA whose key is at hand.
    pub(super) fn at_work(authority: Authority) -> Self {
        let certificate = authority.certificate().to_vec();
        Self { certificate, standing: Standing::AtWork(Arc::new(authority)) }
    }

    /// A CA whose key is elsewhere.
    pub(super) fn absent(absent: AbsentAuthority) -> Self {
        let certificate = absent.certificate().to_vec();
        Self { certificate, standing: Standing::Absent(Arc::new(absent)) }
    }

    /// The CA at work; `None` while its key is elsewhere.
    pub(super) const fn authority(&self) -> Option<&Arc<Authority>> {
        match &self.standing {
            Standing::AtWork(authority) => Some(authority),
            Standing::Absent(_) => None,
        }
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
        let mut this = Self::closed(Hierarchy::load(&settings.hierarchy, &*foundation.profiles.current()?)?);
        settings.crls.check_names(&this.planned)?;
        for ca in this.planned.clone().iter() {
            if !certificate_path(&settings.certificates, ca.id.as_str()).exists() {
                let why = format!("CA {} of hierarchy.toml is not founded yet{}", ca.id, this.what_to_do(ca));
                return Err(ServiceError::Refused(why));
            }
            this.add(ca.id.clone(), OpenedCa::open(foundation, settings, keys, ca)?);
        }
        super::bringing_over::bring_over(&this, foundation, settings)?;
        Ok(this)
    }

    fn what_to_do(&self, ca: &PlannedCa) -> String {
        if self.waits(ca) {
            format!(": ask its root for a certificate (npki ca request --ca {})", ca.id)
        } else {
            ": npki ca found".to_owned()
        }
    }

    /// As it is planned, without what the book of profiles adds.
    pub(super) const fn planned(&self) -> &Hierarchy {
        &self.planned
    }

    /// Whether a CA's certificate must come from one whose key is elsewhere.
    pub(super) fn waits(&self, ca: &PlannedCa) -> bool {
        ca.issuer.as_ref().is_some_and(|issuer| self.at_work(issuer).is_err())
    }

    /// The planned CAs that are not opened: those that wait for their certificates.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &PlannedCa> {
        self.planned.iter().filter(|ca| !self.opened.contains_key(&ca.id))
    }

    /// A CA that is opened and whose key is elsewhere.
    pub(super) fn absent(&self, id: &CaId) -> Option<&Arc<AbsentAuthority>> {
        match &self.opened.get(id)?.standing {
            Standing::Absent(absent) => Some(absent),
            Standing::AtWork(_) => None,
        }
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
        let authority = self.opened.get(id).and_then(OpenedCa::authority);
        authority.ok_or_else(|| ServiceError::Refused(format!("the key of CA {id} is not at hand")))
    }

    /// The certificates from a CA's own up to below its root's, DER.
    fn chain(&self, id: &CaId) -> Vec<Vec<u8>> {
        let below_root = self.planned.path(id).filter(|ca| ca.issuer.is_some());
        below_root.filter_map(|ca| self.opened.get(&ca.id)).map(|ca| ca.certificate.clone()).collect()
    }

    /// The same, followed by the certificates in which other roots vouch for its root: who trusts only another generation of
    /// the root gets there by them.
    fn linked_chain(&self, id: &CaId, store: &dyn Store) -> Result<Vec<Vec<u8>>, ServiceError> {
        let mut chain = self.chain(id);
        if let Some(root) = self.planned.path(id).last() {
            chain.extend(links_of(store, &root.id)?.into_iter().map(|(_, der)| der));
        }
        Ok(chain)
    }

    /// The CAs at work whose certificates name an OCSP responder, as the profiles are in force.
    pub(super) fn answering(&self, current: &Current) -> Vec<Arc<Authority>> {
        let answering = self.planned.answering(current);
        answering.iter().filter_map(|ca| self.opened.get(ca)?.authority()).cloned().collect()
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
        let ledger = foundation.ledger();
        for (ca, _) in self.iter() {
            let entered = index.complete(&ca.id, &foundation.vault, &ledger, &Actor::system("key-index"))?;
            if entered > 0 {
                tracing::info!(ca = %ca.id, entered, "certificates were entered into the index of keys");
            }
        }
        Ok(())
    }

    /// The CAs as issuance sees them.
    ///
    /// # Errors
    /// The store failed.
    pub(super) fn authorities(&self, foundation: &Foundation) -> Result<Authorities, ServiceError> {
        let (store, clock) = (Arc::clone(&foundation.store), Arc::clone(&foundation.clock));
        let profiles = Arc::clone(&foundation.profiles);
        let mut authorities = Authorities::new(store, clock, profiles).planned(self.planned.clone());
        for (planned, ca) in self.iter() {
            authorities = match &ca.standing {
                Standing::AtWork(authority) => authorities.with(PlacedAuthority {
                    authority: Arc::clone(authority),
                    issues: planned.issues.clone(),
                    tenure: planned.tenure,
                    chain: self.linked_chain(&planned.id, foundation.store.as_ref())?,
                }),
                Standing::Absent(absent) => authorities.with_absent(Arc::clone(absent)),
            };
        }
        Ok(authorities)
    }
}

fn certificate_of(settings: &Settings, ca: &PlannedCa) -> Result<Vec<u8>, ServiceError> {
    files::read_certificate(&certificate_path(&settings.certificates, ca.id.as_str()))
}

/// A CA with its key, also one that was retired; `None` where the key is not here.
pub(super) fn open_at_work(
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
    ca: &PlannedCa,
) -> Result<Option<OpenedCa>, ServiceError> {
    let certificate = certificate_of(settings, ca)?;
    let Some(signer) = signer(ca, settings, keys)? else { return Ok(None) };
    let authority = foundation.authority(ca, certificate, signer)?;
    Ok(Some(OpenedCa::at_work(authority.with_crl_plan(settings.crls.of(ca)))))
}

/// A CA that was retired needs no key any more: what it issued is over, and its last CRL is made.
fn is_retired(foundation: &Foundation, ca: &PlannedCa) -> Result<bool, ServiceError> {
    let store = foundation.store.as_ref();
    let Some(retirement) = retirement(store, &ca.id)? else { return Ok(false) };
    let at = in_words(retirement.at);
    tracing::info!(ca = %ca.id, %at, reason = %retirement.reason, "the CA was retired");
    for partition in crl::published_partitions(store, &ca.id)? {
        let newest = crl::find(store, &CrlName::new(ca.id.clone(), partition, Form::Full))?;
        if !newest.is_some_and(|newest| newest.is_last()) {
            tracing::error!(ca = %ca.id, "THE LAST CRL WAS NOT MADE YET; stop the service, then again: npki ca retire {}", ca.id);
            break;
        }
    }
    Ok(true)
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
            Ok(Some(token_of(ca, settings)?.open_signer(label, &Expected::of(ca.key))?))
        }
    }
}

/// The token that holds CA keys.
pub(super) fn token_of<'a>(ca: &PlannedCa, settings: &'a Settings) -> Result<&'a SigningToken, ServiceError> {
    settings.signing_token.as_ref().ok_or_else(|| {
        let why = "there is no section [pkcs11] in npki.toml: it says which token holds CA keys";
        ServiceError::Refused(format!("CA {}: {why}; npki init takes --token", ca.id))
    })
}
