//! `npki serve`: puts the parts together and runs them until it is told to stop.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::{Arc, mpsc};

use axum::http::StatusCode;
use ca_core::authority::{Addresses, Authority, AuthorityParts};
use ca_core::certificate::{CaId, Certificates};
use ca_core::clock::{Clock, SystemClock, SystemEntropy};
use ca_core::crl::{CrlPlan, CrlSchedule};
use ca_core::keys::Signer;
use ca_core::ledger::Position;
use ca_core::profile::ProfileSet;
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::Log;
use ca_core::tlog::note::VerifierKey;
use ca_core::vault::Vault;
use id_registry::{Registry, RegistryParts, TrustAnchor};
use ocsp_responder::http::PublicState;
use ocsp_responder::ledger::LedgerPublication;
use ocsp_responder::ocsp::{Responder, ResponderParts, Responders};
use ocsp_responder::publication::Publication;
use tokio::sync::watch;
use tower_http::timeout::TimeoutLayer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::backup::OnlineBackups;
use super::key_folder::{KeyFolder, Passphrase};
use super::ledger::{LedgerKeeper, sealer};
use super::master_keys::MasterKeyKeeper;
use super::publisher::{PublishedCa, Publisher};
use super::rotation::{Credential, OwnCertificate, OwnCertificates, certificate_path};
use super::settings::{LogFormat, Settings};
use super::tls::{self, ServerCertificate};
use super::{ISSUING, ROOT, ServiceError, files, vault};

/// Runs the installation in `data` until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting: settings, keys, storage, addresses.
pub(crate) fn serve(data: &Path, store: Option<&str>) -> Result<(), ServiceError> {
    let mut settings = Settings::load(data)?;
    if let Some(address) = store {
        settings.store = super::store::place(data, address)?;
    }
    start_log(&settings.log);
    let installation = Installation::open(&settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| ServiceError::File { path: data.to_owned(), source })?;
    runtime.block_on(installation.run(&settings))
}

/// Writes the log of this process from now on.
pub(super) fn start_log(wanted: &super::settings::Log) {
    let filter = tracing_subscriber::EnvFilter::try_new(&wanted.level)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start in one process keeps the first log.
    let _ = match wanted.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

/// The pieces that every use of a CA of this installation shares.
#[derive(Debug, Clone)]
pub(super) struct Foundation {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) vault: Arc<Vault>,
    pub(super) profiles: ProfileSet,
    pub(super) base_url: String,
}

impl Foundation {
    /// A CA of this installation with its key.
    pub(super) fn authority(
        &self,
        id: &str,
        certificate: Vec<u8>,
        signer: Arc<dyn Signer>,
    ) -> Result<Authority, ServiceError> {
        let id = CaId::new(id)?;
        Ok(Authority::new(AuthorityParts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            entropy: Arc::new(SystemEntropy),
            vault: Arc::clone(&self.vault),
            signer,
            addresses: Addresses::under(&self.base_url, &id),
            id,
            certificate,
            profiles: self.profiles.clone(),
        })?)
    }
}

/// An opened installation, ready to run.
struct Installation {
    foundation: Foundation,
    registry: Arc<Registry>,
    master_keys: Arc<MasterKeyKeeper>,
    publication: Publication,
    responder: Arc<Responder>,
    anchors: Vec<Vec<u8>>,
    server: Arc<ServerCertificate>,
    publisher: Publisher,
    ledger: LedgerKeeper,
    log_key: VerifierKey,
}

impl Installation {
    fn open(settings: &Settings) -> Result<Self, ServiceError> {
        let store = super::store::open(settings)?;
        let keys = KeyFolder::new(settings.keys.clone(), Passphrase::find(settings)?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let foundation = Foundation {
            store: Arc::clone(&store),
            vault: vault::open(&store, &clock, &settings.vault, &keys)?,
            clock,
            profiles: ProfileSet::load(&settings.profiles)?,
            base_url: settings.base_url.clone(),
        };
        let sealer = Arc::new(sealer(&store, &settings.ledger, &keys)?);
        let keeper =
            MasterKeyKeeper::new(Arc::clone(&foundation.vault), keys.clone(), settings.vault.current);
        let master_keys = Arc::new(keeper);
        let root_certificate = files::read_certificate(&certificate_path(&settings.certificates, ROOT))?;
        let issuing_certificate =
            files::read_certificate(&certificate_path(&settings.certificates, ISSUING))?;
        let authority =
            foundation.authority(ISSUING, issuing_certificate.clone(), Arc::new(keys.open(ISSUING)?))?;
        let authority = Arc::new(authority.with_crl_plan(settings.crl_plan.clone()));
        let mut cas = vec![PublishedCa {
            authority: Arc::clone(&authority),
            schedule: CrlSchedule::new(CaId::new(ISSUING)?, settings.crl_within),
        }];
        cas.extend(root_if_present(&foundation, settings, &keys, root_certificate.clone())?);
        let own = own_certificates(&authority, keys, settings, &foundation);
        let responder_credential = own.current(OwnCertificate::Responder)?;
        let responder =
            Arc::new(responder(&foundation, settings, &issuing_certificate, &responder_credential)?);
        let server_credential = own.current(OwnCertificate::Server)?;
        let chain = vec![server_credential.certificate.clone(), issuing_certificate.clone()];
        let server = Arc::new(ServerCertificate::new(chain, server_credential.key.pkcs8())?);
        let publication = Publication::new(Arc::clone(&store))
            .with(CaId::new(ROOT)?, root_certificate.clone())
            .with(CaId::new(ISSUING)?, issuing_certificate);
        let registry = registry(
            &foundation,
            settings,
            master_keys.clone(),
            Arc::clone(&authority),
            &root_certificate,
            sealer.log().clone(),
        )?;
        let ledger = LedgerKeeper::new(
            Arc::clone(&store),
            Arc::clone(&sealer),
            &settings.ledger,
            settings.checkpoint_file.clone(),
        )?;
        Ok(Self {
            registry: Arc::new(registry),
            master_keys,
            ledger,
            log_key: sealer.verifier_key().clone(),
            publication,
            anchors: vec![root_certificate],
            publisher: Publisher {
                clock: Arc::clone(&foundation.clock),
                cas,
                own,
                responder: Arc::clone(&responder),
                responder_credential,
                server: Arc::clone(&server),
                server_credential,
                look_for_abandoned_at: time::OffsetDateTime::UNIX_EPOCH,
            },
            foundation,
            responder,
            server,
        })
    }

    async fn run(self, settings: &Settings) -> Result<(), ServiceError> {
        let https = tls::bind(settings.service_address).await?;
        let http = tls::bind(settings.public_address).await?;
        let config = tls::server_config(self.server, &self.anchors)?;
        // The first CRL is there before the first relying party asks. A store may block: never on this thread.
        let mut publisher = self.publisher;
        let first = tokio::task::spawn_blocking(move || {
            publisher.publish_due_crls();
            publisher
        });
        let publisher = first.await.map_err(|error| ServiceError::Refused(error.to_string()))?;
        let published_head = self.ledger.published_head();
        let (stop_sealer, sealer_stopped) = mpsc::channel::<()>();
        let ledger = self.ledger;
        let sealing = std::thread::spawn(move || ledger.run(&sealer_stopped));
        self.master_keys.resume();
        let (stop_publisher, publisher_stopped) = mpsc::channel::<()>();
        let store = Arc::clone(&self.foundation.store);
        let publishing = std::thread::spawn(move || publisher.run(&publisher_stopped));
        let (stop, stopped) = watch::channel(false);
        let staff = id_registry::http::router(self.registry)
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, settings.limits.request));
        let public = ocsp_responder::http::router(PublicState {
            responders: Arc::new(Responders::new().with(self.responder)),
            publication: Arc::new(self.publication),
            ledger: Arc::new(LedgerPublication::new(store, published_head)),
            log_key: self.log_key,
            clock: Arc::clone(&self.foundation.clock),
        });
        tracing::info!(service = %settings.service_address, public = %settings.public_address, "serving");
        let serving = tokio::spawn(tls::serve_https(https, config, staff, settings.limits, stopped.clone()));
        let answering = tokio::spawn(tls::serve_http(http, public, settings.limits, stopped));
        signalled().await;
        tracing::info!("stopping: open requests finish first");
        let _ = stop.send(true);
        let _ = tokio::join!(serving, answering);
        self.master_keys.stop();
        drop(stop_publisher);
        let _ = publishing.join();
        // Last, so that it covers what the others wrote.
        drop(stop_sealer);
        let _ = sealing.join();
        drop(self.foundation);
        Ok(())
    }
}

/// The root takes part only while its key lies in the folder: a root whose key was taken offline keeps its last CRL.
fn root_if_present(
    foundation: &Foundation,
    settings: &Settings,
    keys: &KeyFolder,
    certificate: Vec<u8>,
) -> Result<Option<PublishedCa>, ServiceError> {
    if !keys.holds(ROOT) {
        tracing::info!("the root's key is offline");
        return Ok(None);
    }
    let authority = foundation.authority(ROOT, certificate, Arc::new(keys.open(ROOT)?))?;
    let authority = Arc::new(authority.with_crl_plan(CrlPlan::whole(settings.root_crl_validity)));
    // Nothing revokes under the root while the service runs: its CRL is due by age alone.
    Ok(Some(PublishedCa {
        authority,
        schedule: CrlSchedule::new(CaId::new(ROOT)?, settings.crl_within)
            .following(Position(foundation.store.ledger_size()?)),
    }))
}

pub(super) fn own_certificates(
    authority: &Arc<Authority>,
    keys: KeyFolder,
    settings: &Settings,
    foundation: &Foundation,
) -> OwnCertificates {
    OwnCertificates {
        authority: Arc::clone(authority),
        keys,
        certificates: settings.certificates.clone(),
        clock: Arc::clone(&foundation.clock),
        installation: settings.installation.clone(),
        tls_names: settings.tls_names.clone(),
    }
}

fn responder(
    foundation: &Foundation,
    settings: &Settings,
    issuer: &[u8],
    credential: &Credential,
) -> Result<Responder, ServiceError> {
    Ok(Responder::new(ResponderParts {
        issuer: issuer.to_vec(),
        certificate: credential.certificate.clone(),
        signer: credential.key.clone(),
        status: Arc::new(Certificates::new(Arc::clone(&foundation.store), CaId::new(ISSUING)?)),
        clock: Arc::clone(&foundation.clock),
        validity: settings.ocsp_validity,
    })?)
}

pub(super) fn registry(
    foundation: &Foundation,
    settings: &Settings,
    master_keys: Arc<MasterKeyKeeper>,
    authority: Arc<Authority>,
    root: &[u8],
    log: Log,
) -> Result<Registry, ServiceError> {
    let registry_url = url::Url::parse(&settings.registry_url)
        .map_err(|error| ServiceError::Refused(format!("public.registry_url: {error}")))?;
    let (_, parsed) = X509Certificate::from_der(root)
        .map_err(|error| ServiceError::Tls(format!("the root's certificate cannot be read: {error}")))?;
    Ok(Registry::new(RegistryParts {
        store: Arc::clone(&foundation.store),
        clock: Arc::clone(&foundation.clock),
        entropy: Arc::new(SystemEntropy),
        vault: Arc::clone(&foundation.vault),
        master_keys,
        authority,
        log,
        backups: Arc::new(OnlineBackups {
            store: Arc::clone(&foundation.store),
            clock: Arc::clone(&foundation.clock),
            settings: settings.clone(),
            data: settings.data.clone(),
        }),
        settings: id_registry::Settings {
            country: settings.installation.country.clone(),
            organisation: settings.installation.organisation.clone(),
            registry_url,
            trust_anchors: vec![TrustAnchor {
                ca: ROOT.to_owned(),
                subject: ca_core::name::text(parsed.subject().as_raw()),
                certificate: root.to_vec(),
            }],
        },
    }))
}

/// Returns at SIGTERM or SIGINT.
pub(super) async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
