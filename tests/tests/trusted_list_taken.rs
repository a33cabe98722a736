//! The trusted list taken by those who rely on it: verified, never backwards, told, and used as trust anchors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use tests::country::Country;
use tests::judges::trusted_list as judge;
use tests::npki::{Npki, Outcome, exit, text};
use tests::{bystander, lister, programs};

/// Somebody who relies on the list, with a folder for lists.
struct Taker {
    npki: Npki,
    kept: PathBuf,
    signer: PathBuf,
    address: String,
}

impl Taker {
    fn of(country: &Country, signer: PathBuf) -> Self {
        let installation = &country.installation;
        Self {
            npki: installation.somebody("taker"),
            kept: installation.scratch("kept").join("lists"),
            signer,
            address: format!("{}/trusted-list/LS.xml", installation.public_url()),
        }
    }

    fn pull(&self, from: &str, more: &[&str]) -> Outcome {
        self.npki.run(&[&["trust", "pull", from, "--out", text(&self.kept)], more].concat())
    }

    fn about(&self, words: &[&str]) -> Outcome {
        self.npki.run(&[&["trust"], words, &["--kept", text(&self.kept)]].concat())
    }

    /// The trust anchors of now, in a new file.
    #[track_caller]
    fn anchors(&self, name: &str) -> PathBuf {
        let file = self.npki.home().join(name);
        self.about(&["export", "--out", text(&file)]).data(exit::DONE);
        file
    }
}

#[test]
fn a_list_is_taken_told_and_used() {
    let mut country = lister::nation();
    let signer = lister::signed_by(&country, "first");
    lister::once(&country, |_| true);
    let taker = Taker::of(&country, signer);
    it_is_taken_from_its_signer_alone(&taker);
    it_is_told(&taker);
    let officer = &country.staff.officer;
    let issue = |profile, identity| country.staff.issue(&country.installation, officer, profile, identity);
    let person = issue("person-signature", &country.identities.person);
    let device = issue("device", &country.identities.device);
    let verify = |certificate: &Path, anchors: &Path| {
        taker.npki.run(&["verify", text(certificate), "--trust", text(anchors)])
    };
    let before = taker.anchors("before.pem");
    for issued in [&person, &device] {
        assert_eq!(verify(&issued.certificate, &before).code, exit::DONE);
    }
    // The CA of devices is withdrawn: the next list's anchors lead to it no more, and those of before say what was.
    let things = |text: &str| text.replacen("\nwithdrawn = []", "\nwithdrawn = [\"things\"]", 1);
    country.installation.stop();
    country.installation.edit_settings(things);
    country.installation.start();
    lister::once(&country, |list| list["sequence"] == 2);
    let old = taker.kept.join("LS.xml");
    let old = std::fs::read(old).unwrap();
    assert_eq!(taker.pull(&taker.address, &[]).data(exit::DONE)["number"], 2);
    let after = taker.anchors("after.pem");
    assert_eq!(verify(&person.certificate, &after).code, exit::DONE);
    assert_eq!(verify(&device.certificate, &after).code, exit::NO);
    it_never_goes_back(&taker, &old);
    another_signer_must_be_said(&country, &taker);
    it_runs_out(&taker);
}

fn it_is_taken_from_its_signer_alone(taker: &Taker) {
    let unknown = taker.pull(&taker.address, &[]).problem(exit::USAGE);
    assert_eq!(unknown.code, "E-TL-002");
    let ca = ["--signer", "/dev/null"];
    assert_ne!(taker.pull(&taker.address, &ca).code, exit::DONE);
    assert_eq!(taker.about(&["list"]).problem(exit::NOT_FOUND).code, "E-TL-005");
    let taken = taker.pull(&taker.address, &["--signer", text(&taker.signer)]).data(exit::DONE);
    assert_eq!((&taken["territory"], &taken["number"]), (&"LS".into(), &1.into()), "{taken}");
    // The signer is remembered, and the same list may come again.
    let again = taker.pull(&taker.address, &[]).data(exit::DONE);
    assert_eq!(again["number_before"], 1, "{again}");
    judge::xmlsec1(&taker.signer, &taker.kept.join("LS.xml"));
}

fn it_is_told(taker: &Taker) {
    let told = taker.about(&["list"]).data(exit::DONE);
    let services = told["services"].as_array().unwrap();
    let persons = services.iter().find(|it| it["name"] == "Persons CA G1" && it["kind"] == "CA/QC").unwrap();
    assert_eq!((&persons["status"], &persons["counts"]), (&"granted".into(), &true.into()));
    let by_id = taker.about(&["show", persons["id"].as_str().unwrap()]).data(exit::DONE);
    assert_eq!(by_id, taker.about(&["show", "persons ca g1"]).data(exit::DONE));
    assert_eq!(taker.about(&["show", "Nobody"]).problem(exit::NOT_FOUND).code, "E-TL-006");
    let early = taker.about(&["list", "--at", "2020-01-01", "--granted"]).data(exit::DONE);
    assert_eq!(early["services"].as_array().unwrap().len(), 0);
    let words = taker.npki.run_as_text(&["trust", "list", "--kept", text(&taker.kept)]);
    assert!(words.stdout.contains("Certstatus/OCSP") && words.stdout.contains("granted"), "{}", words.stdout);
    let [xml, json] = ["LS.xml", "LS.json"].map(|name| taker.npki.home().join(name));
    for (form, file) in [("xml", &xml), ("json", &json)] {
        taker.about(&["export", "--form", form, "--out", text(file)]).data(exit::DONE);
    }
    assert_eq!(std::fs::read(&xml).unwrap(), std::fs::read(taker.kept.join("LS.xml")).unwrap());
    let address = taker.address.replace(".xml", ".json");
    let published: serde_json::Value =
        serde_json::from_slice(&tests::rest::Rest::new("", &taker.signer).get(&address).body).unwrap();
    let exported: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    assert_eq!(exported, published);
}

fn it_never_goes_back(taker: &Taker, old: &[u8]) {
    let file = taker.npki.home().join("old.xml");
    std::fs::write(&file, old).unwrap();
    let back = taker.pull(text(&file), &[]).problem(exit::NO);
    assert!(back.code == "E-TL-001" && back.detail.contains("its number is 1"), "{back:?}");
    assert_eq!(taker.about(&["list"]).data(exit::DONE)["lists"][0]["number"], 2);
}

fn another_signer_must_be_said(country: &Country, taker: &Taker) {
    let next = lister::signed_by(country, "second");
    lister::once(country, |list| list["sequence"] == 3);
    assert_eq!(taker.pull(&taker.address, &[]).problem(exit::NO).code, "E-TL-001");
    let given = ["--signer", text(&next)];
    assert_eq!(taker.pull(&taker.address, &given).problem(exit::NO).code, "E-TL-003");
    let replacing = [&given[..], &["--replace-signer"]].concat();
    assert_eq!(taker.pull(&taker.address, &replacing).data(exit::DONE)["number"], 3);
    assert_eq!(taker.pull(&taker.address, &[]).data(exit::DONE)["number"], 3);
}

fn it_runs_out(taker: &Taker) {
    let later = |words: &[&str]| {
        let mut command = taker.npki.command();
        command.env("LD_PRELOAD", programs::faketime()).env("FAKETIME", "+100d");
        Outcome::of(command.args(["--json", "--no-input", "trust"]).args(words))
    };
    let kept = text(&taker.kept);
    let out = taker.npki.file("late.pem");
    let refused = later(&["export", "--out", &out, "--kept", kept]).problem(exit::CANNOT_TELL);
    assert_eq!(refused.code, "E-TL-004");
    later(&["export", "--out", &out, "--kept", kept, "--accept-overdue"]).data(exit::DONE);
    assert_eq!(later(&["list", "--kept", kept]).data(exit::DONE)["lists"][0]["overdue"], true);
    let file = text(&taker.kept).to_owned() + "/LS.xml";
    assert_eq!(later(&["pull", &file, "--out", kept]).problem(exit::CANNOT_TELL).code, "E-TL-004");
}

#[test]
fn what_is_not_the_signed_list_is_refused() {
    let country = lister::nation();
    let signer = lister::signed_by(&country, "first");
    lister::once(&country, |_| true);
    let taker = Taker::of(&country, signer);
    let list = String::from_utf8(bystander::fetch(&country.installation, &taker.address).body).unwrap();
    let (body, signature) = list.split_at(list.find("<ds:Signature ").unwrap());
    let end = "</TrustServiceStatusList>";
    let signature = signature.strip_suffix(end).unwrap();
    let bomb: String = (1..30).map(|n| format!("<!ENTITY a{n} \"&a{};&a{};\">", n - 1, n - 1)).collect();
    let laughs = format!("<!DOCTYPE lolz [<!ENTITY a0 \"ha\">{bomb}]><lolz>&a29;</lolz>");
    let external = "<!DOCTYPE l SYSTEM \"file:///etc/passwd\"><l/>".to_owned();
    let mut wrong = vec![
        ("a document type", laughs),
        ("a document type", external),
        ("nested too deeply", "<a>".repeat(100_000)),
        ("signatures", format!("{body}{signature}{signature}{end}")),
        ("not signed", format!("{body}{end}")),
        ("first element", format!("<Wrapper>{}</Wrapper>", list.split_once('\n').unwrap().1)),
        ("well-formed", String::new()),
        ("altered", list.replacen("granted", "withdrawn", 1)),
        ("altered", list.replacen("Persons", "Peasant", 1)),
    ];
    let file = taker.npki.home().join("wrong.xml");
    for (says, text_of) in wrong.drain(..) {
        std::fs::write(&file, text_of).unwrap();
        let refused = taker.pull(text(&file), &["--signer", text(&taker.signer)]).problem(exit::NO);
        assert!(refused.code == "E-TL-001" && refused.detail.contains(says), "{says}: {refused:?}");
    }
    std::fs::write(&file, vec![b' '; 100 * 1024 * 1024]).unwrap();
    let large = taker.pull(text(&file), &["--signer", text(&taker.signer)]).problem(exit::USAGE);
    assert_eq!(large.code, "E-FILE-005");
    let other = country.installation.ca("persons");
    std::fs::write(&file, &list).unwrap();
    let by_other = taker.pull(text(&file), &["--signer", text(&other)]).problem(exit::NO);
    assert!(by_other.detail.contains("not by a signer"), "{by_other:?}");
    assert!(!taker.kept.join("LS.xml").exists());
    // What was altered on the disk is refused when it is read.
    taker.pull(text(&file), &["--signer", text(&taker.signer)]).data(exit::DONE);
    std::fs::write(taker.kept.join("LS.xml"), list.replacen("granted", "withdrawn", 1)).unwrap();
    assert_eq!(taker.about(&["list"]).problem(exit::NO).code, "E-TL-001");
}
