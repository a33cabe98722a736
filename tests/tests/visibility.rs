//! How soon everybody is told of a revocation: OCSP within a second, the CRL within five, on a node under load.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on says so and stops"
)]

use std::time::{Duration, Instant};

use tests::asker::{self, Asker};
use tests::judges::openssl;
use tests::{Country, bystander, census, certificates};

const OCSP_WITHIN: Duration = Duration::from_secs(1);
const CRL_WITHIN: Duration = Duration::from_secs(5);
/// Where it is looked for longer, to tell how long it took.
const GIVE_UP: Duration = Duration::from_secs(60);

#[track_caller]
fn until(holds: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !holds() && begun.elapsed() < GIVE_UP {
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

#[test]
fn a_revocation_shows_in_ocsp_within_a_second_and_in_the_crl_within_five() {
    let country = Country::populated_without_pace();
    let (installation, officer) = (&country.installation, &country.staff.officer);
    let port = installation.http_port();
    let devices = census::devices(&officer.npki, &country.identities, 6);
    let issued = devices.iter().map(|device| country.staff.issue(installation, officer, "device", device));
    let issued: Vec<_> = issued.collect();
    let load =
        Asker::begin(port, &openssl::ocsp_request(installation, &country.certificate("device").certificate));
    let crl = format!("{}/crl/issuing.crl", installation.public_url());
    let (mut ocsp, mut lists) = (Vec::new(), Vec::new());
    for (place, one) in issued.iter().enumerate() {
        let question = openssl::ocsp_request(installation, &one.certificate);
        // Kept, so that what is looked for is that the kept answer goes.
        assert!(!asker::says_revoked(port, &question));
        country.revoke(&one.serial, if place % 2 == 0 { "key-compromise" } else { "certificate-hold" });
        // From the moment at which whoever revoked was told that it is done.
        ocsp.push(until(|| asker::says_revoked(port, &question)));
        lists.push(
            ocsp[place]
                + until(|| certificates::crl_lists(&bystander::fetch(installation, &crl).body, &one.serial)),
        );
    }
    load.end().never_failed();
    let (slowest_ocsp, slowest_crl) = (ocsp.iter().max().unwrap(), lists.iter().max().unwrap());
    eprintln!("OCSP after {ocsp:?}, CRL after {lists:?}");
    assert!(*slowest_ocsp <= OCSP_WITHIN, "OCSP: {ocsp:?}");
    assert!(*slowest_crl <= CRL_WITHIN, "CRL: {lists:?}");
}
