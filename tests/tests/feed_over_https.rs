//! A responder elsewhere follows the status feed over HTTPS, through a web server of another house.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use tests::installation::free_ports;
use tests::nginx::Nginx;
use tests::npki::{exit, text};
use tests::programs::Program;
use tests::{Country, FarResponder};

/// A CA of its own with OpenSSL, and a server's certificate for `localhost` below it.
struct House {
    folder: PathBuf,
}

impl House {
    fn founded(folder: PathBuf) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let house = Self { folder };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
        let name = house.folder.file_name().unwrap().to_str().unwrap();
        let (ca, ca_key) = (house.trust(), house.file("ca.key"));
        let subject = format!("/CN=CA of {name}");
        let root = ["req", "-x509", "-subj", &subject, "-keyout", text(&ca_key), "-out", text(&ca)];
        Program::named("openssl").args(root.into_iter().chain(key)).run().succeeded();
        let leaf = ["req", "-x509", "-CA", text(&ca), "-CAkey", text(&ca_key), "-subj", "/CN=localhost"];
        let leaf = leaf.into_iter().chain(["-addext", "subjectAltName=DNS:localhost"]);
        let leaf = leaf.chain(["-addext", "basicConstraints=critical,CA:FALSE"]);
        let (server_key, server) = (house.file("server.key"), house.file("server.pem"));
        let out = ["-keyout", text(&server_key), "-out", text(&server)];
        Program::named("openssl").args(leaf.chain(key).chain(out)).run().succeeded();
        house
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn trust(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// Its web server before an installation.
    fn before(&self, installation: &str, port: u16) -> Nginx {
        let (certificate, key) = (self.file("server.pem"), self.file("server.key"));
        Nginx::with(|plain, _| {
            format!(
                "server {{ listen 127.0.0.1:{plain}; }} server {{ listen 127.0.0.1:{port} ssl; \
                 ssl_certificate {}; ssl_certificate_key {}; location / {{ proxy_pass {installation}; }} }}",
                certificate.display(),
                key.display()
            )
        })
    }
}

fn far(country: &Country, url: &str, trust: &Path) -> FarResponder {
    let key = country.installation.data().join("certificates/feed.vkey");
    FarResponder::founded(&["--feed", url, "--key-file", text(&key), "--trust", text(trust)])
}

#[test]
fn a_responder_follows_over_https_and_takes_nothing_from_a_server_that_it_cannot_trust() {
    let country = Country::populated();
    let serial = |profile: &str| country.certificate(profile).serial.clone();
    let (first, second) = (serial("device"), serial("person-signature"));
    let own = House::founded(country.installation.scratch("own"));
    let other = House::founded(country.installation.scratch("another"));
    let installation = country.installation.public_url();
    let [port, _] = free_ports();
    let nginx = own.before(&installation, port);

    let mut far = far(&country, &format!("https://localhost:{port}/"), &own.trust());
    far.start();
    far.until_ready("no responder certificate");
    far.certified_by(&country.staff.administrator);
    far.until_ready("ready\n");
    far.ocsp(&country.installation, &first).succeeded().saying("Response verify OK").saying(": good");
    country.revoke(&first, "key-compromise");
    let seen = far.until_ocsp(&country.installation, &first, ": revoked");
    assert!(seen < Duration::from_secs(5), "{seen:?}");

    // Somebody else answers at the address: nothing is heard from there, and the log says why.
    drop(nginx);
    let nginx = other.before(&installation, port);
    country.revoke(&second, "key-compromise");
    far.until_said("does not lead to what is trusted");
    std::thread::sleep(Duration::from_secs(3));
    far.ocsp(&country.installation, &second).succeeded().saying(": good");

    // The right one is back.
    drop(nginx);
    let _nginx = own.before(&installation, port);
    far.until_ocsp(&country.installation, &second, ": revoked");
    far.until_ready("ready\n");
    far.stop();
}

#[test]
fn an_address_that_the_certificate_does_not_name_and_https_without_trust_are_refused() {
    let country = Country::populated();
    let house = House::founded(country.installation.scratch("house"));
    let [port, _] = free_ports();
    let _nginx = house.before(&country.installation.public_url(), port);

    let mut elsewhere = far(&country, &format!("https://127.0.0.1:{port}/"), &house.trust());
    elsewhere.start();
    elsewhere.until_said("it is for other names");
    assert_eq!(elsewhere.readiness().status, 503);
    elsewhere.stop();

    let key = country.installation.data().join("certificates/feed.vkey");
    let folder = country.installation.scratch("untrusting");
    let url = format!("https://localhost:{port}/");
    let arguments =
        ["responder", "init", "--data", text(&folder), "--name", "alpha", "--feed", &url, "--key-file"];
    let refused = country
        .installation
        .somebody("operator")
        .refused(exit::USAGE, &[&arguments[..], &[text(&key)]].concat());
    assert!(refused.detail.contains("--trust"), "{refused:?}");
}
