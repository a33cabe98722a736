//! Listeners that somebody holds open for this service, as systemd's socket units do: while it is restarted, who connects waits a
//! moment instead of being refused (sd_listen_fds(3)).
//!
//! Which socket is for what is told by its address: the one that the settings name.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Mutex, PoisonError};

use listenfd::ListenFd;

use super::ServiceError;

/// Those that nobody has taken yet.
static HANDED_OVER: Mutex<Vec<TcpListener>> = Mutex::new(Vec::new());

/// Takes over what this process was handed. Called once, before there are threads: it takes the variables that say so out of the
/// environment.
///
/// # Errors
/// A socket that is no TCP listener.
pub(crate) fn take_over() -> Result<(), ServiceError> {
    let mut handed = ListenFd::from_env();
    for place in 0..handed.len() {
        let listener = handed.take_tcp_listener(place).map_err(|error| {
            ServiceError::Refused(format!("socket {place} that was handed over is no TCP listener: {error}"))
        })?;
        HANDED_OVER.lock().unwrap_or_else(PoisonError::into_inner).extend(listener);
    }
    Ok(())
}

/// The listener at this address, if there is one that was handed over.
pub(super) fn taken(address: SocketAddr) -> Option<TcpListener> {
    let mut handed = HANDED_OVER.lock().unwrap_or_else(PoisonError::into_inner);
    let place = handed.iter().position(|listener| listener.local_addr().is_ok_and(|at| at == address))?;
    tracing::info!(%address, "the listener that was handed over is used");
    Some(handed.swap_remove(place))
}

/// Tells of listeners that are at no address of the settings: who connects there would wait for ever.
pub(super) fn tell_of_the_rest() {
    let mut handed = HANDED_OVER.lock().unwrap_or_else(PoisonError::into_inner);
    for listener in handed.drain(..) {
        let address = listener.local_addr().map_or_else(|error| error.to_string(), |at| at.to_string());
        tracing::warn!(%address, "a listener was handed over that no setting names; it is closed");
    }
}
