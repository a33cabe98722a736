//! Signing, sealing, stamping, verifying and looking at whole folders and at standard input: in order, each file by itself, taken up
//! again after it was cut off, and never at the expense of what somebody else signed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::certificates::Issued;
use tests::judges::openssl;
use tests::npki::{exit, text};
use tests::{Country, Npki, Stamper, paper};

/// An office with a folder of papers, a person who signs and another one.
struct Office {
    country: Country,
    papers: PathBuf,
    clerk: Npki,
    signer: Issued,
}

impl Office {
    fn opened() -> Self {
        let country = Country::settled();
        let papers = country.installation.scratch("papers");
        std::fs::create_dir(papers.join("sub")).unwrap();
        for name in ["a", "b", "sub/c"] {
            std::fs::write(papers.join(name), format!("paper {name}\n")).unwrap();
        }
        let (staff, person) = (&country.staff, &country.identities.person);
        let signer = staff.issue(&country.installation, &staff.officer, "person-signature", person);
        Self { clerk: country.installation.somebody("clerk"), signer, papers, country }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.papers.join(name)
    }

    fn by(signer: &Issued) -> [&str; 4] {
        ["--cert", text(&signer.chain), "--key", text(&signer.key)]
    }

    #[track_caller]
    fn signs(&self, code: i32, arguments: &[&str]) -> Value {
        let papers = text(&self.papers);
        self.clerk.answered(code, &[&["sign", papers], arguments, &Self::by(&self.signer)].concat())
    }

    #[track_caller]
    fn verdicts(&self, code: i32, arguments: &[&str]) -> Value {
        let root = self.country.installation.root();
        self.clerk.answered(code, &[&["verify"], arguments, &["--trust", text(&root)]].concat())
    }

    #[track_caller]
    fn openssl_accepts(&self, document: &Path, signature: &Path) {
        let (root, issuing) = (self.country.installation.root(), self.country.installation.issuing());
        openssl::cms_verify(&root, &issuing, document, signature).succeeded();
    }

    /// Runs npki as a person does, with this on standard input.
    fn fed(&self, input: &[u8], arguments: &[&str]) -> Output {
        let mut command = self.clerk.command();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }
}

/// What an answer says of a file.
#[track_caller]
fn item<'a>(answer: &'a Value, file: &Path) -> &'a Value {
    let items = answer["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["file"] == text(file))
        .unwrap_or_else(|| panic!("{} in {answer}", file.display()))
}

#[test]
fn a_folder_is_signed_file_by_file_and_taken_up_again() {
    let office = Office::opened();
    std::fs::write(office.file(".hidden"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", office.file("out")).unwrap();
    let told = office.signs(exit::DONE, &[]);
    assert_eq!(told["counts"], json!({"signed": 3, "passed_over": 2}), "{told}");
    let order: Vec<&str> =
        told["items"].as_array().unwrap()[2..].iter().map(|item| item["file"].as_str().unwrap()).collect();
    assert_eq!(order, ["a", "b", "sub/c"].map(|name| office.file(name)).each_ref().map(|path| text(path)));
    assert!(item(&told, &office.file("out"))["why"].as_str().unwrap().contains("symbolic link"));
    for name in ["a", "b", "sub/c"] {
        office.openssl_accepts(&office.file(name), &office.file(&format!("{name}.p7s")));
    }
    assert!(!office.file(".hidden.p7s").exists() && !office.file("out.p7s").exists());

    // Once more: one is new, one was changed since, one is signed by somebody else.
    std::fs::write(office.file("d"), "paper d\n").unwrap();
    std::fs::write(office.file("b"), "another paper\n").unwrap();
    let staff = &office.country.staff;
    let other = tests::census::person(&staff.officer.npki, "Mofolo", "Lineo", "PNOLS-2");
    let other = staff.issue(&office.country.installation, &staff.officer, "person-signature", &other);
    let theirs = office.file("a.p7s");
    std::fs::remove_file(&theirs).unwrap();
    office.clerk.done(&[&["sign", text(&office.file("a"))], &Office::by(&other)[..]].concat());
    let kept = [&theirs, &office.file("b.p7s")].map(|path| std::fs::read(path).unwrap());
    let told = office.signs(exit::CONFLICT, &[]);
    assert_eq!(told["counts"]["signed"], 1, "{told}");
    assert_eq!(item(&told, &office.file("sub/c"))["result"], "skipped", "{told}");
    for name in ["a", "b"] {
        assert_eq!(item(&told, &office.file(name))["error"]["code"], "E-FILE-003", "{told}");
    }
    // Of what this certificate signed, another is made when asked for.
    assert_eq!(office.signs(exit::CONFLICT, &["--again"])["counts"]["signed"], 2);
    assert_eq!([&theirs, &office.file("b.p7s")].map(|path| std::fs::read(path).unwrap()), kept);
    // Neither does a single one take its place.
    let paper = office.file("a");
    let alone = [&["sign", text(&paper)], &Office::by(&office.signer)[..]].concat();
    assert_eq!(office.clerk.refused(exit::CONFLICT, &alone).code, "E-FILE-003");

    // The whole folder at one glance: two hold, one is altered, and the hidden one is told of.
    let told = office.verdicts(exit::NO, &[text(&office.papers)]);
    assert_eq!(told["counts"], json!({"passed_over": 2, "valid": 3, "not_valid": 1}), "{told}");
    assert_eq!(item(&told, &office.file("b"))["data"]["details"]["sub_indication"], "HASH_FAILURE");
    std::fs::remove_file(office.file("b")).unwrap();
    std::fs::remove_file(office.file("b.p7s")).unwrap();
    std::fs::write(office.file("e"), "nobody signed this\n").unwrap();
    let told = office.verdicts(exit::CANNOT_TELL, &[text(&office.papers)]);
    assert_eq!(told["counts"], json!({"passed_over": 2, "valid": 3, "not_signed": 1}), "{told}");
    assert_eq!(item(&told, &office.file("e"))["result"], "not signed");
}

#[test]
fn what_was_cut_off_goes_on_where_it_was() {
    const PAPERS: usize = 300;
    let office = Office::opened();
    for number in 0..PAPERS {
        std::fs::write(office.file(&format!("sub/{number:05}")), format!("paper {number}\n")).unwrap();
    }
    let all = PAPERS + 3;
    let arguments = [&["sign", text(&office.papers)], &Office::by(&office.signer)[..]].concat();
    let mut child = office.clerk.command().args(&arguments).stdout(Stdio::null()).spawn().unwrap();
    let give_up = Instant::now() + Duration::from_secs(60);
    while !office.file("sub/00050.p7s").exists() {
        assert!(Instant::now() < give_up, "nothing is signed");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let signed = |folder: &Path| {
        folder
            .read_dir()
            .unwrap()
            .filter(|entry| text(&entry.as_ref().unwrap().path()).ends_with(".p7s"))
            .count()
    };
    let before = signed(&office.file("sub")) + signed(&office.papers);
    assert!(before < all, "it was not cut off");
    let mut command = office.clerk.command();
    let told = command.args(["-o", "ndjson"]).args(&arguments).output().unwrap();
    assert_eq!(told.status.code(), Some(exit::DONE), "{}", String::from_utf8_lossy(&told.stderr));
    let lines: Vec<Value> = told
        .stdout
        .split(|octet| *octet == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let (sum, each) = lines.split_last().unwrap();
    assert_eq!(sum["schema"], "npki.sign.files/1");
    let counts = &sum["data"]["counts"];
    let count = |word: &str| counts[word].as_u64().unwrap_or_default() as usize;
    assert_eq!(count("signed"), all - before, "{counts}");
    // Besides what was signed before, signatures are skipped themselves.
    assert_eq!(count("skipped"), 2 * before, "{counts}");
    assert_eq!(each.iter().filter(|line| line["schema"] == "npki.sign/1").count(), all - before);
    assert!(each.iter().all(|line| line["file"].is_string()), "{:?}", each.first());
    assert_eq!(signed(&office.file("sub")) + signed(&office.papers), all);
    office.openssl_accepts(&office.file("sub/00050"), &office.file("sub/00050.p7s"));
    office.openssl_accepts(&office.file("sub/00299"), &office.file("sub/00299.p7s"));
    // For a person: the sum, and no line for each that went well.
    let root = office.country.installation.root();
    let said = office.clerk.run_as_text(&arguments).exits(exit::DONE).stdout.clone();
    assert!(said.ends_with("606 skipped\n") && said.lines().count() < 4, "{said}");
    let verify = ["verify", text(&office.papers), "--trust", text(&root)];
    let said = office.clerk.run_as_text(&verify).exits(exit::DONE).stdout.clone();
    assert!(said.ends_with("303 valid\n") && said.lines().count() >= 304, "{said}");
}

#[test]
fn json_signatures_of_each_level_are_taken_up_again() {
    let office = Office::opened();
    let unit = Stamper::at_work(&office.country.staff.administrator);
    let (address, root) = (unit.address(), office.country.installation.root());
    let of = |level| ["--jws=json", "--level", level, "--tsa", &address, "--trust", text(&root)];
    assert_eq!(office.signs(exit::DONE, &of("b-lt"))["counts"], json!({"signed": 3}));
    let before = std::fs::read(office.file("a.jws")).unwrap();
    for lower in ["b-lt", "b-t"] {
        // The signatures are skipped themselves, too.
        assert_eq!(office.signs(exit::DONE, &of(lower))["counts"], json!({"skipped": 6}), "{lower}");
    }
    assert_eq!(std::fs::read(office.file("a.jws")).unwrap(), before);
    let told = office.signs(exit::CONFLICT, &of("b-lta"));
    assert!(item(&told, &office.file("a"))["why"].as_str().unwrap().contains("lower level"), "{told}");
    let again = [&of("b-lta")[..], &["--again"]].concat();
    assert_eq!(office.signs(exit::DONE, &again)["counts"]["signed"], 3);
    assert_eq!(office.signs(exit::DONE, &of("b-lta"))["counts"], json!({"skipped": 6}));
}

#[test]
fn standard_input_is_signed_stamped_verified_and_looked_at() {
    let office = Office::opened();
    let unit = Stamper::at_work(&office.country.staff.administrator);
    let (paper, root) = (std::fs::read(office.file("a")).unwrap(), office.country.installation.root());
    let by = Office::by(&office.signer);
    let signed = office.fed(&paper, &[&["sign", "-"], &by[..]].concat());
    assert_eq!(signed.status.code(), Some(0), "{}", String::from_utf8_lossy(&signed.stderr));
    assert!(String::from_utf8_lossy(&signed.stderr).contains("signed: -"));
    let signature = office.file("elsewhere.p7s");
    std::fs::write(&signature, &signed.stdout).unwrap();
    office.openssl_accepts(&office.file("a"), &signature);
    let verify = ["--json", "verify", "-", "--signature", text(&signature), "--trust", text(&root)];
    let told = office.fed(&paper, &verify);
    assert_eq!(told.status.code(), Some(exit::DONE), "{}", String::from_utf8_lossy(&told.stdout));

    // What carries its content goes through two pipes.
    let carried = office.fed(&paper, &[&["sign", "-", "--attached"], &by[..]].concat()).stdout;
    let told = office.fed(&carried, &["verify", "-", "--trust", text(&root)]);
    assert!(told.status.success() && String::from_utf8_lossy(&told.stdout).starts_with("VALID"), "{told:?}");
    let told = office.fed(&carried, &["--json", "inspect", "-"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["data"]["items"][0]["kind"], "cms-message", "{told}");
    // In JSON the signature is a member.
    let told = office.fed(&paper, &[&["--json", "sign", "-", "--attached"], &by[..]].concat());
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(told["data"]["content"].as_str().is_some_and(|content| content.starts_with("MII")), "{told}");

    let pdf = office.fed(&paper::pdf("Khotso"), &[&["sign", "--pdf", "-"], &by[..]].concat()).stdout;
    let told = office.fed(&pdf, &["verify", "-", "--trust", text(&root)]);
    assert!(told.status.success() && pdf.starts_with(b"%PDF-"), "{told:?}");
    let stamp = office.fed(&paper, &["timestamp", "-", "--tsa", &unit.address()]).stdout;
    let place = office.file("a.tsr");
    std::fs::write(&place, stamp).unwrap();
    office.verdicts(exit::DONE, &[text(&office.file("a")), "--timestamp", text(&place)]);

    // Once is all that it can be read, and it has no name.
    for arguments in [
        vec!["sign", "-", text(&signature)],
        vec!["sign", "-", "--raise", "-", "--level", "b-t"],
        vec!["sign", "--container", "new.asice", "-"],
        vec!["sign", "--jws", "--detached", "-"],
    ] {
        let key: &[&str] = if arguments.contains(&"--raise") { &[] } else { &by };
        assert_eq!(office.clerk.refused(exit::USAGE, &[&arguments[..], key].concat()).code, "E-CLI-001");
    }
    let both = ["verify", "-", "--signature", "-", "--trust", text(&root)];
    assert_eq!(office.clerk.refused(exit::USAGE, &both).code, "E-CLI-001");
}

#[test]
fn folders_are_stamped_and_looked_at_and_one_that_fails_stops_no_other() {
    let office = Office::opened();
    let unit = Stamper::at_work(&office.country.staff.administrator);
    let address = unit.address();
    let stamp = ["timestamp", text(&office.papers), "--tsa", &address];
    assert_eq!(office.clerk.done(&stamp)["counts"], json!({"stamped": 3}));
    let before = std::fs::read(office.file("a.tsr")).unwrap();
    assert_eq!(office.clerk.done(&stamp)["counts"], json!({"skipped": 6}));
    assert_eq!(std::fs::read(office.file("a.tsr")).unwrap(), before, "the older one proves more");
    std::fs::write(office.file("b"), "another paper\n").unwrap();
    let told = office.clerk.answered(exit::CONFLICT, &stamp);
    assert_eq!(item(&told, &office.file("b"))["error"]["code"], "E-FILE-003", "{told}");
    let told = office.verdicts(exit::NO, &[text(&office.papers)]);
    assert_eq!(told["counts"], json!({"valid": 2, "not_valid": 1}), "{told}");

    let told = office.clerk.answered(exit::USAGE, &["inspect", text(&office.papers)]);
    assert_eq!(told["counts"], json!({"refused": 3, "inspected": 3}), "{told}");
    assert_eq!(item(&told, &office.file("a.tsr"))["data"]["items"][0]["kind"], "timestamp-reply");
    // A unit that cannot be reached is not asked ten thousand times.
    std::fs::write(office.file("sub/d"), "d").unwrap();
    for name in ["d", "e", "f"] {
        std::fs::write(office.file(name), name).unwrap();
    }
    drop(unit);
    let told = office.clerk.run(&stamp);
    let told = told.document();
    assert_eq!(
        (&told["data"]["counts"]["refused"], &told["data"]["counts"]["not_tried"]),
        (&json!(4), &json!(3)),
        "{told}"
    );

    // PDF documents, each with its signed form beside it; what is none is told.
    std::fs::write(office.file("one.pdf"), paper::pdf("one")).unwrap();
    let told = office.signs(exit::DONE, &["--pdf"]);
    assert_eq!(told["counts"]["signed"], 1, "{told}");
    let told = office.signs(exit::DONE, &["--pdf"]);
    assert_eq!(told["counts"].get("signed"), None, "{told}");
    office.verdicts(exit::DONE, &[text(&office.file("one-signed.pdf"))]);
}
