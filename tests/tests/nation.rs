//! The profiles of a nation's services: asked for, approved and judged; what each refuses; and how an installation that was
//! founded before npki had them comes to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use tests::certificates::{self, Issued};
use tests::country::Country;
use tests::installation::Installation;
use tests::judges::openssl;
use tests::npki::{Problem, exit, text};
use tests::programs::Program;
use tests::requests::{self, OpensslKey};
use tests::{Ministry, answers, codes, nation, workspace};

/// What npki did not have in its first profiles.
const NEW: [&str; 7] = [
    "agent",
    "audit-log-signer",
    "person-signature-short-term",
    "registry-document-signer",
    "trusted-list-signer",
    "xroad-security-server",
    "xroad-signing",
];

/// What OpenSSL reads in a certificate. Some versions have a name for 2.5.29.56, others show the digits: here it is the digits.
fn read(issued: &Issued) -> String {
    Program::named("openssl")
        .args(["x509", "-noout", "-text", "-nameopt", "multiline,utf8", "-in", text(&issued.certificate)])
        .run()
        .succeeded()
        .text()
        .replace("X509v3 No Revocation Available", "2.5.29.56")
}

#[track_caller]
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "it does not say {word}: {text}");
    }
}

#[track_caller]
fn says_nothing_of(text: &str, words: &[&str]) {
    for word in words {
        assert!(!text.contains(word), "it says {word}: {text}");
    }
}

#[test]
fn one_of_each_is_requested_approved_and_says_what_it_must() {
    let country = Country::settled();
    let served = nation::served(&country);
    assert_eq!(served.len(), NEW.len());
    for issued in &served {
        let branch = openssl::Branch::of_a_pilot(&country.installation);
        openssl::verify_path(&branch.root, &branch.issuing, &issued.certificate).succeeded();
        let shown = country.staff.officer.npki.done(&["cert", "show", &issued.serial]);
        assert_eq!(shown["status"], "active", "{shown}");
        what_is_particular(&issued.profile, &read(issued));
    }
    for issued in served.iter().filter(|issued| !is_short(&issued.profile)) {
        openssl::verify(&country.installation, &issued.certificate).succeeded();
    }
}

/// Relying parties have npki's own answer, about what nobody tells the revocation of (RFC 9608) too.
#[test]
fn npki_believes_each_and_what_a_short_term_certificate_signed() {
    let country = Country::settled();
    let served = nation::served(&country);
    let npki = country.installation.somebody("relying party");
    let (root, stranger) = (country.installation.root(), stranger(&country));
    for issued in &served {
        let verified = npki.done(&["verify", text(&issued.certificate), "--trust", text(&root)]);
        assert_eq!(verified["verdict"], "valid", "{}: {verified}", issued.profile);
        let status = &verified["details"]["path"][0]["status"]["status"];
        let expected = if is_short(&issued.profile) { "no-revocation" } else { "good" };
        assert_eq!(status, expected, "{}: {verified}", issued.profile);
        let asked = ["status", text(&issued.certificate), "--trust"];
        let said = npki.done(&[&asked[..], &[text(&root)]].concat());
        assert_eq!(said["status"], expected, "{}: {said}", issued.profile);
        assert_eq!(said["ocsp"].get("not_asked").is_some(), is_short(&issued.profile), "{said}");
        // Whom nobody trusts is not believed that there is nothing to ask.
        npki.run(&[&asked[..], &[text(&stranger)]].concat()).exits(exit::CANNOT_TELL);
    }
    let signer = served.iter().find(|issued| issued.profile == "person-signature-short-term").unwrap();
    let document = PathBuf::from(npki.file("lease.txt"));
    std::fs::write(&document, "Two rooms in Maseru.\n").unwrap();
    let signature = npki.file("lease.txt.p7s");
    let by = ["--cert", text(&signer.chain), "--key", text(&signer.key), "--out", &signature];
    npki.done(&[&["sign", text(&document)], &by[..]].concat());
    let verify = ["verify", text(&document), "--signature", &signature, "--trust", text(&root)];
    assert_eq!(npki.done(&verify)["verdict"], "valid");
    std::fs::write(&document, "Three rooms in Maseru.\n").unwrap();
    npki.run(&verify).exits(exit::NO);
}

/// A root of somebody else, under the name of the country's.
fn stranger(country: &Country) -> PathBuf {
    let file = country.installation.scratch("stranger").join("root.pem");
    let name = "/C=LS/O=Government of Lesotho/organizationIdentifier=GO:LS-GOV/CN=National Root CA G1";
    let make = ["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let program = Program::named("openssl").args(make).args(["-subj", name, "-keyout", "/dev/null"]);
    program.args(["-days", "30", "-out", text(&file)]).run().succeeded();
    file
}

fn is_short(profile: &str) -> bool {
    ["agent", "person-signature-short-term"].contains(&profile)
}

fn what_is_particular(profile: &str, text: &str) {
    const NOBODY_ASKS: &str = "2.5.29.56:";
    let asked = ["OCSP - URI", "CRL Distribution Points"];
    if is_short(profile) {
        says(text, &[NOBODY_ASKS, "CA Issuers - URI"]);
        says_nothing_of(text, &asked);
    } else {
        says(text, &asked);
        says_nothing_of(text, &[NOBODY_ASKS]);
    }
    let used = "Private Key Usage Period";
    match profile {
        "person-signature-short-term" => {
            says(text, &["0.4.0.194121.2.1:", "Non Repudiation", "426.1.2.2", "0.4.0.2042.1.2"]);
        }
        "agent" => says(text, &["TLS Web Client Authentication", "426.1.6.2", "Customs pre-clearance"]),
        "xroad-signing" => {
            let member = "businessCategory          = GOV";
            says(
                text,
                &[member, "serialNumber              = MOT", "= Ministry of Trade", "Non Repudiation"],
            );
            says_nothing_of(text, &["Digital Signature", "Extended Key Usage"]);
        }
        "xroad-security-server" => {
            says(
                text,
                &["= ss1.mot.gov.ls", "= MOT/SS1", "DNS:ss1.mot.gov.ls", "TLS Web Client Authentication"],
            );
            says(text, &["Digital Signature, Key Encipherment"]);
            says_nothing_of(text, &["TLS Web Server Authentication", "Non Repudiation"]);
        }
        "registry-document-signer" => says(text, &[used, "Digital Signature", "426.1.9.1"]),
        "trusted-list-signer" => {
            says(text, &["0.4.0.2231.3.0", "X509v3 Subject Key Identifier", "CA:FALSE", "426.1.9.2"]);
        }
        "audit-log-signer" => says(text, &[used, "Digital Signature", "426.1.9.3"]),
        other => panic!("nobody knows {other}"),
    }
}

/// A request for a key of this kind, refused at once.
#[track_caller]
fn refused(country: &Country, code: i32, profile: &str, identity: &str, key: &OpensslKey) -> Problem {
    let request = requests::openssl_with_subject(&country.installation.scratch(profile), key, "/");
    refused_request(country, code, profile, identity, &request)
}

#[track_caller]
fn refused_request(country: &Country, code: i32, profile: &str, identity: &str, request: &Path) -> Problem {
    let ask = ["cert", "request", "--profile", profile, "--identity", identity, "--csr", text(request)];
    country.staff.officer.npki.refused(code, &ask)
}

#[test]
fn what_each_must_refuse_it_refuses_and_says_why() {
    let country = Country::settled();
    let (officer, identities) = (&country.staff.officer.npki, &country.identities);
    let member = nation::member(officer);
    let server = nation::security_server(officer, &member, &identities.person);
    for (profile, identity) in [("xroad-signing", &member), ("xroad-security-server", &server)] {
        let problem = refused(&country, exit::USAGE, profile, identity, &requests::P256);
        assert!(problem.detail.contains("rsa 2048 to 4096"), "{problem:?}");
    }
    for (profile, identity, key, missing) in [
        // The revenue service is no member of X-Road, and its application no security server.
        ("xroad-signing", &identities.organisation, &requests::RSA2048, "member class in X-Road"),
        ("xroad-security-server", &identities.application, &requests::RSA2048, "server code in X-Road"),
    ] {
        let problem = refused(&country, exit::USAGE, profile, identity, key);
        assert!(problem.detail.contains(missing), "{problem:?}");
    }
    let small = refused(&country, exit::USAGE, "trusted-list-signer", &member, &requests::RSA2048);
    assert!(small.detail.contains("rsa 3072 to 4096"), "{small:?}");
    // A request that a security server made for another member.
    let folder = country.installation.scratch("other");
    let other = requests::openssl_with_subject(
        &folder,
        &requests::RSA2048,
        "/C=LS/O=Ministry of Trade/businessCategory=GOV/CN=Ministry of Trade/serialNumber=RSL",
    );
    let problem = refused_request(&country, exit::USAGE, "xroad-signing", &member, &other);
    assert!(problem.detail.contains("RSL"), "{problem:?}");
    // And one that it made for this one, as X-Road writes it.
    let own = requests::openssl_with_subject(
        &folder,
        &requests::RSA2048,
        "/C=LS/O=Ministry of Trade/businessCategory=GOV/CN=Ministry of Trade/serialNumber=MOT",
    );
    let issued = country.staff.issue_for("xroad-signing", &member, &own);
    assert_eq!(issued["status"], "issued", "{issued}");
    each_is_for_its_kind(&country, &member, &server);
    codes_are_checked(&country);
}

fn each_is_for_its_kind(country: &Country, organisation: &str, application: &str) {
    for (profile, identity) in [
        ("person-signature-short-term", organisation),
        ("agent", organisation),
        ("agent", application),
        ("audit-log-signer", &country.identities.person),
        ("registry-document-signer", application),
        ("trusted-list-signer", &country.identities.device),
    ] {
        let problem = refused(country, exit::USAGE, profile, identity, &requests::P384);
        assert!(problem.code.starts_with("E-"), "{problem:?}");
    }
}

/// The registry knows a member's codes, and takes no others.
fn codes_are_checked(country: &Country) {
    let officer = &country.staff.officer.npki;
    let add = ["registry", "add", "organisation", "--name", "Other", "--identifier", "GO:LS-OTH"];
    let alone = officer.refused(exit::USAGE, &[&add[..], &["--member-code", "OTH"]].concat());
    assert!(alone.detail.contains("--member-class"), "{alone:?}");
    let slash = ["--member-class", "GOV", "--member-code", "O/TH"];
    let odd = officer.refused(exit::USAGE, &[&add[..], &slash].concat());
    assert!(odd.detail.contains("X-Road"), "{odd:?}");
    let taken = ["--member-class", "GOV", "--member-code", "MOT"];
    let twice = officer.refused(exit::CONFLICT, &[&add[..], &taken].concat());
    assert_eq!(twice.code, codes::SAME_IDENTIFIER, "{twice:?}");
}

/// The profiles of an npki that had none of the new ones, in a folder, and its hierarchy.
fn of_an_older_npki(folder: &Path) -> (PathBuf, PathBuf) {
    let (config, profiles) = (workspace::root().join("config"), folder.join("profiles"));
    std::fs::create_dir_all(&profiles).unwrap();
    for entry in std::fs::read_dir(config.join("profiles")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !NEW.contains(&name.as_str()) {
            std::fs::write(profiles.join(format!("{name}.toml")), without_new_policies(&path)).unwrap();
        }
    }
    let pilot = std::fs::read_to_string(config.join("hierarchies/pilot.toml")).unwrap();
    let new = |line: &&str| !NEW.iter().any(|name| line.trim() == format!("{name:?},"));
    let hierarchy = folder.join("pilot.toml");
    std::fs::write(&hierarchy, pilot.lines().filter(new).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    (profiles, hierarchy)
}

/// A profile without the policies that came with the new ones.
fn without_new_policies(path: &Path) -> String {
    let mut text = std::fs::read_to_string(path).unwrap();
    for arc in ["2.2", "6.2", "9.1", "9.2", "9.3"] {
        for more in ["", "cps = \"https://pki.gov.ls/cps\"\n"] {
            let policy = format!("[[policies]]\noid = \"1.3.6.1.4.1.32473.426.1.{arc}\"\n{more}\n");
            text = text.replace(&policy, "");
        }
    }
    text
}

/// An installation of an older npki: neither its profiles nor its hierarchy nor its CA's certificate know the new ones.
fn older() -> Country {
    let mut installation = Installation::planned();
    let (profiles, hierarchy) = of_an_older_npki(&installation.scratch("older"));
    installation.found(&["--profiles", text(&profiles), "--hierarchy", text(&hierarchy)]);
    installation.start();
    Country::settled_in(installation)
}

fn registered_agent(country: &Country) -> String {
    let known = &country.identities;
    nation::agent(&country.staff.officer.npki, &known.organisation, &known.person)
}

fn agent_request(country: &Country) -> PathBuf {
    requests::openssl(&country.installation.scratch("agent-request"), &requests::P256)
}

#[test]
fn an_older_installation_works_on_and_comes_to_the_new_profiles() {
    let country = older();
    country.staff.issue(&country.installation, &country.staff.officer, "device", &country.identities.device);
    let agent_id = registered_agent(&country);
    let request = agent_request(&country);
    let unknown = refused_request(&country, exit::NOT_FOUND, "agent", &agent_id, &request);
    assert_eq!(unknown.code, codes::NO_SUCH_PROFILE);

    let mut ministry = Ministry::of(country);
    let texts = ministry.country.installation.scratch("built-in");
    ministry.country.staff.administrator.npki.done(&[
        "profile",
        "export",
        "--built-in",
        "--out",
        text(&texts),
    ]);
    let agent = texts.join("agent.toml");
    // The CA's profile does not list the policy; and when it does, the CA's own certificate still does not.
    let refused = |ministry: &Ministry| {
        let propose = ["profile", "propose", text(&agent), "--reason", "agents", "--issued-by", "issuing"];
        ministry.country.staff.administrator.npki.refused(exit::USAGE, &propose)
    };
    assert!(refused(&ministry).detail.contains("does not list policy"), "{:?}", refused(&ministry));
    ministry.approve(&ministry.propose(&texts.join("issuing-ca.toml"), &[]));
    let problem = refused(&ministry);
    assert!(problem.detail.contains("1.3.6.1.4.1.32473.426.1.6.2"), "{problem:?}");

    next_generation(&mut ministry.country);
    ministry.approve(&ministry.propose(&agent, &["--issued-by", "issuing-g2"]));
    let country = &mut ministry.country;
    let issued = country.staff.issue(&country.installation, &country.staff.officer, "agent", &agent_id);
    let (root, next) = (country.installation.root(), country.installation.ca("issuing-g2"));
    let policy = "1.3.6.1.4.1.32473.426.1.6.2";
    openssl::verify_policy(&root, &next, &issued.certificate, policy).succeeded();
    country.installation.stop();
    country.installation.audit_is_clean();
}

/// A CA whose certificate lists the new policies too, beside the former.
fn next_generation(country: &mut Country) {
    let data = country.installation.data();
    let operator = country.installation.somebody("operator");
    country.installation.stop();
    let path = data.join("hierarchy.toml");
    let planned = std::fs::read_to_string(&path).unwrap();
    let next = "\n[[ca]]\nid = \"issuing-g2\"\nissuer = \"root\"\nname = \"Issuing CA G2\"\nprofile = \"issuing-ca\"\n\
                key = \"p384\"\nissues = []\n";
    std::fs::write(&path, format!("{planned}{next}")).unwrap();
    operator.done(&["ca", "found", "--data", text(&data)]);
    country.installation.start();
}

/// The profiles are in the book, and the hierarchy's file is an older one: nothing is issued under them until it names a CA.
#[test]
fn a_profile_that_no_ca_issues_is_refused_until_the_hierarchy_names_one() {
    let mut installation = Installation::planned();
    let (_, hierarchy) = of_an_older_npki(&installation.scratch("older"));
    installation.found(&["--hierarchy", text(&hierarchy)]);
    installation.start();
    let mut country = Country::settled_in(installation);
    let agent_id = registered_agent(&country);
    let request = agent_request(&country);
    let problem = refused_request(&country, exit::CONFLICT, "agent", &agent_id, &request);
    assert_eq!(problem.code, "E-ISS-009", "{problem:?}");
    assert!(problem.fix.contains("hierarchy.toml"), "{problem:?}");
    let listed = country.staff.officer.npki.done(&["profile", "list"]);
    assert_eq!(answers::item(&listed, "id", "agent")["id"], "agent");

    country.installation.stop();
    let path = country.installation.data().join("hierarchy.toml");
    let planned = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, planned.replacen("issues = [\n", "issues = [\n    \"agent\",\n", 1)).unwrap();
    country.installation.start();
    let issued = country.staff.issue(&country.installation, &country.staff.officer, "agent", &agent_id);
    assert_eq!(certificates::crl_addresses(&issued.certificate), Vec::<String>::new());
}
