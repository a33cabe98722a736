//! The compact filter, made by the service, carried by hand, and asked where there is no network.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use tests::npki::{Outcome, exit, text};
use tests::programs::{self, Program};
use tests::{Country, bystander};

/// How far ahead the clocks are set, so that certificates just issued are old enough to be covered.
const AHEAD: &str = "+1h";

/// `npki status` with one filter alone, by a clock that is so far ahead; nobody is there to be asked.
fn ask(country: &Country, filter: &Path, certificate: &Path, ahead: &str) -> Outcome {
    let mut command = country.installation.somebody("traveller").command();
    command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME", ahead);
    let trust = country.installation.trust();
    command.args(["--json", "--no-input", "status", text(certificate), "--trust", text(&trust)]);
    Outcome::of(command.args(["--filter", text(filter)]))
}

/// Fetches a CA's filter, which is made within a moment of the start.
fn fetched(country: &Country, ca: &str) -> Vec<u8> {
    let address = format!("{}/filter/{ca}.filter", country.installation.public_url());
    let begun = Instant::now();
    loop {
        let answer = bystander::fetch(&country.installation, &address);
        if answer.status == 200 {
            return answer.body;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "no filter within a minute: {}", answer.status);
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_filter_carried_by_hand_tells_who_is_revoked() {
    let mut country = Country::populated();
    let good = country.certificate("device").chain.clone();
    let bad = country.certificate("application").clone();
    country.revoke(&bad.serial, "key-compromise");
    // As they are: the two are too young to be spoken of.
    let folder = country.installation.scratch("carried");
    let early = folder.join("early.filter");
    std::fs::write(&early, fetched(&country, "issuing")).unwrap();
    let young = ask(&country, &early, &good, "+0").data(exit::CANNOT_TELL);
    let seen = (&young["status"], &young["ocsp"]["not_asked"]);
    assert_eq!(seen, (&"undetermined".into(), &"a filter was given".into()));

    country.installation.stop();
    country.installation.start_with_clock(AHEAD);
    let filter = folder.join("issuing.filter");
    let octets = fetched(&country, "issuing");
    std::fs::write(&filter, &octets).unwrap();
    openssl_accepts(&octets, &folder, &country);
    verified(&country, &filter, &good, &bad.chain);
    country.installation.stop();

    let told = ask(&country, &filter, &good, AHEAD).data(exit::DONE);
    assert_eq!(told["status"], "good", "{told}");
    let told = ask(&country, &filter, &bad.chain, AHEAD).data(exit::NO);
    assert_eq!(told["status"], "revoked", "{told}");
    wrong_input(&country, &folder, &octets, &good);
}

/// `npki verify` by the filter, and where that says nothing by the CRL: of the issuing CA only that tells.
fn verified(country: &Country, filter: &Path, good: &Path, bad: &Path) {
    let verify = |certificate: &Path, more: &[&str]| {
        let mut command = country.installation.somebody("traveller").command();
        command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME", AHEAD);
        let trust = country.installation.trust();
        command.args(["--json", "--no-input", "verify", text(certificate), "--trust", text(&trust)]);
        Outcome::of(command.args(more))
    };
    let by = |sources| ["--status", sources, "--filter", text(filter)];
    let told = verify(good, &by("filter,crl")).data(exit::DONE);
    let status = |place: usize| told["details"]["path"][place]["status"].clone();
    assert_eq!((&status(0)["source"], &status(1)["source"]), (&"filter".into(), &"crl".into()), "{told}");
    assert_eq!(status(0)["evidence"].as_array().map(Vec::len), Some(1), "{told}");
    let told = verify(bad, &by("filter,crl")).data(exit::NO);
    let status = &told["details"]["path"][0]["status"];
    assert_eq!((&status["status"], &status["source"]), (&"revoked".into(), &"filter".into()), "{told}");
    // What the list says counts where it is asked first; of the CA a filter says nothing.
    let told = verify(good, &by("crl,filter")).data(exit::DONE);
    assert_eq!(told["details"]["path"][0]["status"]["source"], "crl", "{told}");
    let told = verify(good, &by("filter")).data(exit::CANNOT_TELL);
    assert_eq!(told["details"]["path"][0]["status"]["source"], "filter", "{told}");
    // One that was altered says nothing.
    let octets = std::fs::read(filter).unwrap();
    let altered = filter.with_extension("altered");
    std::fs::write(&altered, [&octets[..octets.len() - 1], b"x"].concat()).unwrap();
    let told = verify(good, &["--status", "filter", "--filter", text(&altered)]).data(exit::CANNOT_TELL);
    let evidence = &told["details"]["path"][0]["status"]["evidence"][0];
    assert!(evidence["refusal"].as_str().is_some_and(|why| why.contains("altered: ")), "{told}");
    for unclear in [
        &["--status", "filter"][..],
        &["--status", "crl", "--filter", text(filter)],
        &["--filter", text(filter)],
    ] {
        assert_eq!(verify(good, unclear).problem(exit::USAGE).code, "E-CLI-001");
    }
}

/// The signature is CMS, which anybody can verify.
fn openssl_accepts(filter: &[u8], folder: &Path, country: &Country) {
    let end = filter.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
    let head = std::str::from_utf8(&filter[..end]).unwrap();
    assert!(head.starts_with("npki.status-filter/1\nissuer ") && head.contains("\nrevoked 1\n"), "{head}");
    let body: usize = head.lines().find_map(|line| line.strip_prefix("body ")).unwrap().parse().unwrap();
    let (signed, signature) = filter.split_at(end + body);
    std::fs::write(folder.join("signed"), signed).unwrap();
    std::fs::write(folder.join("signature"), signature).unwrap();
    let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", "signed"];
    let anchors = country.installation.trust();
    Program::named("openssl")
        .args(verify)
        .args(["-purpose", "ocsphelper", "-no_check_time", "-out", "verified", "-CAfile"])
        .path(&anchors)
        .within(folder)
        .run()
        .succeeded();
    assert_eq!(std::fs::read(folder.join("verified")).unwrap(), signed);
}

/// What is no filter, was altered, is over, is of another CA, or is asked without the issuer: told so, and never "good".
fn wrong_input(country: &Country, folder: &Path, octets: &[u8], good: &Path) {
    let wrong = folder.join("wrong.filter");
    let refused = |octets: &[u8], certificate: &Path, ahead: &str| {
        std::fs::write(&wrong, octets).unwrap();
        ask(country, &wrong, certificate, ahead).problem(exit::CANNOT_TELL)
    };
    let mut altered = octets.to_vec();
    let head = octets.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
    altered[head] ^= 1;
    assert_eq!(refused(&altered, good, AHEAD).code, "E-VFY-006");
    assert_eq!(refused(b"-----BEGIN X509 CRL-----", good, AHEAD).code, "E-VFY-006");
    let over = refused(octets, good, "+9d");
    assert!(over.code == "E-VFY-006" && over.detail.contains("expired"), "{over:?}");
    let alone = &country.certificate("device").certificate;
    assert_eq!(refused(octets, alone, AHEAD).code, "E-VFY-003");
    // That of the CA which issued the issuer.
    let issuer = country.installation.issuing();
    let of_another = refused(octets, &issuer, AHEAD);
    assert!(of_another.code == "E-VFY-006" && of_another.detail.contains("another CA"), "{of_another:?}");
}
