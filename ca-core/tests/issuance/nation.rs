//! The profiles of a nation's services: what is particular about each, and what each refuses.

use ca_core::csr::Wishes;
use ca_core::issuance::{IssueError, Refusal};
use ca_core::storage::AuditedChange;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use crate::authority::{Ca, actor, subject};
use crate::{new_key, new_key_for, openssl};

/// A certificate for this subject, DER, or why there is none.
fn issued(ca: &Ca, profile: &str, who: ApprovedSubject) -> Result<Vec<u8>, IssueError> {
    let profile = ca.issuing.profiles().find(profile).unwrap();
    let request = ca.issuing.admit_key(new_key_for(&profile), &Wishes::none(), who, &profile)?;
    let prepared = ca.issuing.prepare(request, &actor())?;
    Ok(ca.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing()))?.der)
}

fn somebody() -> ApprovedSubject {
    ApprovedSubject::new(IdentityRef("X-1".to_owned()))
        .with(Fact::Country, "LS")
        .with(Fact::Organization, "Revenue Services")
        .with(Fact::OrganizationIdentifier, "GO:LS-RSL")
        .with(Fact::CommonName, "Revenue Services")
}

#[test]
fn openssl_reads_what_is_particular_about_each() {
    let ca = Ca::founded();
    for (profile, says, keeps_quiet) in [
        (
            "person-signature-short-term",
            &["2.5.29.56:", "0.4.0.194121.2.1:", "Non Repudiation", "426.1.2.2", "CA Issuers"][..],
            &["OCSP - URI", "CRL Distribution"][..],
        ),
        (
            "agent",
            &["2.5.29.56:", "Digital Signature", "TLS Web Client Authentication", "426.1.6.2"],
            &["OCSP - URI", "CRL Distribution", "194121"],
        ),
        (
            "xroad-signing",
            &["businessCategory = GOV", "serialNumber = RSL", "Non Repudiation", "426.1.3.1", "OCSP - URI"],
            &["Extended Key Usage", "0.4.0.2042"],
        ),
        (
            "xroad-security-server",
            &[
                "CN = a.example.org, serialNumber = RSL/SS1",
                "Digital Signature, Key Encipherment",
                "TLS Web Client Authentication",
                "DNS:a.example.org",
                "OCSP - URI",
            ],
            &["TLS Web Server Authentication", "Non Repudiation"],
        ),
        (
            "registry-document-signer",
            &["Private Key Usage Period", "Digital Signature", "426.1.9.1"],
            &["Extended Key Usage", "Non Repudiation"],
        ),
        (
            "trusted-list-signer",
            &["Non Repudiation", "0.4.0.2231.3.0", "Subject Key Identifier", "CA:FALSE", "426.1.9.2"],
            &["Digital Signature"],
        ),
        (
            "audit-log-signer",
            &["Private Key Usage Period", "Digital Signature", "426.1.9.3"],
            &["Extended Key Usage", "0.4.0.2042"],
        ),
    ] {
        let who = subject(profile, IdentityRef(format!("X-{profile}")));
        let der = issued(&ca, profile, who).unwrap_or_else(|error| panic!("{profile}: {error}"));
        let text = openssl::reads(&der);
        for words in says {
            assert!(text.contains(words), "{profile} does not say {words}: {text}");
        }
        for words in keeps_quiet {
            assert!(!text.contains(words), "{profile} says {words}: {text}");
        }
    }
}

#[test]
fn a_security_server_is_called_by_one_of_its_names() {
    let ca = Ca::founded();
    let server = somebody().with(Fact::ServerCode, "RSL/SS1");
    let nameless = issued(&ca, "xroad-security-server", server.clone()).unwrap_err();
    assert!(nameless.to_string().contains("DNS name"), "{nameless}");
    let server = server.with(Fact::DnsName, "ss1.rsl.gov.ls").with(Fact::DnsName, "ss1.gov.ls");
    let der = issued(&ca, "xroad-security-server", server).unwrap();
    let (_, parsed) = x509_parser::parse_x509_certificate(&der).unwrap();
    let name = parsed.subject().iter_common_name().next().unwrap().as_str().unwrap();
    assert_eq!(name, "ss1.rsl.gov.ls");
    let codeless = issued(&ca, "xroad-security-server", somebody().with(Fact::DnsName, "ss1.gov.ls"));
    assert!(codeless.unwrap_err().to_string().contains("server code"));
}

#[test]
fn what_a_profile_needs_is_named_when_it_is_missing() {
    let ca = Ca::founded();
    let member = || somebody().with(Fact::MemberClass, "GOV");
    for (profile, who, missing) in [
        ("xroad-signing", somebody().with(Fact::MemberCode, "RSL"), "member class"),
        ("xroad-signing", member(), "member code"),
        ("person-signature-short-term", somebody(), "surname"),
    ] {
        match issued(&ca, profile, who).unwrap_err() {
            IssueError::Refused(Refusal::FactMissing { fact, .. }) => {
                assert!(fact.contains(missing), "{profile}: {fact}");
            }
            other => panic!("{profile}: {other}"),
        }
    }
    let odd = member().with(Fact::MemberCode, "R/SL");
    let refused = issued(&ca, "xroad-signing", odd).unwrap_err();
    assert!(matches!(refused, IssueError::Refused(Refusal::FactUnfit { .. })), "{refused}");
}

#[test]
fn security_servers_have_rsa_keys() {
    let ca = Ca::founded();
    for profile in ["xroad-signing", "xroad-security-server"] {
        match ca.issue(profile, new_key()).unwrap_err() {
            IssueError::Refused(Refusal::KeyNotAdmitted { key, admitted, .. }) => {
                assert_eq!((key.as_str(), admitted.contains("rsa")), ("p256", true), "{admitted}");
            }
            other => panic!("{profile}: {other}"),
        }
    }
}
