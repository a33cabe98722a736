//! `npki responder`: an OCSP responder on a machine of its own. It follows the status feed of an installation, answers with
//! keys that never leave it, and needs neither the CA nor its store.

mod copier;
mod credentials;
mod incoming;
mod keeper;
mod renewer;
mod serve;
mod settings;
mod state;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::certificate::CaId;
use ca_core::clock::SystemClock;
use ca_core::status::feed::{Acceptance, HeldStatus};
use ca_core::tlog::note::VerifierKey;
use id_registry::remote::RemoteName;
use ocsp_responder::ocsp::{Responder, ResponderParts};

use super::key_folder::{KeyFolder, Passphrase};
use super::{ServiceError, files};
use crate::files::{MAX_OBJECT, Readers, create};

pub(crate) use credentials::{Certificates, CertificatesRequest, OneCertificate, OneRequest};
pub(crate) use incoming::Imported;
pub(crate) use serve::serve;

use credentials::{Credentials, Pair};
use settings::ResponderSettings;
use state::FeedState;

/// Held by the process that serves from a folder.
const LOCK: &str = "responder.lock";
/// The CA certificate that the feed's HTTPS certificate leads to.
const TRUST: &str = "feed-ca.pem";

/// What a responder is founded from.
#[derive(Debug, Clone)]
pub(crate) struct ResponderPlan {
    /// The folder: must not exist, or be empty.
    pub(crate) data: PathBuf,
    pub(crate) name: RemoteName,
    pub(crate) listen: SocketAddr,
    /// Where the feed is fetched; `None` where files come by hand.
    pub(crate) url: Option<url::Url>,
    /// To what the feed's HTTPS certificate leads, PEM.
    pub(crate) trust: Option<PathBuf>,
    /// Where its certificates are renewed; `None` where a person does it.
    pub(crate) renewal: Option<url::Url>,
    /// The feed's key.
    pub(crate) key: VerifierKey,
    /// A passphrase for the keys that is kept elsewhere; without one, a new one is drawn and written beside them.
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// Founds a responder. It is there whole, or not at all.
///
/// # Errors
/// The folder is in use, or a file cannot be read or written.
pub(crate) fn init(plan: &ResponderPlan) -> Result<(), ServiceError> {
    super::draft::founded(&plan.data, &["keys", "secrets", "certificates", "state", "incoming"], |folder| {
        if let Some(trust) = &plan.trust {
            let octets = crate::files::read(trust, MAX_OBJECT)?;
            crate::context::Anchors::parse(&octets)?;
            create(&folder.join(TRUST), &octets, Readers::Anyone)?;
        }
        let fresh = settings::Fresh {
            name: &plan.name,
            listen: plan.listen,
            url: plan.url.as_ref(),
            trust: plan.trust.as_ref().map(|_| TRUST),
            renewal: plan.renewal.as_ref(),
            key: &plan.key,
        };
        let text = settings::fresh(&fresh);
        ResponderSettings::parse(&text, folder)
            .map_err(|why| ServiceError::ResponderSettings { path: plan.data.join(settings::FILE), why })?;
        create(&folder.join(settings::FILE), text.as_bytes(), Readers::Anyone)?;
        Passphrase::given_or_drawn(plan.passphrase_file.as_deref(), &passphrase_file(folder)).map(|_| ())
    })
}

/// A request for certificates of all CAs that the feed tells of.
///
/// # Errors
/// There is no responder, it holds nothing of the feed yet, or a key cannot be made.
pub(crate) fn request(data: &Path) -> Result<CertificatesRequest, ServiceError> {
    let settings = ResponderSettings::load(data)?;
    let cas: Vec<CaId> = held_by(&settings)?.cas().into_keys().collect();
    if cas.is_empty() {
        return Err(ServiceError::Refused(format!(
            "nothing is held of the feed yet, so its CAs are not known: run `npki serve --role responder --data {0}`, or bring a \
             file in: npki responder import FILE --data {0}",
            data.display()
        )));
    }
    credentials(&settings)?.request(&cas)
}

/// Takes certificates into use that answer a request; the CAs. A responder that runs goes over to them by itself.
///
/// # Errors
/// One of them is none for a key that is here, or may not answer for its CA: then none is taken.
pub(crate) fn accept(data: &Path, answer: &Certificates) -> Result<Vec<CaId>, ServiceError> {
    let settings = ResponderSettings::load(data)?;
    let (held, credentials) = (held_by(&settings)?, credentials(&settings)?);
    let pairs = answer.certificates.iter().map(|OneCertificate { ca, certificate }| {
        let block = pem::parse(certificate).ok().filter(|block| block.tag() == "CERTIFICATE");
        let block = block.ok_or_else(|| {
            ServiceError::Refused(format!("the certificate for {ca} is no PEM certificate"))
        })?;
        let pair = credentials.pair(ca, block.into_contents())?;
        responder(&settings, &held, ca, &pair)?;
        Ok((ca, pair))
    });
    let pairs: Vec<(&CaId, Pair)> = pairs.collect::<Result<_, ServiceError>>()?;
    for (ca, pair) in &pairs {
        credentials.store(ca, pair)?;
    }
    credentials.answered()?;
    Ok(pairs.into_iter().map(|(ca, _)| ca.clone()).collect())
}

/// Brings a file of the feed in, to the responder that runs or to what it keeps.
///
/// # Errors
/// There is no responder, or the file is refused.
pub(crate) fn import(data: &Path, octets: &[u8], acceptance: Acceptance) -> Result<Imported, ServiceError> {
    let settings = ResponderSettings::load(data)?;
    incoming::import(&settings, octets, acceptance)
}

/// What a responder holds, read beside one that may be running.
fn held_by(settings: &ResponderSettings) -> Result<Arc<HeldStatus>, ServiceError> {
    let held = Arc::new(HeldStatus::new(Arc::new(SystemClock), settings.longest));
    FeedState::look(&settings.data.join("state"), Arc::clone(&held), &settings.keys)?;
    Ok(held)
}

fn credentials(settings: &ResponderSettings) -> Result<Credentials, ServiceError> {
    let data = &settings.data;
    let passphrase = Passphrase::find_at(&passphrase_file(data))?;
    Ok(Credentials {
        name: settings.name.clone(),
        keys: KeyFolder::new(data.join("keys"), passphrase),
        certificates: data.join("certificates"),
        pending: data.join("state/request.json"),
    })
}

/// Answers for one CA with this pair.
fn responder(
    settings: &ResponderSettings,
    held: &Arc<HeldStatus>,
    ca: &CaId,
    pair: &Pair,
) -> Result<Responder, ServiceError> {
    let unknown = || ServiceError::Refused(format!("the feed tells of no CA {ca}"));
    Ok(Responder::new(ResponderParts {
        issuer: held.cas().remove(ca).ok_or_else(unknown)?,
        certificate: pair.certificate.clone(),
        signer: pair.key.clone(),
        status: Arc::new(held.of(ca.clone())),
        clock: Arc::new(SystemClock),
        policy: settings.answers,
    })?)
}

/// Two processes must not write one state.
fn alone(data: &Path) -> Result<Option<File>, ServiceError> {
    files::held_alone(&data.join(LOCK))
}

fn passphrase_file(data: &Path) -> PathBuf {
    data.join("secrets/passphrase")
}
