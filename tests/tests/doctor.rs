//! `npki doctor`: it finds nothing where nothing is wrong, and each thing that is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::time::{Duration, Instant};

use serde_json::Value;
use tests::country::CrlEntry;
use tests::nginx::Nginx;
use tests::npki::{Outcome, exit, text};
use tests::{Country, FarResponder, bystander, programs};

/// What a check found: its states, and all that it says.
fn found(report: &Value, check: &str, about: Option<&str>) -> (Vec<String>, String) {
    let of_check = report["findings"].as_array().unwrap().iter().filter(|finding| {
        finding["check"] == check && about.is_none_or(|about| finding["about"].as_str() == Some(about))
    });
    let word = |finding: &Value, member: &str| finding[member].as_str().unwrap().to_owned();
    let (states, says): (Vec<_>, Vec<_>) =
        of_check.map(|finding| (word(finding, "state"), word(finding, "says"))).unzip();
    assert!(!states.is_empty(), "nothing of {check}: {report}");
    (states, says.join("\n"))
}

#[track_caller]
fn failed(report: &Value, check: &str, about: Option<&str>, says: &str) {
    let (states, said) = found(report, check, about);
    assert!(states.iter().any(|state| state == "failed") && said.contains(says), "{states:?} {said}");
}

/// Looks at an address as anybody can who has the root.
fn doctor(country: &Country, url: &str, code: i32, more: &[&str]) -> Value {
    let trust = country.installation.trust();
    let arguments = ["doctor", "--url", url, "--trust", text(&trust)];
    country.installation.somebody("anybody").answered(code, &[&arguments[..], more].concat())
}

#[test]
fn it_finds_nothing_where_nothing_is_wrong() {
    let country = Country::populated();
    let (bad, held) = (country.certificate("device"), country.certificate("application"));
    country.revoke(&bad.serial, "key-compromise");
    country.revoke(&held.serial, "certificate-hold");
    country.until_the_crl(CrlEntry::Listed, &held.serial);
    let log_key = country.installation.log_key();
    let feed_key = country.installation.data().join("certificates/feed.vkey");
    let good = country.certificate("tls-server");
    let more = ["--log-key", text(&log_key), "--feed-key", text(&feed_key), "--fail-on", "warning"];
    let given = [text(&good.certificate), text(&bad.certificate), text(&held.certificate)];
    let url = country.installation.public_url();
    let report = doctor(&country, &url, exit::DONE, &[&more[..], &given].concat());
    assert_eq!((&report["failed"], &report["warnings"]), (&0.into(), &0.into()), "{report}");
    for check in ["reach", "clock", "published", "ca", "crl", "filter", "ocsp", "agreement", "ledger", "feed"]
    {
        let (states, said) = found(&report, check, None);
        assert!(states.iter().any(|state| state == "ok"), "{check}: {states:?} {said}");
    }
    let (_, said) = found(&report, "agreement", Some("issuing"));
    assert!(said.starts_with("2 of its CRLs and 4 others"), "{said}");

    // For people; and only what was asked for.
    let trust = country.installation.trust();
    let arguments = ["doctor", "--url", &url, "--trust", text(&trust), "--only", "clock"];
    let outcome = country.installation.somebody("anybody").run_as_text(&arguments);
    outcome.exits(exit::DONE);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("ok") && lines[1].starts_with("sound"), "{lines:?}");
}

/// A responder that was told everything once, by hand, and hears of nothing that happens later.
fn deaf_responder(country: &Country) -> FarResponder {
    let data = country.installation.data();
    let mut far = FarResponder::founded(&["--key-file", text(&data.join("certificates/feed.vkey"))]);
    let file = far.file("once.feed");
    let operator = country.installation.somebody("operator");
    operator.done(&["feed", "export", "--data", text(&data), "--out", text(&file)]);
    far.operator().done(&["responder", "import", text(&file), "--data", text(&far.data())]);
    far.certified_by(&country.staff.administrator);
    far.start();
    far.until_ready("ready\n");
    far
}

/// nginx before an installation, which asks `ocsp` for OCSP, and has a CRL of its own.
fn before(country: &Country, ocsp: &str, crl: Option<&[u8]>) -> Nginx {
    let url = country.installation.public_url();
    Nginx::with(|port, folder| {
        std::fs::create_dir_all(folder.join("crl")).unwrap();
        let own = crl.map(|octets| {
            std::fs::write(folder.join("crl/issuing.crl"), octets).unwrap();
            format!("location = /crl/issuing.crl {{ root {}; }}", folder.display())
        });
        format!(
            "server {{ listen 127.0.0.1:{port}; {} location /ocsp {{ proxy_pass {ocsp}; }} location / {{ proxy_pass {url}; }} }}",
            own.unwrap_or_default()
        )
    })
}

#[test]
fn it_finds_what_is_wrong() {
    let country = Country::populated();
    let bad = country.certificate("device");
    let url = country.installation.public_url();
    let old = bystander::fetch(&country.installation, &format!("{url}/crl/issuing.crl")).body;
    let far = deaf_responder(&country);
    country.revoke(&bad.serial, "key-compromise");
    country.until_the_crl(CrlEntry::Listed, &bad.serial);
    let mine = format!("{url}/ocsp");

    // A responder that is behind the CRL.
    let nginx = before(&country, &far.address(), None);
    let begun = Instant::now();
    loop {
        let behind = doctor(&country, &nginx.url(), exit::NO, &[]);
        let (_, said) = found(&behind, "agreement", Some("issuing"));
        if said.contains(&format!("{}: revoked", bad.serial))
            && said.contains("OCSP, as of before, says good")
        {
            break;
        }
        // Five seconds are everybody's.
        assert!(begun.elapsed() < Duration::from_secs(20), "{said}");
        std::thread::sleep(Duration::from_millis(500));
    }

    // A cache that keeps an old CRL, which is no lie yet; one that was altered; one of another CA.
    let nginx = before(&country, &mine, Some(&old));
    let stale = doctor(&country, &nginx.url(), exit::NO, &[text(&bad.certificate), "--fail-on", "warning"]);
    assert_eq!(stale["failed"], 0, "{stale}");
    let (states, said) = found(&stale, "crl", Some("issuing"));
    assert!(states.contains(&"warning".to_owned()) && said.contains("is published, and this is"), "{said}");
    let mut altered = old.clone();
    *altered.last_mut().unwrap() ^= 1;
    let root = bystander::fetch(&country.installation, &format!("{url}/crl/root.crl")).body;
    for wrong in [&altered, &root] {
        let report = doctor(&country, &before(&country, &mine, Some(wrong)).url(), exit::NO, &[]);
        failed(&report, "crl", Some("issuing"), "it proves nothing");
    }

    // Keys of a ledger and a feed that are not these.
    let foreign = Country::settled();
    let log_key = foreign.installation.log_key();
    let feed_key = foreign.installation.data().join("certificates/feed.vkey");
    let report =
        doctor(&country, &url, exit::NO, &["--log-key", text(&log_key), "--only", "ledger", "--only", "crl"]);
    failed(&report, "ledger", None, "checkpoint");
    let report = doctor(&country, &url, exit::NO, &["--feed-key", text(&feed_key)]);
    failed(&report, "feed", None, "not signed by the key");

    // Another country's root; a clock that is wrong; nobody there.
    let anybody = country.installation.somebody("anybody");
    let trust = foreign.installation.trust();
    let report = anybody.answered(exit::NO, &["doctor", "--url", &url, "--trust", text(&trust)]);
    failed(&report, "ca", Some("issuing"), "no valid path");
    let mut command = anybody.command();
    command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME", "+2h");
    let trust = country.installation.trust();
    command.args(["--json", "--no-input", "doctor", "--url", &url, "--trust", text(&trust)]);
    failed(&Outcome::of(&mut command).data(exit::NO), "clock", None, "s apart");
    let nobody = ["doctor", "--url", "http://127.0.0.1:1", "--trust", text(&trust)];
    assert_eq!(anybody.refused(exit::UNAVAILABLE, &nobody).code, "E-NET-001");
}
