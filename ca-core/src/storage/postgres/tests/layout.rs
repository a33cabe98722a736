//! Migrations, states of the schema, reports.

use super::*;

#[test]
fn nodes_that_start_at_once_make_the_tables_once() {
    let server = PostgresServer::shared();
    let settings = PostgresSettings::parse(&server.database()).unwrap();
    std::thread::scope(|threads| {
        let openers: Vec<_> = (0..4).map(|_| threads.spawn(|| PostgresStore::open(&settings))).collect();
        let stores: Vec<_> = openers.into_iter().map(|opener| opener.join().unwrap().unwrap()).collect();
        assert!(stores.iter().all(|store| store.ledger_size().unwrap() == 0));
    });
    let mut session = Session::open(&settings).unwrap();
    let steps = session.query("SELECT number FROM npki.migrations WHERE number > 0", &[], &[]).unwrap();
    assert_eq!(steps.len(), usize::try_from(migrations::FORMAT).unwrap());
    PostgresStore::open(&settings).unwrap();
}

#[test]
fn two_installations_share_a_database_in_schemas_of_their_own() {
    let server = PostgresServer::shared();
    let address = server.database();
    let named = |schema: &str| PostgresSettings::parse(&format!("{address}?schema={schema}")).unwrap();
    let stores = [named("north"), named("south")].map(|settings| {
        PostgresStore::create_tables(&settings, &EXTRA).unwrap();
        PostgresStore::open(&settings).unwrap()
    });
    stores[0].commit(explained(Change::new().insert(THINGS, "a", "1"))).unwrap();
    assert_eq!(stores[0].ledger_size().unwrap(), 1);
    assert_eq!(stores[1].ledger_size().unwrap(), 0);
}

#[test]
fn a_schema_of_a_newer_npki_is_refused_and_an_old_node_stops_writing() {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let store = PostgresStore::open(&settings).unwrap();
    Session::open(&settings)
        .unwrap()
        .run(
            "INSERT INTO npki.migrations VALUES (99, 'future', 'f', now()); UPDATE npki.turn SET format = 99",
        )
        .unwrap();
    let refused = PostgresStore::open(&settings).unwrap_err().to_string();
    assert!(refused.contains("newer npki") && refused.contains("update"), "{refused}");
    let refused = store.commit(explained(Change::new().insert(THINGS, "a", "1"))).unwrap_err().to_string();
    assert!(refused.contains("newer npki"), "{refused}");
}

#[test]
fn a_schema_whose_steps_are_others_is_refused() {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    Session::open(&settings)
        .unwrap()
        .run("UPDATE npki.migrations SET sha256 = 'x' WHERE number = 1")
        .unwrap();
    let refused = PostgresStore::open(&settings).unwrap_err().to_string();
    assert!(refused.contains("another npki") && refused.contains("tables"), "{refused}");
}

#[test]
fn every_table_of_the_product_is_there_and_of_its_kind() {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let store = PostgresStore::open(&settings).unwrap();
    for table in [
        EVENTS,
        crate::certificate::CERTIFICATES,
        crate::certificate::CERTIFICATE_DER,
        crate::certificate::CERTIFICATES_BY_IDENTITY,
        crate::certificate::KEYS,
        crate::key_index::CERTIFICATES_BY_KEY,
        crate::blocked_keys::BLOCKED_KEYS,
        crate::certificate::REVOCATIONS,
        crate::issuance::reservation::RESERVATIONS,
        crate::crl::CRLS,
        crate::crl::CRL_CHUNKS,
        crate::authority::CA_CERTIFICATES,
    ] {
        assert_eq!(store.get(table, b"a").unwrap(), None);
    }
}

#[test]
fn reports_tell_of_certificates_and_events_without_names() {
    let server = PostgresServer::shared();
    let settings = settings(&server);
    let store = PostgresStore::open(&settings).unwrap();
    let certificate = r#"{"serial":"0a","issuer":"issuing","profile":"citizen","identity":"P-1",
        "subject":"CN=Ada Lovelace","sha256":"","key_sha256":"","not_before":"2026-01-01T00:00:00Z",
        "not_after":"2028-01-01T00:00:00Z","issued_at":"2026-01-01T23:00:00Z",
        "revocation":{"at":"2026-02-01T00:00:00Z","reason":"key-compromise"}}"#;
    let request = r#"{"id":"R-1","profile":"citizen","approvals_needed":2,"approvals":[{}],
        "requested_at":"2026-01-01T00:00:00Z","state":{"status":"waiting"}}"#;
    let change = Change::new()
        .insert(CERTIFICATES, "issuing/a", certificate)
        .insert(Table::records("requests"), "R-1", request)
        .insert(Table::records("identities"), "P-1", r#"{"id":"P-1","status":"active"}"#)
        .insert(Table::octets("ca_certificates"), "root", b"der".to_vec());
    store.commit(explained(change)).unwrap();
    let mut session = Session::open(&settings).unwrap();
    let mut report = |view: &str| -> String {
        let text = format!("SELECT json_agg(v)::text FROM npki_report.{view} v");
        session.query(&text, &[], &[]).unwrap()[0].get(0)
    };
    let certificates = report("certificates");
    assert!(certificates.contains("key-compromise") && !certificates.contains("Lovelace"), "{certificates}");
    let days = report("certificates_by_profile_and_day");
    assert!(days.contains(r#""day":"2026-01-01","issued":1,"revoked_since":1"#), "{days}");
    assert!(report("requests").contains(r#""approvals_needed":2,"approvals":1"#));
    assert!(report("identities").contains(r#""kind":"person","status":"active","identities":1"#));
    assert!(report("certification_authorities").contains(r#""ca":"root""#));
    assert!(report("events").contains(r#""position":0"#));
}
