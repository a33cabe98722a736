//! CAs of this installation whose certificates come from an offline root: their requests, and the responses that are
//! installed. Nothing of it needs a network, or the service to run.
//!
//! `keys/CA.key` is the CA's key, sealed as all keys; `requests/CA.json` the request and whether it was answered;
//! `certificates/CA.pem`, `CA.root.pem` and `CA.root.crl` are what the response brought.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::ceremony::exchange::{Pending, Request, Response, Wish};
use ca_core::ceremony::script::CaName;
use ca_core::ceremony::{fingerprint, foreign};
use ca_core::certificate::CaId;
use ca_core::clock::{Clock, Entropy};
use ca_core::hierarchy::{Hierarchy, KeyKeeping, PlannedCa};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::token::Expected;
use time::Duration;

use super::key_folder::{KeyFolder, Passphrase};
use super::rotation::certificate_path;
use super::settings::Settings;
use super::{ServiceError, founding, hierarchy};
use crate::files::{self, Readers};

/// The most octets of a request, a response or a certificate.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// What is asked of the root.
#[derive(Debug, Clone)]
pub(crate) struct RequestPlan {
    /// The installation.
    pub(crate) data: PathBuf,
    /// The CA's name in it.
    pub(crate) ca: CaId,
    pub(crate) hierarchy: String,
    /// Its profile, name and kind of key, and its root's certificate; `None` for what the installation's hierarchy says.
    pub(crate) profile: Option<String>,
    pub(crate) common_name: Option<String>,
    pub(crate) algorithm: Option<KeyAlgorithm>,
    pub(crate) root: Option<PathBuf>,
    /// How long the request may wait for its ceremony.
    pub(crate) valid_for: Duration,
    /// Where the request goes.
    pub(crate) out: PathBuf,
}

/// A request that was made.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Requested {
    pub(crate) ca: CaId,
    pub(crate) file: PathBuf,
    /// SHA-256 of the request's text: to be read out to whoever writes the ceremony's script.
    pub(crate) request_sha256: String,
    pub(crate) root_sha256: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires_at: time::OffsetDateTime,
}

/// A certificate that was installed.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Installed {
    pub(crate) ca: CaId,
    pub(crate) certificate: PathBuf,
    pub(crate) certificate_sha256: String,
    pub(crate) root: PathBuf,
    pub(crate) crl: PathBuf,
}

/// Makes the CA's key, sealed among the installation's, and a request for it. Until a response was installed it may be
/// made anew, for the same key; only the newest one is answered.
///
/// # Errors
/// The CA has a certificate already, the root cannot be read, or a file cannot be written.
pub(crate) fn request_certificate(
    plan: &RequestPlan,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Requested, ServiceError> {
    let settings = Settings::load(&plan.data)?;
    let name = plan.ca.as_str();
    if certificate_path(&settings.certificates, name).exists() {
        return Err(ServiceError::Refused(format!("the CA {name} has its certificate; name a new one")));
    }
    files::must_be_free(&plan.out)?;
    let asked = Asked::of(plan, &settings)?;
    let root = foreign::certificate_der(&files::read(&asked.root, MAX_FILE)?)
        .map_err(|error| ServiceError::Refused(format!("{}: {error}", asked.root.display())))?;
    let root_sha256 = fingerprint(&root);
    let signer = asked.signer(&plan.ca, &settings)?;
    let wish = Wish {
        hierarchy: plan.hierarchy.clone(),
        ca: plan.ca.clone(),
        profile: asked.profile,
        name: CaName {
            country: settings.installation.country.clone(),
            organisation: settings.installation.organisation.clone(),
            organisation_identifier: settings.installation.organisation_identifier.clone(),
            common_name: asked.common_name,
        },
        root_sha256: root_sha256.clone(),
        valid_for: plan.valid_for,
    };
    let request = Request::make(wish, signer.as_ref(), clock, entropy)?;
    let pending = pending_path(&plan.data, &plan.ca);
    files::make_folder(&plan.data.join("requests"))?;
    files::replace(&pending, Pending::new(&request).to_file().as_bytes(), Readers::Owner)?;
    files::create(&plan.out, request.to_file().as_bytes(), Readers::Anyone)?;
    let expires_at = request.content().expires_at;
    let (ca, file) = (plan.ca.clone(), plan.out.clone());
    Ok(Requested { ca, file, request_sha256: request.digest(), root_sha256, expires_at })
}

/// What is asked, with what the hierarchy says filled in.
struct Asked {
    profile: String,
    common_name: String,
    algorithm: KeyAlgorithm,
    root: PathBuf,
    /// As planned; `None` for a CA that the hierarchy does not have yet.
    planned: Option<PlannedCa>,
}

impl Asked {
    fn of(plan: &RequestPlan, settings: &Settings) -> Result<Self, ServiceError> {
        // The names alone: the store may be in use, and the profile is judged in the ceremony.
        let hierarchy = Hierarchy::outline(&settings.hierarchy)?;
        let planned = hierarchy.find(&plan.ca).cloned();
        let unknown = |flag: &str| {
            let why = format!("hierarchy.toml has no CA {}: add it there, or give {flag}", plan.ca);
            ServiceError::Refused(why)
        };
        if let Some(other) = planned.as_ref().filter(|ca| plan.algorithm.is_some_and(|it| it != ca.key)) {
            let why = format!("hierarchy.toml says that the key of {} is {}", plan.ca, other.key);
            return Err(ServiceError::Refused(why));
        }
        let named = planned.as_ref().map(|ca| founding::ca_name(settings, &ca.name));
        // The root's certificate was taken over when the installation was founded.
        let issuer = planned.as_ref().and_then(|ca| ca.issuer.as_ref());
        let root = issuer.map(|issuer| certificate_path(&settings.certificates, issuer.as_str()));
        Ok(Self {
            profile: plan
                .profile
                .clone()
                .or_else(|| planned.as_ref().map(|ca| ca.profile.0.clone()))
                .unwrap_or_else(|| "issuing-ca".to_owned()),
            common_name: plan.common_name.clone().or(named).ok_or_else(|| unknown("--common-name"))?,
            algorithm: plan
                .algorithm
                .or_else(|| planned.as_ref().map(|ca| ca.key))
                .unwrap_or(KeyAlgorithm::P384),
            root: plan.root.clone().or(root).ok_or_else(|| unknown("--root"))?,
            planned,
        })
    }

    /// The CA's key, made where it is not there yet: in a file, or in the token.
    fn signer(&self, ca: &CaId, settings: &Settings) -> Result<Arc<dyn Signer>, ServiceError> {
        let keys = KeyFolder::new(settings.keys.clone(), Passphrase::find(settings)?);
        match self.planned.as_ref().map(|planned| (planned, &planned.kept)) {
            Some((planned, KeyKeeping::Token { label })) => {
                let token = hierarchy::token_of(planned, settings)?;
                return token.open_or_make(label, &Expected::of(planned.key));
            }
            Some((_, KeyKeeping::Offline)) => {
                let why = format!("the key of CA {ca} is offline: nothing is asked here");
                return Err(ServiceError::Refused(why));
            }
            Some((_, KeyKeeping::Software)) | None => {}
        }
        if !keys.holds(ca.as_str()) {
            keys.create(ca.as_str(), &SoftwareKey::generate(self.algorithm)?)?;
        }
        Ok(Arc::new(keys.open(ca.as_str())?))
    }
}

/// Installs what an offline root answered. Refuses whatever does not answer the newest request of the CA it names.
///
/// # Errors
/// No request waits, or the response is refused.
pub(crate) fn install_response(
    data: &Path,
    response: &Path,
    clock: &dyn Clock,
) -> Result<Installed, ServiceError> {
    let settings = Settings::load(data)?;
    let file = files::read(response, MAX_FILE)?;
    let ca = Response::parse(&file)?.content().ca.clone();
    let path = pending_path(data, &ca);
    if !path.exists() {
        return Err(ServiceError::Refused(format!("no request of a CA {ca} waits here for an answer")));
    }
    let mut pending = Pending::parse(&files::read(&path, MAX_FILE)?)?;
    let accepted = pending.accept(&file, clock.now())?;
    let certificate = certificate_path(&settings.certificates, ca.as_str());
    let root = settings.certificates.join(format!("{ca}.root.pem"));
    let crl = settings.certificates.join(format!("{ca}.root.crl"));
    files::replace(&root, files::certificate_pem(&accepted.root).as_bytes(), Readers::Anyone)?;
    files::replace(&crl, &accepted.crl, Readers::Anyone)?;
    files::replace(&certificate, files::certificate_pem(&accepted.certificate).as_bytes(), Readers::Anyone)?;
    // Last: interrupted before, the response is taken once more, and brings the same.
    files::replace(&path, pending.to_file().as_bytes(), Readers::Owner)?;
    let certificate_sha256 = fingerprint(&accepted.certificate);
    Ok(Installed { ca, certificate, certificate_sha256, root, crl })
}

fn pending_path(data: &Path, ca: &CaId) -> PathBuf {
    data.join("requests").join(format!("{ca}.json"))
}
