//! The accept loops: HTTPS with optional client certificates for staff and agencies, plain HTTP for relying parties.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use id_registry::http::PeerCertificate;
use ocsp_responder::http::PeerAddress;
use rustls::RootCertStore;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::{Service, ServiceExt};

use super::settings::Limits;
use super::{ServiceError, sockets};

/// The server's certificate, exchangeable while connections are open.
#[derive(Debug)]
pub(crate) struct ServerCertificate(RwLock<Arc<CertifiedKey>>);

impl ServerCertificate {
    /// A certificate chain (leaf first) with its PKCS#8 key.
    pub(crate) fn new(chain: Vec<Vec<u8>>, pkcs8: &[u8]) -> Result<Self, ServiceError> {
        Ok(Self(RwLock::new(certified(chain, pkcs8)?)))
    }

    /// Serves this chain from the next handshake on.
    pub(crate) fn exchange(&self, chain: Vec<Vec<u8>>, pkcs8: &[u8]) -> Result<(), ServiceError> {
        let fresh = certified(chain, pkcs8)?;
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner)))
    }
}

fn certified(chain: Vec<Vec<u8>>, pkcs8: &[u8]) -> Result<Arc<CertifiedKey>, ServiceError> {
    let key = PrivateKeyDer::Pkcs8(pkcs8.to_vec().into());
    let key = rustls::crypto::ring::sign::any_supported_type(&key)?;
    Ok(Arc::new(CertifiedKey::new(chain.into_iter().map(CertificateDer::from).collect(), key)))
}

/// TLS 1.2 and 1.3, client certificates asked for but not demanded: health, the OpenAPI document and the trust
/// anchors are for everyone; the registry refuses all else without one.
pub(crate) fn server_config(
    certificate: Arc<ServerCertificate>,
    client_anchors: &[Vec<u8>],
) -> Result<Arc<rustls::ServerConfig>, ServiceError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut anchors = RootCertStore::empty();
    for anchor in client_anchors {
        anchors.add(CertificateDer::from(anchor.clone()))?;
    }
    // Revocation of client certificates is judged by the registry for every request, against storage itself: a
    // session that outlives a revocation gains nothing.
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(anchors), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .map_err(|error| ServiceError::Tls(error.to_string()))?;
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Binds a listener, or takes the one at this address that was handed over.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, ServiceError> {
    let bound = match sockets::taken(address) {
        Some(handed) => handed.set_nonblocking(true).and_then(|()| TcpListener::from_std(handed)),
        None => TcpListener::bind(address).await,
    };
    bound.map_err(|source| ServiceError::Bind { address, source })
}

/// Serves `router` over TLS until `stop` changes; then lets open requests finish.
pub(crate) async fn serve_https(
    listener: TcpListener,
    config: Arc<rustls::ServerConfig>,
    router: Router,
    limits: Limits,
    stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(config);
    accept_loop(listener, limits, stop, move |stream, connection| {
        let (acceptor, router) = (acceptor.clone(), router.clone());
        async move {
            // Never in the accept loop: a client that stalls its handshake must not delay others.
            let Ok(Ok(tls)) = tokio::time::timeout(limits.handshake, acceptor.accept(stream)).await else {
                return;
            };
            let peer = tls.get_ref().1.peer_certificates().and_then(<[_]>::first).map(|der| der.to_vec());
            connection.serve(tls, router, Some(PeerCertificate(peer))).await;
        }
    })
    .await;
}

/// Serves `service`, a router or what stands before one, over plain HTTP until `stop` changes; then lets open requests finish.
pub(crate) async fn serve_http<S>(
    listener: TcpListener,
    service: S,
    limits: Limits,
    stop: watch::Receiver<bool>,
) where
    S: Serves,
    S::Future: Send,
{
    accept_loop(listener, limits, stop, move |stream, connection| {
        let service = service.clone();
        async move { connection.serve(stream, service, None).await }
    })
    .await;
}

/// What answers every request that comes by a connection.
pub(crate) trait Serves:
    Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static
{
}

impl<S> Serves for S where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static
{
}

/// How long after its last connection was accepted a listener's idle connections are ended.
const FIRST_QUESTION: Duration = Duration::from_millis(250);
/// How long open requests may take after the service was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

async fn accept_loop<F, Fut>(
    listener: TcpListener,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
    handle: F,
) where
    F: Fn(TcpStream, Connection) -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let place = tokio::select! {
            place = Arc::clone(&room).acquire_owned() => match place {
                Ok(place) => place,
                Err(_) => break,
            },
            // Also while every place is taken.
            _ = stop.changed() => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of file descriptors, or the client is gone already: wait a little, never spin.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stop.changed() => break,
        };
        // Small answers should not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let connection = Connection { watcher: graceful.watcher(), limits, peer: PeerAddress(peer.ip()) };
        let served = handle(stream, connection);
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
    drop(listener);
    // A connection that was accepted a moment ago has its first question on the way; ended now, it would look idle.
    tokio::time::sleep(FIRST_QUESTION).await;
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still open and were cut off");
    }
}

/// What serves one accepted connection.
struct Connection {
    watcher: hyper_util::server::graceful::Watcher,
    limits: Limits,
    peer: PeerAddress,
}

impl Connection {
    async fn serve<T, S>(self, stream: T, service: S, peer: Option<PeerCertificate>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Serves,
        S::Future: Send,
    {
        let address = self.peer;
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            if let Some(peer) = &peer {
                request.extensions_mut().insert(peer.clone());
            }
            request.extensions_mut().insert(address);
            service.clone().oneshot(request)
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.limits.handshake);
        builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30));
        let serving = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        // A client that vanishes in the middle is its own affair.
        let _ = self.watcher.watch(serving).await;
    }
}
