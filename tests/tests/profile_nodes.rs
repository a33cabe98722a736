//! The profile book over two nodes on one database: what is approved at one is in force at the other for the very next
//! issuance, and of two who decide at once one does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use serde_json::{Value, json};
use tests::certificates::sha256;
use tests::installation::Keeping;
use tests::postgres::PostgresServer;
use tests::programs::Program;
use tests::rest::Rest;
use tests::{Country, Ministry, answers};

/// The two nodes, as the staff reaches each.
struct Node {
    proposer: Rest,
    approver: Rest,
    officer: Rest,
}

impl Node {
    fn of(ministry: &Ministry, installation: &tests::Installation) -> Self {
        let at = |member: &tests::Member| installation.rest(&member.certificate, &member.key);
        let staff = &ministry.country.staff;
        Self {
            proposer: at(&staff.administrator),
            approver: at(&ministry.second),
            officer: at(&staff.officer),
        }
    }

    fn text(&self) -> String {
        let newest = self.officer.get("/v1/profiles/device/editions/newest").json(200);
        answers::text(&newest, "text").to_owned()
    }

    #[track_caller]
    fn propose(&self, text: &str) -> Value {
        let body = json!({"profile": "device", "text": text, "reason": "the law of 2027"});
        self.proposer.post("/v1/profile-proposals", &body).json(200)
    }

    /// Status and code of an attempt to approve.
    fn approve(&self, proposal: &Value) -> (u16, String) {
        let path = format!("/v1/profile-proposals/{}/approve", answers::id(proposal));
        let answer = self.approver.post(&path, &json!({"sha256": proposal["sha256"]}));
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        (answer.status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The digest of the edition that a certificate is issued under, asked for now.
    #[track_caller]
    fn issue(&self, device: &str) -> String {
        let make = ["req", "-new", "-nodes", "-subj", "/CN=gate", "-keyout", "/dev/null", "-newkey", "ec"];
        let curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];
        let csr = Program::named("openssl").args(make).args(curve).run().succeeded().stdout;
        let body = json!({"profile": "device", "identity": device, "csr": String::from_utf8(csr).unwrap()});
        let issued = self.officer.post("/v1/requests", &body).json(201);
        let serial = answers::text(&issued, "serial");
        let shown = self.officer.get(&format!("/v1/certificates/{serial}")).json(200);
        answers::text(&shown, "profile_sha256").to_owned()
    }
}

fn lasting(text: &str, days: usize) -> String {
    let line = text.lines().find(|line| line.starts_with("validity_days")).unwrap();
    text.replacen(line, &format!("validity_days = {days}"), 1)
}

#[test]
fn two_nodes_keep_one_book() {
    let server = PostgresServer::start();
    let mut ministry = Ministry::of(Country::settled_on(Keeping::Postgres(&server.database())));
    let mut second = ministry.country.installation.another_node();
    second.start();
    let nodes = [Node::of(&ministry, &ministry.country.installation), Node::of(&ministry, &second)];
    let device = ministry.country.identities.device.clone();
    in_force_at_the_other_node_at_once(&nodes, &device);
    of_two_changes_at_once_one_is_made(&nodes);
    one_proposal_is_approved_once(&nodes);
    nothing_is_issued_under_two_editions(&nodes, &device);
    let [one, other] = &nodes;
    let editions = |node: &Node| node.officer.all("/v1/profiles/device/editions");
    assert_eq!(editions(one), editions(other));
    for (at, edition) in editions(one).iter().enumerate() {
        assert_eq!(edition["number"], at + 1, "the numbers have no gap");
    }
    second.stop();
    ministry.country.installation.stop();
    ministry.country.installation.audit_is_clean();
}

fn in_force_at_the_other_node_at_once([one, other]: &[Node; 2], device: &str) {
    for round in 0..6 {
        let (here, there) = if round % 2 == 0 { (one, other) } else { (other, one) };
        // The other node has just looked at what was in force.
        there.issue(device);
        let text = lasting(&here.text(), 100 + round);
        assert_eq!(here.approve(&here.propose(&text)), (200, String::new()));
        assert_eq!(
            there.issue(device),
            sha256(text.as_bytes()),
            "round {round}: an edition that was replaced"
        );
        assert_eq!(there.text(), text);
    }
}

/// Two proposals against one edition: whoever comes second is told to look again.
fn of_two_changes_at_once_one_is_made([one, other]: &[Node; 2]) {
    for round in 0..5 {
        let before = one.officer.all("/v1/profiles/device/editions").len();
        let texts = [lasting(&one.text(), 200 + round), lasting(&one.text(), 300 + round)];
        let proposals = std::thread::scope(|scope| {
            let first = scope.spawn(|| one.propose(&texts[0]));
            let second = other.propose(&texts[1]);
            [first.join().unwrap(), second]
        });
        let mut ended = std::thread::scope(|scope| {
            let first = scope.spawn(|| one.approve(&proposals[0]));
            let second = other.approve(&proposals[1]);
            [first.join().unwrap(), second]
        });
        ended.sort();
        assert_eq!(ended, [(200, String::new()), (409, "E-PROF-213".to_owned())], "round {round}");
        assert_eq!(one.officer.all("/v1/profiles/device/editions").len(), before + 1);
        assert!(texts.contains(&other.text()));
        // What lost is still there, to be withdrawn by who made it.
        let waiting = other.officer.all("/v1/profile-proposals?status=waiting");
        assert_eq!((waiting.len(), &waiting[0]["stale"]), (1, &true.into()), "{waiting:?}");
        let path = format!("/v1/profile-proposals/{}/withdraw", answers::id(&waiting[0]));
        assert_eq!(one.proposer.post(&path, &json!({})).json(200)["status"], "withdrawn");
    }
}

fn one_proposal_is_approved_once([one, other]: &[Node; 2]) {
    for round in 0..5 {
        let before = one.officer.all("/v1/profiles/device/editions").len();
        let proposal = one.propose(&lasting(&one.text(), 40 + round));
        let mut ended = std::thread::scope(|scope| {
            let first = scope.spawn(|| one.approve(&proposal));
            let second = other.approve(&proposal);
            [first.join().unwrap(), second]
        });
        ended.sort();
        assert_eq!(ended, [(200, String::new()), (409, "E-PROF-212".to_owned())], "round {round}");
        assert_eq!(one.officer.all("/v1/profiles/device/editions").len(), before + 1);
    }
}

/// While one node changes the profile, the other issues: whatever begins after an approval was answered is under it.
fn nothing_is_issued_under_two_editions([one, other]: &[Node; 2], device: &str) {
    let issued = std::thread::scope(|scope| {
        let issuing = scope.spawn(|| (0..12).map(|_| other.issue(device)).collect::<Vec<_>>());
        for round in 0..4 {
            let text = lasting(&one.text(), 70 + round);
            assert_eq!(one.approve(&one.propose(&text)), (200, String::new()));
        }
        issuing.join().unwrap()
    });
    let editions = one.officer.all("/v1/profiles/device/editions");
    let number = |digest: &String| {
        let found = editions.iter().rev().find(|edition| edition["sha256"] == digest.as_str());
        found.unwrap_or_else(|| panic!("{digest} was never in force"))["number"].as_u64().unwrap()
    };
    let numbers: Vec<_> = issued.iter().map(number).collect();
    assert!(numbers.is_sorted(), "an edition came back: {numbers:?}");
}
