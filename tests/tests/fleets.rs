//! Certificates for fleets of devices, and exports, by the real program: refused rows mended and fed again, cut off and gone on
//! with.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tests::installation::Keeping;
use tests::npki::{exit, text};
use tests::postgres::PostgresServer;
use tests::requests::{P256, openssl_with_subject};
use tests::{Country, census};

/// Some rows were refused.
const REFUSED: i32 = 3;

fn request(country: &Country, code: i32, list: &Path, more: &[&str]) -> Value {
    let (organisation, sponsor) = (&country.identities.organisation, &country.identities.person);
    let owner = ["--organisation", organisation.as_str(), "--sponsor", sponsor];
    let command = ["fleet", "request", text(list), "--profile", "device"];
    country.staff.officer.npki.answered(code, &[&command[..], &owner, more].concat())
}

fn counts(done: &Value, names: [&str; 3]) -> [u64; 3] {
    names.map(|name| done[name].as_u64().unwrap_or_else(|| panic!("{done}")))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

fn csrs(folder: &Path, count: usize) -> Vec<PathBuf> {
    (0..count).map(|_| openssl_with_subject(folder, &P256, "/")).collect()
}

#[test]
fn a_fleet_is_asked_for_approved_and_fetched_on_sled() {
    story_of_a_fleet(Country::settled());
}

#[test]
fn a_fleet_is_asked_for_approved_and_fetched_on_postgresql() {
    let server = PostgresServer::start();
    story_of_a_fleet(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn story_of_a_fleet(mut country: Country) {
    let folder = country.installation.scratch("fleet");
    let files = csrs(&folder, 4);
    let mut list = "Asset tag;CSR\n".to_owned();
    for (at, file) in files.iter().enumerate() {
        writeln!(list, "BUS-{at};{}", file.file_name().unwrap().to_str().unwrap()).unwrap();
    }
    list.push_str("BUS-8;missing.csr\nBUS-0;\nBUS-1;again.csr\n");
    let path = folder.join("buses.csv");
    std::fs::write(&path, &list).unwrap();
    let asked = |done: &Value| counts(done, ["asked", "before", "refused"]);
    let tried = request(&country, REFUSED, &path, &["--dry-run"]);
    assert_eq!(asked(&tried), [0, 0, 3], "{tried}");
    let fleet = beside(&path, ".fleet.jsonl");
    assert!(!fleet.exists(), "trying writes nothing");
    let done = request(&country, REFUSED, &path, &[]);
    assert_eq!(asked(&done), [4, 0, 3], "{done}");
    let again = request(&country, REFUSED, &path, &[]);
    assert_eq!(asked(&again), [0, 4, 3], "{again}");

    let officer = &country.staff.officer.npki;
    let fetched = officer.done(&["fleet", "fetch", text(&fleet)]);
    assert_eq!(counts(&fetched, ["written", "before", "waiting"]), [4, 0, 0], "{fetched}");
    for file in &files {
        let certificate = beside(&file.with_extension(""), ".cert.pem");
        officer.done(&["verify", text(&certificate), "--trust", text(&country.installation.trust())]);
    }
    let fetched = officer.done(&["fleet", "fetch", text(&fleet)]);
    assert_eq!(counts(&fetched, ["written", "before", "waiting"]), [0, 4, 0], "{fetched}");

    let refused = beside(&path, ".refused.csv");
    std::fs::rename(openssl_with_subject(&folder, &P256, "/"), folder.join("missing.csr")).unwrap();
    let mended = request(&country, REFUSED, &refused, &[]);
    assert_eq!(asked(&mended), [1, 0, 2], "{mended}");
    approved_as_a_whole(&country);
    exported(&country);
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// What takes an officer's approval: one look, one signature for each; whoever edits the fleet's file brings nobody to sign.
fn approved_as_a_whole(country: &Country) {
    let (officer, colleague) = (&country.staff.officer.npki, &country.staff.second_officer.npki);
    let folder = country.installation.scratch("programs");
    let mut list = String::new();
    for (at, csr) in csrs(&folder, 3).iter().enumerate() {
        let (organisation, sponsor) = (&country.identities.organisation, &country.identities.person);
        let (name, dns_name) = (format!("Gate keeper {at}"), format!("gate-{at}.gov.ls"));
        let id = census::application(officer, organisation, sponsor, &name, &dns_name);
        let csr = std::fs::read_to_string(csr).unwrap();
        writeln!(list, "{}", json!({"identity": id, "csr": csr})).unwrap();
    }
    let path = folder.join("programs.jsonl");
    std::fs::write(&path, list).unwrap();
    officer.done(&["fleet", "request", text(&path), "--profile", "tls-server"]);
    let fleet = beside(&path, ".fleet.jsonl");
    let waiting = officer.answered(exit::WAITING, &["fleet", "fetch", text(&fleet)]);
    assert_eq!(counts(&waiting, ["written", "waiting", "rejected"]), [0, 3, 0], "{waiting}");
    let own = officer.answered(REFUSED, &["fleet", "approve", text(&fleet)]);
    assert_eq!(own["refused"][0]["code"], "E-REQ-006", "{own}");

    let written = std::fs::read_to_string(&fleet).unwrap();
    let at = written.find("csr_sha256\":\"").unwrap() + 13;
    let other = if &written[at..=at] == "0" { "1" } else { "0" };
    let edited = folder.join("edited.fleet.jsonl");
    std::fs::write(&edited, format!("{}{other}{}", &written[..at], &written[at + 1..])).unwrap();
    let refused = colleague.answered(REFUSED, &["fleet", "approve", text(&edited)]);
    assert_eq!(refused["refused"][0]["code"], "E-FLT-004", "{refused}");
    assert_eq!(counts(&refused, ["approved", "issued", "settled"]), [2, 2, 0], "{refused}");
    let approved = colleague.done(&["fleet", "approve", text(&fleet), "--note", "order 7/26"]);
    assert_eq!(counts(&approved, ["approved", "issued", "settled"]), [1, 1, 2], "{approved}");
    let fetched = officer.done(&["fleet", "fetch", text(&fleet)]);
    assert_eq!(counts(&fetched, ["written", "before", "waiting"]), [3, 0, 0], "{fetched}");
    std::fs::write(&edited, "{}\n").unwrap();
    assert_eq!(colleague.refused(exit::USAGE, &["fleet", "approve", text(&edited)]).code, "E-FLT-002");
}

fn exported(country: &Country) {
    let (administrator, officer) = (&country.staff.administrator.npki, &country.staff.officer.npki);
    let folder = country.installation.scratch("exports");
    let out = folder.join("all.csv");
    let export = ["registry", "export", "--out", text(&out), "--reason", "letter 7"];
    assert_eq!(officer.refused(exit::NOT_PERMITTED, &export).code, "E-AUTH-002");
    assert!(!out.exists(), "nothing is left of what was refused");
    let done = administrator.done(&export);
    let written = std::fs::read_to_string(&out).unwrap();
    assert_eq!(written.lines().count() as u64, done["identities"].as_u64().unwrap() + 1, "{written}");
    assert!(written.contains("BUS-3") && !written.contains("PNOLS"), "{written}");
    let out = folder.join("persons.jsonl");
    let persons = ["--kind", "person", "--format", "jsonl", "--personal"];
    let export =
        [&["registry", "export", "--out", text(&out), "--reason", "letter 8"], &persons[..]].concat();
    let done = administrator.done(&export);
    assert!(std::fs::read_to_string(&out).unwrap().contains("\"surname\""));
    let name = format!("export:{}", done["export"].as_str().unwrap());
    let found = administrator.done(&["audit", "search", "--about", &name]);
    assert!(found.to_string().contains("letter 8"), "{found}");
}

#[test]
fn a_power_cut_while_a_fleet_is_asked_for_loses_no_row_and_repeats_none() {
    let mut country = Country::settled();
    let folder = country.installation.scratch("gates");
    for (at, file) in csrs(&folder, 12).into_iter().enumerate() {
        std::fs::rename(file, folder.join(format!("GATE-{at:02}.csr"))).unwrap();
    }
    let (organisation, sponsor) =
        (country.identities.organisation.clone(), country.identities.person.clone());
    let command = ["fleet", "request", text(&folder), "--profile", "device"];
    let owner = ["--organisation", organisation.as_str(), "--sponsor", &sponsor];
    let mut cut_off = country.staff.officer.npki.command();
    let cut_off = cut_off.args(command).args(owner).stdout(Stdio::null()).stderr(Stdio::null());
    let mut cut_off = cut_off.spawn().unwrap();
    country.installation.kill9();
    cut_off.wait().unwrap();
    country.installation.start();
    let done = request(&country, exit::DONE, &folder, &[]);
    let [asked, before, refused] = counts(&done, ["asked", "before", "refused"]);
    assert_eq!((asked + before, refused), (12, 0), "{done}");
    let requests = country.staff.officer.rest.all("/v1/requests?status=issued");
    let devices = requests.iter().filter(|request| request["profile"] == "device").count();
    assert_eq!(devices, 12, "each once");
}
