//! Backups of a running service: complete, readable by the recipients alone, restored without going back unnoticed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tests::installation::copy_folder;
use tests::load::Clients;
use tests::npki::{exit, text};
use tests::published_ledger::head;
use tests::staff::administrator;
use tests::{Country, Installation, Witness, answers, census, certificates};

/// A new key pair for backups; the installation's settings name its recipient from the next start on.
fn recipient(installation: &Installation) -> PathBuf {
    let identity = installation.scratch("backup").join("identity");
    let made = installation.somebody("custodian").done(&["backup", "key", "--out", text(&identity)]);
    let recipient = answers::text(&made, "recipient").to_owned();
    installation.edit_settings(|settings| {
        settings
            .replace("recipients = []", &format!("recipients = [\"{recipient}\"]"))
            .replace("with_keys = false", "with_keys = true")
    });
    identity
}

/// The DER of every certificate that the server shows, by serial number.
fn all_certificates(country: &Country) -> BTreeMap<String, Vec<u8>> {
    let rest = &country.staff.officer.rest;
    let listed = rest.all("/v1/certificates");
    let der = |record: &Value| {
        let serial = answers::text(record, "serial").to_owned();
        let shown = rest.get(&format!("/v1/certificates/{serial}")).json(200);
        (serial, certificates::der(answers::text(&shown, "pem").as_bytes()))
    };
    listed.iter().map(der).collect()
}

/// Puts a restored folder in the place of the stopped installation's, with what no backup holds: the passphrase, and the
/// first administrator's key.
fn put_into_place(installation: &Installation, restored: &Path) {
    let (kept, data) = (installation.scratch("kept"), installation.data());
    for folder in ["secrets", "admin"] {
        copy_folder(&data.join(folder), &kept.join(folder));
    }
    installation.put_back(restored);
    for folder in ["secrets", "admin"] {
        let _ = std::fs::remove_dir_all(data.join(folder));
        copy_folder(&kept.join(folder), &data.join(folder));
    }
}

#[test]
fn a_service_at_work_is_backed_up_and_comes_back_to_the_octet() {
    let mut country = Country::settled();
    country.installation.stop();
    let identity = recipient(&country.installation);
    country.installation.start();
    let backup = country.installation.scratch("backup").join("backup");
    let devices = [census::device(
        &country.staff.officer.npki,
        &country.identities.organisation,
        &country.identities.person,
        "RSL-METER-1",
    )];
    let keys = country.installation.scratch("keys");
    let rest = country.staff.officer.rest.clone();
    let administrator = &country.staff.administrator.npki;
    Clients::new(&rest, &devices, &keys).ask_while(4, |clients| {
        clients.wait_until_served(8);
        administrator.done(&["backup", "create", "--out", text(&backup)]);
        clients.wait_until_served(16);
    });
    let custodian = country.installation.somebody("custodian");
    let verified = custodian.done(&["backup", "verify", text(&backup), "--identity", text(&identity)]);
    let size = verified["ledger_size"].as_u64().unwrap();
    assert!(size > 20, "{verified}");
    let before = all_certificates(&country);
    country.installation.stop();
    let restored = country.installation.scratch("backup").join("restored");
    let arguments = ["restore", text(&backup), "--identity", text(&identity), "--data", text(&restored)];
    custodian.done(&arguments);
    let audited = custodian.done(&["audit", "verify", "--data", text(&restored)]);
    assert_eq!((audited["verdict"].as_str(), audited["events"].as_u64()), (Some("clean"), Some(size)));
    put_into_place(&country.installation, &restored);
    country.installation.start();
    let after = all_certificates(&country);
    assert!(after.len() > 8);
    for (serial, der) in after {
        // The service may have renewed an own certificate when it came back.
        if let Some(was) = before.get(&serial) {
            assert_eq!(der, *was, "{serial}");
        }
    }
    let begun = country.staff.auditor.rest.get("/v1/events?action=backup.begun").json(200);
    assert_eq!(begun["items"].as_array().unwrap().len(), 1, "who asked for a backup is on record");
}

#[test]
fn nobody_else_gets_a_backup() {
    let country = Country::settled();
    let out = country.installation.scratch("backup").join("backup");
    let create = ["backup", "create", "--out", text(&out)];
    let refused = country.staff.officer.npki.refused(exit::NOT_PERMITTED, &create);
    assert_eq!(refused.code, "E-AUTH-002", "{refused:?}");
    let refused = country.staff.administrator.npki.refused(exit::CONFLICT, &create);
    assert_eq!(refused.code, "E-OPS-001", "{refused:?}");
    assert!(refused.fix.contains("[backup] recipients"), "{refused:?}");
    assert!(!out.exists(), "half of a backup was left");
}

#[test]
fn a_loss_is_refused_and_once_accepted_on_record_for_ever() {
    let mut installation = Installation::founded();
    let identity = recipient(&installation);
    installation.start();
    let (early, restored) =
        (installation.scratch("backup").join("early"), installation.scratch("backup").join("restored"));
    let administrator = administrator(&installation);
    administrator.npki.done(&["backup", "create", "--out", text(&early)]);
    for number in 0..3 {
        let (name, out) = (format!("Officer {number}"), format!("officer-{number}"));
        let hire = ["staff", "add", "--name", &name, "--role", "officer", "--generate", "--out", &out];
        administrator.npki.done(&hire);
    }
    installation.stop();
    let custodian = installation.somebody("custodian");
    let checkpoint = installation.data().join("checkpoint");
    let mut restore = vec![
        "restore",
        text(&early),
        "--identity",
        text(&identity),
        "--data",
        text(&restored),
        "--checkpoint",
        text(&checkpoint),
    ];
    let refused = custodian.refused(exit::CONFLICT, &restore);
    assert_eq!(refused.code, "E-BAK-008", "{refused:?}");
    assert!(refused.detail.contains("gives up"), "{refused:?}");
    assert!(!restored.exists());
    restore.extend(["--accept-loss", "lightning struck the ministry"]);
    custodian.done(&restore);
    let (store, lost) = (installation.data().join("store"), installation.scratch("lost").join("store"));
    copy_folder(&store, &lost);
    put_into_place(&installation, &restored);
    installation.start();
    let found = administrator.npki.done(&["audit", "search", "--action", "ledger.loss-accepted"]);
    assert_eq!(found["items"][0]["reason"], "lightning struck the ministry", "{found}");
    let head = std::iter::repeat_with(|| head(&installation))
        .take(100)
        .inspect(|found| {
            if found.is_none() {
                std::thread::sleep(Duration::from_millis(100));
            }
        })
        .flatten()
        .next()
        .expect("a head is published");
    assert!(head.origin.ends_with("/ledger/1"), "another name from here on: {}", head.origin);
    installation.stop();
    let audited = custodian.done(&["audit", "verify", "--data", text(&installation.data())]);
    assert_eq!(audited["verdict"], "clean", "{audited}");
    // What was given up does not come back behind the new history.
    std::fs::remove_dir_all(&store).unwrap();
    copy_folder(&lost, &store);
    let refused = custodian.refused(exit::CONFLICT, &["serve", "--data", text(&installation.data())]);
    assert_eq!(refused.code, "E-SRV-012", "{refused:?}");
}

#[test]
fn a_witness_remembers_what_a_backup_lacks() {
    let mut installation = Installation::founded();
    let identity = recipient(&installation);
    let mut witness = Witness::of(&installation, "example.org/witness");
    installation.ask_witnesses(&[&witness], 1);
    installation.start();
    let (early, restored) =
        (installation.scratch("backup").join("early"), installation.scratch("backup").join("restored"));
    let administrator = administrator(&installation);
    administrator.npki.done(&["backup", "create", "--out", text(&early)]);
    let hire =
        ["staff", "add", "--name", "Thabo Mokoena", "--role", "officer", "--generate", "--out", "thabo"];
    administrator.npki.done(&hire);
    let size = administrator.npki.done(&["audit", "verify"])["events"].as_u64().unwrap();
    tests::published_ledger::until_published(&installation, size, Duration::from_secs(20));
    installation.stop();
    let custodian = installation.somebody("custodian");
    let restore = ["restore", text(&early), "--identity", text(&identity), "--data", text(&restored)];
    let refused = custodian.refused(exit::CONFLICT, &restore);
    assert!(refused.detail.contains("gives up"), "{refused:?}");
    witness.stop();
    let refused = custodian.refused(exit::CONFLICT, &restore);
    assert!(refused.detail.contains("a witness cannot be asked"), "{refused:?}");
    assert!(!restored.exists());
}
