//! Key files that other programs made: PKCS#12 and encrypted PKCS#8, made by OpenSSL.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on says so and stops")]

use std::path::PathBuf;
use std::process::Command;

use ca_core::keys::KeyError;
use ca_core::keys::Signer;
use ca_core::keys::encrypted::open_key;
use ca_core::keys::pkcs12::KeyFile;
use ca_core::keys::software::SoftwareKey;

const PASSPHRASE: &str = "Thaba-Bosiu 1824, ‘ntlo’";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs OpenSSL here, with the passphrase in `PASS`.
    fn openssl(&self, arguments: &str) {
        let words = arguments.split_whitespace();
        let mut command = Command::new("openssl");
        let done = command.current_dir(self.0.path()).env("PASS", PASSPHRASE).args(words).output().unwrap();
        assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    }

    /// A key, a certificate for it, and the CA's.
    fn pair(&self, key: &str) {
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=CA");
        self.openssl(&format!("genpkey {key} -out own.key"));
        self.openssl("req -x509 -key own.key -CA ca.pem -CAkey ca.key -subj /CN=Palesa -out own.pem");
        self.openssl("pkcs8 -topk8 -nocrypt -in own.key -outform DER -out own.p8");
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap()
    }

    fn pkcs12(&self, more: &str) -> Vec<u8> {
        self.openssl(&format!(
            "pkcs12 -export -inkey own.key -in own.pem -certfile ca.pem -name me -passout env:PASS -out own.p12 {more}"
        ));
        self.read("own.p12")
    }
}

#[test]
fn keys_and_certificates_come_out_of_what_openssl_writes() {
    for key in [
        "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "-algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        "-algorithm ED25519",
    ] {
        let folder = Folder::new();
        folder.pair(key);
        let own = SoftwareKey::from_pkcs8(&folder.read("own.p8")).unwrap();
        for more in [
            "",
            "-macalg sha1 -keypbe AES-128-CBC -certpbe AES-192-CBC",
            "-macalg sha512 -iter 10000",
            "-certpbe NONE",
            "-keypbe NONE",
        ] {
            let opened = KeyFile::open(&folder.pkcs12(more), PASSPHRASE).unwrap();
            let key = SoftwareKey::from_pkcs8(&opened.key).unwrap();
            assert_eq!(key.public_key_info(), own.public_key_info(), "{key:?} {more}");
            let certificates: Vec<Vec<u8>> = ["own.pem", "ca.pem"]
                .map(|name| pem::parse(folder.read(name)).unwrap().into_contents())
                .to_vec();
            assert_eq!(opened.certificates, certificates, "{more}");
            assert!(!format!("{opened:?}").contains("key"), "{opened:?}");
        }
    }
}

#[test]
fn nothing_is_taken_from_a_file_that_was_altered_or_is_another_s() {
    let folder = Folder::new();
    folder.pair("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let file = folder.pkcs12("-iter 2");
    let genuine = KeyFile::open(&file, PASSPHRASE).unwrap();
    assert!(matches!(KeyFile::open(&file, "another"), Err(KeyError::WrongPassphrase)));
    assert!(matches!(KeyFile::open(&file, ""), Err(KeyError::WrongPassphrase)));
    let mut others = 0;
    for position in 0..file.len() {
        let mut altered = file.clone();
        altered[position] ^= 0x11;
        if let Ok(opened) = KeyFile::open(&altered, PASSPHRASE) {
            // Around what the MAC covers: the NULL of the hash's parameters.
            assert_eq!((&opened.key, &opened.certificates), (&genuine.key, &genuine.certificates));
            others += 1;
        }
        assert!(KeyFile::open(&file[..position], PASSPHRASE).is_err(), "{position} octets");
    }
    assert!(others <= 2, "{others} octets do not count");
}

#[test]
fn what_old_programs_write_is_refused_with_the_way_out_and_no_mac_too() {
    let folder = Folder::new();
    folder.pair("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    let refused = KeyFile::open(&folder.pkcs12("-legacy"), PASSPHRASE).unwrap_err();
    assert!(refused.to_string().contains("openssl pkcs12 -legacy"), "{refused}");
    let refused = KeyFile::open(&folder.pkcs12("-nomac"), PASSPHRASE).unwrap_err();
    assert!(refused.to_string().contains("no MAC"), "{refused}");
    folder.openssl("pkcs12 -export -nokeys -in own.pem -passout env:PASS -out certificates.p12");
    let refused = KeyFile::open(&folder.read("certificates.p12"), PASSPHRASE).unwrap_err();
    assert!(refused.to_string().contains("no private key"), "{refused}");
    assert!(KeyFile::open(b"no PKCS#12 at all", PASSPHRASE).is_err());
}

#[test]
fn encrypted_pkcs8_is_opened_and_bounded() {
    let folder = Folder::new();
    folder.pair("-algorithm EC -pkeyopt ec_paramgen_curve:P-384");
    let plain = folder.read("own.p8");
    for how in ["-v2 aes-256-cbc", "-v2 aes-128-cbc -v2prf hmacWithSHA512", "-scrypt"] {
        folder.openssl(&format!(
            "pkcs8 -topk8 {how} -in own.key -passout env:PASS -outform DER -out sealed.p8"
        ));
        let sealed = folder.read("sealed.p8");
        assert_eq!(*open_key(&sealed, PASSPHRASE).unwrap(), plain, "{how}");
        // RFC 8018 section 6.2.2: with one in 256 the padding looks right by chance; the key then is none.
        let opened = open_key(&sealed, "another").map(|key| SoftwareKey::from_pkcs8(&key).is_ok());
        assert!(!matches!(opened, Ok(true)), "{how}");
    }
    // The last sealed with scrypt: eight blocks in one lane, of which hostile hands make 127.
    let mut busy = folder.read("sealed.p8");
    let at = busy.windows(6).position(|found| found == [2, 1, 8, 2, 1, 1]).unwrap();
    busy[at + 5] = 0x7f;
    assert!(matches!(open_key(&busy, PASSPHRASE), Err(KeyError::TooManyRounds)));
}
