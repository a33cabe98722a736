//! Webhooks as an agency receives them: judged by the library of Standard Webhooks, over receivers that fail, and are killed, and
//! an npki that is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::installation::Keeping;
use tests::npki::{Npki, exit, text};
use tests::postgres::PostgresServer;
use tests::programs::Program;
use tests::{Country, Installation, answers, census, workspace};

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(120);

/// A receiver with a certificate of a CA of its own. Dropping it ends it.
struct Receiver {
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl Receiver {
    /// With a certificate for localhost; nothing runs yet.
    fn prepared(folder: PathBuf) -> Self {
        let openssl = |args: &[&str]| {
            Program::named("openssl").args(args.iter().copied()).within(&folder).run().succeeded()
        };
        let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let ca = ["req", "-x509", "-subj", "/CN=Receivers", "-keyout", "ca-key.pem", "-out", "ca.pem"];
        openssl(&[&ca[..], &ec, &["-addext", "keyUsage=critical,keyCertSign"]].concat());
        let leaf = ["req", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "csr.pem"];
        openssl(&[&leaf[..], &ec, &["-addext", "subjectAltName=DNS:localhost"]].concat());
        openssl(&[
            "x509",
            "-req",
            "-in",
            "csr.pem",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca-key.pem",
            "-copy_extensions",
            "copy",
            "-out",
            "chain.pem",
        ]);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, process: None }
    }

    fn address(&self) -> String {
        format!("https://localhost:{}/npki", self.port)
    }

    fn trust(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    fn secret(&self) -> PathBuf {
        self.folder.join("secret")
    }

    /// Fails so many times before it takes one.
    fn fails(&self, times: usize) {
        std::fs::write(self.folder.join("failures"), times.to_string()).unwrap();
    }

    fn start(&mut self) {
        let script = workspace::root().join("tests/judges/webhook_receiver.py");
        let program =
            Program::named("python3").args([text(&script), text(&self.folder), &self.port.to_string()]);
        self.process = Some(program.spawned());
    }

    fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// What came, in the order in which it came.
    fn came(&self) -> Vec<Value> {
        let came = std::fs::read_to_string(self.folder.join("came")).unwrap_or_default();
        came.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The messages that were taken, each once, in the order in which they were taken first, without those that test.
    fn taken(&self) -> Vec<Value> {
        let mut taken: Vec<Value> = Vec::new();
        for came in self.came() {
            assert!(came["message"].get("unverified").is_none(), "{came}");
            let tests = came["message"]["type"] == "webhook.test";
            if came["status"] == 204 && !tests && taken.iter().all(|known| known["id"] != came["id"]) {
                taken.push(came);
            }
        }
        taken
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Waits until something holds.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < give_up, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn trusting(installation: &Installation, file: &Path) {
    let line = format!("trust = {:?}\n", text(file));
    installation
        .edit_settings(|settings| settings.replacen("[webhooks]\n", &format!("[webhooks]\n{line}"), 1));
}

/// A new secret: for a day messages are signed under both, so whoever knows one of them can verify.
fn changes_over(administrator: &Npki, id: &str, receiver: &Receiver) {
    let next = receiver.folder.join("next");
    let test = ["webhook", "test", id];
    administrator.done(&["webhook", "rotate-secret", id, "--secret-file", text(&next), "--reason", "yearly"]);
    assert_eq!(administrator.done(&test)["taken"], json!(true), "under the former one");
    std::fs::rename(&next, receiver.secret()).unwrap();
    assert_eq!(administrator.done(&test)["taken"], json!(true), "and under the new one");
}

#[test]
fn an_agency_sees_each_event_in_order_whatever_fails_on_sled() {
    story_of_a_webhook(Country::settled());
}

#[test]
fn an_agency_sees_each_event_in_order_whatever_fails_on_postgresql() {
    let server = PostgresServer::start();
    story_of_a_webhook(Country::settled_on(Keeping::Postgres(&server.database())));
}

fn story_of_a_webhook(mut country: Country) {
    let mut receiver = Receiver::prepared(country.installation.scratch("receiver"));
    receiver.start();
    let (administrator, officer) =
        (country.staff.administrator.npki.clone(), country.staff.officer.npki.clone());
    let (organisation, person) = (country.identities.organisation.clone(), country.identities.person.clone());
    let device = |number: usize| census::device(&officer, &organisation, &person, &format!("HOOK-{number}"));
    let (address, secret) = (receiver.address(), receiver.secret());
    let add = [
        "webhook",
        "add",
        &organisation,
        "--address",
        &address,
        "--kind",
        "identity.registered,certificate.revoked",
        "--secret-file",
        text(&secret),
        "--reason",
        "letter 7 of 2026",
    ];
    let added = administrator.done(&add);
    let id = answers::id(&added["webhook"]);
    assert!(!added.to_string().contains("whsec_"), "the secret is in the file alone");
    let test = ["webhook", "test", &id];
    // Nobody vouches for the receiver yet.
    until("the receiver answers", || administrator.answered(exit::NO, &test)["error"] == json!("untrusted"));
    let first = device(1);
    let show = ["webhook", "show", &id];
    until("it is seen that nothing is taken", || {
        administrator.done(&show)["webhook"]["last_error"] == json!("untrusted")
    });
    assert!(receiver.came().is_empty());

    trusting(&country.installation, &receiver.trust());
    country.installation.restart();
    until("it is taken", || administrator.run(&test).code == exit::DONE);
    until("the first is taken", || receiver.taken().len() == 1);
    receiver.fails(2);
    device(2);
    device(3);
    until("the failures are over", || receiver.taken().len() == 3);
    let failed = receiver.came().iter().filter(|came| came["status"] == 503).count();
    assert_eq!(failed, 2);

    // Both are killed with messages on their way.
    receiver.kill();
    for number in 4..10 {
        device(number);
    }
    country.installation.kill9();
    receiver.start();
    country.installation.start();
    until("each is taken", || receiver.taken().len() == 9);
    for number in 10..14 {
        device(number);
    }
    country.installation.kill9();
    country.installation.start();
    until("each is taken", || receiver.taken().len() == 13);

    let taken = receiver.taken();
    let data =
        |member: &str| taken.iter().map(|one| one["message"]["data"][member].clone()).collect::<Vec<_>>();
    assert_eq!(data("number"), (1..14).map(Value::from).collect::<Vec<_>>(), "in order, without a gap");
    assert!(data("position").windows(2).all(|pair| pair[0].as_u64() < pair[1].as_u64()));
    assert_eq!(data("identity")[0], json!(first));

    changes_over(&administrator, &id, &receiver);
    let shown = administrator.done(&show);
    assert_eq!((&shown["behind"], &shown["webhook"]["delivered"]), (&json!(0), &json!(13)), "{shown}");
    assert!(shown["webhook"]["last_error"].is_null());

    let operator = country.staff.agency_operator(&country.installation, &organisation).npki;
    let log = operator.done(&["webhook", "deliveries", &id, "--limit", "500"]);
    let failures = answers::items(&log).iter().filter(|deed| deed["action"] == "webhook.failed");
    assert!(failures.count() >= 3, "{log}");
    let end = ["webhook", "end", &id, "--reason", "letter 9"];
    assert_eq!(operator.refused(exit::NOT_PERMITTED, &end).code, "E-AUTH-002");
    assert_eq!(administrator.done(&end)["status"], "ended");
    assert_eq!(administrator.refused(exit::CONFLICT, &test).code, "E-WHK-002");
    country.installation.stop();
    country.installation.audit_is_clean();
}
