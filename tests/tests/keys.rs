//! Keys in others' hands: blocked, everything that holds them found and revoked, and shared primes found among all keys.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::census::Identities;
use tests::certificates::{self, Issued};
use tests::country::CrlEntry;
use tests::installation::Installation;
use tests::judges::openssl::{self, Branch, Nonce};
use tests::npki::text;
use tests::programs::Program;
use tests::requests::{self, OpensslKey};
use tests::{Country, answers};

/// "No", as `npki help exit-codes` says.
const NO: i32 = 3;
/// A state that forbids the act.
const FORBIDDEN: i32 = 6;

#[test]
fn a_published_key_is_blocked_and_all_its_certificates_are_revoked_in_one_command() {
    let country = Country::settled();
    let folder = country.installation.scratch("compromised");
    let (key, first) = new_request(&folder, &requests::P256);
    let serials = [issue(&country, &first), issue(&country, &renewal(&folder, &key, "second"))];
    let (_, bystander) = new_request(&folder, &requests::P256);
    let unharmed = issue(&country, &bystander);
    let administrator = &country.staff.administrator.npki;
    let digest = digest(administrator, &first);
    // As lists are published: remarks, empty lines, notes, and keys that nobody here has.
    let list = folder.join("published.txt");
    let other = "ab".repeat(32);
    std::fs::write(&list, format!("# leaked\n\n{}  github.com/x/y\r\n{other}\n", digest.to_uppercase()))
        .unwrap();
    let block = ["key", "block", text(&list), "--source", "found in a repository"];
    let seen = administrator.done(&block);
    assert_eq!((&seen["blocked"], &seen["in_use"]), (&json!(2), &json!([digest])), "{seen}");
    assert!(openssl::ocsp_serial(&country.installation, &serials[0]).text().contains("good"));
    let done = administrator.done(&[&block[..], &["--revoke"]].concat());
    assert_eq!((&done["blocked"], &done["known"]), (&json!(0), &json!(2)));
    assert_eq!(sorted(&done["revoked"]), sorted(&json!(serials)));
    for serial in &serials {
        let answer = openssl::ocsp_serial(&country.installation, serial).text();
        assert!(answer.contains("revoked") && answer.contains("keyCompromise"), "{answer}");
        country.until_the_crl(CrlEntry::Listed, serial);
    }
    assert!(openssl::ocsp_serial(&country.installation, &unharmed).text().contains("good"));
    // Whoever comes with that key again is told why, and gets nothing.
    let request = renewal(&folder, &key, "third");
    let ask = ["cert", "request", "--profile", "device", "--identity", &country.identities.device];
    let problem = country.staff.officer.npki.refused(2, &[&ask[..], &["--csr", text(&request)]].concat());
    assert_eq!(problem.code, "E-ISS-010");
    let held = administrator.done(&["cert", "list", "--key", &digest]);
    assert_eq!(held["items"].as_array().unwrap().len(), 2, "{held}");
    let shown = administrator.done(&["key", "blocked", "show", &digest]);
    assert_eq!(shown["source"], "found in a repository");
    assert_eq!(administrator.done(&["key", "blocked", "list"])["items"].as_array().unwrap().len(), 2);
    country.staff.officer.npki.refused(4, &["key", "blocked", "list"]);
    let mut country = country;
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn a_revocation_that_was_cut_off_is_finished_by_the_same_command() {
    let mut country = Country::settled();
    let folder = country.installation.scratch("cut-off");
    let (key, first) = new_request(&folder, &requests::P256);
    let mut serials = vec![issue(&country, &first)];
    serials.extend((0..11).map(|round| issue(&country, &renewal(&folder, &key, &round.to_string()))));
    let administrator = country.staff.administrator.npki.clone();
    let digest = digest(&administrator, &first);
    let block = ["key", "block", &digest, "--source", "stolen", "--revoke"];
    let mut cut = administrator.command();
    let mut cut = cut
        .args(block)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // The power goes as soon as the key is blocked.
    while administrator.run(&["key", "blocked", "show", &digest]).code != 0 {
        assert!(cut.try_wait().unwrap().is_none_or(|status| status.success()), "it must not fail by itself");
    }
    country.installation.kill9();
    cut.wait().unwrap();
    country.installation.start();
    let done = administrator.done(&block);
    assert_eq!(done["known"], 1, "the key stayed blocked: {done}");
    for serial in &serials {
        let answer = openssl::ocsp_serial(&country.installation, serial).text();
        assert!(answer.contains("keyCompromise"), "{serial}: {answer}");
    }
    assert_eq!(administrator.done(&block)["revoked"], json!([]), "nothing is done twice");
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn keys_that_share_a_prime_are_found_among_all() {
    let mut country = Country::settled();
    let folder = country.installation.scratch("shared");
    let [first, second] = sharing(&folder);
    let (_, sound) = new_request(&folder, &requests::RSA2048);
    let [one, two] = [&first, &second]
        .map(|key| issue(&country, &renewal(&folder, key, text(key.file_stem().unwrap().as_ref()))));
    issue(&country, &sound);
    let administrator = country.staff.administrator.npki.clone();
    let found = administrator.answered(NO, &["key", "batch-check"]);
    assert_eq!((&found["verdict"], &found["moduli"]), (&json!("shared"), &json!(3)));
    let wanted = sorted(&json!([format!("issuing/{one}"), format!("issuing/{two}")]));
    assert_eq!(places(&found), wanted);
    // Beside a file: the same key is one key, found in two places.
    let sound_alone = administrator.done(&["key", "batch-check", "--only-files", text(&sound)]);
    assert_eq!(sound_alone["verdict"], "sound");
    for key in found["shared"][0]["keys"].as_array().unwrap() {
        let sha256 = answers::text(key, "sha256");
        let block = ["key", "block", sha256, "--reason", "weak", "--source", "shares a prime", "--revoke"];
        assert_eq!(administrator.done(&block)["revoked"].as_array().unwrap().len(), 1);
    }
    for serial in [&one, &two] {
        assert!(openssl::ocsp_serial(&country.installation, serial).text().contains("revoked"));
    }
    // And without the service, from the store alone.
    country.installation.stop();
    let data = country.installation.data();
    assert_eq!(places(&administrator.answered(NO, &["key", "batch-check", "--data", text(&data)])), wanted);
}

#[test]
fn a_key_under_two_cas_is_blocked_in_each_and_revoked_by_both() {
    let mut country = Country::settled_in(Installation::fresh_with("national"));
    let folder = country.installation.scratch("national");
    let (key, first) = new_request(&folder, &requests::P256);
    let application = country.identities.application.clone();
    let serials = [
        vetted(&country, "application", &application, &first),
        vetted(&country, "tls-server", &application, &renewal(&folder, &key, "server")),
    ];
    let administrator = country.staff.administrator.npki.clone();
    let digest = digest(&administrator, &first);
    let held = administrator.done(&["cert", "list", "--key", &digest]);
    let mut issuers: Vec<&str> =
        held["items"].as_array().unwrap().iter().map(|item| answers::text(item, "issuer")).collect();
    issuers.sort_unstable();
    assert_eq!(issuers, ["things", "tls"], "{held}");
    let done =
        administrator.done(&["key", "block", &digest, "--source", "found in a repository", "--revoke"]);
    assert_eq!(sorted(&done["revoked"]), sorted(&json!(serials)));
    assert_eq!(done["elsewhere"], json!([]));
    for (serial, (root, ca)) in serials.iter().zip([("root", "things"), ("tls-root", "tls")]) {
        let branch = branch(&country, root, ca);
        let answer = openssl::ocsp_serial_under(&country.installation, &branch, serial).text();
        assert!(answer.contains("revoked") && answer.contains("keyCompromise"), "{ca}: {answer}");
        country.until_crl_of(ca, CrlEntry::Listed, serial);
    }
    // No CA certifies it again, whomever for.
    let Identities { organisation, person, device, application } = &country.identities;
    for (profile, identity) in [
        ("device", device),
        ("application", application),
        ("tls-server", application),
        ("organisation-seal", organisation),
        ("person-authentication", person),
    ] {
        let request = renewal(&folder, &key, profile);
        let ask = ["cert", "request", "--profile", profile, "--identity", identity, "--csr", text(&request)];
        assert_eq!(country.staff.officer.npki.refused(2, &ask).code, "E-ISS-010", "{profile}");
    }
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn keys_of_cas_and_responders_are_blocked_too() {
    let mut country = Country::settled_in(Installation::fresh_with("national"));
    let administrator = country.staff.administrator.npki.clone();
    let officer = country.staff.officer.npki.clone();
    let organisation = country.identities.organisation.clone();
    let seal = country.staff.issue(
        &country.installation,
        &country.staff.officer,
        "organisation-seal",
        &organisation,
    );
    // A responder whose key is blocked is given another one while the service runs.
    let responder = country.installation.data().join("certificates/responder-seals.pem");
    let before = std::fs::read(&responder).unwrap();
    let block = ["key", "block", text(&responder), "--source", "copied from the machine", "--revoke"];
    assert_eq!(administrator.done(&block)["revoked"], json!([certificates::serial(&responder)]));
    wait_until("the responder has another key", || std::fs::read(&responder).unwrap() != before);
    assert_signer_is(&country, &seal, &responder);
    // A CA is stopped by whoever names it, not by a list that its key got into.
    let seals = country.installation.ca("seals");
    let block = ["key", "block", text(&seals), "--source", "stolen from the vault", "--revoke"];
    let refused = administrator.refused(FORBIDDEN, &block);
    assert_eq!(refused.code, "E-BLK-004");
    assert_eq!(administrator.done(&["key", "blocked", "list"])["items"].as_array().unwrap().len(), 1);
    let done = administrator.done(&[&block[..], &["--stops-ca", "seals"]].concat());
    assert_eq!(done["stopped"], json!(["seals"]), "{done}");
    assert_eq!(done["revoked"], json!([certificates::serial(&seals)]), "its root revokes it");
    country.until_crl_of("root", CrlEntry::Listed, &certificates::serial(&seals));
    let folder = country.installation.scratch("after");
    let (_, request) = new_request(&folder, &requests::P256);
    let ask = ["cert", "request", "--profile", "organisation-seal", "--identity", &organisation];
    let problem = officer.refused(FORBIDDEN, &[&ask[..], &["--csr", text(&request)]].concat());
    assert_eq!(problem.code, "E-ISS-012");
    // The other CAs work on, and so does the service when it is started again.
    country.installation.restart();
    vetted(&country, "device", &country.identities.device, &request);
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// The CA's responder answers with this certificate, as soon as it was swapped in.
fn assert_signer_is(country: &Country, issued: &Issued, responder: &Path) {
    let branch = branch(country, "root", "seals");
    wait_until("the responder answers with its new key", || {
        let (answer, response) =
            openssl::ocsp_post_under(&country.installation, &branch, &issued.certificate, Nonce::Fresh);
        answer.succeeded().saying("Response verify OK").saying(": good");
        let signer = openssl::responder_certificate(&response);
        certificates::serial(&signer) == certificates::serial(responder)
    });
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < give_up, "after 20 s it is not so: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn branch(country: &Country, root: &str, ca: &str) -> Branch {
    Branch { root: country.installation.ca(root), issuing: country.installation.ca(ca) }
}

/// Asks for a certificate with this request and has it approved; its serial number.
fn vetted(country: &Country, profile: &str, identity: &str, request: &Path) -> String {
    let issued = country.staff.issue_for(profile, identity, request);
    answers::text(&issued, "serial").to_owned()
}

#[test]
fn every_fault_of_a_key_is_told_with_its_clause() {
    let country = Country::settled();
    let npki = &country.staff.officer.npki;
    let folder = country.installation.scratch("faults");
    let key = folder.join("weak.pem");
    let small = ["genrsa", "-3", "-out", text(&key), "1024"];
    Program::named("openssl").args(small).run().succeeded();
    let public = folder.join("weak.pub");
    Program::named("openssl")
        .args(["rsa", "-in", text(&key), "-RSAPublicKey_out", "-out", text(&public)])
        .run()
        .succeeded();
    let answer = npki.answered(NO, &["key", "check", text(&public)]);
    let faults = answer["keys"][0]["faults"].as_array().unwrap();
    let told: Vec<&str> = faults.iter().map(|fault| answers::text(fault, "code")).collect();
    assert_eq!(told, ["E-CSR-040", "E-CSR-044"], "{answer}");
    assert!(answers::text(&faults[1], "clause").contains("FIPS 186-5"));
    let issuing = country.installation.issuing();
    assert_eq!(npki.done(&["key", "check", text(&issuing)])["keys"][0]["kind"], "P-384");
    assert_eq!(npki.refused(2, &["key", "check", text(&key)]).code, "E-KEY-004", "a private key is not read");
    assert_eq!(npki.refused(2, &["key", "block", "nonsense", "--source", "x"]).code, "E-KEY-004");
}

fn sorted(list: &Value) -> Vec<String> {
    let mut all: Vec<String> =
        list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

fn places(found: &Value) -> Vec<String> {
    let keys = found["shared"].as_array().unwrap().iter().flat_map(|group| group["keys"].as_array().unwrap());
    let mut all: Vec<String> = keys.flat_map(|key| sorted(&key["found_in"])).collect();
    all.sort();
    all
}

fn digest(npki: &tests::Npki, request: &Path) -> String {
    answers::text(&npki.done(&["key", "check", text(request)])["keys"][0], "sha256").to_owned()
}

/// A new key and a request for it.
fn new_request(folder: &Path, key: &OpensslKey) -> (PathBuf, PathBuf) {
    let request = requests::openssl_with_subject(folder, key, "/");
    let name = text(&request).strip_suffix(".csr.pem").unwrap().to_owned();
    (PathBuf::from(format!("{name}.key.pem")), request)
}

/// Another request for a key.
fn renewal(folder: &Path, key: &Path, name: &str) -> PathBuf {
    let request = folder.join(format!("renewal-{name}.csr"));
    let make = ["req", "-new", "-key", text(key), "-subj", "/", "-out", text(&request)];
    Program::named("openssl").args(make).run().succeeded();
    request
}

/// Two RSA keys with a prime in common: openssl finds the primes, pyca/cryptography puts the keys together.
fn sharing(folder: &Path) -> [PathBuf; 2] {
    let prime = || {
        let made =
            Program::named("openssl").args(["prime", "-generate", "-bits", "1024", "-hex"]).run().succeeded();
        made.text().trim().to_owned()
    };
    let (common, others) = (prime(), [prime(), prime()]);
    let files = ["one.pem", "two.pem"].map(|name| folder.join(name));
    for (file, other) in files.iter().zip(&others) {
        let script = "import sys\n\
            from cryptography.hazmat.primitives import serialization as s\n\
            from cryptography.hazmat.primitives.asymmetric import rsa\n\
            p, q, e = int(sys.argv[1], 16), int(sys.argv[2], 16), 65537\n\
            d = pow(e, -1, (p - 1) * (q - 1))\n\
            n = rsa.RSAPublicNumbers(e, p * q)\n\
            key = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), n).private_key()\n\
            pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())\n\
            open(sys.argv[3], 'wb').write(pem)\n";
        Program::named("python3").args(["-c", script, &common, other, text(file)]).run().succeeded();
    }
    files
}

fn issue(country: &Country, request: &Path) -> String {
    let ask = ["cert", "request", "--profile", "device", "--identity", &country.identities.device];
    let answer = country.staff.officer.npki.done(&[&ask[..], &["--csr", text(request)]].concat());
    answers::text(answers::request(&answer), "serial").to_owned()
}
