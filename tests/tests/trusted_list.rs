//! The trusted list: made from what the installation is, signed, served; judged by those who read lists of the European Union.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::country::Country;
use tests::judges::trusted_list as judge;
use tests::lister;
use tests::npki::{exit, text};
use tests::rest::Rest;
use tests::stamper::Stamper;

/// Kind, name and state of each service.
fn services(list: &Value) -> Vec<(String, String, String)> {
    let short = |value: &Value, begin: &str| value.as_str().unwrap().rsplit_once(begin).unwrap().1.to_owned();
    let each = list["providers"][0]["services"].as_array().unwrap();
    each.iter()
        .map(|service| {
            let name = service["name"]["en"].as_str().unwrap().to_owned();
            (short(&service["kind"], "/Svctype/"), name, short(&service["status"], "/Svcstatus/"))
        })
        .collect()
}

fn written(country: &Country) -> PathBuf {
    let file = country.installation.scratch("lists").join("LS.xml");
    let answer = lister::list(country, "xml");
    assert_eq!(answer.status, 200);
    std::fs::write(&file, answer.body).unwrap();
    file
}

#[test]
fn the_list_says_what_there_is_and_the_judges_take_it() {
    let mut country = lister::nation();
    assert_eq!(lister::list(&country, "xml").status, 404);
    let signer = lister::signed_by(&country, "first");
    let list = lister::once(&country, |_| true);
    assert_eq!(list["sequence"], 1);
    let known = services(&list);
    for (kind, name) in [
        ("CA/PKC", "Things CA G1"),
        ("CA/PKC", "TLS Root CA G1"),
        ("CA/QC", "Persons CA G1"),
        ("CA/QC", "Seals CA G1"),
        ("Certstatus/OCSP", "OCSP of Things CA G1"),
        ("Certstatus/OCSP/QC", "OCSP of Persons CA G1"),
        ("NationalRootCA-QC", "National Root CA G1"),
    ] {
        let found = known.contains(&(kind.to_owned(), name.to_owned(), "granted".to_owned()));
        assert!(found, "{kind} {name} is not in {known:?}");
    }
    the_judges_take_it(&country, &signer, 1);
    it_is_sent_as_it_should_be(&country);
    a_unit_comes_and_goes(&country, &signer);
    a_ca_is_withdrawn_and_its_history_kept(&mut country, &signer);
}

fn the_judges_take_it(country: &Country, signer: &std::path::Path, number: u64) {
    let file = written(country);
    judge::xmlsec1(signer, &file);
    let told = country.installation.somebody("reader").done(&["inspect", text(&file)])["items"][0].clone();
    assert_eq!((&told["kind"], &told["territory"]), (&"trusted-list".into(), &"LS".into()), "{told}");
    let judged = judge::pyhanko(signer, &file);
    assert_eq!((&judged["number"], &judged["territory"]), (&number.into(), &"LS".into()), "{judged}");
    assert_eq!(judged["errors"], Value::Array(Vec::new()), "{judged}");
    let ours = services(&lister::list(country, "json").json(200)["list"]);
    let theirs = judged["services"].as_array().unwrap();
    assert_eq!(theirs.len(), ours.len());
    assert_eq!(told["services"].as_array().map(Vec::len), Some(ours.len()), "{told}");
    for (service, (kind, name, status)) in theirs.iter().zip(ours) {
        let said =
            [&service["kind"], &service["name"], &service["status"]].map(|value| value.as_str().unwrap());
        assert!(said[0].ends_with(&kind) && said[1] == name && said[2].ends_with(&status), "{service}");
    }
    assert_eq!(judged["qualified_cas"], 2, "{judged}");
}

fn it_is_sent_as_it_should_be(country: &Country) {
    let whole = lister::list(country, "xml");
    assert_eq!(whole.header("content-type"), "application/vnd.etsi.tsl+xml");
    assert!(!whole.header("last-modified").is_empty() && !whole.header("expires").is_empty());
    let rest = Rest::new(&country.installation.public_url(), &country.installation.trust());
    let again = format!("If-None-Match: {}", whole.header("etag"));
    let again = rest.send("/trusted-list/LS.xml", &["-H", &again], b"").unwrap();
    assert_eq!(again.status, 304);
    let gzip = rest.send("/trusted-list/LS.xml", &["-H", "Accept-Encoding: gzip"], b"").unwrap();
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert!(gzip.body.len() * 2 < whole.body.len(), "{} of {}", gzip.body.len(), whole.body.len());
    for wrong in ["LS", "LS.txt", "ZA.xml", "ls.xml", "LS.xml.json"] {
        assert_eq!(rest.get(&format!("/trusted-list/{wrong}")).status, 404, "{wrong}");
    }
    let published = rest.get("/published").json(200);
    let entry = &published["trusted_lists"][0];
    assert_eq!((&entry["territory"], &entry["number"]), (&"LS".into(), &1.into()), "{published}");
    assert_eq!(entry["sha256"], tests::certificates::sha256(&whole.body), "{published}");
    assert_eq!(lister::list(country, "json").json(200)["xml_sha256"], entry["sha256"]);
}

fn a_unit_comes_and_goes(country: &Country, signer: &std::path::Path) {
    let unit = Stamper::founded();
    unit.certified_by(&country.staff.administrator);
    let list = lister::once(country, |list| list["sequence"] == 2);
    let (kind, name, status) =
        services(&list).into_iter().find(|(kind, ..)| kind.starts_with("TSA")).expect("a unit");
    assert!(name.starts_with("Time-Stamping Unit alpha"), "{name}");
    assert_eq!((kind.as_str(), status.as_str()), ("TSA/QTST", "granted"));
    the_judges_take_it(country, signer, 2);
    let serial = tests::certificates::serial(&unit.data().join("certificates/unit.pem"));
    country.revoke(&serial, "superseded");
    let list = lister::once(country, |list| list["sequence"] == 3);
    assert!(services(&list).iter().any(|(kind, _, status)| kind == "TSA/QTST" && status == "withdrawn"));
    the_judges_take_it(country, signer, 3);
}

fn a_ca_is_withdrawn_and_its_history_kept(country: &mut Country, signer: &std::path::Path) {
    country.installation.stop();
    let withdrawing = |text: &str| text.replacen("\nwithdrawn = []", "\nwithdrawn = [\"things\"]", 1);
    country.installation.edit_settings(withdrawing);
    country.installation.start();
    let list = lister::once(country, |list| list["sequence"] == 4);
    let things = list["providers"][0]["services"].as_array().unwrap().clone();
    let things = things.into_iter().find(|service| service["name"]["en"] == "Things CA G1").unwrap();
    assert!(things["status"].as_str().unwrap().ends_with("withdrawn"), "{things}");
    assert!(things["history"][0]["status"].as_str().unwrap().ends_with("granted"), "{things}");
    the_judges_take_it(country, signer, 4);
    // Another key signs, and nothing else changes.
    let next = lister::signed_by(country, "second");
    lister::once(country, |list| list["sequence"] == 5);
    the_judges_take_it(country, &next, 5);
    assert_ne!(std::fs::read(&next).unwrap(), std::fs::read(signer).unwrap());
    // What is revoked signs nothing more, and the operator is told.
    country.revoke(&tests::certificates::serial(&next), "superseded");
    let give_up = Instant::now() + Duration::from_secs(30);
    while !country.installation.said().contains("the certificate that signs it is revoked") {
        assert!(Instant::now() < give_up, "{}", country.installation.said());
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_does_not_fit_is_refused_and_says_why() {
    let mut country = lister::nation();
    let operator = country.installation.somebody("operator");
    let data = country.installation.data();
    let folder = country.installation.scratch("refused");
    let csr = folder.join("signer.csr");
    let kind = operator.refused(
        exit::USAGE,
        &["trust", "request", "--data", text(&data), "--algorithm", "ed25519", "--out", text(&csr)],
    );
    assert!(kind.detail.contains("p384") || kind.fix.contains("p384"), "{kind:?}");
    operator.done(&["trust", "request", "--data", text(&data), "--out", text(&csr)]);
    // A certificate for another key, and one for another purpose.
    let root = country.installation.ca("root");
    let other = operator.run(&["trust", "accept", text(&root), "--data", text(&data)]);
    assert_ne!(other.code, exit::DONE);
    // Names of CAs that are not there stop the start, with the nearest that is.
    country.installation.stop();
    country.installation.edit_settings(|text| text.replacen("\"persons\", \"seals\"", "\"person\"", 1));
    let refused = operator.run(&["serve", "--data", text(&data)]);
    let said = format!("{refused:?}");
    assert!(said.contains("trusted_list.qualified") && said.contains("persons"), "{said}");
}
