//! JSON Web Signatures (JAdES), made and judged as people and programs do; joserfc judges ours, and npki joserfc's.

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
use tests::judges::jose;
use tests::npki::{exit, text};
use tests::{Country, Npki, Stamper, bystander};

struct Desk {
    country: Country,
    folder: PathBuf,
    person: Npki,
    signer: Issued,
    order: PathBuf,
}

impl Desk {
    fn opened() -> Self {
        let country = Country::populated();
        let folder = country.installation.scratch("jws");
        let order = folder.join("order.json");
        std::fs::write(&order, "{\"pays\": \"100 maloti\", \"to\": \"’Masechaba\"}\n").unwrap();
        let person = country.installation.somebody("person");
        let signer = country.certificate("person-signature").clone();
        Self { country, folder, person, signer, order }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn signing<'a>(&'a self, out: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
        let (cert, key) = (text(&self.signer.chain), text(&self.signer.key));
        [&["sign", text(&self.order), "--cert", cert, "--key", key, "--out", text(out)], more].concat()
    }

    fn sign(&self, name: &str, more: &[&str]) -> PathBuf {
        let out = self.file(name);
        self.person.done(&self.signing(&out, more));
        out
    }

    /// What is said of a signature, over the order where that stands beside it.
    #[track_caller]
    fn verdict(&self, code: i32, signature: &Path, is_beside: bool) -> Value {
        let root = self.country.installation.root();
        let verify = if is_beside {
            vec!["verify", text(&self.order), "--signature", text(signature)]
        } else {
            vec!["verify", text(signature)]
        };
        self.person.answered(code, &[&verify[..], &["--trust", text(&root)]].concat())["details"].clone()
    }
}

#[test]
fn what_npki_signs_joserfc_accepts_and_what_joserfc_signs_npki_does() {
    let desk = Desk::opened();
    for (name, more, is_beside) in [
        ("compact.jws", &["--jws"][..], false),
        ("flat.jws", &["--jws=json"], false),
        ("beside.jws", &["--jws", "--detached"], true),
        ("flat-beside.jws", &["--jws=json", "--detached"], true),
    ] {
        let signature = desk.sign(name, more);
        let told = desk.verdict(exit::DONE, &signature, is_beside);
        assert_eq!((&told["form"], &told["level"]), (&json!("jades-baseline-b"), &json!("B-B")), "{told}");
        assert_eq!(told["indication"], "TOTAL-PASSED");
        let judged = jose::accepted(&signature, Some(&desk.order));
        assert_eq!((&judged["content"], &judged["thumbprint"]), (&json!(true), &json!(true)), "{judged}");
        assert!(judged["age"].as_f64().unwrap().abs() < 120.0, "{judged}");
        if is_beside {
            assert_eq!(judged["mechanism"], "http://uri.etsi.org/19182/ObjectIdByURIHash");
            let said = (&judged["hash"], &judged["names"], &judged["crit"]);
            assert_eq!(said, (&json!(true), &json!(["order.json"]), &json!(["sigD", "b64"])));
        }
    }
    let issuing = desk.country.installation.issuing();
    for (shape, is_beside) in [("compact", false), ("json", false), ("detached", true)] {
        let theirs = desk.file(&format!("theirs-{shape}.jws"));
        jose::joserfc_signs(shape, &desk.signer, &issuing, &desk.order, &theirs);
        let told = desk.verdict(exit::DONE, &theirs, is_beside);
        assert_eq!(
            (&told["form"], &told["indication"]),
            (&json!("jades-baseline-b"), &json!("TOTAL-PASSED"))
        );
    }
    // Found beside its file without being named.
    std::fs::copy(desk.file("beside.jws"), desk.file("order.json.jws")).unwrap();
    let root = desk.country.installation.root();
    let said = desk.person.run_as_text(&["verify", text(&desk.order), "--trust", text(&root)]).stdout;
    assert!(said.contains("VALID") && said.contains("level    JAdES B-B"), "{said}");
}

#[test]
fn a_time_stamp_in_a_jws_saves_it_when_its_signer_is_revoked() {
    let desk = Desk::opened();
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let tsa = unit.address();
    let plain = desk.sign("plain.jws", &["--jws"]);
    let stamped = desk.sign("stamped.jws", &["--jws=json", "--level", "b-t", "--tsa", &tsa]);
    let beside = desk.sign("beside.jws", &["--jws=json", "--detached", "--level", "b-t", "--tsa", &tsa]);
    for (signature, is_beside) in [(&stamped, false), (&beside, true)] {
        assert_eq!(desk.verdict(exit::DONE, signature, is_beside)["level"], "B-T");
        assert_eq!(jose::accepted(signature, Some(&desk.order))["added"]["stamps"], json!([true]));
    }
    let out = desk.file("none.jws");
    for (more, said) in [
        (&["--jws", "--level", "b-t", "--tsa", &tsa][..], "no place for what is added"),
        (&["--jws", "--level", "b-lta", "--tsa", &tsa], "no place for what is added"),
        (&["--jws=json", "--level", "b-t"], "needs a time stamp"),
        (&["--jws=json", "--level", "b-lt"], "needs a time stamp"),
    ] {
        let refused = desk.person.refused(exit::USAGE, &desk.signing(&out, more));
        assert!(refused.detail.contains(said), "{refused:?}");
    }
    // Another's time stamp, put in the place of its own, proves nothing.
    let other = desk.sign("other.jws", &["--jws=json", "--level", "b-t", "--tsa", &tsa]);
    let read = |path: &Path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
    let mut swapped = read(&stamped);
    swapped["header"] = read(&other)["header"].clone();
    std::fs::write(desk.file("swapped.jws"), swapped.to_string()).unwrap();
    // Whole seconds are what a revocation's moment has.
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    desk.country.revoke(&desk.signer.serial, "key-compromise");
    assert_eq!(desk.verdict(exit::CANNOT_TELL, &plain, false)["sub_indication"], "REVOKED_NO_POE");
    let swapped = desk.verdict(exit::CANNOT_TELL, &desk.file("swapped.jws"), false);
    assert_eq!(swapped["sub_indication"], "REVOKED_NO_POE");
    assert_eq!(desk.verdict(exit::DONE, &stamped, false)["indication"], "TOTAL-PASSED");
    assert_eq!(desk.verdict(exit::DONE, &beside, true)["indication"], "TOTAL-PASSED");
}

#[test]
fn what_a_jws_keeps_is_enough_when_nobody_answers_any_more() {
    let mut desk = Desk::opened();
    let unit = Stamper::at_work(&desk.country.staff.administrator);
    let (tsa, root) = (unit.address(), desk.country.installation.root());
    let level = |level| ["--level", level, "--tsa", &tsa, "--trust", text(&root)];
    let complete = desk.sign("lt.jws", &[&["--jws=json"][..], &level("b-lt")].concat());
    let beside = desk.sign("lta.jws", &[&["--jws=json", "--detached"][..], &level("b-lta")].concat());
    // From the lowest level and the compact form to the highest, and once more.
    let raised = desk.sign("raised.jws", &["--jws"]);
    let raise = [&["sign", "--jws", "--raise", text(&raised)][..], &level("b-lta")].concat();
    for stamps in [2, 3] {
        desk.person.done(&raise);
        let told = desk.verdict(exit::DONE, &raised, false);
        assert_eq!((&told["level"], told["timestamps"].as_array().unwrap().len()), (&json!("B-LTA"), stamps));
    }
    for (signature, archives) in [(&complete, 0), (&beside, 1), (&raised, 2)] {
        let added = jose::accepted(signature, Some(&desk.order))["added"].clone();
        assert_eq!(added["stamps"], json!([true]), "{added}");
        assert_eq!(added["archives"], json!(vec![true; archives]), "{added}");
        assert!(added["certificates"].as_u64().unwrap() >= 2, "{added}");
        assert!(added["crls"].as_u64().unwrap() + added["ocsp"].as_u64().unwrap() >= 2, "{added}");
        assert_eq!(
            added["names"].as_array().unwrap()[..3],
            [json!("sigTst"), json!("xVals"), json!("rVals")]
        );
    }
    // Over REST as by the command.
    let rest = bystander::rest(&desk.country.installation);
    let question = json!({"signature": std::fs::read_to_string(&raised).unwrap()});
    assert_eq!(rest.post("/v1/validation/signatures", &question).json(200)["level"], "B-LTA");

    let said = desk.person.run_as_text(&["verify", text(&raised), "--trust", text(&root)]).stdout;
    assert!(said.contains("level    JAdES B-LTA"), "{said}");
    desk.country.installation.stop();
    let offline = |signature: &Path, is_beside: bool| {
        let verify = if is_beside {
            vec!["verify", text(&desk.order), "--signature", text(signature)]
        } else {
            vec!["verify", text(signature)]
        };
        let more = ["--trust", text(&root), "--offline"];
        desk.person.answered(exit::DONE, &[&verify[..], &more].concat())["details"]["level"].clone()
    };
    assert_eq!(offline(&complete, false), "B-LT");
    assert_eq!(offline(&beside, true), "B-LTA");
    assert_eq!(offline(&raised, false), "B-LTA");
    // One letter of what is kept.
    let mut octets = std::fs::read(&raised).unwrap();
    let at = octets.len() / 2;
    octets[at] = if octets[at] == b'A' { b'B' } else { b'A' };
    std::fs::write(&raised, octets).unwrap();
    let verify = ["verify", text(&raised), "--trust", text(&root), "--offline"];
    assert_ne!(desk.person.run(&verify).code, exit::DONE);
    // To the lowest there is nothing to raise; one beside its file needs that.
    let refused = desk.person.refused(exit::USAGE, &["sign", "--jws", "--raise", text(&raised)]);
    assert!(refused.detail.contains("cannot be raised to b-b"), "{refused:?}");
    let raise = [&["sign", "--jws", "--raise", text(&beside)][..], &level("b-lta")].concat();
    assert!(desk.person.refused(exit::USAGE, &raise).detail.contains("no file is given"));
}

#[test]
fn over_rest_signatures_and_containers_are_judged_too() {
    let desk = Desk::opened();
    let rest = bystander::rest(&desk.country.installation);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let asked = |question: Value| rest.post("/v1/validation/signatures", &question);
    let compact = read(&desk.sign("compact.jws", &["--jws"]));
    let flat = read(&desk.sign("flat.jws", &["--jws=json"]));
    let beside = read(&desk.sign("beside.jws", &["--jws", "--detached"]));
    let order = std::fs::read(&desk.order).unwrap();
    let content = STANDARD.encode(&order);
    let sha256 = hex::decode(tests::certificates::sha256(&order)).unwrap();
    let digest = json!({"algorithm": "sha-256", "value": STANDARD.encode(sha256)});
    for question in [
        json!({"signature": compact}),
        json!({"signature": flat, "content": content}),
        json!({"signature": beside, "content": content}),
        json!({"signature": beside, "digest": digest}),
        json!({"signature": compact, "digest": digest}),
    ] {
        let told = asked(question).json(200);
        assert_eq!((&told["answer"], &told["form"]), (&json!("valid"), &json!("jades-baseline-b")), "{told}");
    }
    let altered = STANDARD.encode(b"{\"pays\": \"900 maloti\"}");
    for signature in [&compact, &beside] {
        let told = asked(json!({"signature": signature, "content": altered})).json(200);
        assert_eq!(told["sub_indication"], "HASH_FAILURE", "{told}");
    }
    assert_eq!(asked(json!({"signature": beside})).problem(422)["code"], "E-VAL-006");
    let sha384 = json!({"algorithm": "sha-384", "value": STANDARD.encode([0; 48])});
    assert_eq!(asked(json!({"signature": beside, "digest": sha384})).problem(422)["code"], "E-VAL-007");
    let theirs = desk.file("theirs.jws");
    let issuing = desk.country.installation.issuing();
    jose::joserfc_signs("detached", &desk.signer, &issuing, &desk.order, &theirs);
    let theirs = read(&theirs);
    assert_eq!(asked(json!({"signature": theirs, "content": content})).json(200)["answer"], "valid");
    assert_eq!(asked(json!({"signature": theirs, "digest": digest})).problem(422)["code"], "E-VAL-006");

    let container = desk.file("case.asice");
    let (cert, key) = (text(&desk.signer.chain), text(&desk.signer.key));
    let sign = ["sign", "--container", text(&container), text(&desk.order), "--cert", cert, "--key", key];
    desk.person.done(&sign);
    let mut octets = std::fs::read(&container).unwrap();
    let media_type = "application/vnd.etsi.asic-e+zip";
    let sent = |octets: &[u8]| rest.post_raw("/v1/validation/documents", media_type, octets);
    let told = sent(&octets).json(200);
    assert_eq!((&told["answer"], &told["container"]), (&json!("valid"), &json!("asic-e")), "{told}");
    assert_eq!(told["signatures"][0]["covers"], json!(["order.json"]));
    let at = octets.windows(10).position(|part| part == b"100 maloti").unwrap();
    octets[at] = b'9';
    assert_eq!(sent(&octets).json(200)["indication"], "TOTAL-FAILED");
    assert_eq!(sent(b"no container").json(200)["sub_indication"], "FORMAT_FAILURE");
    let described = rest.get("/v1/validation/openapi.json").json(200);
    let taken = &described["paths"]["/v1/validation/documents"]["post"]["requestBody"]["content"];
    assert!(taken.get(media_type).is_some() && taken.get("application/pdf").is_some(), "{taken}");
}
