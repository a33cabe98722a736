//! The profile book is backed up and restored, on either engine: editions, proposals, their history, and the ledger of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use serde_json::Value;
use tests::certificates::sha256;
use tests::installation::Keeping;
use tests::npki::{exit, text};
use tests::postgres::PostgresServer;
use tests::{Country, Custody, Ministry, Npki, answers};

#[test]
fn on_the_embedded_store() {
    comes_back(Keeping::Embedded, "store");
}

#[test]
fn on_postgresql() {
    let server = PostgresServer::start();
    let (address, restored) = (server.database(), server.database());
    comes_back(Keeping::Postgres(&address), &restored);
}

/// What the staff sees of the profiles.
fn seen(officer: &Npki, auditor: &Npki) -> Vec<Value> {
    let mut seen: Vec<_> = [
        &["profile", "list"][..],
        &["profile", "show", "device"],
        &["profile", "show", "device@1"],
        &["profile", "history", "device", "--diff"],
        &["profile", "history", "meter"],
        &["profile", "show", "meter"],
        &["profile", "proposals"],
    ]
    .iter()
    .map(|words| officer.done(words))
    .collect();
    for action in ["proposed", "approved", "rejected", "withdrawn", "retired", "founded"] {
        let found = auditor.done(&["audit", "search", "--action", &format!("profile.{action}")]);
        let events = answers::items(&found).clone();
        assert!(!events.is_empty(), "nothing was {action}");
        seen.push(Value::Array(events));
    }
    seen
}

fn comes_back(keeping: Keeping<'_>, target: &str) {
    let mut ministry = Ministry::of(Country::settled_on(keeping));
    let custody = Custody::of(&mut ministry.country.installation);
    let waiting = busy(&ministry);
    let staff = &ministry.country.staff;
    let before = seen(&staff.officer.npki, &staff.auditor.npki);
    custody.back_up_running(&ministry.country);
    // What came after the backup is not in it.
    let later = ministry.edited("application", "validity_days = 90", "validity_days = 60");
    ministry.approve(&ministry.propose(&later, &[]));
    ministry.country.installation.stop();

    let mut restored = custody.restored(&ministry.country.installation, target);
    restored.audit_is_clean();
    restored.start();
    let staff = &ministry.country.staff;
    assert_eq!(seen(&staff.officer.npki, &staff.auditor.npki), before, "it is not what it was");
    assert_eq!(ministry.days("application"), 90);

    // It goes on: what waited is approved, and issued under.
    ministry.approve(&waiting);
    assert_eq!(ministry.days("device"), 30);
    let device = &ministry.country.identities.device;
    let issued = staff.issue(&ministry.country.installation, &staff.officer, "device", device);
    let shown = staff.officer.npki.done(&["cert", "show", &issued.serial]);
    assert_eq!(shown["profile_sha256"], waiting["sha256"], "{shown}");
    restored.stop();
    restored.audit_is_clean();
}

/// Every act there is on profiles; the proposal that is left waiting.
fn busy(ministry: &Ministry) -> Value {
    let first = &ministry.country.staff.administrator.npki;
    let shorter = ministry.edited("device", "validity_days = 365", "validity_days = 40");
    ministry.approve(&ministry.propose(&shorter, &[]));
    let meter = shorter.with_file_name("meter.toml");
    std::fs::copy(&shorter, &meter).unwrap();
    ministry.approve(&ministry.propose(&meter, &["--issued-by", "issuing"]));
    let retire = ["profile", "retire", "meter", "--reason", "nobody has any"];
    ministry.approve(&first.answered(exit::WAITING, &retire));
    let rejected =
        ministry.propose(&ministry.edited("device", "validity_days = 40", "validity_days = 41"), &[]);
    ministry.second.npki.done(&["profile", "reject", &answers::id(&rejected), "--reason", "too long"]);
    let withdrawn =
        ministry.propose(&ministry.edited("device", "validity_days = 40", "validity_days = 42"), &[]);
    first.done(&["profile", "withdraw", &answers::id(&withdrawn)]);
    let file = ministry.edited("device", "validity_days = 40", "validity_days = 30");
    let waiting = ministry.propose(&file, &[]);
    assert_eq!(waiting["sha256"], sha256(&std::fs::read(text(&file)).unwrap()).as_str());
    waiting
}
