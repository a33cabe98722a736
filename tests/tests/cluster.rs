//! Two npki nodes on one database: whatever one does, the other knows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use serde_json::json;
use tests::installation::Keeping;
use tests::judges::openssl;
use tests::load::{Clients, Door};
use tests::postgres::PostgresServer;
use tests::promises::Promises;
use tests::{Country, census, certificates};

const CLIENTS: usize = 8;

#[test]
fn two_nodes_serve_one_country() {
    let server = PostgresServer::start();
    let mut country = Country::settled_on(Keeping::Postgres(&server.database()));
    let devices = census::devices(&country.staff.officer.npki, &country.identities, 3);
    let mut second = country.installation.another_node();
    second.start();
    let doors = vec![Door::of(&country, &country.installation), Door::of(&country, &second)];
    let folder = country.installation.scratch("keys");
    let memory = Clients::at(doors.clone(), &devices, &folder).ask_while(CLIENTS, |clients| {
        clients.wait_until_served(8 * CLIENTS);
    });
    assert!(memory.revoked.len() > 2, "nothing was revoked: {}", memory.revoked.len());

    // What one revokes, the other's responder says within seconds, and so does the CRL.
    let serial = &memory.told.iter().find(|told| !memory.revoked.contains(&told.serial)).unwrap().serial;
    openssl::ocsp_serial(&second, serial).succeeded().saying(": good");
    let [first, other] = &doors[..] else { panic!("two doors") };
    let path = format!("/v1/certificates/{serial}/revoke");
    let administrator = first.administrator.as_ref().unwrap();
    assert_eq!(administrator.post(&path, &json!({"reason": "key-compromise"})).status, 200);
    openssl::ocsp_serial(&country.installation, serial).succeeded().saying(": revoked");
    openssl::until_ocsp_serial(&second, serial, ": revoked");
    let other_administrator = other.administrator.as_ref().unwrap();
    let again = other_administrator.post(&path, &json!({"reason": "superseded"}));
    assert_eq!(again.status, 409, "a conflict was lost: {again:?}");
    country.until_the_crl(tests::country::CrlEntry::Listed, serial);
    assert!(certificates::crl_lists(&other.crl().unwrap(), serial), "both publish the same CRL");

    let mut promises = Promises::default();
    promises.remember(memory);
    promises.retry(&country);
    promises.hold(&country);
    second.stop();
    country.installation.stop();
    country.installation.audit_is_clean();
}
