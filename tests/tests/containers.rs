//! Containers of files and signatures (ASiC-E), made and judged as people do; Python's libraries and OpenSSL look at them, too, and
//! make some that npki judges.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::judges::{asic, openssl};
use tests::npki::{exit, text};
use tests::{Country, Npki, Stamper, bystander};

struct Desk {
    country: Country,
    folder: PathBuf,
    person: Npki,
    signer: Issued,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::populated();
        let folder = country.installation.scratch("containers");
        std::fs::write(folder.join("contract.txt"), "The ministry pays 100 maloti.\n".repeat(100)).unwrap();
        std::fs::write(folder.join("Lekòto 1.txt"), "in three parts\n").unwrap();
        let person = country.installation.somebody("person");
        let signer = country.certificate("person-signature").clone();
        Self { country, folder, person, signer }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn signing<'a>(&'a self, container: &'a Path) -> Vec<&'a str> {
        let (cert, key) = (text(&self.signer.chain), text(&self.signer.key));
        vec!["sign", "--container", text(container), "--cert", cert, "--key", key]
    }

    /// Both files in a new container.
    fn container(&self, name: &str, more: &[&str]) -> PathBuf {
        let container = self.file(name);
        let (one, other) = (self.file("contract.txt"), self.file("Lekòto 1.txt"));
        let sign = [&self.signing(&container)[..], &[text(&one), text(&other)], more].concat();
        self.person.done(&sign);
        container
    }

    #[track_caller]
    fn verdict(&self, code: i32, container: &Path) -> Value {
        let root = self.country.installation.root();
        self.person.answered(code, &["verify", text(container), "--trust", text(&root)])["details"].clone()
    }
}

#[test]
fn what_npki_puts_into_containers_others_verify_and_npki_verifies_theirs() {
    let desk = Desk::opened();
    let (root, issuing) = (desk.country.installation.root(), desk.country.installation.issuing());
    let container = desk.container("files.asice", &[]);
    // A second signature, by the same person here, over all that is in it.
    let _ = desk.person.done(&desk.signing(&container));
    let told = desk.verdict(exit::DONE, &container);
    let signatures = told["signatures"].as_array().unwrap();
    assert_eq!((signatures.len(), &told["indication"]), (2, &json!("TOTAL-PASSED")), "{told}");
    assert_eq!((&told["container"], &told["uncovered"]), (&json!("asic-e"), &json!([])));
    for signature in signatures {
        assert_eq!(signature["covers"], json!(["contract.txt", "Lekòto 1.txt"]));
        assert_eq!((&signature["level"], &signature["form"]), (&json!("B-B"), &json!("cades-baseline-b")));
    }
    let read = asic::read(&container, &desk.folder);
    assert_eq!(read["magic"], "mimetypeapplication/vnd.etsi.asic-e+zip");
    assert_eq!((&read["names"][0], &read["first"]), (&json!("mimetype"), &json!(true)), "{read}");
    let judged = read["signatures"].as_array().unwrap();
    assert_eq!(judged.len(), 2);
    for signature in judged {
        assert_eq!(signature["files"], json!({"contract.txt": true, "Lekòto 1.txt": true}));
        let path = |member: &str| PathBuf::from(signature[member].as_str().unwrap());
        openssl::cms_verify(&root, &issuing, &path("manifest"), &path("signature")).succeeded();
    }
    // Another program's, and ours added to it.
    let theirs = desk.file("theirs.asice");
    let (one, other) = (desk.file("contract.txt"), desk.file("Lekòto 1.txt"));
    asic::make(&theirs, &desk.signer, &issuing, &[&one, &other]);
    assert_eq!(desk.verdict(exit::DONE, &theirs)["signatures"][0]["file"], "META-INF/signature.p7s");
    let _ = desk.person.done(&desk.signing(&theirs));
    assert_eq!(desk.verdict(exit::DONE, &theirs)["signatures"].as_array().unwrap().len(), 2);
    assert_eq!(asic::read(&theirs, &desk.folder)["signatures"].as_array().unwrap().len(), 2);
    // What people read.
    let root = text(&root);
    let said = desk.person.run_as_text(&["verify", text(&container), "--trust", root]).stdout;
    assert!(said.contains("VALID") && said.contains("covers   contract.txt"), "{said}");
}

#[test]
fn what_others_sign_with_xades_is_judged_and_reported() {
    let desk = Desk::opened();
    let (root, issuing) = (desk.country.installation.root(), desk.country.installation.issuing());
    let (one, other) = (desk.file("contract.txt"), desk.file("Lekòto 1.txt"));
    let theirs = desk.file("theirs.asice");
    asic::make_xades(&theirs, &desk.signer, &issuing, &[&one, &other], &json!({}));
    let told = desk.verdict(exit::DONE, &theirs);
    assert_eq!((&told["indication"], &told["uncovered"]), (&json!("TOTAL-PASSED"), &json!([])), "{told}");
    let signature = &told["signatures"][0];
    assert_eq!((&signature["form"], &signature["level"]), (&json!("xades-baseline-b"), &json!("B-B")));
    assert_eq!(
        (&signature["kind"], &signature["algorithm"]),
        (&json!("signature"), &json!("ecdsa-with-sha256"))
    );
    let said = desk.person.run_as_text(&["verify", text(&theirs), "--trust", text(&root)]).stdout;
    assert!(
        said.contains("VALID") && said.contains("XAdES B-B") && said.contains("covers   contract.txt"),
        "{said}"
    );
    for (ending, name) in [("json", "XAdES_BASELINE_B"), ("xml", "ecdsa-sha256"), ("html", "contract.txt")] {
        let report = desk.file(&format!("report.{ending}"));
        let verify = ["verify", text(&theirs), "--trust", text(&root), "--report", text(&report)];
        desk.person.done(&verify);
        assert!(std::fs::read_to_string(&report).unwrap().contains(name), "{ending}");
    }
    // Altered by a program that makes all sums of the ZIP file fit; one more file than was signed.
    let script = "import sys, zipfile\nold = zipfile.ZipFile(sys.argv[1])\nwith zipfile.ZipFile(sys.argv[2], 'w') as new:\n for i in old.infolist():\n  new.writestr(i, old.read(i).replace(b'100 maloti', b'900 maloti'))";
    let altered = desk.file("altered.asice");
    tests::programs::Program::named("python")
        .args(["-c", script, text(&theirs), text(&altered)])
        .run()
        .succeeded();
    let told = desk.verdict(exit::NO, &altered);
    assert_eq!(told["sub_indication"], "HASH_FAILURE", "{told}");
    let script =
        "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'a') as a: a.writestr('more.txt', 'x')";
    tests::programs::Program::named("python").args(["-c", script, text(&theirs)]).run().succeeded();
    let told = desk.verdict(exit::CANNOT_TELL, &theirs);
    assert_eq!(
        (&told["uncovered"], &told["signatures"][0]["answer"]),
        (&json!(["more.txt"]), &json!("cannot-tell"))
    );
    // It is judged, and not added to.
    let refused = desk.person.refused(exit::FAILED, &desk.signing(&theirs));
    assert!(refused.detail.contains("CAdES signatures only"), "{refused:?}");
}

#[test]
fn xades_containers_are_judged_over_rest_for_now_and_for_a_moment_that_has_passed() {
    const DOCUMENTS: &str = "/v1/validation/documents";
    let desk = Desk::opened();
    let issuing = desk.country.installation.issuing();
    let (one, other, theirs) =
        (desk.file("contract.txt"), desk.file("Lekòto 1.txt"), desk.file("theirs.asice"));
    asic::make_xades(
        &theirs,
        &desk.signer,
        &issuing,
        &[&one, &other],
        &json!({"counter": {
            "key": text(&desk.signer.key), "certificates": [text(&desk.signer.certificate), text(&issuing)],
        }}),
    );
    let rest = bystander::rest(&desk.country.installation);
    let octets = std::fs::read(&theirs).unwrap();
    let uploaded = rest.post_raw(DOCUMENTS, "application/vnd.etsi.asic-e+zip", &octets).json(200);
    let question = json!({"document": STANDARD.encode(&octets)});
    let asked = rest.post(DOCUMENTS, &question).json(200);
    let batch = json!({"questions": [{"document": question}, {"document": {"document": "bm90aGluZw=="}}]});
    let answers = rest.post("/v1/validation/batch", &batch).json(200)["answers"].clone();
    assert_eq!(answers[1]["problem"]["code"], "E-VAL-014", "{answers}");
    for told in [&uploaded, &asked, &answers[0]["document"]] {
        assert_eq!(
            (&told["indication"], &told["container"]),
            (&json!("TOTAL-PASSED"), &json!("asic-e")),
            "{told}"
        );
        let signature = &told["signatures"][0];
        assert_eq!((&signature["form"], &signature["level"]), (&json!("xades-baseline-b"), &json!("B-B")));
        assert_eq!(told["signatures"].as_array().map(Vec::len), Some(1), "{told}");
        assert_eq!(signature["countersignatures"][0]["answer"], "valid", "{told}");
        assert_eq!(signature["media_types"]["contract.txt"], "application/octet-stream", "{told}");
    }
    let report = rest.post(&format!("{DOCUMENTS}?report=simple&name=theirs.asice"), &question).json(200);
    let conclusion = &report["validationReport"]["validationConclusion"];
    assert_eq!(conclusion["signatures"][0]["signatureFormat"], "XAdES_BASELINE_B", "{report}");
    let future = json!({"document": question["document"], "at": "2999-01-01T00:00:00Z"});
    assert_eq!(rest.post(DOCUMENTS, &future).problem(422)["code"], "E-VAL-008");
    assert_eq!(rest.post_raw(DOCUMENTS, "text/plain", b"?").problem(415)["code"], "E-VAL-001");
    // Whole seconds are what a revocation's moment has.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    desk.country.revoke(&desk.signer.serial, "key-compromise");
    assert_eq!(rest.post(DOCUMENTS, &question).json(200)["sub_indication"], "REVOKED_NO_POE");
    let before = json!({"document": question["document"], "at": asked["checked_at"]});
    assert_eq!(rest.post(DOCUMENTS, &before).json(200)["indication"], "TOTAL-PASSED");
}

#[test]
fn ocsp_responses_in_a_xades_signature_are_evidence_where_nobody_can_be_asked() {
    let mut desk = Desk::opened();
    let (root, issuing) = (desk.country.installation.root(), desk.country.installation.issuing());
    let (ocsp, crl) = (desk.file("answer.der"), desk.file("root.crl"));
    let public = desk.country.installation.public_url();
    tests::programs::Program::named("openssl")
        .args([
            "ocsp",
            "-issuer",
            text(&issuing),
            "-cert",
            text(&desk.signer.certificate),
            "-CAfile",
            text(&root),
        ])
        .args(["-url", &format!("{public}/ocsp"), "-respout", text(&ocsp)])
        .run()
        .succeeded();
    let list = bystander::fetch(&desk.country.installation, &format!("{public}/crl/root.crl")).body;
    std::fs::write(&crl, list).unwrap();
    let (one, bare, kept) = (desk.file("contract.txt"), desk.file("bare.asice"), desk.file("kept.asice"));
    asic::make_xades(&bare, &desk.signer, &issuing, &[&one], &json!({}));
    let values =
        json!({"ocsps": [text(&ocsp)], "crls": [text(&crl)], "policy": "urn:oid:1.3.6.1.4.1.32473.1.5"});
    let named = desk.file("named.asice");
    asic::make_xades(&named, &desk.signer, &issuing, &[&one], &values);
    let values = json!({"ocsps": [text(&ocsp)], "crls": [text(&crl)], "implied": true});
    asic::make_xades(&kept, &desk.signer, &issuing, &[&one], &values);
    desk.country.installation.stop();
    let judged = |code, container: &Path| {
        let verify = ["verify", text(container), "--trust", text(&root), "--offline"];
        desk.person.answered(code, &verify)["details"].clone()
    };
    assert_eq!(judged(exit::CANNOT_TELL, &bare)["sub_indication"], "TRY_LATER");
    let told = judged(exit::DONE, &kept);
    let signature = &told["signatures"][0];
    assert_eq!(signature["certificate"]["path"][0]["status"]["source"], "ocsp", "{told}");
    assert_eq!(signature["policy"]["kind"], "implied", "{told}");
    // A policy that is named, and not at hand: all else holds.
    let told = judged(exit::CANNOT_TELL, &named);
    assert_eq!(told["sub_indication"], "SIGNATURE_POLICY_NOT_AVAILABLE", "{told}");
    let verify = ["verify", text(&named), "--trust", text(&root), "--offline"];
    let said = desk.person.run_as_text(&verify).stdout;
    assert!(said.contains("CANNOT TELL") && said.contains("policy   1.3.6.1.4.1.32473.1.5"), "{said}");
    // What stands in it, without a judgement.
    let items = desk.person.done(&["inspect", text(&kept)])["items"].clone();
    let shown = &items[0]["signatures"][0]["xades"][0];
    let counts = (&shown["kept_crls"], &shown["kept_ocsp_responses"], &shown["level"]);
    assert_eq!(counts, (&json!(1), &json!(1), &json!("B-B")), "{items}");
    assert_eq!(shown["covers"][0]["address"], "contract.txt", "{items}");
    assert_eq!(shown["certificates"][0]["serial"], desk.signer.serial.as_str(), "{items}");
    let said = desk.person.run_as_text(&["inspect", text(&kept)]).stdout;
    for word in ["XAdES signature", "Signer", "Claimed time", "Covers", "OCSP kept"] {
        assert!(said.contains(word), "{word} in {said}");
    }
}

#[test]
fn a_folder_becomes_one_container() {
    let desk = Desk::opened();
    let case = desk.folder.join("case");
    std::fs::create_dir_all(case.join("annexes/2026")).unwrap();
    std::fs::create_dir(case.join(".git")).unwrap();
    for name in ["b.txt", "a.txt", "annexes/2026/Lekòto 2.csv", "annexes/a.txt", ".hidden", ".git/config"] {
        std::fs::write(case.join(name), name).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", case.join("out")).unwrap();
    let container = desk.file("case.asice");
    let one = desk.file("contract.txt");
    let sign = [&desk.signing(&container)[..], &[text(&case), text(&one)]].concat();
    let answer = desk.person.run(&sign).document();
    assert_eq!(answer["warnings"].as_array().map(Vec::len), Some(3), "{answer}");
    for (name, why) in [(".git", "hidden"), (".hidden", "hidden"), ("out", "symbolic link")] {
        let mut warnings = answer["warnings"].as_array().unwrap().iter().filter_map(Value::as_str);
        let told = warnings.find(|line| line.contains(&format!("case/{name}: ")));
        assert!(told.is_some_and(|line| line.contains(why)), "{name} in {answer}");
    }
    let names = ["a.txt", "annexes/2026/Lekòto 2.csv", "annexes/a.txt", "b.txt", "contract.txt"];
    assert_eq!(desk.verdict(exit::DONE, &container)["signatures"][0]["covers"], json!(names));
    let read = asic::read(&container, &desk.folder);
    assert_eq!(read["names"].as_array().unwrap()[1..6], names.map(Value::from), "{read}");
    // Two of one name, nothing at all, more than a container holds: told before anything is written.
    let other = desk.file("other.asice");
    let refused =
        |code, more: &[&str]| desk.person.refused(code, &[&desk.signing(&other)[..], more].concat());
    let twice = refused(exit::FAILED, &[text(&case), text(&case.join("b.txt"))]);
    assert!(twice.detail.contains("b.txt"), "{twice:?}");
    std::fs::create_dir(desk.file("empty")).unwrap();
    assert_eq!(refused(exit::USAGE, &[text(&desk.file("empty"))]).code, "E-FILE-001");
    std::fs::create_dir(desk.file("many")).unwrap();
    (0..897).for_each(|number| std::fs::write(desk.file(&format!("many/{number}")), "x").unwrap());
    let many = refused(exit::FAILED, &[text(&desk.file("many"))]);
    assert!(many.detail.contains("897 files") && many.detail.contains("896"), "{many:?}");
    assert!(!other.exists());
}

#[test]
fn levels_with_time_stamps_are_reached_in_containers() {
    let desk = Desk::opened();
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let tsa = unit.address();
    let root = desk.country.installation.root();
    let plain = desk.container("plain.asice", &[]);
    let stamped = desk.container("stamped.asice", &["--level", "b-t", "--tsa", &tsa]);
    let complete =
        desk.container("complete.asice", &["--level", "b-lt", "--tsa", &tsa, "--trust", text(&root)]);
    for (container, level) in [(&plain, "B-B"), (&stamped, "B-T"), (&complete, "B-LT")] {
        assert_eq!(desk.verdict(exit::DONE, container)["signatures"][0]["level"], level);
    }
    // Whole seconds are what a revocation's moment has.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    desk.country.revoke(&desk.signer.serial, "key-compromise");
    assert_eq!(desk.verdict(exit::CANNOT_TELL, &plain)["sub_indication"], "REVOKED_NO_POE");
    assert_eq!(desk.verdict(exit::DONE, &stamped)["indication"], "TOTAL-PASSED");
}

#[test]
fn what_a_container_keeps_is_enough_when_nobody_answers_any_more() {
    let mut desk = Desk::opened();
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let (tsa, root) = (unit.address(), desk.country.installation.root());
    let level = |level| ["--level", level, "--tsa", &tsa, "--trust", text(&root)];
    let lasting = desk.container("lasting.asice", &level("b-lta"));
    let raised = desk.container("raised.asice", &[]);
    let raise = |to| [&["sign", "--container", "--raise", text(&raised)][..], &level(to)].concat();
    desk.person.done(&raise("b-lt"));
    assert_eq!(desk.verdict(exit::DONE, &raised)["signatures"][0]["level"], "B-LT");
    for stamps in [1, 2] {
        desk.person.done(&raise("b-lta"));
        let told = desk.verdict(exit::DONE, &raised);
        assert_eq!(told["signatures"][0]["level"], "B-LTA", "{told}");
        assert_eq!(told["timestamps"].as_array().unwrap().len(), stamps);
    }
    let refused = desk.person.refused(exit::FAILED, &raise("b-lt"));
    assert!(refused.detail.contains("covers all signatures"), "{refused:?}");
    desk.country.installation.stop();
    for container in [&lasting, &raised] {
        let verify = ["verify", text(container), "--trust", text(&root), "--offline"];
        let told = desk.person.answered(exit::DONE, &verify)["details"].clone();
        assert_eq!(told["signatures"][0]["level"], "B-LTA", "{told}");
    }
}

#[test]
fn what_was_altered_or_added_is_told() {
    let desk = Desk::opened();
    let container = desk.container("files.asice", &[]);
    let octets = std::fs::read(&container).unwrap();
    let root = desk.country.installation.root();
    // One digit, within what is not packed: the ZIP file's own sum does not fit any more either.
    let mut digit = octets.clone();
    let at = octets.windows(10).position(|part| part == b"100 maloti").unwrap();
    digit[at] = b'9';
    std::fs::write(desk.file("digit.asice"), &digit).unwrap();
    let told = desk.verdict(exit::NO, &desk.file("digit.asice"));
    assert_eq!(told["indication"], "TOTAL-FAILED", "{told}");
    // Added by another program, which knows of no signatures.
    let added = desk.file("added.asice");
    std::fs::copy(&container, &added).unwrap();
    let script =
        "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'a') as a: a.writestr('more.txt', 'x')";
    tests::programs::Program::named("python").args(["-c", script, text(&added)]).run().succeeded();
    let told = desk.verdict(exit::CANNOT_TELL, &added);
    assert_eq!(
        (&told["uncovered"], &told["signatures"][0]["answer"]),
        (&json!(["more.txt"]), &json!("valid"))
    );
    let said = desk.person.run_as_text(&["verify", text(&added), "--trust", text(&root)]).stdout;
    assert!(said.contains("CANNOT TELL") && said.contains("NOT SIGNED  more.txt"), "{said}");
    // Neither a container nor anything else that can be judged.
    let plain = desk.file("plain.zip");
    let script =
        "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as a: a.writestr('more.txt', 'x')";
    tests::programs::Program::named("python").args(["-c", script, text(&plain)]).run().succeeded();
    let refused = desk.person.refused(exit::USAGE, &["verify", text(&plain), "--trust", text(&root)]);
    assert!(refused.code == "E-VFY-002" && refused.detail.contains("no signature"), "{refused:?}");
    // A container is not made anew over one that is there; several files do not have one signature without one.
    let file = desk.file("contract.txt");
    let again = [&desk.signing(&container)[..], &[text(&file)]].concat();
    assert!(desk.person.refused(exit::USAGE, &again).detail.contains("exists"));
    let (cert, key) = (text(&desk.signer.chain), text(&desk.signer.key));
    let two = ["sign", text(&file), text(&plain), "--cert", cert, "--key", key, "--out", text(&plain)];
    assert!(desk.person.refused(exit::USAGE, &two).detail.contains("--out"));
    assert_eq!(std::fs::read(&container).unwrap(), octets);
}
