//! Notifications as a civil register sends them, over its own TLS client (curl), and as officers see them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use tests::installation::Keeping;
use tests::npki::exit;
use tests::postgres::PostgresServer;
use tests::{Country, answers};

#[test]
fn a_civil_register_tells_and_officers_decide_on_sled() {
    story_of_a_register(Country::settled());
}

#[test]
fn a_civil_register_tells_and_officers_decide_on_postgresql() {
    let server = PostgresServer::start();
    story_of_a_register(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn story_of_a_register(mut country: Country) {
    let (administrator, officer) =
        (country.staff.administrator.npki.clone(), country.staff.officer.npki.clone());
    let (application, person) = (country.identities.application.clone(), country.identities.person.clone());
    let issued =
        country.staff.issue(&country.installation, &country.staff.officer, "application", &application);
    let register = country.installation.rest(&issued.chain, &issued.key);
    let death = json!({"event_id": "2027/117", "kind": "death", "person": "PNOLS-012345678901",
        "date": "2026-01-07", "reference": "D 117/27"});
    assert_eq!(register.post("/v1/notifications", &death).problem(403)["code"], "E-AUTH-009");
    let add = [
        "notification",
        "source",
        "add",
        &application,
        "--speaks-for",
        "civil-register",
        "--kind",
        "death,birth,change",
        "--reason",
        "agreement 3 of 2026",
    ];
    administrator.done(&add);
    assert_eq!(officer.refused(exit::NOT_PERMITTED, &add).code, "E-AUTH-002");

    let taken = register.post("/v1/notifications", &death).json(200);
    country.installation.kill9();
    country.installation.start();
    assert_eq!(
        register.post("/v1/notifications", &death).json(200),
        taken,
        "told again, also after a power cut"
    );
    let shown = officer.done(&["registry", "show", &person]);
    assert_eq!(
        (&shown["status"], &shown["cause"]),
        (&json!("suspended"), &json!("death-reported")),
        "{shown}"
    );

    let birth = json!({"event_id": "2027/118", "kind": "birth", "date": "2026-01-08",
        "facts": {"surname": "Mokoena", "given_name": "Lerato", "birth_date": "2026-01-08"}});
    register.post("/v1/notifications", &birth).json(200);
    let unknown = json!({"event_id": "2027/119", "kind": "change", "person": "PNOLS-4711", "date": "2026-01-08",
        "reason": "marriage", "facts": {"surname": "Tau"}});
    register.post("/v1/notifications", &unknown).json(200);
    let list = officer.done(&["notification", "list", "--waiting"]);
    assert_eq!(answers::items(&list).len(), 2, "{list}");
    let id = answers::id(answers::item(&list, "why", "birth"));
    let told = officer.done(&["notification", "show", &id]);
    assert_eq!(told["told"]["facts"]["given_name"], "Lerato");
    let child = tests::census::person(&officer, "Mokoena", "Lerato", "PNOLS-202601080001");
    let settle =
        ["notification", "settle", &id, "--as", "done", "--person", &child, "--reason", "registered"];
    assert_eq!(officer.done(&settle)["state"], "settled");
    assert_eq!(officer.refused(exit::CONFLICT, &settle).code, "E-NTF-006");
    let other = answers::id(answers::item(&list, "why", "unknown-person"));
    officer.done(&["notification", "settle", &other, "--as", "nothing", "--reason", "a foreigner"]);
    assert!(answers::items(&officer.done(&["notification", "list", "--waiting"])).is_empty());

    let log = officer.done(&["citizen", "log", &person]);
    let said = log.to_string();
    assert!(said.contains("told something of you") && said.contains("Your death was reported"), "{said}");
    country.staff.second_officer.npki.done(&["registry", "find-alive", &person, "--note", "came in person"]);
    let end = ["notification", "source", "end", &application, "--reason", "agreement ended"];
    administrator.done(&end);
    register.post("/v1/notifications", &death).problem(403);
    country.installation.stop();
    country.installation.audit_is_clean();
}
