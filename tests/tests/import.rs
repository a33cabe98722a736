//! Lists of identities by the real program: mended and fed again, cut off at any moment and gone on with, nobody twice and
//! nobody missing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tests::Country;
use tests::installation::Keeping;
use tests::npki::text;
use tests::postgres::PostgresServer;

/// Some rows were refused.
const REFUSED: i32 = 3;

fn import(country: &Country, code: i32, list: &Path, more: &[&str]) -> Value {
    let command = ["registry", "import", text(list)];
    country.staff.officer.npki.answered(code, &[&command, more].concat())
}

fn counts(done: &Value) -> [u64; 3] {
    ["registered", "already", "refused"].map(|name| done[name].as_u64().unwrap())
}

/// Writes a list of this many persons as Excel does; their numbers.
fn people(country: &Country, count: usize) -> (PathBuf, BTreeSet<String>) {
    let mut list = "\u{feff}Surname;Given name;Identifier\r\n".to_owned();
    let mut numbers = BTreeSet::new();
    for at in 0..count {
        let number = format!("PNOLS-{at:012}");
        write!(list, "Mokoena {at};\"Thabo; {at}\";{number}\r\n").unwrap();
        numbers.insert(number);
    }
    let path = country.installation.scratch("lists").join("people.csv");
    std::fs::write(&path, list).unwrap();
    (path, numbers)
}

/// The numbers of all persons in the registry, each as often as it is there.
fn registered(country: &Country) -> Vec<String> {
    let auditor = &country.staff.auditor;
    let rest = country.installation.rest(&auditor.certificate, &auditor.key);
    let persons = rest.all("/v1/identities?kind=person");
    let numbers = persons.iter().map(|person| person["identifier"].as_str().unwrap().to_owned());
    numbers.filter(|number| number.starts_with("PNOLS-0000")).collect()
}

#[track_caller]
fn assert_each_once(country: &mut Country, numbers: &BTreeSet<String>) {
    let found = registered(country);
    assert_eq!(found.len(), numbers.len());
    assert_eq!(&found.into_iter().collect::<BTreeSet<_>>(), numbers);
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn a_list_is_tried_imported_mended_and_fed_again() {
    let mut country = Country::settled();
    let (list, numbers) = people(&country, 1_200);
    let good = std::fs::read_to_string(&list).unwrap();
    let first = "PNOLS-000000000000";
    let bad = [
        format!("Mo\u{202e}koena;Thabo;{first}9"),
        format!("Again;Thabo;{first}"),
        "Mokoena;Thabo;12345".to_owned(),
        "Mokoena;Thabo".to_owned(),
        format!("{};Thabo;PNOLS-7", "x".repeat(100_000)),
    ];
    std::fs::write(&list, format!("{good}{}\r\n", bad.join("\r\n"))).unwrap();
    let before = registered(&country).len();
    let tried = import(&country, REFUSED, &list, &["--kind", "person", "--dry-run"]);
    assert_eq!(counts(&tried), [1_200, 0, 5], "{tried}");
    assert_eq!(registered(&country).len(), before, "trying writes nothing");
    let refused = list.with_file_name("people.refused.csv");
    std::fs::remove_file(&refused).unwrap();

    let done = import(&country, REFUSED, &list, &["--kind", "person"]);
    assert_eq!(counts(&done), [1_200, 0, 5], "{done}");
    assert_eq!(done["refused_file"], text(&refused));
    assert!(!list.with_file_name("people.csv.npki-import").exists(), "all is settled");
    let written = std::fs::read_to_string(&refused).unwrap();
    assert!(written.starts_with("\u{feff}refused;surname;given_name;identifier\n"), "{written}");
    for line in 1_202..=1_206 {
        assert!(written.contains(&format!("line {line}: ")), "{line}: {written}");
    }
    let again =
        country.staff.officer.npki.refused(6, &["registry", "import", text(&list), "--kind", "person"]);
    assert_eq!(again.code, "E-FILE-003", "what is being mended is not overwritten");

    let mended = written
        .replace('\u{202e}', "")
        .replace(&format!(";Again;Thabo;{first}\n"), ";Again;Thabo;PNOLS-000000001300\n")
        .replace(";12345\n", ";PNOLS-000000001301\n")
        .replace(";Mokoena;Thabo\n", ";Mokoena;Thabo;PNOLS-000000001302\n");
    std::fs::write(&refused, mended).unwrap();
    let fed = import(&country, REFUSED, &refused, &["--kind", "person"]);
    assert_eq!(counts(&fed), [4, 0, 1], "{fed}");
    let more =
        ["0000000000009", "000000001300", "000000001301", "000000001302"].map(|it| format!("PNOLS-{it}"));
    let all: BTreeSet<String> = numbers.into_iter().chain(more).collect();
    assert_each_once(&mut country, &all);
}

#[test]
fn a_list_of_all_kinds_names_what_stands_further_up() {
    let mut country = Country::settled();
    let mut list = String::new();
    let mut add = |row: Value| writeln!(list, "{row}").unwrap();
    add(
        json!({"kind": "organisation", "legal_name": "Agency", "identifier": "GO:LS-IMP", "member_class": "GOV", "member_code": "77"}),
    );
    add(
        json!({"kind": "person", "surname": "Mokoena", "given_name": "Thabo", "identifier": "PNOLS-000000000001"}),
    );
    for at in 0..700 {
        add(json!({"kind": "device", "organisation": "GO:LS-IMP", "sponsor": "PNOLS-000000000001",
            "asset_tag": format!("GATE-{at}"), "ip_addresses": ["192.0.2.1"]}));
    }
    add(
        json!({"kind": "application", "organisation": "GO:LS-IMP", "sponsor": "PNOLS-000000000001", "name": "Payroll",
        "environment": "production", "dns_names": ["pay.gov.ls"], "further": {"server_code": "S1"}}),
    );
    add(
        json!({"kind": "agent", "organisation": "GO:LS-IMP", "sponsor": "PNOLS-000000000001", "name": "Clearance",
        "version": "2.1", "purpose": "clears low-risk consignments"}),
    );
    add(
        json!({"kind": "device", "organisation": "GO:LS-NONE", "sponsor": "PNOLS-000000000001", "asset_tag": "X"}),
    );
    add(json!(["no", "object"]));
    list.push_str("{\"kind\":\"person\",\"surname\":\"\\ud800\",\"given_name\":\"x\",\"identifier\":\"PNOLS-2\"}\nnot json\n");
    let path = country.installation.scratch("lists").join("all.jsonl");
    std::fs::write(&path, list).unwrap();
    let tried =
        import(&country, REFUSED, &path, &["--dry-run", "--refused", text(&path.with_extension("tried"))]);
    assert_eq!(counts(&tried), [704, 0, 4], "{tried}");
    let done = import(&country, REFUSED, &path, &[]);
    assert_eq!(counts(&done), [704, 0, 4], "{done}");
    let refused = std::fs::read_to_string(path.with_file_name("all.refused.jsonl")).unwrap();
    let rows: Vec<Value> = refused.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((rows.len(), &rows[0]["asset_tag"], &rows[3]["line"]), (4, &json!("X"), &json!("not json")));
    std::fs::remove_file(path.with_file_name("all.refused.jsonl")).unwrap();
    let again = import(&country, REFUSED, &path, &[]);
    assert_eq!(counts(&again), [0, 704, 4], "the same list enters nobody twice: {again}");
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn what_is_no_list_is_refused_before_anything_is_entered() {
    let country = Country::settled();
    let refused = |name: &str, content: &[u8], more: &[&str]| {
        let path = country.installation.scratch("lists").join(name);
        std::fs::write(&path, content).unwrap();
        country.staff.officer.npki.refused(2, &[&["registry", "import", text(&path)], more].concat())
    };
    let person = ["--kind", "person"];
    let misspelt = refused("a.csv", b"surnam,given_name,identifier\nA,b,PNOLS-1\n", &person);
    assert!(misspelt.detail.contains("did you mean surname?"), "{misspelt:?}");
    let utf16 = refused("b.csv", b"\xff\xfes\0u\0", &person);
    assert!(utf16.detail.contains("UTF-16"), "{utf16:?}");
    for (name, content) in [
        ("c.csv", &b""[..]),
        ("d.csv", &[0xd0, 0xcf, 0x11, 0xe0].repeat(40_000)),
        ("e.jsonl", b"surname,given_name\n"),
        ("f.txt", b"surname,given_name,identifier\n"),
    ] {
        assert_eq!(refused(name, content, &person).code, "E-CMP-015", "{name}");
    }
    let auditor = &country.staff.auditor.npki;
    let (list, _) = people(&country, 2);
    assert_eq!(
        auditor.refused(4, &["registry", "import", text(&list), "--kind", "person"]).code,
        "E-AUTH-002"
    );
}

#[test]
fn cut_off_at_any_moment_an_import_goes_on() {
    cut_off(Keeping::Embedded);
}

#[test]
fn cut_off_at_any_moment_an_import_goes_on_on_postgresql() {
    let server = PostgresServer::start();
    cut_off(Keeping::Postgres(&server.database()));
}

fn begin(country: &Country, list: &Path) -> Child {
    let npki = &country.staff.officer.npki;
    let mut command = npki.command();
    command.args(["--no-input", "--context", "test", "registry", "import", text(list), "--kind", "person"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn cut_off(keeping: Keeping<'_>) {
    let mut country = Country::settled_on(keeping);
    let (list, numbers) = people(&country, 6_000);
    // The importer is killed, sooner and later.
    let mut killed = 0;
    for milliseconds in [150, 400, 900] {
        let mut importer = begin(&country, &list);
        std::thread::sleep(Duration::from_millis(milliseconds));
        if importer.try_wait().unwrap().is_none() {
            killed += 1;
        }
        importer.kill().unwrap();
        importer.wait().unwrap();
    }
    assert!(killed > 0, "the list is too short to be cut off");
    // The service is killed while it works, and comes back; the importer waits for it.
    let mut importer = begin(&country, &list);
    std::thread::sleep(Duration::from_millis(500));
    country.installation.kill9();
    country.installation.start();
    let status = importer.wait().unwrap();
    let done = if status.success() {
        json!({"refused": 0})
    } else {
        // It did not come back in time: the same command goes on.
        import(&country, 0, &list, &["--kind", "person"])
    };
    assert_eq!(done["refused"], 0, "{done}");
    assert!(!list.with_file_name("people.csv.npki-import").exists());
    assert_each_once(&mut country, &numbers);
}
