//! The disk is full. npki says so plainly and acknowledges nothing that it cannot keep; when there is room again, it
//! goes on, and nothing that it acknowledged is lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::time::{Duration, Instant};

use serde_json::json;
use tests::installation::Keeping;
use tests::load::{Clients, Door};
use tests::postgres::PostgresServer;
use tests::promises::Promises;
use tests::rounds::rounds;
use tests::small_disk::SmallDisk;
use tests::{Country, census};

const CLIENTS: usize = 4;

/// Room that is left when the clients begin, in octets.
const ROOM: u64 = 1 << 20;

#[test]
fn the_embedded_store_has_no_room() {
    for _ in rounds(1) {
        the_embedded_store_runs_out_of_room();
    }
}

#[test]
fn postgresql_has_no_room() {
    for _ in rounds(1) {
        postgresql_runs_out_of_room();
    }
}

fn the_embedded_store_runs_out_of_room() {
    let disk = SmallDisk::of(64);
    let mut country = Country::settled_on(Keeping::Folder(&disk.path().join("store")));
    let promises = until_it_is_full(&country, &disk);
    country.installation.kill9();
    disk.make_room();
    country.installation.start();
    goes_on(country, promises);
}

fn postgresql_runs_out_of_room() {
    let disk = SmallDisk::of(160);
    let server = PostgresServer::start_in(&disk.folder("cluster"));
    // What a call waits for a server that is away.
    let address = format!("{}?patience=5", server.database());
    let country = Country::settled_on(Keeping::Postgres(&address));
    let promises = until_it_is_full(&country, &disk);
    disk.make_room();
    // PostgreSQL stops when it cannot write its log. npki goes on by itself once it is back.
    server.restart();
    goes_on(country, promises);
}

/// Lets clients ask until npki refuses to write.
fn until_it_is_full(country: &Country, disk: &SmallDisk) -> Promises {
    let devices = census::devices(&country.staff.officer.npki, &country.identities, 2);
    let folder = country.installation.scratch("keys");
    let doors = vec![Door::of(country, &country.installation)];
    let memory = Clients::at(doors, &devices, &folder).ask_while(CLIENTS, |clients| {
        clients.wait_until_served(2 * CLIENTS);
        disk.fill_but(ROOM);
        is_refused(country);
        // The officer may have met the full disk before any client did.
        clients.wait_until_refused();
    });
    assert!(memory.told.len() >= CLIENTS, "only {} were served", memory.told.len());
    assert!(!memory.unanswered.is_empty(), "no client met the full disk");
    let mut promises = Promises::default();
    promises.remember(memory);
    promises
}

/// Waits until npki refuses a change, and looks at how it does.
fn is_refused(country: &Country) {
    let rest = &country.staff.officer.rest;
    let give_up = Instant::now() + Duration::from_secs(120);
    for number in 0.. {
        assert!(Instant::now() < give_up, "the disk does not get full");
        let body = json!({
            "kind": "organisation",
            "legal_name": format!("Agency {number}"),
            "identifier": format!("GO:LS-{number}"),
            "locality": "Maseru",
        });
        let answer = rest.post("/v1/identities", &body);
        if answer.status != 201 {
            assert!(answer.status >= 500, "{answer:?}");
            let problem = answer.problem(answer.status);
            assert!(!problem.to_string().contains("os error"), "it tells of our insides: {problem}");
            return;
        }
    }
}

/// Everything promised is there, the ledger says the same, and certificates are issued again.
fn goes_on(mut country: Country, mut promises: Promises) {
    let give_up = Instant::now() + Duration::from_secs(60);
    let rest = country.staff.officer.rest.clone();
    while rest.try_get("/readyz").is_none_or(|answer| answer.status != 200) {
        assert!(Instant::now() < give_up, "npki is not ready again");
        std::thread::sleep(Duration::from_millis(50));
    }
    promises.retry(&country);
    promises.hold(&country);
    country.installation.stop();
    country.installation.audit_is_clean();
}
