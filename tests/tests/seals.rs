//! Organisations' seals: issued under two officers' word for a key of OpenSSL's, put to files, PDF documents, containers and JSON
//! Web Signatures, and told from signatures. OpenSSL and pyHanko judge them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::judges::{openssl, pdf};
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::{Country, Npki, answers, bystander, paper};

/// An agency with its seal, and a person who signs.
struct Agency {
    country: Country,
    folder: PathBuf,
    clerk: Npki,
    seal: Issued,
    person: Issued,
    device: Issued,
}

impl Agency {
    fn opened() -> Self {
        let country = Country::settled();
        let (installation, identities) = (&country.installation, &country.identities);
        let folder = installation.scratch("agency");
        let seal = sealed_key(&country, &folder);
        let issue =
            |profile, identity| country.staff.issue(installation, &country.staff.officer, profile, identity);
        let person = issue("person-signature", &identities.person);
        let device = issue("device", &identities.device);
        std::fs::write(folder.join("extract"), "Revenue Services Lesotho owes nobody.\n").unwrap();
        std::fs::write(folder.join("extract.pdf"), paper::pdf("Revenue Services Lesotho")).unwrap();
        let clerk = installation.somebody("clerk");
        Self { clerk, folder, seal, person, device, country }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn by(signer: &Issued) -> [&str; 4] {
        ["--cert", text(&signer.chain), "--key", text(&signer.key)]
    }

    #[track_caller]
    fn seals(&self, arguments: &[&str]) -> Value {
        self.clerk.done(&[&["seal"], arguments, &Self::by(&self.seal)].concat())
    }

    #[track_caller]
    fn verdict(&self, arguments: &[&str]) -> Value {
        let root = self.country.installation.root();
        self.clerk.done(&[&["verify"], arguments, &["--trust", text(&root)]].concat())
    }
}

/// A seal for a key that OpenSSL made, under two officers' word.
fn sealed_key(country: &Country, folder: &Path) -> Issued {
    let (key, csr) = (folder.join("seal.key"), folder.join("seal.csr"));
    let make =
        ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/"];
    let made = Program::named("openssl").args(make).args(["-keyout", text(&key), "-out", text(&csr)]);
    made.run().succeeded();
    let organisation = &country.identities.organisation;
    let issued = country.staff.issue_for("organisation-seal", organisation, &csr);
    assert_eq!(issued["approvals"].as_array().map(Vec::len), Some(2), "two officers approve: {issued}");
    let out = folder.join("seal");
    let download = ["request", "download", &answers::id(&issued), "--out", text(&out)];
    country.staff.officer.npki.done(&download);
    std::fs::copy(&key, out.join("key.pem")).unwrap();
    Issued::in_folder(&out, "organisation-seal", organisation, answers::text(&issued, "serial"))
}

#[test]
fn an_organisation_seals_whatever_persons_sign() {
    let agency = Agency::opened();
    let (extract, signature) = (agency.file("extract"), agency.file("extract.p7s"));
    let sealed = agency.seals(&[text(&extract)]);
    assert_eq!((&sealed["signature"], &sealed["level"]), (&json!(text(&signature)), &json!("b-b")));
    let (root, issuing) = (agency.country.installation.root(), agency.country.installation.issuing());
    openssl::cms_verify(&root, &issuing, &extract, &signature).succeeded();
    let told = agency.verdict(&[text(&extract)]);
    assert_eq!((&told["verdict"], &told["details"]["kind"]), (&json!("valid"), &json!("seal")), "{told}");
    assert!(told["summary"].as_str().unwrap().contains("sealed by"), "{told}");
    let page = agency.file("page.html");
    agency.verdict(&[text(&extract), "--report", text(&page)]);
    assert!(std::fs::read_to_string(&page).unwrap().contains("This document was sealed by "));

    let asked = json!({"signature": STANDARD.encode(std::fs::read(&signature).unwrap()),
        "content": STANDARD.encode(std::fs::read(&extract).unwrap())});
    let rest = bystander::rest(&agency.country.installation);
    assert_eq!(rest.post("/v1/validation/signatures", &asked).json(200)["kind"], "seal");

    // A document that the organisation seals and a person signs.
    let document = agency.file("extract.pdf");
    let (sealed, both) = (agency.file("sealed.pdf"), agency.file("both.pdf"));
    agency.seals(&["--pdf", text(&document), "--out", text(&sealed), "--visible", "last:bottom-left"]);
    let seen = pdf::pdfium_shows(&document, &sealed, 1);
    assert!(seen["text"].as_str().unwrap().contains("Sealed by "), "{seen}");
    let sign = ["sign", "--pdf", text(&sealed), "--out", text(&both)];
    agency.clerk.done(&[&sign[..], &Agency::by(&agency.person)].concat());
    let told = agency.verdict(&[text(&both)]);
    let kinds: Vec<&Value> =
        told["details"]["signatures"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, [&json!("seal"), &json!("signature")], "{told}");
    assert!(told["summary"].as_str().unwrap().contains(" and signed by "), "{told}");
    agency.verdict(&[text(&both), "--report", text(&page)]);
    let said = std::fs::read_to_string(&page).unwrap();
    assert!(said.contains("This document was signed by ") && said.contains(" (its seal)"), "{said}");
    let judged = pdf::pyhanko(&root, &both);
    assert!(judged.len() == 2 && judged.iter().all(|one| one["trusted"] == true), "{judged:?}");

    let container = agency.file("case.asice");
    agency.seals(&["--container", text(&container), text(&extract), text(&document)]);
    let told = agency.verdict(&[text(&container)]);
    assert_eq!(told["details"]["signatures"][0]["kind"], "seal", "{told}");
    let jws = agency.file("extract.jws");
    agency.seals(&["--jws", text(&extract), "--out", text(&jws)]);
    assert_eq!(agency.verdict(&[text(&jws)])["details"]["kind"], "seal");
}

#[test]
fn who_signs_does_not_seal_and_a_device_does_neither() {
    let agency = Agency::opened();
    let extract = agency.file("extract");
    let refused = |act: &str, signer: &Issued, expected: &str, way_out: &str| {
        let arguments = [&[act, text(&extract)], &Agency::by(signer)[..]].concat();
        let refused = agency.clerk.refused(exit::USAGE, &arguments);
        assert_eq!(refused.code, "E-KEY-005", "{refused:?}");
        assert!(refused.detail.contains(expected) && refused.fix.contains(way_out), "{refused:?}");
    };
    refused("sign", &agency.seal, "organisation's seal", "npki seal");
    refused("seal", &agency.person, "a person's", "npki sign");
    refused("sign", &agency.device, "signing in", "person-signature");
    refused("seal", &agency.device, "signing in", "organisation-seal");
    // A certificate that does not say what its holder is may sign, and does not seal.
    let (key, other) = (agency.file("other.key"), agency.file("other.pem"));
    let make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let usage = ["-subj", "/CN=Revenue", "-addext", "keyUsage=critical,nonRepudiation"];
    let ends = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let made = Program::named("openssl").args(make).args(usage).args(ends);
    made.args(["-keyout", text(&key), "-out", text(&other)]).run().succeeded();
    let unstated = Issued { chain: other.clone(), certificate: other, key, ..agency.person.clone() };
    refused("seal", &unstated, "organizationIdentifier", "organisation-seal");
    assert!(!agency.file("extract.p7s").exists());
    let sign = [&["sign", text(&extract)], &Agency::by(&unstated)[..]].concat();
    agency.clerk.done(&sign);
}
