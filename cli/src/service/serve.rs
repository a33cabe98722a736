//! `npki serve`: puts the parts together and runs them until it is told to stop.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, mpsc};

use axum::http::StatusCode;
use ca_core::authorities::Authorities;
use ca_core::authority::absent::{AbsentAuthority, AbsentParts};
use ca_core::authority::{Addresses, Authority, AuthorityParts};
use ca_core::certificate::CaId;
use ca_core::clock::{Clock, SteadyClock, SystemClock, SystemEntropy};
use ca_core::crl::CrlSchedule;
use ca_core::hierarchy::PlannedCa;
use ca_core::keys::Signer;
use ca_core::ledger::Ledger;
use ca_core::ledger::newest::newest_moment;
use ca_core::profile_book::ProfileBook;
use ca_core::status::feed::FeedPublisher;
use ca_core::status::{FollowedStore, StatusFollower, StatusIndex};
use ca_core::storage::Store;
use ca_core::tlog::checkpoint::Log;
use ca_core::tlog::note::VerifierKey;
use ca_core::vault::Vault;
use id_registry::webhook::Carrier;
use id_registry::{Registry, RegistryParts, TrustAnchor};
use ocsp_responder::http::validation::validation_router;
use ocsp_responder::http::{Front, PublicState, feed_router};
use ocsp_responder::ledger::LedgerPublication;
use ocsp_responder::metrics::Metrics;
use ocsp_responder::ocsp::Responders;
use ocsp_responder::publication::Publication;
use ocsp_responder::validator::Validator;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower_http::timeout::TimeoutLayer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::backup::OnlineBackups;
use super::campaigns::CampaignKeeper;
use super::filters::FilterKeeper;
use super::hierarchy::OpenedHierarchy;
use super::housekeeping::Housekeeper;
use super::key_folder::{KeyFolder, Passphrase};
use super::ledger::{LedgerKeeper, sealer};
use super::lives::LifeKeeper;
use super::master_keys::MasterKeyKeeper;
use super::offline_crls::OfflineCrls;
use super::publisher::{PublishedCa, Publisher};
use super::responding::Responding;
use super::rotation::{OwnCertificate, OwnCertificates};
use super::settings::{Limits, LogFormat, Settings};
use super::signatures::{Journals, SignatureWatch};
use super::status::Following;
use super::tls::{self, ServerCertificate};
use super::trusted_list::ListMaker;
use super::validating::validator;
use super::webhooks::{HttpCarrier, WebhookKeeper};
use super::{ServiceError, completion, feed, profiles, sockets, vault};

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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| ServiceError::File { path: data.to_owned(), source })?;
    let installation = Installation::open(&settings, runtime.handle())?;
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
    pub(super) profiles: Arc<ProfileBook>,
    pub(super) base_url: String,
    pub(super) journals: Journals,
    /// Follows the store once the service runs; knows from the beginning what is committed here.
    pub(super) status: Arc<StatusIndex>,
}

impl Foundation {
    /// Opens store and vault.
    pub(super) fn open(settings: &Settings, keys: &KeyFolder) -> Result<Self, ServiceError> {
        let store = super::ledger::open_signed(settings)?;
        let newest = newest_moment(store.as_ref())?;
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::new(Arc::new(SystemClock), newest));
        let status = Arc::new(StatusIndex::new(Arc::clone(&clock)));
        let store: Arc<dyn Store> = Arc::new(FollowedStore::new(store, Arc::clone(&status)));
        Ok(Self {
            vault: vault::open(&store, &clock, &settings.vault, keys)?,
            clock,
            profiles: Arc::new(ProfileBook::kept_in(Arc::clone(&store))),
            store,
            base_url: settings.base_url.clone(),
            journals: Journals::beside(&settings.keys, settings.node.clone()),
            status,
        })
    }

    /// What makes events.
    pub(super) fn ledger(&self) -> Ledger {
        Ledger::new(Arc::clone(&self.clock), Arc::new(SystemEntropy))
    }

    /// What makes the status index follow the store.
    fn follower(&self) -> StatusFollower {
        StatusFollower::new(Arc::clone(&self.store), Arc::clone(&self.clock), Arc::clone(&self.status))
    }

    /// A CA of this installation whose key is elsewhere.
    pub(super) fn absent(
        &self,
        ca: &PlannedCa,
        certificate: Vec<u8>,
    ) -> Result<AbsentAuthority, ServiceError> {
        Ok(AbsentAuthority::new(AbsentParts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            entropy: Arc::new(SystemEntropy),
            id: ca.id.clone(),
            certificate,
            certified_by: ca.issuer.clone(),
        })?)
    }

    /// A CA of this installation with its key.
    pub(super) fn authority(
        &self,
        ca: &PlannedCa,
        certificate: Vec<u8>,
        signer: Arc<dyn Signer>,
    ) -> Result<Authority, ServiceError> {
        let id = ca.id.clone();
        let signer = self.journals.note(&id, signer, self.store.as_ref(), &self.clock)?;
        Ok(Authority::new(AuthorityParts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            entropy: Arc::new(SystemEntropy),
            vault: Arc::clone(&self.vault),
            signer,
            addresses: Addresses::under(&self.base_url, &id),
            id,
            certificate,
            certified_by: ca.issuer.clone(),
            profiles: Arc::clone(&self.profiles),
        })?)
    }
}

/// An opened installation, ready to run.
struct Installation {
    foundation: Foundation,
    registry: Arc<Registry>,
    master_keys: Arc<MasterKeyKeeper>,
    publication: Arc<Publication>,
    validator: Arc<Validator>,
    responders: Arc<Responders>,
    filters: FilterKeeper,
    lists: Option<ListMaker>,
    anchors: Vec<Vec<u8>>,
    server: Arc<ServerCertificate>,
    publisher: Publisher,
    ledger: LedgerKeeper,
    log_key: VerifierKey,
    feed: Option<Arc<FeedPublisher>>,
}

impl Installation {
    fn open(settings: &Settings, runtime: &tokio::runtime::Handle) -> Result<Self, ServiceError> {
        if completion::begun(&settings.data)?.is_some() {
            let why =
                "the founding of this installation is not complete: some CAs wait for their certificates";
            let next = format!("npki ca found --data {}", settings.data.display());
            return Err(ServiceError::Refused(format!("{why}; {next} tells which, and completes it")));
        }
        let keys = KeyFolder::new(settings.keys.clone(), Passphrase::find(settings)?);
        let foundation = Foundation::open(settings, &keys)?;
        profiles::take_over(&foundation, settings)?;
        let store = Arc::clone(&foundation.store);
        let sealer = Arc::new(sealer(&store, &settings.ledger, &keys)?);
        let keeper =
            MasterKeyKeeper::new(Arc::clone(&foundation.vault), keys.clone(), settings.vault.current);
        let master_keys = Arc::new(keeper);
        let hierarchy = OpenedHierarchy::open(&foundation, settings, &keys)?;
        hierarchy.complete_key_index(&foundation)?;
        let authorities = Arc::new(hierarchy.authorities(&foundation)?);
        let feed = feed::publisher(&foundation, settings, &keys, &hierarchy)?;
        let own = own_certificates(&authorities, keys.clone(), settings, &foundation);
        let mut responders = Responding::of(&hierarchy, &foundation, settings);
        responders.complete(&own)?;
        let server_credential = own.current(&OwnCertificate::Server)?;
        let server = Arc::new(ServerCertificate::new(
            own.presented(&server_credential)?,
            server_credential.key.pkcs8(),
        )?);
        let publication = Arc::new(publication(&hierarchy, Arc::clone(&store)));
        let carrier = HttpCarrier::new(&settings.webhooks.anchors(&hierarchy)?, runtime.clone())?;
        let validator = Arc::new(validator(&hierarchy, &foundation, Arc::clone(&publication))?);
        let registry = registry(
            &foundation,
            settings,
            master_keys.clone(),
            authorities,
            &hierarchy,
            sealer.log().clone(),
            Arc::new(carrier),
        )?;
        let filters =
            FilterKeeper::new(settings.filters, &foundation, responders.appointed(), publication.filters());
        let lists = ListMaker::of(settings, &hierarchy, &foundation, &keys, publication.trusted_lists())?;
        let ledger = LedgerKeeper::new(Arc::clone(&store), Arc::clone(&sealer), settings)?;
        Ok(Self {
            registry: Arc::new(registry),
            master_keys,
            ledger,
            log_key: sealer.verifier_key().clone(),
            feed,
            anchors: hierarchy.staff_anchors(),
            responders: Arc::clone(responders.answering()),
            filters,
            lists,
            publication,
            validator,
            publisher: Publisher {
                store: Arc::clone(&foundation.store),
                clock: Arc::clone(&foundation.clock),
                cas: published(&hierarchy, settings),
                offline: OfflineCrls::of(
                    hierarchy
                        .iter()
                        .filter(|(_, opened)| opened.authority().is_none())
                        .map(|(ca, _)| ca.id.clone()),
                ),
                own,
                responders,
                server: Arc::clone(&server),
                server_credential,
                look_for_abandoned_at: time::OffsetDateTime::UNIX_EPOCH,
                look_for_due_at: time::OffsetDateTime::UNIX_EPOCH,
            },
            foundation,
            server,
        })
    }

    async fn run(self, settings: &Settings) -> Result<(), ServiceError> {
        let https = tls::bind(settings.service_address).await?;
        let http = tls::bind(settings.public_address).await?;
        let operator = bound(settings.operator_address).await?;
        let apart = bound(settings.feed.listen).await?;
        sockets::tell_of_the_rest();
        let config = tls::server_config(self.server, &self.anchors)?;
        // The first CRL is there before the first relying party asks. A store may block: never on this thread.
        let mut publisher = self.publisher;
        let first = tokio::task::spawn_blocking(move || {
            publisher.publish_due_crls();
            publisher
        });
        let publisher = first.await.map_err(|error| ServiceError::Refused(error.to_string()))?;
        let published_head = self.ledger.published_head();
        let ledger = self.ledger;
        let sealing = AtWork::begin(move |stop| ledger.run(stop));
        self.master_keys.resume();
        let publishing = AtWork::begin(move |stop| publisher.run(stop));
        let store = Arc::clone(&self.foundation.store);
        let campaigns = CampaignKeeper::new(Arc::clone(&self.registry), Arc::clone(&self.foundation.clock));
        let carrying_on = AtWork::begin(move |stop| campaigns.run(stop));
        let lives = LifeKeeper::new(Arc::clone(&self.registry));
        let living_on = AtWork::begin(move |stop| lives.run(stop));
        let housekeeper = Housekeeper::new(Arc::clone(&self.registry));
        let keeping_house = AtWork::begin(move |stop| housekeeper.run(stop));
        let webhooks = WebhookKeeper::new(Arc::clone(&self.registry), settings.node.to_string());
        let telling = AtWork::begin(move |stop| webhooks.run(stop));
        let (store_watched, clock_watched) =
            (Arc::clone(&self.foundation.store), Arc::clone(&self.foundation.clock));
        let filters = self.filters;
        let filtering = AtWork::begin(move |stop| filters.run(stop));
        let lists = self.lists;
        let listing = AtWork::begin(move |stop| lists.into_iter().for_each(|lists| lists.run(stop)));
        let following = Following::begin(self.foundation.follower());
        let journals = self.foundation.journals.clone();
        // A store may block: never on this thread.
        let comparing =
            AtWork::begin(move |stop| match SignatureWatch::new(store_watched, clock_watched, journals) {
                Ok(signatures) => signatures.run(stop),
                Err(error) => tracing::error!(%error, "the journals of signatures cannot be read"),
            });
        let (stop, stopped) = watch::channel(false);
        let metrics: Arc<Metrics> = Arc::default();
        let validation = validation_router(self.validator, settings.pace.clone(), Arc::clone(&metrics));
        let staff = id_registry::http::router(self.registry)
            .merge(validation)
            .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, settings.limits.request));
        let public = PublicState {
            responders: self.responders,
            publication: self.publication,
            ledger: Arc::new(LedgerPublication::new(store, published_head)),
            log_key: self.log_key,
            clock: Arc::clone(&self.foundation.clock),
            status: Arc::clone(&self.foundation.status),
            feed: self.feed.clone().filter(|_| apart.is_none()),
            metrics,
        };
        let feed = self.feed.map(feed_router).unwrap_or_default();
        let feeding = serve_at(apart, feed, settings.limits, stopped.clone());
        let watched = serve_operator(operator, &public, settings, stopped.clone());
        let answering = public.answering();
        let public = Front::before(ocsp_responder::http::router(public), answering, settings.pace.clone());
        tracing::info!(service = %settings.service_address, public = %settings.public_address, "serving");
        let serving = tokio::spawn(tls::serve_https(https, config, staff, settings.limits, stopped.clone()));
        let answering = tokio::spawn(tls::serve_http(http, public, settings.limits, stopped));
        signalled().await;
        tracing::info!("stopping: open requests finish first");
        let _ = stop.send(true);
        let _ = tokio::join!(serving, answering, watched, feeding);
        self.master_keys.stop();
        // Those that revoke before the publisher, which tells of it.
        for at_work in
            [carrying_on, living_on, telling, keeping_house, publishing, comparing, filtering, listing]
        {
            at_work.end();
        }
        following.end();
        // Last, so that it covers what the others wrote.
        sealing.end();
        drop(self.foundation);
        Ok(())
    }
}

/// Listens there, if there is to be such a listener.
pub(super) async fn bound(address: Option<SocketAddr>) -> Result<Option<TcpListener>, ServiceError> {
    match address {
        Some(address) => tls::bind(address).await.map(Some),
        None => Ok(None),
    }
}

/// Lets operators see how it goes, until `stopped` says so.
fn serve_operator(
    listener: Option<TcpListener>,
    public: &PublicState,
    settings: &Settings,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let router = ocsp_responder::http::operator_router(public.clone());
    serve_at(listener, router, settings.limits, stopped)
}

/// Serves these at a listener, if there is one, until `stopped` says so.
pub(super) fn serve_at(
    listener: Option<TcpListener>,
    router: axum::Router,
    limits: Limits,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        if let Some(listener) = listener {
            tls::serve_http(listener, router, limits, stopped).await;
        }
    })
}

/// Something that the service does all the time, on a thread of its own.
pub(super) struct AtWork {
    stop: mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl AtWork {
    /// Begins it. It ends when what it is given says so, or is dropped.
    pub(super) fn begin(work: impl FnOnce(&mpsc::Receiver<()>) + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel();
        Self { stop, thread: std::thread::spawn(move || work(&stopped)) }
    }

    /// Has it end, and waits until it has.
    pub(super) fn end(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

/// What is published of each CA.
fn publication(hierarchy: &OpenedHierarchy, store: Arc<dyn Store>) -> Publication {
    hierarchy.iter().fold(Publication::new(store), |publication, (ca, opened)| {
        publication.with(ca.id.clone(), opened.certificate.clone())
    })
}

/// The CAs whose CRLs are kept fresh: those whose keys are at hand. One whose key was taken offline keeps its last.
fn published(hierarchy: &OpenedHierarchy, settings: &Settings) -> Vec<PublishedCa> {
    let at_work = hierarchy.iter().filter_map(|(ca, opened)| Some((ca, opened.authority()?)));
    at_work
        .map(|(ca, authority)| PublishedCa {
            authority: Arc::clone(authority),
            schedule: CrlSchedule::new(ca.id.clone(), settings.crls.within),
        })
        .collect()
}

pub(super) fn own_certificates(
    authorities: &Arc<Authorities>,
    keys: KeyFolder,
    settings: &Settings,
    foundation: &Foundation,
) -> OwnCertificates {
    OwnCertificates {
        authorities: Arc::clone(authorities),
        keys,
        certificates: settings.certificates.clone(),
        clock: Arc::clone(&foundation.clock),
        installation: settings.installation.clone(),
        tls_names: settings.tls_names.clone(),
    }
}

pub(super) fn registry(
    foundation: &Foundation,
    settings: &Settings,
    master_keys: Arc<MasterKeyKeeper>,
    authorities: Arc<Authorities>,
    hierarchy: &OpenedHierarchy,
    log: Log,
    carrier: Arc<dyn Carrier>,
) -> Result<Registry, ServiceError> {
    let registry_url = url::Url::parse(&settings.registry_url)
        .map_err(|error| ServiceError::Refused(format!("public.registry_url: {error}")))?;
    let trust_anchors = hierarchy.roots().map(|(ca, root)| trust_anchor(&ca.id, root));
    Ok(Registry::new(RegistryParts {
        store: Arc::clone(&foundation.store),
        clock: Arc::clone(&foundation.clock),
        entropy: Arc::new(SystemEntropy),
        vault: Arc::clone(&foundation.vault),
        master_keys,
        authorities,
        log,
        backups: Arc::new(OnlineBackups {
            store: Arc::clone(&foundation.store),
            clock: Arc::clone(&foundation.clock),
            settings: settings.clone(),
            data: settings.data.clone(),
        }),
        carrier,
        settings: id_registry::Settings {
            country: settings.installation.country.clone(),
            organisation: settings.installation.organisation.clone(),
            registry_url,
            trust_anchors: trust_anchors.collect::<Result<_, _>>()?,
            sponsor_grace: settings.sponsor_grace,
            full_age: settings.full_age,
            reply_time: settings.reply_time,
            packet_age: settings.packet_age,
            appeal_time: settings.appeal_time,
            duplicates: settings.duplicates,
            assurance: settings.assurance.clone(),
            officers: settings.officers.clone(),
            statistics: settings.statistics,
            retention: settings.retention.clone(),
            webhook_patience: settings.webhooks.patience,
        },
    }))
}

fn trust_anchor(ca: &CaId, root: &[u8]) -> Result<TrustAnchor, ServiceError> {
    let (_, parsed) = X509Certificate::from_der(root)
        .map_err(|error| ServiceError::Tls(format!("the certificate of {ca} cannot be read: {error}")))?;
    Ok(TrustAnchor {
        ca: ca.to_string(),
        subject: ca_core::name::text(parsed.subject().as_raw()),
        certificate: root.to_vec(),
    })
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
