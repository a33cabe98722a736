//! Something dies while agencies are being served: npki, its database, or the way between them. What a client was told
//! of must be there afterwards, whole and once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::time::{Duration, Instant};

use tests::installation::{Installation, Keeping, random_u16};
use tests::load::{Clients, Door};
use tests::postgres::PostgresServer;
use tests::promises::Promises;
use tests::proxy::{Moment, Proxy};
use tests::rounds::rounds;
use tests::standby::Pair;
use tests::{Country, census};

const CLIENTS: usize = 8;

#[test]
fn nothing_promised_is_lost_when_npki_is_killed() {
    killed_at_random_moments(Keeping::Embedded);
}

#[test]
fn nothing_promised_is_lost_when_npki_is_killed_on_postgresql() {
    let server = PostgresServer::start();
    killed_at_random_moments(Keeping::Postgres(&server.database()));
}

fn killed_at_random_moments(keeping: Keeping<'_>) {
    let mut story = Story::on(keeping);
    for _ in rounds(3) {
        story.round(|installation, clients| {
            clients.wait_until_served(CLIENTS);
            at_any_moment();
            installation.kill9();
        });
        story.country.installation.start();
        story.all_is_well();
    }
}

#[test]
fn nothing_promised_is_lost_when_the_primary_is_killed() {
    let mut pair = Pair::start();
    let mut story = Story::on(Keeping::Postgres(&pair.database()));
    for _ in rounds(2) {
        story.round(|_, clients| {
            clients.wait_until_served(CLIENTS);
            at_any_moment();
            pair.lose_the_primary();
            // The same npki goes on with the other server.
            goes_on(clients);
        });
        story.all_is_well();
    }
}

#[test]
fn nothing_promised_is_lost_when_connections_to_postgresql_are_cut() {
    let server = PostgresServer::start();
    let proxy = Proxy::to(server.port());
    let address = format!("postgres://postgres@127.0.0.1:{}/{}", proxy.port(), server.database_name());
    let mut story = Story::on(Keeping::Postgres(&address));
    for _ in rounds(2) {
        story.round(|_, clients| {
            clients.wait_until_served(CLIENTS);
            for moment in [Moment::BeforeTheAnswer, Moment::HalfWay, Moment::BeforeTheAnswer] {
                proxy.cut_at(moment);
                until(|| proxy.has_cut(), "nothing was written");
                goes_on(clients);
            }
            for _ in 0..5 {
                at_any_moment();
                proxy.cut();
            }
            goes_on(clients);
        });
        story.all_is_well();
    }
}

/// A country that has something happen to it, and the promises made there.
struct Story {
    country: Country,
    devices: Vec<String>,
    promises: Promises,
}

impl Story {
    fn on(keeping: Keeping<'_>) -> Self {
        let country = Country::settled_on(keeping);
        let identities = &country.identities;
        let devices = census::devices(&country.staff.officer.npki, identities, 3);
        Self { country, devices, promises: Promises::default() }
    }

    /// Lets clients ask while `something` happens, and keeps what they were told.
    fn round(&mut self, something: impl FnOnce(&mut Installation, &Clients<'_>)) {
        let folder = self.country.installation.scratch("keys");
        let doors = vec![Door::of(&self.country, &self.country.installation)];
        let installation = &mut self.country.installation;
        let memory = Clients::at(doors, &self.devices, &folder)
            .ask_while(CLIENTS, |clients| something(installation, clients));
        assert!(memory.told.len() >= CLIENTS, "it happened before anybody was served");
        self.promises.remember(memory);
    }

    /// Goes on only when everything promised is there, and the ledger says the same.
    fn all_is_well(&mut self) {
        self.promises.retry(&self.country);
        self.promises.hold(&self.country);
        self.country.installation.stop();
        self.country.installation.audit_is_clean();
        self.country.installation.start();
    }
}

fn at_any_moment() {
    std::thread::sleep(Duration::from_millis(u64::from(random_u16() % 1_500)));
}

/// Waits until clients are served again.
fn goes_on(clients: &Clients<'_>) {
    let before = clients.served();
    until(|| clients.served() >= before + CLIENTS, "nobody is served any more");
}

fn until(so: impl Fn() -> bool, or_else: &str) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !so() {
        assert!(Instant::now() < give_up, "{or_else}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
