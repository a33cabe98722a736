//! The drill for a bad batch of cards: planned, approved by two, told to their holders, replaced, and what is left at the date
//! is revoked, by the service itself and whatever is cut off meanwhile. OpenSSL sees it, others are untouched.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::country::CrlEntry;
use tests::installation::Keeping;
use tests::judges::openssl;
use tests::npki::{exit, text};
use tests::postgres::PostgresServer;
use tests::{Country, Member, answers, bystander, census, certificates, requests};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A state that forbids the act.
const FORBIDDEN: i32 = 6;
/// What cannot be done, or not wholly.
const CANNOT_TELL: i32 = 8;

const BATCH: [&str; 2] = ["--token-model", "IDPrime 940"];

fn after(seconds: u64) -> String {
    let moment = OffsetDateTime::now_utc() + Duration::from_secs(seconds);
    moment.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap()
}

/// Asks for a device's certificate with a new key, with further arguments; its serial number.
#[track_caller]
fn issue(country: &Country, device: &str, more: &[&str]) -> String {
    let request = requests::openssl(&country.installation.scratch("requests"), &requests::P256);
    let ask = ["cert", "request", "--profile", "device", "--identity", device, "--csr", text(&request)];
    let answer = country.staff.officer.npki.done(&[&ask[..], more].concat());
    answers::text(answers::request(&answer), "serial").to_owned()
}

/// A key from the bad batch, as the applicant states it.
const FROM_BATCH: [&str; 6] =
    ["--key-origin", "smart-card", "--token-model", "IDPrime 940", "--token-batch", "2017-04"];

fn second_administrator(country: &Country) -> Member {
    country.staff.administrator.hire(&country.installation, "Second Administrator", "administrator", &[])
}

#[test]
fn a_bad_batch_of_cards_is_replaced_by_a_date() {
    drill(Country::settled());
}

#[test]
fn a_bad_batch_of_cards_is_replaced_by_a_date_on_postgresql() {
    let server = PostgresServer::start();
    drill(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn drill(mut country: Country) {
    let second = second_administrator(&country);
    let (first, officer) = (country.staff.administrator.npki.clone(), country.staff.officer.npki.clone());
    let folder = country.installation.scratch("campaign");
    let devices = census::devices(&officer, &country.identities, 8);
    // Five from the bad batch, one of which only a list tells; one from another batch; one of which nothing is known.
    let mut bad: Vec<String> = devices[..4].iter().map(|it| issue(&country, it, &FROM_BATCH)).collect();
    bad.push(issue(&country, &devices[4], &[]));
    let other = [&FROM_BATCH[..4], &["--token-batch", "2018-01"]].concat();
    let bystanders = [issue(&country, &devices[5], &other), issue(&country, &devices[6], &[])];
    let list = folder.join("delivered.csv");
    std::fs::write(&list, format!("serial,model,batch\n{},IDPRIME 940,2017-04\n", bad[4])).unwrap();
    let enter = ["campaign", "inventory", text(&list), "--key-origin", "smart-card", "--source", "note 4711"];
    assert_eq!(officer.done(&enter)["new"], 1);
    wrong_input(&country, &folder);

    let plan = [&["campaign", "plan"], &BATCH[..], &["--token-batch", "2017-04"]].concat();
    let affected = folder.join("affected.csv");
    let seen = country.staff.auditor.npki.done(&[&plan[..], &["--out", text(&affected)]].concat());
    assert_eq!((&seen["selected"], &seen["profiles"]["device"]), (&json!(5), &json!(5)), "{seen}");
    assert_eq!(seen["organisations"][&country.identities.organisation], 5);
    assert_eq!(column(&affected, "serial"), bad.iter().cloned().collect());

    let date = after(60);
    let start = [&["campaign", "start", "cards-2017"], &BATCH[..], &["--token-batch", "2017-04"]].concat();
    let terms = [
        "--why",
        "CVE-2017-15361",
        "--revoke-at",
        &date,
        "--reason",
        "superseded",
        "--when-replaced",
        "keep",
    ];
    let started = first.answered(exit::WAITING, &[&start[..], &terms].concat());
    assert_eq!((&started["phase"], &started["members"]), (&json!("waiting"), &json!(5)), "{started}");
    // One's own approval, and what nobody approved.
    assert_eq!(first.refused(4, &["campaign", "approve", "cards-2017"]).code, "E-CMP-005");
    assert_eq!(first.refused(FORBIDDEN, &["campaign", "run", "cards-2017"]).code, "E-CMP-004");
    issue(&country, &devices[7], &[]);
    let approved = second.npki.done(&["campaign", "approve", "cards-2017"]);
    assert_eq!(approved["phase"], "running");

    refused_meanwhile(&country, &devices[7]);
    notified(&country, &folder, &bad);
    // Two holders have another certificate by the date, one is exempted.
    let link = ["--campaign", "cards-2017"];
    let replacements = [issue(&country, &devices[0], &link), issue(&country, &devices[1], &link)];
    let exempt = ["campaign", "exempt", "cards-2017", &bad[2], "--reason", "a test device without a user"];
    assert_eq!(first.done(&exempt)["state"], "exempt");
    let run = first.done(&["campaign", "run", "cards-2017"]);
    // The service may have been faster.
    assert_eq!(run["campaign"]["states"]["replaced"], 2, "{run}");
    assert!(
        OffsetDateTime::now_utc().format(&Rfc3339).unwrap() < date,
        "the machine is too slow for this test"
    );
    for serial in &bad {
        assert!(openssl::ocsp_serial(&country.installation, serial).text().contains(": good"));
    }

    let others = bad[..3].iter().chain(&bystanders).chain(&replacements).cloned().collect::<Vec<_>>();
    ends_at_its_date(&country, &bad[3..], &others);
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// Nobody types anything: the date is enough. Exactly what is left is revoked.
fn ends_at_its_date(country: &Country, left: &[String], others: &[String]) {
    let first = &country.staff.administrator.npki;
    until(Duration::from_secs(150), "what is left is revoked", || {
        first.done(&["campaign", "show", "cards-2017"])["left"] == 0
    });
    for serial in left {
        let answer = openssl::ocsp_serial(&country.installation, serial).text();
        assert!(answer.contains("revoked") && answer.contains("superseded"), "{answer}");
        country.until_the_crl(CrlEntry::Listed, serial);
    }
    for serial in others {
        assert!(openssl::ocsp_serial(&country.installation, serial).text().contains(": good"), "{serial}");
    }
    let crl = bystander::fetch(
        &country.installation,
        &format!("{}/crl/issuing.crl", country.installation.public_url()),
    );
    assert_eq!(certificates::crl_serials(&crl.body).len(), 2, "nothing else was revoked");
    let shown = country.staff.auditor.npki.done(&["campaign", "show", "cards-2017"]);
    assert_eq!(shown["states"], json!({"kept": 2, "revoked": 2, "exempt": 1}), "{shown}");
    assert_eq!(first.done(&["campaign", "run", "cards-2017"])["turned"], json!({}), "nothing is done twice");
    let finish = ["campaign", "finish", "cards-2017", "--reason", "all cards are replaced"];
    assert_eq!(first.done(&finish)["phase"], "finished");
    let found = country.staff.auditor.npki.done(&["audit", "search", "--about", "campaign:cards-2017"]);
    let actions: Vec<&str> =
        answers::items(&found).iter().map(|event| answers::text(event, "action")).collect();
    for action in ["campaign.started", "campaign.approval-refused", "campaign.approved", "campaign.exempted"]
    {
        assert!(actions.contains(&action), "{action} is not among {actions:?}");
    }
}

/// The list of whom to write to, and the mark that it was sent.
fn notified(country: &Country, folder: &Path, bad: &[String]) {
    let first = &country.staff.administrator.npki;
    let out = folder.join("stage1.csv");
    let write = ["campaign", "notify", "cards-2017", "--stage", "1", "--out", text(&out), "--with-names"];
    assert_eq!(first.done(&write)["members"], 5);
    assert_eq!(column(&out, "serial"), bad.iter().cloned().collect());
    assert_eq!(column(&out, "sponsor_name"), BTreeSet::from(["Thabo Mokoena".to_owned()]));
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600, "it names people");
    // Sent in two parts, the second one as JSON.
    let part = folder.join("part.csv");
    std::fs::write(&part, format!("serial\n{}\n{}\n", bad[0], bad[1])).unwrap();
    let sent = |file: &Path| first.done(&["campaign", "notify", "cards-2017", "--sent", text(file)]);
    assert_eq!(sent(&part)["marked"], 2);
    let rest = folder.join("rest.jsonl");
    let write = ["campaign", "notify", "cards-2017", "--out", text(&rest)];
    assert_eq!(first.done(&write)["members"], 3, "those that were marked are not told again");
    assert_eq!((&sent(&rest)["marked"], &sent(&out)["known"]), (&json!(3), &json!(5)));
    let members = first.done(&["campaign", "members", "cards-2017", "--state", "notified"]);
    assert_eq!(answers::items(&members).len(), 5);
}

/// Keys from the bad batch are refused from now on, and the refusal says why.
fn refused_meanwhile(country: &Country, device: &str) {
    let officer = &country.staff.officer.npki;
    let request = requests::openssl(&country.installation.scratch("refused"), &requests::P256);
    let ask = ["cert", "request", "--profile", "device", "--identity", device, "--csr", text(&request)];
    let refused = officer.refused(FORBIDDEN, &[&ask[..], &FROM_BATCH].concat());
    assert_eq!(refused.code, "E-CMP-008");
    assert!(refused.detail.contains("cards-2017"), "{refused:?}");
    // This holder has nothing that the campaign would want replaced.
    assert_eq!(officer.refused(5, &[&ask[..], &["--campaign", "cards-2017"]].concat()).code, "E-CMP-010");
}

/// Wrong input is told apart, and changes nothing.
fn wrong_input(country: &Country, folder: &Path) {
    let first = &country.staff.administrator.npki;
    let start = |more: &[&str]| {
        let start = ["campaign", "start", "wrong", "--token-model", "IDPrime 940", "--why", "a test"];
        first.run(&[&start[..], more].concat())
    };
    let code = |more: &[&str], exit: i32| start(more).problem(exit).code;
    assert_eq!(code(&["--revoke-at", "2020-01-01", "--reason", "superseded"], 2), "E-CMP-006");
    assert_eq!(code(&["--revoke-at", "2030-01-01", "--reason", "certificate-hold"], 2), "E-CMP-006");
    assert_eq!(code(&["--revoke-at", "2030-01-01"], 2), "E-CLI-001", "a revocation has a reason");
    assert_eq!(code(&[], 2), "E-CLI-001", "a campaign has a date");
    assert_eq!(code(&["--hold-at", "next week"], 2), "E-CLI-001");
    assert_eq!(code(&["--hold-at", "2030-01-01", "--profile", "devise"], 5), "E-REQ-001");
    assert_eq!(code(&["--hold-at", "2030-01-01", "--token-batch", "none"], FORBIDDEN), "E-CMP-017");
    assert_eq!(first.refused(2, &["campaign", "plan"]).code, "E-CMP-003", "everything is too much");
    assert_eq!(first.refused(2, &["campaign", "plan", "--algorithm", "rsa-big"]).code, "E-CLI-001");
    assert_eq!(first.refused(5, &["campaign", "show", "wrong"]).code, "E-CMP-001");
    let officer = &country.staff.officer.npki;
    let start = [
        "campaign",
        "start",
        "wrong",
        "--token-model",
        "IDPrime 940",
        "--why",
        "x",
        "--hold-at",
        "2030-01-01",
    ];
    assert_eq!(officer.refused(4, &start).code, "E-AUTH-002");
    let file = folder.join("wrong.csv");
    let enter = ["campaign", "inventory", text(&file), "--source", "a test"];
    for (content, code) in [
        ("nothing\n1\n", "E-CMP-015"),
        ("serial,origin\n00ff\n", "E-CMP-015"),
        ("serial,model\n00ff,one\n", "E-CMP-015"),
        ("key,origin\nzz,hsm\n", "E-BLK-002"),
        ("serial,origin\n00ff,paper\n", "E-HTTP-006"),
    ] {
        std::fs::write(&file, content).unwrap();
        assert_eq!(officer.refused(2, &enter).code, code, "{content}");
    }
    std::fs::write(&file, "serial,origin\n00ff,hsm\n").unwrap();
    assert_eq!(officer.answered(CANNOT_TELL, &enter)["unknown"], json!(["ff"]));
    assert_eq!(first.done(&["campaign", "list"])["items"], json!([]));
}

#[test]
fn a_run_that_was_cut_off_is_finished_and_nothing_is_done_twice() {
    let mut country = Country::settled();
    let second = second_administrator(&country);
    let first = country.staff.administrator.npki.clone();
    let devices = census::devices(&country.staff.officer.npki, &country.identities, 30);
    let unharmed = issue(&country, &country.identities.device, &[]);
    let bad = many(&country, &devices, 450);
    let start =
        [&["campaign", "start", "cards", "--why", "a test", "--reason", "superseded"], &BATCH[..]].concat();
    let date = after(15);
    first.answered(exit::WAITING, &[&start[..], &["--revoke-at", &date]].concat());
    second.npki.done(&["campaign", "approve", "cards"]);
    // Held back, so that the moment is ours.
    second.npki.done(&["campaign", "pause", "cards", "--reason", "a test"]);
    until(Duration::from_secs(60), "the date comes", || {
        OffsetDateTime::now_utc().format(&Rfc3339).unwrap() > date
    });
    let rest = country.installation.rest(&second.certificate, &second.key);
    let mut run = first.command();
    second.npki.done(&["campaign", "resume", "cards"]);
    let mut run =
        run.args(["campaign", "run", "cards"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let revoked = |shown: &Value| shown["states"]["revoked"].as_u64().unwrap_or(0);
    until(Duration::from_secs(60), "the first batch is done", || {
        revoked(&rest.get("/v1/campaigns/cards").json(200)) > 0
    });
    country.installation.kill9();
    run.wait().unwrap();
    country.installation.start();
    let so_far = revoked(&rest.get("/v1/campaigns/cards").json(200));
    assert!(so_far >= 200, "what was told was kept: {so_far}");
    // The same command finishes it, or the service was faster.
    first.done(&["campaign", "run", "cards"]);
    let shown = first.done(&["campaign", "show", "cards"]);
    assert_eq!((&shown["left"], revoked(&shown)), (&json!(0), 450), "{shown}");
    let found = country.staff.auditor.rest.all("/v1/events?action=certificate.revoked");
    assert_eq!(found.len(), 450, "each once");
    country.until_the_crl(CrlEntry::Listed, &bad[449]);
    let crl = format!("{}/crl/issuing.crl", country.installation.public_url());
    let listed = || -> BTreeSet<String> {
        let crl = bystander::fetch(&country.installation, &crl).body;
        certificates::crl_serials(&crl).into_iter().collect()
    };
    // Those of before the cut may be in one CRL, those of after it in the next.
    let all: BTreeSet<String> = bad.iter().cloned().collect();
    until(Duration::from_secs(20), "a CRL lists as many", || listed().len() >= all.len());
    assert_eq!(listed(), all);
    assert!(openssl::ocsp_serial(&country.installation, &unharmed).text().contains(": good"));
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// Many certificates of devices, with keys from the bad batch.
fn many(country: &Country, devices: &[String], count: usize) -> Vec<String> {
    let folder = country.installation.scratch("many");
    let rest = &country.staff.officer.rest;
    let one = |number: usize| {
        let csr = std::fs::read_to_string(requests::openssl(&folder, &requests::P256)).unwrap();
        let body = json!({
            "profile": "device", "identity": devices[number % devices.len()], "csr": csr,
            "key_origin": {"kind": "smart-card", "model": "IDPrime 940"},
        });
        answers::text(&rest.post("/v1/requests", &body).json(201), "serial").to_owned()
    };
    let workers = 4;
    std::thread::scope(|threads| {
        let part = |worker: usize| (0..count).filter(move |number| number % workers == worker);
        let work = |worker| threads.spawn(move || part(worker).map(&one).collect::<Vec<_>>());
        let running: Vec<_> = (0..workers).map(work).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn until(patience: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < give_up, "after {patience:?} it is not so: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The values of a column of a list.
fn column(file: &Path, name: &str) -> BTreeSet<String> {
    let content = std::fs::read_to_string(file).unwrap();
    let mut lines = content.lines();
    let place = lines.next().unwrap().split(',').position(|column| column == name).unwrap();
    lines.map(|line| line.split(',').nth(place).unwrap().to_owned()).collect()
}
