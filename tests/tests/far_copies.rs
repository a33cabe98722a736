//! A responder on a machine of its own publishes what the installation publishes, and nothing else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use tests::country::CrlEntry;
use tests::nginx::Nginx;
use tests::npki::{exit, text};
use tests::{Country, FarResponder, bystander, certificates};

const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something holds; how long that took.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    begun.elapsed()
}

fn lists(far: &FarResponder, serial: &str) -> bool {
    certificates::crl_lists(&far.get("/crl/issuing.crl").body, serial)
}

#[test]
fn it_publishes_what_the_installation_publishes() {
    let mut country = Country::populated();
    let url = country.installation.public_url();
    let (first, second) = (country.certificate("device").clone(), country.certificate("application").clone());
    let mut far = FarResponder::following(&country.installation);
    far.start();
    far.certified_by(&country.staff.administrator);
    let files = [
        "/crl/issuing.crl",
        "/crl/root.crl",
        "/ca/issuing.cer",
        "/ca/root.cer",
        "/ca/root.p7c",
        "/filter/issuing.filter",
    ];
    for file in files {
        let there = || bystander::fetch(&country.installation, &format!("{url}{file}"));
        until(file, || {
            far.get(file).status == 200 && there().status == 200 && far.get(file).body == there().body
        });
        let (here, there) = (far.get(file), there());
        for header in ["content-type", "etag"] {
            assert_eq!(here.header(header), there.header(header), "{file}");
        }
        assert!(here.header("cache-control").contains("max-age="), "{file}");
    }
    assert_eq!(far.get("/crl/issuing-delta.crl").status, 404);
    assert_eq!(far.get("/crl/nonsense").status, 404);

    // A revocation, and a release.
    country.revoke(&first.serial, "key-compromise");
    country.revoke(&second.serial, "certificate-hold");
    let seen =
        until("a revocation in the copied CRL", || lists(&far, &first.serial) && lists(&far, &second.serial));
    assert!(seen < Duration::from_secs(10), "{seen:?}");
    let trust = country.installation.trust();
    let doctor = |far: &FarResponder, more: &[&str]| {
        let arguments = ["doctor", "--url", &far.url(), "--trust", text(&trust)];
        far.operator().answered(exit::DONE, &[&arguments[..], more].concat())
    };
    until("all is ready", || far.readiness().status == 200);
    let report = doctor(&far, &[text(&first.certificate), text(&second.certificate), "--fail-on", "warning"]);
    assert_eq!((&report["failed"], &report["warnings"]), (&0.into(), &0.into()), "{report}");
    country.staff.administrator.npki.done(&["cert", "release", &second.serial]);
    until("a release in the copied CRL", || !lists(&far, &second.serial));

    // Without the installation, and after a power cut.
    country.installation.stop();
    far.kill9();
    far.start();
    assert!(lists(&far, &first.serial) && !lists(&far, &second.serial));
    assert_eq!(far.get("/ca/issuing.cer").status, 200);
    let report = doctor(&far, &[]);
    assert_eq!(report["failed"], 0, "{report}");
}

#[test]
fn who_asks_without_end_is_told_to_come_back_later() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let mut far = FarResponder::founded(&["--key", key]);
    far.edit_settings(|text| {
        text.replace("each_second = 1000", "each_second = 1").replace("at_once = 2000", "at_once = 8")
    });
    far.start();
    until("the pace", || far.get("/healthz").status == 429);
}

/// nginx between an installation and a responder; a file `crl/issuing.crl` in its folder takes the place of the CRL.
fn between(country: &Country) -> Nginx {
    let url = country.installation.public_url();
    Nginx::with(|port, folder| {
        std::fs::create_dir_all(folder.join("crl")).unwrap();
        let folder = folder.display();
        format!(
            "server {{ listen 127.0.0.1:{port}; location / {{ root {folder}; try_files $uri @there; }} \
             location @there {{ proxy_pass {url}; }} }}"
        )
    })
}

#[test]
fn what_is_older_altered_or_of_another_ca_takes_the_place_of_nothing() {
    let country = Country::populated();
    let url = country.installation.public_url();
    let crl = |ca: &str| bystander::fetch(&country.installation, &format!("{url}/crl/{ca}.crl")).body;
    let nginx = between(&country);
    let place = nginx.folder().join("crl/issuing.crl");
    let mut far = FarResponder::following_at(&country.installation, &nginx.url());
    far.start();
    until("the first copy", || far.get("/crl/issuing.crl").body == crl("issuing"));
    let (oldest, root) = (crl("issuing"), crl("root"));
    let mut serials = ["device", "application", "tls-server"]
        .map(|profile| country.certificate(profile).serial.clone())
        .into_iter();
    let mut revoke = || {
        let serial = serials.next().unwrap();
        country.revoke(&serial, "key-compromise");
        country.until_the_crl(CrlEntry::Listed, &serial);
        serial
    };
    let put = |path: &Path, octets: &[u8]| {
        // Whole, as nginx may read it at any moment.
        let beside = path.with_extension("draft");
        std::fs::write(&beside, octets).unwrap();
        std::fs::rename(beside, path).unwrap();
    };
    let refused = |far: &FarResponder, octets: &[u8], why: &str| {
        let before = far.get("/crl/issuing.crl").body;
        let said = far.said().matches(why).count();
        put(&place, octets);
        until(why, || far.said().matches(why).count() > said);
        assert_eq!(far.get("/crl/issuing.crl").body, before, "{why}");
    };

    // The one before, from a cache; altered; the root's.
    put(&place, &oldest);
    let first = revoke();
    refused(&far, &oldest, "a cache on the way");
    let mut altered = crl("issuing");
    *altered.last_mut().unwrap() ^= 1;
    refused(&far, &altered, "issuing.crl: ");
    refused(&far, &root, "the CRL is of another issuer");
    assert!(!lists(&far, &first));
    std::fs::remove_file(&place).unwrap();
    until("the true one", || lists(&far, &first));

    // An older one than is here.
    put(&place, &oldest);
    let second = revoke();
    refused(&far, &oldest, "is not newer than number");
    assert!(lists(&far, &first) && !lists(&far, &second));
    std::fs::remove_file(&place).unwrap();
    until("the true one", || lists(&far, &second));

    // What was altered on the disk is not published either.
    let kept = far.data().join("state/copies/crl+issuing.crl");
    far.stop();
    put(&kept, &altered);
    far.start();
    until("fetched again", || far.get("/crl/issuing.crl").body == crl("issuing"));
    assert!(far.said().contains("a copy that was kept is not used"), "{}", far.said());
}
