//! `npki witness serve`: one listener, until it is told to stop.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ca_core::clock::SystemClock;
use ca_core::tlog::witness::{State, Witness};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::settings::WitnessSettings;
use super::{cosigner, http};
use crate::service::serve::{signalled, start_log};
use crate::service::{ServiceError, files, tls};

/// Held by the process that serves from a folder.
const LOCK: &str = "witness.lock";

/// Runs the witness in `data` until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting: settings, key, another process on the same folder, address.
pub(crate) fn serve(data: &Path) -> Result<(), ServiceError> {
    let settings = WitnessSettings::load(data)?;
    start_log(&settings.log);
    // Until this function returns, or the process dies in whatever way.
    let _alone = alone(data)?;
    let state = State::open(&data.join("state"))?;
    let witness = Witness::new(settings.logs.clone(), cosigner(data, &settings)?, state)
        .map_err(|error| ServiceError::Refused(error.to_string()))?;
    // What a damaged memory would refuse later is told now.
    for log in witness.logs() {
        witness.latest(&ca_core::tlog::witness::name_of(log.origin()))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(files::at(data))?;
    runtime.block_on(run(Arc::new(witness), &settings))
}

/// Two processes with one key and one memory would each be right, and nobody would know who answers.
fn alone(data: &Path) -> Result<File, ServiceError> {
    files::held_alone(&data.join(LOCK))?.ok_or_else(|| ServiceError::WitnessRuns(data.to_owned()))
}

async fn run(witness: Arc<Witness>, settings: &WitnessSettings) -> Result<(), ServiceError> {
    let listener: TcpListener = tls::bind(settings.listen).await?;
    let (stop, stopped) = watch::channel(false);
    let logs: Vec<&str> = witness.logs().iter().map(|log| log.origin().as_str()).collect();
    tracing::info!(listen = %settings.listen, name = %settings.name, ?logs, "witnessing");
    let router = http::router(witness, Arc::new(SystemClock), settings.limits);
    let answering = tokio::spawn(tls::serve_http(listener, router, settings.limits, stopped));
    signalled().await;
    tracing::info!("stopping: open requests finish first");
    let _ = stop.send(true);
    let _ = answering.await;
    Ok(())
}
