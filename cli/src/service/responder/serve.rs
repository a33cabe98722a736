//! `npki serve --role responder`.

use std::path::Path;
use std::sync::Arc;

use ca_core::clock::SystemClock;
use ca_core::status::feed::HeldStatus;
use ocsp_responder::http::{Answering, Front, RenewalState, RoleState, role_operator_router, role_router};
use ocsp_responder::publication::Copies;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::copier::Copier;
use super::keeper::Keeper;
use super::renewer::Renewer;
use super::settings::ResponderSettings;
use super::state::FeedState;
use super::{alone, credentials};
use crate::service::serve::{AtWork, bound, serve_at, signalled, start_log};
use crate::service::settings::Log;
use crate::service::{ServiceError, files, sockets, tls};

/// Runs the responder in `data` until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever keeps it from starting: settings, keys, another process on the same folder, addresses. That the feed cannot be
/// reached does not.
pub(crate) fn serve(data: &Path) -> Result<(), ServiceError> {
    let settings = ResponderSettings::load(data)?;
    start_log(&quiet(&settings.log));
    let _alone = alone(data)?.ok_or_else(|| ServiceError::ResponderRuns(data.to_owned()))?;
    let held = Arc::new(HeldStatus::new(Arc::new(SystemClock), settings.longest));
    let state = FeedState::open(data.join("state"), Arc::clone(&held), settings.keys.clone())?;
    let copies = Arc::default();
    let copier = Copier::open(&settings, Arc::clone(&held), Arc::clone(&copies))?;
    let renewal: Arc<RenewalState> = Arc::default();
    let renewer =
        Renewer::new(settings.clone(), Arc::clone(&held), credentials(&settings)?, Arc::clone(&renewal));
    let mut keeper = Keeper::new(settings.clone(), state, credentials(&settings)?)?;
    // What is kept answers from the first request on, whether the feed is there or not.
    keeper.turn();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(files::at(data))?;
    runtime.block_on(run(Workers { keeper, copier, renewer }, RoleParts { held, copies, renewal }, &settings))
}

/// The log without a line for each time that the feed is asked, every second.
fn quiet(log: &Log) -> Log {
    match log.level.as_str() {
        "info" => Log { level: "info,npki::client=warn".to_owned(), ..log.clone() },
        _ => log.clone(),
    }
}

/// What is served from, besides those that answer.
struct RoleParts {
    held: Arc<HeldStatus>,
    copies: Arc<Copies>,
    renewal: Arc<RenewalState>,
}

/// What works all the time, each on a thread of its own.
struct Workers {
    keeper: Keeper,
    copier: Copier,
    renewer: Renewer,
}

async fn run(
    Workers { keeper, copier, renewer }: Workers,
    RoleParts { held, copies, renewal }: RoleParts,
    settings: &ResponderSettings,
) -> Result<(), ServiceError> {
    let listener: TcpListener = tls::bind(settings.listen).await?;
    let operator = bound(settings.operator).await?;
    sockets::tell_of_the_rest();
    let answering = Answering {
        responders: Arc::clone(keeper.responders()),
        clock: Arc::new(SystemClock),
        metrics: Arc::default(),
    };
    let role = RoleState { answering, held, copies, renewal };
    let (stop, stopped) = watch::channel(false);
    let watched = serve_at(operator, role_operator_router(role.clone()), settings.limits, stopped.clone());
    let keeping = AtWork::begin(move |stop| keeper.run(stop));
    let copying = AtWork::begin(move |stop| copier.run(stop));
    let renewing = AtWork::begin(move |stop| renewer.run(stop));
    tracing::info!(listen = %settings.listen, name = %settings.name, "answering");
    let front = Front::before(role_router(role.clone()), role.answering, settings.pace.clone());
    let answering = tokio::spawn(tls::serve_http(listener, front, settings.limits, stopped));
    signalled().await;
    tracing::info!("stopping: open requests finish first");
    let _ = stop.send(true);
    let _ = tokio::join!(answering, watched);
    keeping.end();
    copying.end();
    renewing.end();
    Ok(())
}
