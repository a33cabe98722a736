//! What certification requests ask for besides a certificate for their key: what tools send by themselves is admitted, what
//! the profile does not give is refused by its rule.

use std::process::Command;

use ca_core::csr::{CertificationRequest, VerifiedCsr};
use ca_core::issuance::{IssueError, Refusal, Wish};
use ca_core::profile::{Profile, built_in};
use ca_core::profile_book::InForce;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use crate::authority::{Ca, subject};

/// A request of OpenSSL's for a new P-256 key, with these arguments.
fn request(arguments: &[&str]) -> VerifiedCsr {
    let folder = tempfile::tempdir().unwrap();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout"];
    let output = Command::new("openssl")
        .args(["req", "-new", "-utf8", "-outform", "DER"])
        .args(key)
        .arg(folder.path().join("key.pem"))
        .args(arguments)
        .output()
        .expect("openssl is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    CertificationRequest::parse(&output.stdout).unwrap().verify().unwrap()
}

fn who(profile: &str) -> ApprovedSubject {
    subject(profile, IdentityRef("A-7QF3K2M9T4".to_owned()))
        .with(Fact::DnsName, "b.example.org")
        .with(Fact::Pseudonym, "ls-7QF3K2M9TX")
}

fn admit(ca: &Ca, profile: &Profile, arguments: &[&str]) -> Result<(), Refusal> {
    match ca.issuing.admit(&request(arguments), who(&profile.id.0), &InForce::pinned(profile.clone())) {
        Ok(_) => Ok(()),
        Err(IssueError::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other}"),
    }
}

fn extensions(list: &[&'static str]) -> Vec<&'static str> {
    let extensions = list.iter().flat_map(|extension| ["-addext", extension]);
    ["-subj", "/"].into_iter().chain(extensions).collect()
}

/// The profile, and the extensions of a request that it admits.
const ADMITTED: &[(&str, &[&str])] = &[
    // What `openssl req` sends with its sample settings' v3_req.
    ("tls-server", &["basicConstraints=CA:FALSE", "keyUsage=digitalSignature,keyEncipherment"]),
    // certbot and cert-manager.
    ("tls-server", &["subjectAltName=DNS:a.example.org,DNS:b.example.org"]),
    ("tls-server", &["extendedKeyUsage=serverAuth", "keyUsage=critical,digitalSignature"]),
    // certtool; keytool.
    ("device", &["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]),
    ("device", &["subjectKeyIdentifier=hash"]),
    // Windows.
    (
        "device",
        &[
            "1.3.6.1.4.1.311.20.2=ASN1:BMPSTRING:Machine",
            "1.2.840.113549.1.9.15=DER:3000",
            "extendedKeyUsage=clientAuth",
        ],
    ),
    // What equals the profile's content.
    ("person-signature", &["keyUsage=nonRepudiation", "certificatePolicies=0.4.0.2042.1.2"]),
    ("device", &["certificatePolicies=1.3.6.1.4.1.32473.426.1.5.1"]),
    ("device", &["subjectAltName=URI:https://registry.example.org/id/X-1"]),
];

#[test]
fn what_tools_send_and_what_the_profile_gives_is_admitted() {
    let ca = Ca::founded();
    for (profile, list) in ADMITTED {
        let profile = ca.issuing.profiles().find(profile).unwrap();
        let admitted = admit(&ca, &profile, &extensions(list));
        assert!(admitted.is_ok(), "{} {list:?}: {}", profile.id, admitted.unwrap_err());
    }
}

/// The profile, an extension of a request, what kind of wish it is, and words of the refusal.
const REFUSED: &[(&str, &str, Wish, &str)] = &[
    ("device", "basicConstraints=CA:TRUE", Wish::Ca, "profile device are end entities'"),
    ("tls-server", "basicConstraints=critical,CA:TRUE,pathlen:0", Wish::Ca, "CA:TRUE"),
    ("device", "keyUsage=keyCertSign", Wish::KeyUsage, "key usage keyCertSign"),
    ("device", "keyUsage=digitalSignature,keyEncipherment", Wish::KeyUsage, "have digital-signature only"),
    ("person-signature", "keyUsage=digitalSignature,nonRepudiation", Wish::KeyUsage, "digitalSignature"),
    ("person-authentication", "keyUsage=nonRepudiation", Wish::KeyUsage, "nonRepudiation"),
    ("tls-server", "extendedKeyUsage=serverAuth,clientAuth", Wish::Purpose, "purpose client-auth"),
    ("device", "extendedKeyUsage=anyExtendedKeyUsage", Wish::Purpose, "2.5.29.37.0"),
    ("device", "extendedKeyUsage=codeSigning", Wish::Purpose, "client-auth only"),
    ("person-signature", "extendedKeyUsage=emailProtection", Wish::Purpose, "no purposes"),
    ("device", "extendedKeyUsage=critical,clientAuth", Wish::Extension, "not critical"),
    ("device", "certificatePolicies=0.4.0.194112.1.2", Wish::Policy, "0.4.0.194112.1.2"),
    ("device", "certificatePolicies=anyPolicy", Wish::Policy, "2.5.29.32.0"),
    ("device", "tlsfeature=status_request", Wish::Extension, "1.3.6.1.5.5.7.1.24"),
    ("device", "noCheck=ignored", Wish::Extension, "1.3.6.1.5.5.7.48.1.5"),
    ("device", "nameConstraints=permitted;DNS:gov.ls", Wish::Extension, "2.5.29.30"),
    ("device", "1.2.3.4=critical,ASN1:NULL", Wish::Extension, "critical extension 1.2.3.4"),
    ("device", "1.2.3.4=ASN1:NULL", Wish::Extension, "the extension 1.2.3.4"),
    ("device", "subjectKeyIdentifier=critical,hash", Wish::Extension, "critical extension 2.5.29.14"),
    ("device", "keyUsage=DER:ffff", Wish::Extension, "cannot be read"),
    ("device", "1.3.6.1.5.5.7.1.3=ASN1:NULL", Wish::Extension, "1.3.6.1.5.5.7.1.3"),
    ("device", "crlDistributionPoints=URI:http://evil.example/", Wish::Extension, "2.5.29.31"),
    ("device", "authorityInfoAccess=OCSP;URI:http://evil.example/", Wish::Extension, "1.3.6.1.5.5.7.1.1"),
];

#[test]
fn what_the_profile_does_not_give_is_refused_by_its_rule() {
    let ca = Ca::founded();
    for (profile, extension, kind, words) in REFUSED {
        let profile = ca.issuing.profiles().find(profile).unwrap();
        match admit(&ca, &profile, &extensions(&[*extension])) {
            Err(refusal @ Refusal::WishNotAdmitted { what, .. }) => {
                assert!(what == *kind && refusal.to_string().contains(words), "{extension}: {refusal}");
            }
            other => panic!("{extension}: {other:?}"),
        }
    }
}

#[test]
fn the_very_statements_of_the_profile_may_be_asked_for() {
    let ca = Ca::founded();
    let profile = ca.issuing.profiles().find("person-signature").unwrap();
    // What the certificate itself has, taken from one.
    let issued = ca.issue("person-signature", crate::new_key()).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&issued.der).unwrap();
    let statements =
        parsed.extensions().iter().find(|it| it.oid.to_id_string() == "1.3.6.1.5.5.7.1.3").unwrap();
    let same = format!("1.3.6.1.5.5.7.1.3=DER:{}", hex::encode(statements.value));
    admit(&ca, &profile, &["-subj", "/", "-addext", &same]).unwrap();
    assert!(admit(&ca, &profile, &["-subj", "/", "-addext", "1.3.6.1.5.5.7.1.3=DER:3000"]).is_err());
}

#[test]
fn a_subject_that_must_match_says_what_the_registry_says() {
    let ca = Ca::founded();
    let text = built_in("tls-server").unwrap();
    let text = text.replacen("\"ignored\"", "\"must-match\"", 1);
    let server = Profile::from_toml("tls-server", &text).unwrap();
    let person = ca.issuing.profiles().find("person-signature").unwrap();
    for (profile, subject) in [
        (&server, "/"),
        (&server, "/CN=b.example.org"),
        (&server, "/CN=A-7QF3K2M9T4"),
        (&server, "/C=LS/O=revenue  services"),
        (
            &*person,
            "/C=LS/CN=Subject of person-signature/SN=Mokoena/GN=Tšepo/serialNumber=PNOLS-012345678901",
        ),
    ] {
        let admitted = admit(&ca, profile, &["-subj", subject]);
        assert!(admitted.is_ok(), "{subject}: {}", admitted.unwrap_err());
    }
    for (profile, subject, attribute) in [
        (&server, "/CN=c.example.org", "CN"),
        (&server, "/C=ZA", "C"),
        (&server, "/O=Bank of Somewhere Else", "O"),
        (&server, "/OU=Any", "OU"),
        (&server, "/CN=b.example.org/emailAddress=a@b.ls", "emailAddress"),
        (&*person, "/serialNumber=PNOLS-012345678902", "serialNumber"),
        (&*person, "/CN=somebody else", "CN"),
    ] {
        match admit(&ca, profile, &["-subj", subject]) {
            Err(Refusal::SubjectDiffers { attribute: found, .. }) => {
                assert_eq!(found, attribute, "{subject}")
            }
            other => panic!("{subject}: {other:?}"),
        }
    }
    let device = ca.issuing.profiles().find("device").unwrap();
    admit(&ca, &device, &["-subj", "/C=ZZ/O=Factory/CN=0815"]).unwrap();
}
