//! Founding CAs: all of a new installation's, or those that its hierarchy has been given since.
//!
//! A CA is founded in steps that a crash may interrupt: its key's file, its certificate in the store, its first CRL, its
//! certificate's file. Who founds it again goes on where the last one stopped; nothing is made twice.

use std::path::PathBuf;
use std::sync::Arc;

use ca_core::authority::{Addresses, Authority, CA_CERTIFICATES, RootParts, found_root};
use ca_core::clock::SystemEntropy;
use ca_core::crl::{self, CrlName, Partition};
use ca_core::csr::SubjectPublicKey;
use ca_core::fingerprint::fingerprint;
use ca_core::hierarchy::{Hierarchy, KeyKeeping, PlannedCa};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::Actor;
use ca_core::storage::AuditedChange;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use super::hierarchy::{OpenedCa, OpenedHierarchy};
use super::key_folder::{KeyFolder, Passphrase};
use super::rotation::{certificate_path, pem_text};
use super::serve::Foundation;
use super::settings::Settings;
use super::{ServiceError, files, own_subject};
use crate::files::{Readers, replace};

/// The roots' certificates, PEM, in one file: what a client is told to trust.
const ANCHORS_FILE: &str = "anchors.pem";

/// How many certificates of one CA are looked through for the one that its issuer made before a crash.
const CERTIFICATES_OF_A_CA: usize = 1_000;

/// A CA that was founded.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct FoundedCa {
    pub(crate) id: String,
    /// Its common name.
    pub(crate) name: String,
    /// The CA that certified it; null for a root.
    pub(crate) issuer: Option<String>,
    /// SHA-256 of its certificate, lower-case hex: a root's is to be compared wherever it is installed.
    pub(crate) sha256: String,
}

/// Founds the CAs that the hierarchy of an installation has and the installation has not. The service must be stopped
/// where its store is the embedded one.
///
/// # Errors
/// Settings or hierarchy cannot be used, another npki holds the store, a key is not at hand, or nothing is to be done.
pub(crate) fn found_missing(data: &std::path::Path) -> Result<Vec<FoundedCa>, ServiceError> {
    let settings = Settings::load(data)?;
    let keys = KeyFolder::new(settings.keys.clone(), Passphrase::find(&settings)?);
    let foundation = Foundation::open(&settings, &keys)?;
    let planned = Hierarchy::load(&settings.hierarchy, &foundation.profiles)?;
    let missing: Vec<_> = planned
        .iter()
        .filter(|ca| !certificate_path(&settings.certificates, ca.id.as_str()).exists())
        .map(|ca| ca.id.clone())
        .collect();
    if missing.is_empty() {
        let why = "every CA of hierarchy.toml is founded; add a [[ca]] there first".to_owned();
        return Err(ServiceError::Refused(why));
    }
    let hierarchy = found_all(planned, &foundation, &settings, &keys, &Actor::system("found"))?;
    Ok(hierarchy
        .iter()
        .filter(|(ca, _)| missing.contains(&ca.id))
        .map(|(ca, opened)| told(&settings, ca, opened))
        .collect())
}

pub(super) fn told(settings: &Settings, ca: &PlannedCa, opened: &OpenedCa) -> FoundedCa {
    FoundedCa {
        id: ca.id.to_string(),
        name: ca_name(settings, &ca.name),
        issuer: ca.issuer.as_ref().map(ToString::to_string),
        sha256: fingerprint(&opened.certificate),
    }
}

/// Opens every CA of the hierarchy, issuers first, and founds those that are not there yet.
pub(super) fn found_all(
    planned: Hierarchy,
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
    actor: &Actor,
) -> Result<OpenedHierarchy, ServiceError> {
    settings.crls.check_names(&planned)?;
    let mut hierarchy = OpenedHierarchy::closed(planned.clone());
    for ca in planned.iter() {
        let site = Site { foundation, settings, keys, actor, ca };
        let opened = if site.certificate_file().exists() {
            OpenedCa::open(foundation, settings, keys, ca)?
        } else {
            site.found(&hierarchy)?
        };
        hierarchy.add(ca.id.clone(), opened);
    }
    let anchors: String = hierarchy.roots().map(|(_, certificate)| pem_text(certificate)).collect();
    replace(&settings.certificates.join(ANCHORS_FILE), anchors.as_bytes(), Readers::Anyone)?;
    Ok(hierarchy)
}

/// A CA's common name.
pub(super) fn ca_name(settings: &Settings, name: &str) -> String {
    format!("{} {name}", settings.installation.organisation)
}

/// Where one CA is founded.
struct Site<'a> {
    foundation: &'a Foundation,
    settings: &'a Settings,
    keys: &'a KeyFolder,
    actor: &'a Actor,
    ca: &'a PlannedCa,
}

impl Site<'_> {
    fn certificate_file(&self) -> PathBuf {
        certificate_path(&self.settings.certificates, self.ca.id.as_str())
    }

    fn identity(&self) -> IdentityRef {
        IdentityRef(format!("system:{}", self.ca.id))
    }

    fn subject(&self) -> ApprovedSubject {
        let name = ca_name(self.settings, &self.ca.name);
        own_subject(&self.settings.installation, self.identity()).with(Fact::CommonName, name)
    }

    fn found(&self, above: &OpenedHierarchy) -> Result<OpenedCa, ServiceError> {
        let signer = self.key()?;
        let authority = match &self.ca.issuer {
            None => self.root(signer)?,
            Some(issuer) => self.certified_by(above.at_work(issuer)?, signer)?,
        };
        let authority = authority.with_crl_plan(self.settings.crls.of(self.ca));
        let store = self.foundation.store.as_ref();
        if crl::find(store, &CrlName::first(self.ca.id.clone()))?.is_none() {
            authority.publish_full(Partition::FIRST, self.actor)?;
        }
        let certificate = authority.certificate().to_vec();
        // Last: a CA whose certificate's file is there is founded.
        replace(&self.certificate_file(), pem_text(&certificate).as_bytes(), Readers::Anyone)?;
        files::sync_folder(&self.settings.certificates)?;
        Ok(OpenedCa { certificate, authority: Some(Arc::new(authority)) })
    }

    /// A new key, or the one that an attempt before has left.
    fn key(&self) -> Result<Arc<dyn Signer>, ServiceError> {
        let name = self.ca.id.as_str();
        if self.ca.kept == KeyKeeping::Software && !self.keys.holds(name) {
            let key = SoftwareKey::generate(self.ca.key)?;
            self.keys.create(name, &key)?;
            return Ok(Arc::new(key));
        }
        let missing = || {
            let why = format!("CA {name} has its key offline: found it in a ceremony");
            ServiceError::Refused(why)
        };
        super::hierarchy::signer(self.ca, self.settings, self.keys)?.ok_or_else(missing)
    }

    fn root(&self, signer: Arc<dyn Signer>) -> Result<Authority, ServiceError> {
        let Foundation { store, clock, vault, profiles, base_url, journals } = self.foundation;
        if let Some(kept) = store.get(CA_CERTIFICATES, self.ca.id.as_str().as_bytes())? {
            return self.foundation.authority(self.ca.id.as_str(), kept.value, signer);
        }
        let parts = RootParts {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            entropy: Arc::new(SystemEntropy),
            vault: Arc::clone(vault),
            signer: journals.note(&self.ca.id, signer, store.as_ref(), clock)?,
            id: self.ca.id.clone(),
            profile: profiles.find(&self.ca.profile.0)?,
            subject: &self.subject(),
            profiles: profiles.clone(),
            addresses: Addresses::under(base_url, &self.ca.id),
        };
        Ok(Authority::new(found_root(parts, self.actor)?)?)
    }

    fn certified_by(&self, issuer: &Authority, signer: Arc<dyn Signer>) -> Result<Authority, ServiceError> {
        let certificate = match self.certified_before(issuer, signer.as_ref())? {
            Some(certificate) => certificate,
            None => {
                let public = SubjectPublicKey::from_der(signer.public_key_info())?;
                let profile = self.foundation.profiles.find(&self.ca.profile.0)?;
                let request = issuer.admit_key(public, &[], self.subject(), profile)?;
                let prepared = issuer.prepare(request, self.actor)?;
                issuer.sign(prepared, self.actor, |_, _| Ok(AuditedChange::nothing()))?.der
            }
        };
        self.foundation.authority(self.ca.id.as_str(), certificate, signer)
    }

    /// The certificate that an attempt before has made for this key and not written to its file.
    fn certified_before(
        &self,
        issuer: &Authority,
        signer: &dyn Signer,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        let key = fingerprint(signer.public_key_info());
        let certificates = issuer.certificates();
        let made = certificates.of_identity(&self.identity(), None, CERTIFICATES_OF_A_CA)?;
        match made.iter().find(|record| record.key_sha256 == key && record.revocation.is_none()) {
            Some(record) => Ok(certificates.der(record, &self.foundation.vault)?),
            None => Ok(None),
        }
    }
}
