//! The registry over HTTP: JSON for staff with client certificates, and a little for everybody.
//!
//! The domain runs whole on a thread of its own: a caller that hangs up does not cut an issuance in half.

#![allow(unused_qualifications, reason = "utoipa's macros write names in full")]

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::registry::Registry;

mod approvals;
mod authorised;
mod backup;
mod blocked_keys;
mod campaigns;
mod cas;
mod certificates;
mod changes;
mod duplicates;
mod entity_tag;
mod evidence;
mod exports;
mod further;
mod guardianships;
mod identities;
mod import;
mod input;
mod key_origins;
mod ledger;
mod lives;
mod master_key;
mod notifications;
mod offices;
mod open;
mod openapi;
mod packets;
mod parties;
mod pem;
pub mod problem;
mod profiles;
mod refusal;
mod requests;
mod responders;
mod retention;
mod route;
mod session;
mod simulation;
mod staff;
mod statistics;
mod timestamping;
mod tokens;
mod usage;
mod webhooks;
mod withdrawals;

use problem::{self as table, Problem};
use route::{Route, guarded, of_sources, open, proving};

/// The client certificate of a connection, DER, already checked by TLS to lead to our issuing CA. Whoever accepts
/// connections puts it into each request's extensions; without it, only what is open to everybody answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerCertificate(pub Option<Vec<u8>>);

/// Everything that answers, in the order of the documentation.
fn routes() -> Vec<Route> {
    [of_the_installation(), of_identities(), of_parties(), of_certificates()].into_iter().flatten().collect()
}

fn of_the_installation() -> Vec<Route> {
    vec![
        open(open::__path_healthz, open::healthz),
        open(open::__path_readyz, open::readyz),
        open(openapi::__path_document, openapi::document),
        open(open::__path_trust_anchors, open::trust_anchors),
        guarded(session::__path_whoami, session::whoami),
        guarded(session::__path_profiles, session::profiles),
        guarded(profiles::__path_editions, profiles::editions),
        guarded(profiles::__path_edition, profiles::edition),
        guarded(simulation::__path_simulate, simulation::simulate),
        guarded(profiles::__path_propose, profiles::propose),
        guarded(profiles::__path_proposals, profiles::proposals),
        guarded(profiles::__path_proposal, profiles::proposal),
        guarded(profiles::__path_approve, profiles::approve),
        guarded(profiles::__path_reject, profiles::reject),
        guarded(profiles::__path_withdraw, profiles::withdraw),
        guarded(cas::__path_list, cas::list),
        guarded(cas::__path_install_crl, cas::install_crl),
        guarded(cas::__path_install_link, cas::install_link),
        guarded(responders::__path_certify, responders::certify),
        proving(responders::__path_renew, responders::renew),
        guarded(timestamping::__path_certify, timestamping::certify),
        guarded(ledger::__path_state, ledger::state),
        guarded(ledger::__path_list, ledger::list),
        guarded(ledger::__path_show, ledger::show),
    ]
}

fn of_identities() -> Vec<Route> {
    vec![
        guarded(identities::__path_register, identities::register),
        guarded(import::__path_import, import::import),
        guarded(exports::__path_identities, exports::identities),
        guarded(exports::__path_persons, exports::persons),
        guarded(packets::__path_terms, packets::terms),
        guarded(packets::__path_import, packets::import),
        guarded(identities::__path_list, identities::list),
        guarded(identities::__path_show, identities::show),
        guarded(identities::__path_erase, identities::erase),
        guarded(duplicates::__path_list, duplicates::list),
        guarded(usage::__path_find, usage::find),
        guarded(evidence::__path_enter, evidence::enter),
        guarded(evidence::__path_list, evidence::list),
        guarded(lives::__path_suspend, lives::suspend),
        guarded(lives::__path_resume, lives::resume),
        guarded(lives::__path_report_death, lives::report_death),
        guarded(lives::__path_confirm_death, lives::confirm_death),
        guarded(lives::__path_find_alive, lives::find_alive),
        guarded(lives::__path_close, lives::close),
        guarded(lives::__path_reopen, lives::reopen),
        guarded(lives::__path_hand_over, lives::hand_over),
        guarded(tokens::__path_lose, tokens::lose),
        guarded(tokens::__path_find, tokens::find),
        guarded(lives::__path_history, lives::history),
        guarded(changes::__path_propose, changes::propose),
        guarded(changes::__path_show, changes::show),
        guarded(changes::__path_confirm, changes::confirm),
        guarded(changes::__path_drop, changes::drop),
        guarded(changes::__path_list, changes::list),
        guarded(guardianships::__path_propose, guardianships::propose),
        guarded(guardianships::__path_show, guardianships::show),
        guarded(guardianships::__path_confirm, guardianships::confirm),
        guarded(guardianships::__path_drop, guardianships::drop),
        guarded(guardianships::__path_end, guardianships::end),
        guarded(guardianships::__path_waiting, guardianships::waiting),
        guarded(guardianships::__path_wards, guardianships::wards),
        of_sources(notifications::__path_notify, notifications::notify),
        guarded(notifications::__path_list, notifications::list),
        guarded(notifications::__path_show, notifications::show),
        guarded(notifications::__path_settle, notifications::settle),
        guarded(notifications::__path_sources, notifications::sources),
        guarded(notifications::__path_add_source, notifications::add_source),
        guarded(notifications::__path_end_source, notifications::end_source),
    ]
}

/// Relying parties and what they are told, asked or not; what is told to everybody, and what is kept for how long.
fn of_parties() -> Vec<Route> {
    vec![
        guarded(parties::__path_register, parties::register),
        guarded(parties::__path_list, parties::list),
        guarded(parties::__path_waiting, parties::waiting),
        guarded(parties::__path_show, parties::show),
        guarded(parties::__path_change, parties::change),
        guarded(parties::__path_confirm, parties::confirm),
        guarded(parties::__path_drop_it, parties::drop_it),
        guarded(parties::__path_end, parties::end),
        guarded(parties::__path_disclose, parties::disclose),
        guarded(webhooks::__path_add, webhooks::add),
        guarded(webhooks::__path_list, webhooks::list),
        guarded(webhooks::__path_show, webhooks::show),
        guarded(webhooks::__path_pause, webhooks::pause),
        guarded(webhooks::__path_resume, webhooks::resume),
        guarded(webhooks::__path_end, webhooks::end),
        guarded(webhooks::__path_rotate_secret, webhooks::rotate_secret),
        guarded(webhooks::__path_test, webhooks::test),
        guarded(webhooks::__path_deliveries, webhooks::deliveries),
        guarded(statistics::__path_statistics, statistics::statistics),
        guarded(retention::__path_retention, retention::retention),
    ]
}

/// Requests, certificates, keys, and those who work with them.
fn of_certificates() -> Vec<Route> {
    vec![
        guarded(requests::__path_submit, requests::submit),
        guarded(requests::__path_list, requests::list),
        guarded(requests::__path_show, requests::show),
        guarded(ledger::__path_of_request, ledger::of_request),
        guarded(approvals::__path_prepare, approvals::prepare),
        guarded(approvals::__path_approve, approvals::approve),
        guarded(approvals::__path_proof, approvals::proof),
        guarded(requests::__path_reject, requests::reject),
        guarded(withdrawals::__path_give_notice, withdrawals::give_notice),
        guarded(withdrawals::__path_list, withdrawals::list),
        guarded(withdrawals::__path_show, withdrawals::show),
        guarded(withdrawals::__path_reply, withdrawals::reply),
        guarded(withdrawals::__path_uphold, withdrawals::uphold),
        guarded(withdrawals::__path_drop_it, withdrawals::drop_it),
        guarded(withdrawals::__path_appeal, withdrawals::appeal),
        guarded(withdrawals::__path_grant, withdrawals::grant),
        guarded(withdrawals::__path_dismiss, withdrawals::dismiss),
        guarded(withdrawals::__path_reviews, withdrawals::reviews),
        guarded(withdrawals::__path_review, withdrawals::review),
        guarded(certificates::__path_list, certificates::list),
        guarded(certificates::__path_show, certificates::show),
        guarded(ledger::__path_of_certificate, ledger::of_certificate),
        guarded(certificates::__path_revoke, certificates::revoke),
        guarded(certificates::__path_release, certificates::release),
        guarded(blocked_keys::__path_list, blocked_keys::list),
        guarded(blocked_keys::__path_show, blocked_keys::show),
        guarded(blocked_keys::__path_block, blocked_keys::block),
        guarded(blocked_keys::__path_revoke, blocked_keys::revoke),
        guarded(blocked_keys::__path_rsa_keys, blocked_keys::rsa_keys),
        guarded(campaigns::__path_blast_radius, campaigns::blast_radius),
        guarded(campaigns::__path_start, campaigns::start),
        guarded(campaigns::__path_list, campaigns::list),
        guarded(campaigns::__path_show, campaigns::show),
        guarded(campaigns::__path_gather, campaigns::gather),
        guarded(campaigns::__path_approve, campaigns::approve),
        guarded(campaigns::__path_members, campaigns::members),
        guarded(campaigns::__path_mark_notified, campaigns::mark_notified),
        guarded(campaigns::__path_exempt, campaigns::exempt),
        guarded(campaigns::__path_advance, campaigns::advance),
        guarded(campaigns::__path_pause, campaigns::pause),
        guarded(campaigns::__path_resume, campaigns::resume),
        guarded(campaigns::__path_finish, campaigns::finish),
        guarded(key_origins::__path_enter, key_origins::enter),
        guarded(backup::__path_create, backup::create),
        guarded(staff::__path_enrol, staff::enrol),
        guarded(staff::__path_list, staff::list),
        guarded(staff::__path_disable, staff::disable),
        guarded(staff::__path_place, staff::place),
        guarded(offices::__path_accredit, offices::accredit),
        guarded(offices::__path_list, offices::list),
        guarded(offices::__path_renew, offices::renew),
        guarded(offices::__path_end, offices::end),
        guarded(master_key::__path_show, master_key::show),
        guarded(master_key::__path_rotate, master_key::rotate),
    ]
}

/// The routes as text, one a line, sorted: method, address, permission. A test compares it with a file, so that no
/// route appears or opens up unnoticed.
pub fn route_list() -> String {
    let line = |route: Route| {
        format!("{} {} {}\n", route.method_name(), route.path, route.permission.unwrap_or("(everybody)"))
    };
    let mut lines: Vec<String> = routes().into_iter().map(line).collect();
    lines.sort();
    lines.concat()
}

/// The registry's interface.
pub fn router(registry: Arc<Registry>) -> Router {
    let router = routes().into_iter().fold(Router::new(), |router, route| route.mount(router));
    router
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(registry)
        .layer(DefaultBodyLimit::max(input::MAX_BODY))
        .layer(axum::middleware::from_fn(input::refuse_announced_excess))
        .layer(axum::middleware::from_fn(entity_tag::tagged))
        .layer(CatchPanicLayer::custom(panicked))
        // Answers hold what is not for others, and are what they say they are.
        .layer(constant(header::CACHE_CONTROL, "no-store"))
        .layer(constant(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

fn constant(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

/// Runs an act of the domain whole, away from the threads that serve connections.
async fn blocking<T: Send + 'static>(
    registry: &Arc<Registry>,
    act: impl FnOnce(&Registry) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let registry = Arc::clone(registry);
    let outcome = tokio::task::spawn_blocking(move || act(&registry)).await;
    outcome.unwrap_or_else(|error| {
        tracing::error!(%error, "an act of the registry did not end");
        Err(internal())
    })
}

fn internal() -> Problem {
    Problem::new(
        table::INTERNAL,
        "what was asked for may or may not have been done; look before trying again",
    )
}

async fn no_route(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(100).collect();
    Problem::new(table::NO_ROUTE, format!("there is nothing at {path}"))
}

async fn no_method(method: axum::http::Method, uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(100).collect();
    Problem::new(table::NO_METHOD, format!("{path} does not take {method}"))
}

fn panicked(_panic: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    internal().into_response()
}
