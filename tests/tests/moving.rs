//! A backup made under load is restored on the other engine: every certificate is there to the octet, and served.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::BTreeMap;
use std::path::Path;

use ca_core::certificate::{CERTIFICATE_DER, CERTIFICATES};
use ca_core::storage::Store;
use ca_core::storage::address::StoreAddress;
use serde_json::Value;
use tests::installation::Keeping;
use tests::judges::openssl;
use tests::load::Clients;
use tests::postgres::PostgresServer;
use tests::rest::Rest;
use tests::{Country, Custody, Installation, answers, census, certificates};

const CLIENTS: usize = 4;

#[test]
fn from_postgresql_to_the_embedded_store() {
    let server = PostgresServer::start();
    let address = server.database();
    moves(Keeping::Postgres(&address), "store");
}

#[test]
fn from_the_embedded_store_to_postgresql() {
    let server = PostgresServer::start();
    moves(Keeping::Embedded, &server.database());
}

/// Backs an installation up while clients are served, restores it at `target`, and lets it serve from there.
fn moves(keeping: Keeping<'_>, target: &str) {
    let mut country = Country::settled_on(keeping);
    let custody = Custody::of(&mut country.installation);
    let devices = census::devices(&country.staff.officer.npki, &country.identities, 2);
    let folder = country.installation.scratch("keys");
    let rest = country.staff.officer.rest.clone();
    let mut early = Vec::new();
    let memory = Clients::new(&rest, &devices, &folder).ask_while(CLIENTS, |clients| {
        clients.wait_until_served(2 * CLIENTS);
        early = serials(&country);
        custody.back_up_running(&country);
        clients.wait_until_served(4 * CLIENTS);
    });
    assert!(memory.told.len() >= 4 * CLIENTS);
    let shown = served(&country.staff.officer.rest);
    country.installation.stop();

    let mut moved = custody.restored(&country.installation, target);
    moved.audit_is_clean();
    let (before, after) = (stored(&country.installation.data()), stored(&moved.data()));
    for serial in &early {
        assert!(after.contains_key(serial), "{serial} was there before the backup was begun");
    }
    for (serial, octets) in &after {
        assert!(before.get(serial) == Some(octets), "{serial} is not stored as it was");
    }
    let held = shown.into_iter().filter(|(serial, _)| after.contains_key(serial)).collect();
    serves(&mut moved, &country, &held);
}

/// The restored installation serves what it holds, to people and to relying parties.
fn serves(moved: &mut Installation, country: &Country, held: &BTreeMap<String, Vec<u8>>) {
    moved.start();
    let officer = &country.staff.officer;
    let rest = moved.rest(&officer.certificate, &officer.key);
    let now = served(&rest);
    for (serial, der) in held {
        assert!(now.get(serial) == Some(der), "{serial} is not what it was");
    }
    // The issuing CA's own certificate is the root's: its responder does not know it.
    let issuing = certificates::serial(&moved.issuing());
    for serial in held.keys().filter(|serial| **serial != issuing).take(3) {
        openssl::ocsp_serial(moved, serial).succeeded().saying(": good");
    }
    moved.stop();
    moved.audit_is_clean();
}

/// The DER of every certificate that npki shows, by serial number.
fn served(rest: &Rest) -> BTreeMap<String, Vec<u8>> {
    let der = |record: &Value| {
        let serial = answers::text(record, "serial").to_owned();
        let shown = rest.get(&format!("/v1/certificates/{serial}")).json(200);
        (serial, certificates::der(answers::text(&shown, "pem").as_bytes()))
    };
    rest.all("/v1/certificates").iter().map(der).collect()
}

fn serials(country: &Country) -> Vec<String> {
    let listed = country.staff.officer.rest.all("/v1/certificates");
    listed.iter().map(|record| answers::text(record, "serial").to_owned()).collect()
}

/// What is stored of every certificate, whichever CA issued it, by serial number, as the stopped installation's store
/// exports it; sealed where it is sealed.
fn stored(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let settings: toml::Table = std::fs::read_to_string(data.join("npki.toml")).unwrap().parse().unwrap();
    let member = |name: &str| settings["store"].get(name).and_then(toml::Value::as_str);
    let folder = || data.join(member("path").unwrap()).display().to_string();
    let address = member("url").map_or_else(folder, str::to_owned);
    let store = StoreAddress::parse(&address).unwrap().open().unwrap();
    let (mut stored, mut records) = (BTreeMap::new(), 0);
    // `CA/SERIAL`: no CA's name has a slash.
    let serial =
        |key: &[u8]| key.iter().position(|octet| *octet == b'/').map(|slash| hex::encode(&key[slash + 1..]));
    let take = &mut |entry: ca_core::storage::Exported| {
        if let (Some(serial), Some(value)) = (serial(&entry.key), entry.value) {
            if entry.table == CERTIFICATE_DER.name() {
                stored.insert(serial, value);
            } else if entry.table == CERTIFICATES.name() {
                records += 1;
            }
        }
        Ok(())
    };
    Store::export(store.as_ref(), take).unwrap();
    assert_eq!(stored.len(), records, "records and certificates do not match");
    stored
}
