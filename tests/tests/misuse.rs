//! What must not harm an installation: a clock that is set back, a second process, a key file written by half. Each is
//! refused clearly, and nothing is issued by half.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tests::census::Census;
use tests::npki::{exit, text};
use tests::requests;
use tests::{Country, answers, codes};

/// An agency's request for a seal, which one officer has approved; it waits for the second.
fn waiting(country: &Country) -> String {
    let folder = country.installation.scratch("waiting");
    let request = requests::openssl_with_subject(&folder, &requests::P256, "/");
    let organisation = &country.identities.organisation;
    let operator = country.staff.agency_operator(&country.installation, organisation);
    let ask = ["cert", "request", "--profile", "organisation-seal", "--identity", organisation];
    let answer = operator.npki.answered(exit::WAITING, &[&ask[..], &["--csr", text(&request)]].concat());
    let id = answers::id(answers::request(&answer)).to_owned();
    let first = country.staff.officer.npki.done(&["vet", "approve", &id, "--note", "known to the office"]);
    assert_eq!(first["status"], "waiting", "{first}");
    id
}

#[test]
fn a_clock_that_was_set_back_issues_nothing_until_it_is_right_or_accepted() {
    let mut country = Country::settled();
    let id = waiting(&country);
    let issued = {
        let Country { installation, staff, identities, .. } = &country;
        staff.issue(installation, &staff.officer, "device", &identities.device)
    };
    let data = country.installation.data();
    let operator = country.installation.somebody("operator");
    let clock =
        |verb: &str, more: &[&str]| operator.done(&[&["clock", verb, "--data", text(&data)], more].concat());
    // The server was most of a day ahead for a while; the CRLs that it made then are in the ledger.
    country.installation.stop();
    country.installation.start_with_clock("+20h");
    country.installation.stop();
    assert_eq!(clock("show", &[])["trusted"], false);
    country.installation.start();

    let before = Census::of(&country.staff.officer.rest);
    let approve = ["vet", "approve", &id, "--note", "seen in person"];
    let problem = country.staff.second_officer.npki.refused(exit::UNAVAILABLE, &approve);
    assert_eq!(problem.code, codes::CLOCK_SET_BACK);
    assert!(problem.fix.contains("npki clock accept"), "{problem:?}");
    before.is_unchanged(&country.staff.officer.rest, "an approval while the clock was wrong");
    // What protects people goes on.
    country.revoke(&issued.serial, "key-compromise");

    country.installation.stop();
    let accepted = clock("accept", &["--reason", "the time server was wrong by most of a day"]);
    assert_eq!(accepted["trusted"], true);
    assert_eq!(clock("show", &[])["trusted"], true);
    country.installation.start();
    let answer = country.staff.second_officer.npki.done(&approve);
    assert_eq!(answer["status"], "issued", "{answer}");
}

#[test]
fn a_second_process_on_the_same_folder_is_turned_away() {
    let country = Country::settled();
    let data = country.installation.data();
    let intruder = country.installation.somebody("intruder");
    for arguments in [
        vec!["serve", "--data", text(&data)],
        vec!["ca", "found", "--data", text(&data)],
        vec!["clock", "show", "--data", text(&data)],
    ] {
        let problem = intruder.refused(exit::CONFLICT, &arguments);
        assert_eq!(problem.code, codes::STORE_HELD, "{arguments:?}: {problem:?}");
    }
    country.staff.issue(&country.installation, &country.staff.officer, "device", &country.identities.device);
}

#[test]
fn a_key_file_written_by_half_stops_the_start_and_names_the_file() {
    let mut country = Country::settled();
    country.installation.stop();
    let file = country.installation.data().join("keys/issuing.key");
    let whole = std::fs::read(&file).unwrap();
    let operator = country.installation.somebody("operator");
    for length in [0, 1, whole.len() / 2, whole.len() - 2] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let problem =
            operator.refused(exit::FAILED, &["serve", "--data", text(&country.installation.data())]);
        assert!(format!("{problem:?}").contains("issuing.key"), "{length} octets: {problem:?}");
    }
    std::fs::write(&file, &whole).unwrap();
    country.installation.start();
    country.staff.issue(&country.installation, &country.staff.officer, "device", &country.identities.device);
}
