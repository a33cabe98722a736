//! `npki sign` with keys as people have them: encrypted, in a PKCS#12 file, in a token. OpenSSL judges what they sign.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ca_core::algorithm::KeyAlgorithm;
use ca_core::clock::SystemEntropy;
use ca_core::keys::Signer;
use ca_core::keys::token::{Expected, make_key};
use ca_core::token::{KeyPlace, Pin};
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::{Installation, Npki, soft_token};

const PASSPHRASE: &str = "Qiloane, 1824";

/// A person with a letter to sign, and a CA of OpenSSL's.
struct Desk {
    _installation: Installation,
    folder: PathBuf,
    person: Npki,
}

impl Desk {
    fn opened() -> Self {
        let installation = Installation::founded();
        let (folder, person) = (installation.scratch("keys"), installation.somebody("person"));
        let desk = Self { _installation: installation, folder, person };
        std::fs::write(desk.file("letter"), "Khotso\n").unwrap();
        kept(&desk.file("passphrase"), &format!("{PASSPHRASE}\n"));
        let usage = "keyUsage=critical,digitalSignature,nonRepudiation\nextendedKeyUsage=emailProtection\n";
        std::fs::write(desk.file("leaf"), usage).unwrap();
        desk.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=CA");
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn openssl(&self, arguments: &str) {
        let words: Vec<String> = arguments.split(' ').map(|word| self.placed(word)).collect();
        Program::named("openssl").args(words).run().succeeded();
    }

    /// Names with an ending are files of the desk.
    fn placed(&self, word: &str) -> String {
        let endings = [".key", ".pem", ".p12", ".csr", ".p7s"];
        let is_file =
            endings.iter().any(|ending| word.ends_with(ending)) || ["letter", "leaf"].contains(&word);
        match word.strip_prefix("file:") {
            Some(name) => format!("file:{}", text(&self.file(name))),
            None if is_file => text(&self.file(word)).to_owned(),
            None => word.to_owned(),
        }
    }

    /// A key of OpenSSL's and its certificate.
    fn own_pair(&self) {
        self.openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.csr -subj /CN=Palesa");
        self.openssl("x509 -req -in own.csr -CA ca.pem -CAkey ca.key -days 9 -extfile leaf -out own.pem");
    }

    /// The letter signed with these arguments, and OpenSSL's word for it.
    fn signs(&self, arguments: &[&str]) {
        let signature = self.file("letter.p7s");
        let _ = std::fs::remove_file(&signature);
        let letter = self.file("letter");
        self.person.done(&[&["sign", text(&letter)], arguments].concat());
        self.openssl("cms -verify -cades -binary -inform DER -in letter.p7s -content letter -CAfile ca.pem -out read.p7s");
    }

    fn with_passphrase<'a>(&self, path: &'a Path, arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--passphrase-file", text(path)]].concat()
    }
}

#[test]
fn keys_in_pkcs12_files_and_encrypted_ones_sign() {
    let desk = Desk::opened();
    desk.own_pair();
    desk.openssl(
        "pkcs12 -export -inkey own.key -in own.pem -certfile ca.pem -passout file:passphrase -out own.p12",
    );
    desk.openssl("pkcs8 -topk8 -in own.key -passout file:passphrase -out sealed.key");
    let (letter, bundle, passphrase) = (desk.file("letter"), desk.file("own.p12"), desk.file("passphrase"));
    let (cert, sealed) = (desk.file("own.pem"), desk.file("sealed.key"));
    let in_one = ["--p12", text(&bundle)];
    let apart = ["--cert", text(&cert), "--key", text(&sealed)];
    desk.signs(&desk.with_passphrase(&passphrase, &in_one));
    desk.signs(&desk.with_passphrase(&passphrase, &apart));

    // Nobody there to be asked; the wrong passphrase; none in the file.
    let sign = |arguments: &[&str]| {
        desk.person.refused(exit::USAGE, &[&["sign", text(&letter)], arguments].concat())
    };
    for arguments in [&in_one[..], &apart] {
        let refused = sign(arguments);
        assert!(refused.code == "E-CLI-002" && refused.fix.contains("--passphrase-file"), "{refused:?}");
        let wrong = desk.file("wrong");
        std::fs::write(&wrong, "Moshoeshoe\n").unwrap();
        std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = sign(&desk.with_passphrase(&wrong, arguments));
        assert!(refused.code == "E-FILE-004" && refused.detail.contains("chmod 600"), "{refused:?}");
        std::fs::set_permissions(&wrong, std::fs::Permissions::from_mode(0o600)).unwrap();
        let refused = sign(&desk.with_passphrase(&wrong, arguments));
        assert!(refused.code == "E-KEY-001" && refused.detail.contains("does not open"), "{refused:?}");
        std::fs::write(&wrong, "\n").unwrap();
        assert_eq!(sign(&desk.with_passphrase(&wrong, arguments)).code, "E-FILE-004");
    }
    // What old programs write; and no such file at all.
    desk.openssl("pkcs12 -export -legacy -inkey own.key -in own.pem -passout file:passphrase -out old.p12");
    let old = desk.file("old.p12");
    let refused = sign(&desk.with_passphrase(&passphrase, &["--p12", text(&old)]));
    assert!(refused.detail.contains("openssl pkcs12 -legacy"), "{refused:?}");
    let refused = sign(&desk.with_passphrase(&passphrase, &["--p12", text(&letter)]));
    assert!(refused.code == "E-KEY-001" && refused.detail.contains("cannot be read"), "{refused:?}");
    // One or the other, not both.
    desk.person.refused(exit::USAGE, &[&["sign", text(&letter)], &in_one[..], &apart].concat());
}

#[test]
fn a_key_that_cannot_leave_its_token_signs() {
    soft_token::with_token("a_key_that_cannot_leave_its_token_signs", || {
        let desk = Desk::opened();
        for (label, algorithm) in [("mine", KeyAlgorithm::P256), ("my rsa", KeyAlgorithm::Rsa3072)] {
            let token = soft_token::TOKEN.to_owned();
            let place = KeyPlace { module: soft_token::module(), token, key: label.to_owned() };
            let pin = Pin::new(soft_token::PIN.to_owned().into());
            let made = make_key(place, pin, &Expected::of(algorithm), &SystemEntropy).unwrap();
            let public = public_pem(made.public_key_info());
            std::fs::write(desk.file("public.pem"), public).unwrap();
            desk.openssl("x509 -new -force_pubkey public.pem -subj /CN=Palesa -CA ca.pem -CAkey ca.key -days 9 -extfile leaf -out own.pem");
            let (cert, module, pin) = (desk.file("own.pem"), soft_token::module(), desk.file("pin"));
            kept(&pin, soft_token::PIN);
            let place = ["--token", soft_token::TOKEN, "--module", text(&module), "--token-key", label];
            let with_cert = [&["--cert", text(&cert)], &place[..]].concat();
            desk.signs(&desk.with_passphrase(&pin, &with_cert));

            let letter = desk.file("letter");
            let sign = |arguments: &[&str]| {
                desk.person.refused(exit::USAGE, &[&["sign", text(&letter)], arguments].concat())
            };
            std::fs::write(&pin, "00000").unwrap();
            let refused = sign(&desk.with_passphrase(&pin, &with_cert));
            assert!(refused.code == "E-KEY-001" && refused.detail.contains("PIN"), "{refused:?}");
            std::fs::write(&pin, soft_token::PIN).unwrap();
            // Another's certificate.
            desk.own_pair();
            let other = sign(&desk.with_passphrase(&pin, &with_cert));
            assert!(["E-KEY-001", "E-KEY-002"].contains(&other.code.as_str()), "{other:?}");
            // Half of where it is.
            sign(&["--cert", text(&cert), "--token", soft_token::TOKEN]);
        }
    });
}

/// Writes what nobody else is to read.
fn kept(path: &Path, secret: &str) {
    std::fs::write(path, secret).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn public_pem(public_key_info: &[u8]) -> String {
    use base64::Engine as _;
    let lines = base64::engine::general_purpose::STANDARD.encode(public_key_info);
    format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
}
