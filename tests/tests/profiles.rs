//! Profiles: in the store from the founding on, changed under dual control, in force at once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says so and stops"
)]

use std::path::Path;

use tests::certificates::sha256;
use tests::ministry::own_profiles;
use tests::npki::{exit, text};
use tests::{Country, Installation, Ministry, answers};

#[test]
fn an_installation_is_founded_with_a_countrys_own_profiles_and_reads_no_files_later() {
    let installation = Installation::planned();
    let scratch = installation.scratch("own");
    let own = own_profiles(&scratch, &[("device", "validity_days = 365", "validity_days = 77")]);
    installation.found(&["--profiles", text(&own)]);
    assert!(!installation.data().join("profiles").exists(), "files that nobody reads mislead");
    let mut installation = installation;
    installation.start();
    let mut country = Country::settled_in(installation);
    let device = &country.identities.device;
    let issued = country.staff.issue(&country.installation, &country.staff.officer, "device", device);
    let shown = country.staff.officer.npki.done(&["cert", "show", &issued.serial]);
    let digest = sha256(&std::fs::read(own.join("device.toml")).unwrap());
    assert_eq!(shown["profile_sha256"], digest.as_str(), "{shown}");
    // A file put there later counts for nothing, however broken.
    country.installation.stop();
    let folder = country.installation.data().join("profiles");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("device.toml"), "title = \"nonsense\"").unwrap();
    country.installation.start();
    let listed = country.staff.officer.npki.done(&["profile", "show", "device"]);
    assert_eq!(listed["validity_days"], 77, "{listed}");
    assert!(country.installation.said().contains("is not what the store has"), "whoever edits it is told");
    country.installation.stop();
    country.installation.audit_is_clean();
}

#[test]
fn wrong_profiles_found_nothing() {
    let installation = Installation::planned();
    let scratch = installation.scratch("wrong");
    let mut arguments = installation.init_arguments();
    let nobody = installation.somebody("installer");
    let broken = own_profiles(&scratch, &[("device", "validity_days", "validity_dais")]);
    for (folder, said) in [
        (scratch.join("nowhere"), "No such file"),
        (installation.scratch("empty"), "holds no profiles"),
        (broken, "did you mean `validity_days`?"),
    ] {
        arguments.extend(["--profiles".to_owned(), text(&folder).to_owned()]);
        let refused = nobody.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let problem = refused.problem(refused.code);
        assert_ne!(refused.code, exit::DONE);
        assert!(problem.detail.contains(said), "{problem:?}");
        assert!(!installation.data().exists(), "half of an installation is there");
        arguments.truncate(arguments.len() - 2);
    }
}

#[test]
fn two_administrators_change_a_profile_and_the_ledger_tells_it_all() {
    let mut ministry = Ministry::of(Country::settled());
    let file = ministry.edited("device", "validity_days = 365", "validity_days = 40");
    let proposal = ministry.propose(&file, &[]);
    let (id, digest) = (answers::id(&proposal), sha256(&std::fs::read(&file).unwrap()));
    assert_eq!(proposal["sha256"], digest.as_str());
    assert_eq!(ministry.days("device"), 365, "a proposal changes nothing");
    let first = &ministry.country.staff.administrator.npki;
    let shown = ministry.second.npki.done(&["profile", "proposals", &id]);
    let diff = answers::text(&shown, "diff");
    assert!(diff.contains("-validity_days = 365") && diff.contains("+validity_days = 40"), "{diff}");

    let approve = ["profile", "approve", &id, "--sha256", &digest];
    assert_eq!(first.refused(exit::NOT_PERMITTED, &approve).code, "E-PROF-210");
    let officer = &ministry.country.staff.officer.npki;
    assert_eq!(officer.refused(exit::NOT_PERMITTED, &approve).code, "E-AUTH-002");
    let other = ["profile", "approve", &id, "--sha256", "00"];
    assert_eq!(ministry.second.npki.refused(exit::CONFLICT, &other).code, "E-PROF-214");
    let unread = ministry.second.npki.refused(exit::USAGE, &["profile", "approve", &id]);
    assert!(unread.fix.contains("--sha256"), "{unread:?}");
    ministry.approve(&proposal);
    assert_eq!(ministry.days("device"), 40);
    assert_eq!(ministry.second.npki.refused(exit::CONFLICT, &approve).code, "E-PROF-212");

    let device = &ministry.country.identities.device;
    let asker = &ministry.country.staff.officer;
    let issued = ministry.country.staff.issue(&ministry.country.installation, asker, "device", device);
    let shown = officer.done(&["cert", "show", &issued.serial]);
    assert_eq!(shown["profile_sha256"], digest.as_str(), "{shown}");

    let history = officer.done(&["profile", "history", "device", "--diff"]);
    let [founded, changed] = &answers::items(&history)[..] else { panic!("{history}") };
    assert_eq!((&founded["origin"], &changed["origin"]), (&"founding".into(), &"change".into()));
    assert_ne!(changed["proposed_by"], changed["approved_by"]);
    assert!(answers::text(changed, "diff").contains("+validity_days = 40"), "{changed}");
    let auditor = &ministry.country.staff.auditor.npki;
    for action in ["profile.proposed", "profile.approved", "profile.decision-refused"] {
        let found = auditor.done(&["audit", "search", "--action", action]);
        let event = &answers::items(&found)[0];
        assert_eq!(event["subject"], "profile:device", "{found}");
        assert_eq!(event["detail"]["proposal"], id.as_str(), "{found}");
    }
    // Nothing of it is lost by a power cut, and every record is explained.
    ministry.country.installation.restart();
    assert_eq!(ministry.days("device"), 40);
    ministry.country.installation.stop();
    ministry.country.installation.audit_is_clean();
}

#[test]
fn what_is_wrong_is_refused_and_says_how_to_put_it_right() {
    let ministry = Ministry::of(Country::settled());
    let first = &ministry.country.staff.administrator.npki;
    let propose = |file: &Path, code: i32, more: &[&str]| {
        let words = ["profile", "propose", text(file), "--reason", "why not"];
        first.refused(code, &[&words, more].concat())
    };
    let broken = ministry.edited("device", "validity_days", "validity_dais");
    let problem = propose(&broken, exit::USAGE, &[]);
    assert!(problem.code == "E-PROF-201" && problem.detail.contains("did you mean"), "{problem:?}");
    let foreign = ministry.edited("device", "426.1.5.1", "426.1.5.99");
    assert_eq!(propose(&foreign, exit::USAGE, &[]).code, "E-PROF-202");
    let same = ministry.edited("device", "title", "title");
    assert_eq!(propose(&same, exit::CONFLICT, &[]).code, "E-PROF-203");
    let meter = same.with_file_name("meter.toml");
    std::fs::copy(&same, &meter).unwrap();
    let problem = propose(&meter, exit::USAGE, &[]);
    assert!(problem.code == "E-PROF-206" && problem.fix.contains("--issued-by"), "{problem:?}");
    assert_eq!(propose(&meter, exit::NOT_FOUND, &["--issued-by", "isuing"]).code, "E-CA-001");
    let unnamed = same.with_file_name("device.txt");
    std::fs::copy(&same, &unnamed).unwrap();
    assert_eq!(propose(&unnamed, exit::USAGE, &[]).code, "E-CLI-001");
    let retire = |name: &str, code: i32| {
        first.refused(code, &["profile", "retire", name, "--reason", "tidying up"]).code
    };
    assert_eq!(retire("tls-server", exit::CONFLICT), "E-PROF-208");
    assert_eq!(retire("devise", exit::NOT_FOUND), "E-REQ-001");
    let unknown = ["profile", "proposals", "V-7QF3K2M9TD"];
    assert_eq!(first.refused(exit::NOT_FOUND, &unknown).code, "E-PROF-209");
    // A new profile, as long as it is wanted.
    ministry.approve(&ministry.propose(&meter, &["--issued-by", "issuing"]));
    let asker = &ministry.country.staff.officer;
    let device = &ministry.country.identities.device;
    let issued = ministry.country.staff.issue(&ministry.country.installation, asker, "meter", device);
    let shown = asker.npki.done(&["cert", "show", &issued.serial]);
    assert_eq!(shown["issuer"], "issuing", "{shown}");
    let words = ["profile", "retire", "meter", "--reason", "nobody has any"];
    ministry.approve(&first.answered(exit::WAITING, &words));
    let out = ministry.country.installation.scratch("refused");
    let request =
        ["cert", "request", "--profile", "meter", "--identity", device, "--generate", "--out", text(&out)];
    assert_eq!(asker.npki.refused(exit::CONFLICT, &request).code, "E-PROF-204");
}
