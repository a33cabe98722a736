//! What a certification request, or the list of names beside it, asks for and the profile does not give.

use serde_json::json;

use super::{Way, World, body, request};

/// Whose certificate is asked for.
#[derive(Clone, Copy)]
enum For {
    Device,
    Application,
    Organisation,
    Person,
}

use For::{Application, Device, Organisation, Person};

/// For whom, the profile, what OpenSSL is told, and the rule that refuses it.
const REQUESTS: &[(For, &str, &[&str], &str)] = &[
    // To be a CA.
    (Device, "device", &["-addext", "basicConstraints=critical,CA:TRUE"], "E-ISS-020"),
    (Application, "tls-server", &["-addext", "basicConstraints=CA:TRUE,pathlen:0"], "E-ISS-020"),
    (Device, "device", &["-addext", "keyUsage=critical,keyCertSign,cRLSign"], "E-ISS-022"),
    (Device, "device", &["-addext", "nameConstraints=permitted;DNS:gov.ls"], "E-ISS-025"),
    // To do with the key what it must not.
    (Person, "person-authentication", &["-addext", "keyUsage=nonRepudiation"], "E-ISS-022"),
    (Person, "person-signature", &["-addext", "keyUsage=digitalSignature,nonRepudiation"], "E-ISS-022"),
    (Device, "device", &["-addext", "keyUsage=keyAgreement"], "E-ISS-022"),
    (Device, "device", &["-addext", "extendedKeyUsage=serverAuth"], "E-ISS-023"),
    (Device, "device", &["-addext", "extendedKeyUsage=clientAuth,emailProtection"], "E-ISS-023"),
    (Application, "tls-server", &["-addext", "extendedKeyUsage=serverAuth,clientAuth"], "E-ISS-023"),
    (Application, "application", &["-addext", "extendedKeyUsage=anyExtendedKeyUsage"], "E-ISS-023"),
    (Application, "application", &["-addext", "extendedKeyUsage=OCSPSigning"], "E-ISS-023"),
    (Application, "application", &["-addext", "extendedKeyUsage=codeSigning"], "E-ISS-023"),
    (Organisation, "organisation-seal", &["-addext", "extendedKeyUsage=timeStamping"], "E-ISS-023"),
    // To be trusted for more.
    (Person, "person-signature", &["-addext", "certificatePolicies=0.4.0.194112.1.2"], "E-ISS-024"),
    (Device, "device", &["-addext", "certificatePolicies=anyPolicy"], "E-ISS-024"),
    (Device, "device", &["-addext", "certificatePolicies=1.3.6.1.4.1.32473.426.1.2.1"], "E-ISS-024"),
    (Organisation, "organisation-seal", &["-addext", "1.3.6.1.5.5.7.1.3=DER:3000"], "E-ISS-025"),
    // To be out of revocation's reach.
    (Device, "device", &["-addext", "noCheck=ignored"], "E-ISS-025"),
    (Device, "device", &["-addext", "2.5.29.56=ASN1:NULL"], "E-ISS-025"),
    (Device, "device", &["-addext", "crlDistributionPoints=URI:http://evil.example/"], "E-ISS-025"),
    (Device, "device", &["-addext", "authorityInfoAccess=OCSP;URI:http://evil.example/"], "E-ISS-025"),
    // To last otherwise than the profile says.
    (Device, "device", &["-addext", "2.5.29.16=DER:3000"], "E-ISS-025"),
    // To carry what nobody knows.
    (Device, "device", &["-addext", "1.2.3.4=critical,ASN1:NULL"], "E-ISS-025"),
    (Device, "device", &["-addext", "1.2.3.4=ASN1:UTF8:clearance top secret"], "E-ISS-025"),
    (Device, "device", &["-addext", "keyUsage=DER:ffff"], "E-ISS-025"),
    // To be called otherwise.
    (Application, "tls-server", &["-addext", "subjectAltName=DNS:bank.example.org"], "E-ISS-004"),
    (Application, "tls-server", &["-addext", "subjectAltName=DNS:*.gov.ls"], "E-ISS-004"),
    (Application, "tls-server", &["-addext", "subjectAltName=DNS:x.payroll.gov.ls"], "E-ISS-004"),
    (Application, "tls-server", &["-addext", "subjectAltName=DNS:payroll.gov.ls.evil.example"], "E-ISS-004"),
    (Application, "tls-server", &["-addext", "subjectAltName=DNS:payroll.gov.ls."], "E-CSR-027"),
    (Application, "tls-server", &["-addext", "subjectAltName=DNS:payroll .gov.ls"], "E-CSR-027"),
    (Application, "tls-server", &["-addext", "subjectAltName=DNS:payroll.gov.ls,IP:192.0.2.1"], "E-ISS-004"),
    (Application, "tls-server", &["-addext", "subjectAltName=email:minister@gov.ls"], "E-ISS-016"),
    (Person, "person-authentication", &["-addext", "subjectAltName=email:minister@gov.ls"], "E-ISS-016"),
    (
        Person,
        "person-authentication",
        &["-addext", "subjectAltName=otherName:1.3.6.1.4.1.311.20.2.3;UTF8:minister@gov.ls"],
        "E-ISS-016",
    ),
    (Device, "device", &["-addext", "subjectAltName=URI:https://registry.example.org/id/D-1"], "E-ISS-004"),
    (Person, "person-signature", &["-subj", "/CN=Somebody Else"], "E-ISS-021"),
    (Person, "person-signature", &["-subj", "/CN=Thabo Mokoena/serialNumber=PNOLS-MCC"], "E-ISS-021"),
    (Person, "person-signature", &["-subj", "/CN=Thabo Mokoena/title=Minister"], "E-ISS-021"),
    // A Cyrillic a, which nobody tells from a Latin one.
    (Person, "person-signature", &["-subj", "/CN=Th\u{430}bo Mokoena"], "E-ISS-021"),
    (Organisation, "organisation-seal", &["-subj", "/O=Agency MCC"], "E-ISS-021"),
    (
        Organisation,
        "organisation-seal",
        &["-subj", "/O=Agency RSL/organizationIdentifier=GO:LS-MCC"],
        "E-ISS-021",
    ),
];

/// The names beside a request, for an application's TLS certificate, and the rule.
const NAMES: &[(&str, &str)] = &[
    ("dns:bank.example.org", "E-ISS-004"),
    ("dns:payroll.gov.ls\0.evil.example", "E-REQ-009"),
    ("dns:p\u{430}yroll.gov.ls", "E-REQ-009"),
    ("user-principal-name:minister@gov.ls", "E-ISS-016"),
    ("directory-name:CN=Minister", "E-REQ-009"),
    ("*", "E-REQ-009"),
];

/// Members beside those that a request has.
const MEMBERS: &[&str] =
    &["validity_days", "approvals_needed", "approvals", "requested_by", "subject", "issuer", "status"];

pub(super) async fn ways(world: &World) -> Vec<Way> {
    let holder = |holder: For| {
        let id = match holder {
            Device => world.own.device,
            Application => world.own.application,
            Organisation => world.own.organisation,
            Person => world.own.person,
        };
        id.to_string()
    };
    let mut ways = Vec::new();
    for (whose, profile, arguments, code) in REQUESTS {
        let asked = body(profile, &holder(*whose), &request(arguments));
        let answer = world.ask(&world.applicant, asked).await;
        ways.push(Way::new(format!("{profile} {arguments:?}"), code, answer));
    }
    for (name, code) in NAMES {
        let mut asked = body("tls-server", &holder(Application), &request(&[]));
        asked["names"] = json!([name]);
        ways.push(Way::new(format!("the name {name:?}"), code, world.ask(&world.applicant, asked).await));
    }
    for member in MEMBERS {
        let mut asked = body("device", &holder(Device), &request(&[]));
        asked[member] = json!(null);
        let answer = world.ask(&world.applicant, asked).await;
        ways.push(Way::new(format!("the member {member}"), "E-HTTP-006", answer));
    }
    ways
}
