//! `npki serve --role tsa`.

use std::path::Path;
use std::sync::Arc;

use ca_core::clock::SystemEntropy;
use ocsp_responder::http::{timestamp_operator_router, timestamp_router};
use ocsp_responder::timestamp::{Serials, WatchedClock};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::keeper::{Keeper, compare};
use super::settings::TsaSettings;
use super::state::UnitState;
use super::{alone, state_file, watched};
use crate::service::serve::{AtWork, bound, serve_at, signalled, start_log};
use crate::service::{ServiceError, files, sockets, tls};

/// Runs the unit in `data` until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting: settings, state, another process on the same folder, addresses. That there is no certificate
/// yet, or that the clock cannot be believed, does not.
pub(crate) fn serve(data: &Path) -> Result<(), ServiceError> {
    let settings = TsaSettings::load(data)?;
    start_log(&settings.log);
    // Until this function returns, or the process dies in whatever way.
    let _alone = alone(data)?;
    let mut state = UnitState::open(state_file(data))?;
    let clock = Arc::new(watched(&settings, state.noted()));
    // Durable before the first token: no other start ever has this number.
    let serials = Arc::new(Serials::of_start(state.start()?, &SystemEntropy)?);
    let mut keeper = Keeper::new(&settings, state, Arc::clone(&clock), serials);
    keeper.turn();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(files::at(data))?;
    runtime.block_on(run(keeper, clock, &settings))
}

async fn run(keeper: Keeper, clock: Arc<WatchedClock>, settings: &TsaSettings) -> Result<(), ServiceError> {
    let listener: TcpListener = tls::bind(settings.listen).await?;
    let operator = bound(settings.operator).await?;
    sockets::tell_of_the_rest();
    let authority = Arc::clone(keeper.authority());
    let (stop, stopped) = watch::channel(false);
    let router = timestamp_operator_router(Arc::clone(&authority));
    let watching = serve_at(operator, router, settings.limits, stopped.clone());
    let keeping = AtWork::begin(move |stop| keeper.run(stop));
    let asked = settings.clone();
    let comparing = AtWork::begin(move |stop| compare(&asked, &clock, stop));
    tracing::info!(listen = %settings.listen, name = %settings.name, "answering");
    let router = timestamp_router(authority, settings.pace.clone());
    let answering = tokio::spawn(tls::serve_http(listener, router, settings.limits, stopped));
    signalled().await;
    tracing::info!("stopping: open requests finish first");
    let _ = stop.send(true);
    let _ = tokio::join!(answering, watching);
    comparing.end();
    keeping.end();
    Ok(())
}
