//! Founding CAs: all of a new installation's, or those that its hierarchy has been given since.
//!
//! A CA is founded in steps that a crash may interrupt: its key's file, its certificate in the store, its first CRL, its
//! certificate's file. Who founds it again goes on where the last one stopped; nothing is made twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::authority::{Addresses, Authority, CA_CERTIFICATES, RootParts, found_root};
use ca_core::ceremony::foreign;
use ca_core::certificate::CaId;
use ca_core::clock::SystemEntropy;
use ca_core::crl::{self, CrlName, Partition};
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::fingerprint::fingerprint;
use ca_core::hierarchy::{Hierarchy, KeyKeeping, PlannedCa};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::token::Expected;
use ca_core::ledger::Actor;
use ca_core::storage::AuditedChange;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use super::hierarchy::{OpenedCa, OpenedHierarchy};
use super::key_folder::{KeyFolder, Passphrase};
use super::rotation::certificate_path;
use super::serve::Foundation;
use super::settings::Settings;
use super::{ServiceError, completion, files, own_subject, profiles};
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

/// A CA whose certificate must come from an offline one.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct WaitingCa {
    pub(crate) id: String,
    /// The CA that is to certify it.
    pub(crate) issuer: String,
}

/// Certificates of CAs whose keys are offline, as their ceremonies made them: the files, by the CAs' names.
pub(crate) type OfflineCertificates = BTreeMap<CaId, PathBuf>;

/// What was founded, and what is still to be done.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Founding {
    /// The CAs, issuers before what they issue.
    pub(crate) cas: Vec<FoundedCa>,
    /// Those that wait for their certificates.
    pub(crate) waiting: Vec<WaitingCa>,
    /// The first administrator, where the installation was completed by this.
    pub(crate) administrator: Option<String>,
}

/// The most octets of a certificate's file.
const MOST_OCTETS: u64 = 1024 * 1024;

/// Founds the CAs that the hierarchy of an installation has and the installation has not, and completes an installation
/// whose CAs had to wait for an offline root. The service must be stopped where its store is the embedded one.
///
/// # Errors
/// Settings or hierarchy cannot be used, another npki holds the store, a key is not at hand, or nothing is to be done.
pub(crate) fn found_missing(data: &Path, offline: &OfflineCertificates) -> Result<Founding, ServiceError> {
    let settings = Settings::load(data)?;
    let keys = KeyFolder::new(settings.keys.clone(), Passphrase::find(&settings)?);
    let foundation = Foundation::open(&settings, &keys)?;
    profiles::take_over(&foundation, &settings)?;
    let planned = Hierarchy::load(&settings.hierarchy, &*foundation.profiles.current()?)?;
    let missing: Vec<_> = planned
        .iter()
        .filter(|ca| !certificate_path(&settings.certificates, ca.id.as_str()).exists())
        .map(|ca| ca.id.clone())
        .collect();
    let unfinished = completion::begun(data)?;
    if missing.is_empty() && unfinished.is_none() {
        let why = "every CA of hierarchy.toml is founded; add a [[ca]] there first".to_owned();
        return Err(ServiceError::Refused(why));
    }
    let hierarchy = found_all(planned, &foundation, &settings, &keys, &Actor::system("found"), offline)?;
    let waiting = waiting(&hierarchy);
    let administrator = match unfinished {
        Some(begun) if waiting.is_empty() => {
            let administrator = completion::complete(&foundation, &settings, &keys, &hierarchy, &begun)?;
            completion::forget(data)?;
            Some(administrator)
        }
        _ => None,
    };
    let cas = hierarchy
        .iter()
        .filter(|(ca, _)| missing.contains(&ca.id))
        .map(|(ca, opened)| told(&settings, ca, opened))
        .collect();
    Ok(Founding { cas, waiting, administrator })
}

/// The CAs that wait for their certificates.
pub(super) fn waiting(hierarchy: &OpenedHierarchy) -> Vec<WaitingCa> {
    let issuer = |ca: &PlannedCa| ca.issuer.as_ref().map(ToString::to_string).unwrap_or_default();
    hierarchy.waiting().map(|ca| WaitingCa { id: ca.id.to_string(), issuer: issuer(ca) }).collect()
}

pub(super) fn told(settings: &Settings, ca: &PlannedCa, opened: &OpenedCa) -> FoundedCa {
    FoundedCa {
        id: ca.id.to_string(),
        name: ca_name(settings, &ca.name),
        issuer: ca.issuer.as_ref().map(ToString::to_string),
        sha256: fingerprint(&opened.certificate),
    }
}

/// Opens every CA of the hierarchy, issuers first, and founds those that are not there yet. Those below a CA whose key is
/// elsewhere stay closed until they have their certificates.
pub(super) fn found_all(
    planned: Hierarchy,
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
    actor: &Actor,
    offline: &OfflineCertificates,
) -> Result<OpenedHierarchy, ServiceError> {
    must_be_offline(&planned, offline)?;
    settings.crls.check_names(&planned)?;
    let mut hierarchy = OpenedHierarchy::closed(planned.clone());
    for ca in planned.iter() {
        let site = Site { foundation, settings, keys, actor, ca };
        let opened = if site.certificate_file().exists() {
            OpenedCa::open(foundation, settings, keys, ca)?
        } else if ca.kept == KeyKeeping::Offline {
            site.take_over(offline.get(&ca.id))?
        } else if hierarchy.waits(ca) {
            continue;
        } else {
            site.found(&hierarchy)?
        };
        hierarchy.add(ca.id.clone(), opened);
    }
    super::bringing_over::bring_over(&hierarchy, foundation, settings)?;
    super::linking::link_generations(&hierarchy, foundation, actor)?;
    let anchors: String =
        hierarchy.roots().map(|(_, certificate)| crate::files::certificate_pem(certificate)).collect();
    replace(&settings.certificates.join(ANCHORS_FILE), anchors.as_bytes(), Readers::Anyone)?;
    Ok(hierarchy)
}

/// Whoever names a file for a CA that makes its own key has mistaken one for the other.
fn must_be_offline(planned: &Hierarchy, offline: &OfflineCertificates) -> Result<(), ServiceError> {
    let fits = |id: &CaId| planned.find(id).is_some_and(|ca| ca.kept == KeyKeeping::Offline);
    match offline.keys().find(|id| !fits(id)) {
        Some(id) => {
            let why = format!("--offline {id}: the hierarchy has no CA {id} with kept = \"offline\"");
            Err(ServiceError::Refused(why))
        }
        None => Ok(()),
    }
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
        self.keep(authority.certificate())?;
        Ok(OpenedCa::at_work(authority))
    }

    /// Writes the certificate's file. Last of all: a CA whose certificate's file is there is founded.
    fn keep(&self, certificate: &[u8]) -> Result<(), ServiceError> {
        replace(
            &self.certificate_file(),
            crate::files::certificate_pem(certificate).as_bytes(),
            Readers::Anyone,
        )?;
        files::sync_folder(&self.settings.certificates)
    }

    /// Takes over the certificate that a CA's ceremony made.
    fn take_over(&self, file: Option<&PathBuf>) -> Result<OpenedCa, ServiceError> {
        let id = &self.ca.id;
        let missing = || {
            let why =
                format!("CA {id} has its key offline: found it in a ceremony, and give its certificate");
            ServiceError::Refused(format!("{why}: --offline {id}=FILE"))
        };
        let file = file.ok_or_else(missing)?;
        let refused = |why: String| ServiceError::Refused(format!("{}: {why}", file.display()));
        let certificate = foreign::certificate_der(&crate::files::read(file, MOST_OCTETS)?)
            .map_err(|error| refused(error.to_string()))?;
        let absent =
            self.foundation.absent(self.ca, certificate).map_err(|error| refused(error.to_string()))?;
        if self.ca.issuer.is_none() {
            absent.must_be_root(self.ca.key).map_err(|error| refused(error.to_string()))?;
        }
        self.keep(absent.certificate())?;
        Ok(OpenedCa::absent(absent))
    }

    /// A new key, or the one that an attempt before has left.
    fn key(&self) -> Result<Arc<dyn Signer>, ServiceError> {
        let name = self.ca.id.as_str();
        if self.ca.kept == KeyKeeping::Software && !self.keys.holds(name) {
            let key = SoftwareKey::generate(self.ca.key)?;
            self.keys.create(name, &key)?;
            return Ok(Arc::new(key));
        }
        if let KeyKeeping::Token { label } = &self.ca.kept {
            let token = super::hierarchy::token_of(self.ca, self.settings)?;
            return token.open_or_make(label, &Expected::of(self.ca.key));
        }
        let missing = || ServiceError::Refused(format!("the key of CA {name} is not at hand"));
        super::hierarchy::signer(self.ca, self.settings, self.keys)?.ok_or_else(missing)
    }

    fn root(&self, signer: Arc<dyn Signer>) -> Result<Authority, ServiceError> {
        let Foundation { store, clock, vault, profiles, base_url, journals, .. } = self.foundation;
        if let Some(kept) = store.get(CA_CERTIFICATES, self.ca.id.as_str().as_bytes())? {
            return self.foundation.authority(self.ca, kept.value, signer);
        }
        let parts = RootParts {
            store: Arc::clone(store),
            clock: Arc::clone(clock),
            entropy: Arc::new(SystemEntropy),
            vault: Arc::clone(vault),
            signer: journals.note(&self.ca.id, signer, store.as_ref(), clock)?,
            id: self.ca.id.clone(),
            profile: &profiles.find(&self.ca.profile.0)?,
            subject: &self.subject(),
            profiles: Arc::clone(profiles),
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
                let request = issuer.admit_key(public, &Wishes::none(), self.subject(), &profile)?;
                let prepared = issuer.prepare(request, self.actor)?;
                issuer.sign(prepared, self.actor, |_, _| Ok(AuditedChange::nothing()))?.der
            }
        };
        self.foundation.authority(self.ca, certificate, signer)
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
