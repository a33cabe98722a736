//! Every form of alternative name, as OpenSSL reads it; which names a request gets of those that an identity has.

use ca_core::alternative_name::Name;
use ca_core::csr::Wishes;
use ca_core::issuance::{IssueError, Refusal};
use ca_core::profile::{Profile, built_in};
use ca_core::profile_book::InForce;
use ca_core::storage::AuditedChange;
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};

use crate::authority::{Ca, actor, subject};
use crate::new_key;
use crate::openssl;

/// A built-in profile with further alternative names, each a form and what else its table says.
fn with_names(id: &str, forms: &[(&str, &str)]) -> Profile {
    let text = built_in(id).unwrap();
    let table = |(form, more): &(&str, &str)| {
        format!("[[alternative_names]]\nform = \"{form}\"\nrequired = true\n{more}\n")
    };
    let tables: String = forms.iter().map(table).collect();
    Profile::from_toml(id, &text.replacen("[addresses]", &format!("{tables}[addresses]"), 1)).unwrap()
}

fn asking(names: &[&str]) -> Wishes {
    let names: Vec<Name> = names.iter().map(|name| name.parse().unwrap()).collect();
    Wishes::none().and_names(&names)
}

fn issued(ca: &Ca, profile: &Profile, wishes: &Wishes, who: ApprovedSubject) -> Result<String, Refusal> {
    let pinned = InForce::pinned(profile.clone());
    let request = match ca.issuing.admit_key(new_key(), wishes, who, &pinned) {
        Err(IssueError::Refused(refusal)) => return Err(refusal),
        admitted => admitted.unwrap(),
    };
    let prepared = ca.issuing.prepare(request, &actor()).unwrap_or_else(|error| panic!("{error}"));
    let issued = ca.issuing.sign(prepared, &actor(), |_, _| Ok(AuditedChange::nothing())).unwrap();
    openssl::verifies(ca, &issued.der, &profile.id.0);
    Ok(openssl::shows(&issued.der, "subjectAltName"))
}

fn who(profile: &str) -> ApprovedSubject {
    subject(profile, IdentityRef(format!("X-{profile}")))
}

#[test]
fn openssl_reads_every_form() {
    let ca = Ca::founded();
    let application = with_names("application", &[("ip", ""), ("email", ""), ("uri", "")]);
    let server = who("application")
        .with(Fact::IpAddress, "192.0.2.1")
        .with(Fact::IpAddress, "2001:db8::1")
        .with(Fact::EmailAddress, "payroll@example.org")
        .with(Fact::Uri, "https://payroll.example.org/api");
    let shown = issued(&ca, &application, &Wishes::none(), server).unwrap();
    for name in [
        "DNS:a.example.org",
        "IP Address:192.0.2.1",
        "IP Address:2001:DB8:0:0:0:0:0:1",
        "email:payroll@example.org",
        "URI:https://payroll.example.org/api",
        "URI:https://registry.example.org/id/X-1",
    ] {
        assert!(shown.contains(name), "{name}: {shown}");
    }
    let device = with_names("device", &[("permanent-identifier", "")]);
    let gate = who("device").with(Fact::PermanentIdentifier, "1.3.6.1.4.1.32473.9/GATE-1");
    let shown = issued(&ca, &device, &Wishes::none(), gate).unwrap();
    assert!(shown.matches("othername:").count() == 2, "{shown}");

    let person = with_names(
        "person-authentication",
        &[("user-principal-name", ""), ("directory-name", "sector = \"health\"")],
    );
    let thabo = who("person-authentication")
        .with(Fact::UserPrincipalName, "thabo@gov.ls")
        .with(Fact::SectorPseudonym, "health-7QF3");
    let shown = issued(&ca, &person, &Wishes::none(), thabo).unwrap();
    assert!(shown.contains("thabo@gov.ls"), "{shown}");
    assert!(shown.contains("DirName:/C=LS/pseudonym=health-7QF3"), "{shown}");

    let seal = with_names("organisation-seal", &[("registered-id", "")]);
    let agency = who("organisation-seal").with(Fact::RegisteredId, "1.3.6.1.4.1.32473.7");
    let shown = issued(&ca, &seal, &Wishes::none(), agency).unwrap();
    assert!(shown.contains("Registered ID:1.3.6.1.4.1.32473.7"), "{shown}");
}

#[test]
fn a_request_that_chooses_gets_what_it_chose_and_what_must_be_there() {
    let ca = Ca::founded();
    let application = with_names("application", &[("ip", "")]);
    let server =
        || who("application").with(Fact::DnsName, "b.example.org").with(Fact::IpAddress, "192.0.2.1");
    let shown = issued(&ca, &application, &asking(&["dns:B.example.org"]), server()).unwrap();
    assert!(shown.contains("DNS:b.example.org") && !shown.contains("DNS:a.example.org"), "{shown}");
    assert!(shown.contains("IP Address:192.0.2.1"), "the profile requires an address: {shown}");
    assert!(shown.contains("URI:https://registry.example.org"), "nobody chooses that one: {shown}");
    let shown = issued(&ca, &application, &asking(&["ip:192.0.2.1"]), server()).unwrap();
    assert!(!shown.contains("DNS:"), "{shown}");
    let same = asking(&["uri:https://registry.example.org/id/X-1"]);
    let shown = issued(&ca, &application, &same, server()).unwrap();
    assert!(shown.contains("DNS:a.example.org") && shown.contains("DNS:b.example.org"), "{shown}");
}

#[test]
fn what_is_proposed_matches_its_pattern_or_is_refused() {
    let ca = Ca::founded();
    let proposed = "from = \"request\"\npattern = '^10[.]8[.][0-9.]+$'";
    let text = built_in("tls-server").unwrap();
    let text = text.replacen("form = \"ip\"", &format!("form = \"ip\"\n{proposed}"), 1);
    let profile = Profile::from_toml("tls-server", &text).unwrap();
    let ask = |names: &[&str]| issued(&ca, &profile, &asking(names), who("tls-server"));
    let shown = ask(&["ip:10.8.0.1"]).unwrap();
    assert!(shown.contains("IP Address:10.8.0.1") && shown.contains("DNS:a.example.org"), "{shown}");
    assert!(!ask(&[]).unwrap().contains("IP Address"));
    assert!(matches!(ask(&["ip:10.9.0.1"]), Err(Refusal::ProposalUnfit { what, .. }) if what == "ip"));
    let of_registry = who("tls-server").with(Fact::IpAddress, "192.0.2.1");
    let shown = issued(&ca, &profile, &Wishes::none(), of_registry).unwrap();
    assert!(!shown.contains("192.0.2.1"), "the profile takes addresses from the request: {shown}");
    let proposals = profile.proposals(&asking(&["ip:10.8.0.1", "dns:a.example.org"]));
    let proposals: Vec<_> = proposals.iter().map(|it| (it.what.as_str(), it.value.as_str())).collect();
    assert_eq!(proposals, [("ip", "10.8.0.1")]);
}

#[test]
fn a_fact_that_does_not_fit_is_refused_and_not_shown() {
    let ca = Ca::founded();
    let person = with_names("person-authentication", &[("email", "pattern = '^[a-z]+@gov[.]ls$'")]);
    let thabo = who("person-authentication").with(Fact::EmailAddress, "thabo@example.org");
    let refused = issued(&ca, &person, &Wishes::none(), thabo).unwrap_err();
    assert!(matches!(refused, Refusal::FactUnfit { .. }), "{refused}");
    assert!(!refused.to_string().contains("thabo"), "{refused}");
    let missing = issued(&ca, &person, &Wishes::none(), who("person-authentication"));
    assert!(matches!(missing, Err(Refusal::FactMissing { .. })));
}
