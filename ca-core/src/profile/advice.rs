//! What breaks no rule and is worth a look before a profile is put in force.

use time::macros::date;
use time::{Date, Duration};

use super::describe;
use super::{Profile, ProfileSet};

/// NIST SP 800-131A: RSA of 112 bits of security is admitted to the end of this day.
const LAST_DAY_OF_RSA_2048: Date = date!(2030 - 12 - 31);
/// The least size with 128 bits of security.
const STRONG_RSA_BITS: u32 = 3072;

/// Something worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Its name, for programs.
    pub name: &'static str,
    /// The key of the file that it is about.
    pub key: &'static str,
    /// What is found.
    pub what: String,
    /// Where that stands; from 1.
    pub line: Option<usize>,
    /// The character of the line, from 1.
    pub column: Option<usize>,
}

type Finding = fn(&Profile, Date) -> Option<Advice>;

const FINDINGS: [Finding; 7] = [
    examples_identify_nobody,
    example_addresses_lead_nowhere,
    rsa_outlives_its_strength,
    nobody_sees_it,
    revocation_is_told_late,
    law_is_claimed,
    limit_has_no_effect,
];

impl Advice {
    /// Advice about a key.
    pub(crate) const fn new(name: &'static str, key: &'static str, what: String) -> Self {
        Self { name, key, what, line: None, column: None }
    }

    fn placed(self, text: &str) -> Self {
        let (line, column) = super::place::of_key(text, self.key).unzip();
        Self { line, column, ..self }
    }
}

impl Profile {
    /// What is worth a look in this profile, whose text this is; what is issued today counts.
    pub fn advice(&self, text: &str, today: Date) -> Vec<Advice> {
        let found = FINDINGS.iter().filter_map(|finding| finding(self, today));
        found.map(|advice| advice.placed(text)).collect()
    }
}

impl ProfileSet {
    /// Profiles that a clerk would take for one another: pairs of names.
    pub fn of_one_title(&self) -> Vec<(&Profile, &Profile)> {
        let all: Vec<_> = self.iter().collect();
        let same = |at: usize, one: &&Profile| {
            let title = one.title.to_lowercase();
            all.iter().take(at).find(|other| other.title.to_lowercase() == title).copied()
        };
        all.iter().enumerate().filter_map(|(at, one)| Some((*one, same(at, one)?))).collect()
    }
}

fn found(
    wrong: bool,
    name: &'static str,
    key: &'static str,
    what: impl FnOnce() -> String,
) -> Option<Advice> {
    wrong.then(|| Advice::new(name, key, what()))
}

fn examples_identify_nobody(profile: &Profile, _: Date) -> Option<Advice> {
    let examples = profile.policies.iter().filter(|policy| describe::is_example(&policy.oid.to_string()));
    let examples: Vec<_> = examples.map(|policy| policy.oid.to_string()).collect();
    found(!examples.is_empty(), "example-oid", "policies", || {
        let first = examples.first().map(String::as_str).unwrap_or_default();
        let others = match examples.len() - 1 {
            0 => " is".to_owned(),
            more => format!(" and {more} more are"),
        };
        format!("policy {first}{others} for documentation only (RFC 5612): write identifiers of your own arc")
    })
}

fn example_addresses_lead_nowhere(profile: &Profile, _: Date) -> Option<Advice> {
    let statements = profile.qc_statements.as_ref();
    let policies = profile.policies.iter().filter_map(|policy| Some(("cps", policy.cps.as_deref()?)));
    let disclosure = statements.into_iter().flat_map(|it| &it.disclosure);
    let disclosure = disclosure.map(|(address, _)| ("disclosure", address.as_str()));
    let authority = statements.and_then(|it| it.name_registration_authority.as_deref());
    let authority = authority.map(|address| ("name_registration_authority", address));
    let all = policies.chain(disclosure).chain(authority);
    all.into_iter().find(|(_, address)| leads_nowhere(address)).map(|(key, address)| {
        Advice::new("example-address", key, format!("{address} leads nowhere (RFC 2606): nobody can read it"))
    })
}

/// RFC 2606 and RFC 6761: names that nobody can have.
fn leads_nowhere(address: &str) -> bool {
    let host = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = host.split(['/', ':', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let reserved = ["example", "invalid", "test", "localhost", "example.com", "example.net", "example.org"];
    reserved.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")))
}

fn rsa_outlives_its_strength(profile: &Profile, today: Date) -> Option<Advice> {
    let weak = profile.keys.rsa_bits.is_some_and(|(least, _)| least < STRONG_RSA_BITS);
    let ends = today.checked_add(profile.validity_on(today)).unwrap_or(Date::MAX);
    found(weak && ends > LAST_DAY_OF_RSA_2048, "rsa-outlives-strength", "rsa_bits", || {
        let least = profile.keys.rsa_bits.map(|(least, _)| least).unwrap_or_default();
        format!(
            "RSA of {least} bits is admitted, and what is issued today lasts until {ends}: NIST SP 800-131A admits \
             less than {STRONG_RSA_BITS} bits to the end of 2030"
        )
    })
}

fn nobody_sees_it(profile: &Profile, _: Date) -> Option<Advice> {
    let names_somebody = profile.is_for_person() || profile.is_for_organisation();
    found(names_somebody && profile.vetting.approvals == 0, "unseen", "approvals", || {
        "whoever asks is given a certificate that names a person or an organisation: no other officer approves it"
            .to_owned()
    })
}

fn revocation_is_told_late(profile: &Profile, _: Date) -> Option<Advice> {
    let crl_alone = profile.crl_address && !profile.ocsp_address && !profile.is_ca();
    found(crl_alone && !profile.crl_at_once, "revocation-late", "crl_at_once", || {
        "a revocation is told by the CRL alone, and only by the next that is due anyway: days may pass"
            .to_owned()
    })
}

fn law_is_claimed(profile: &Profile, _: Date) -> Option<Advice> {
    let legal = profile.qc_statements.as_ref().and_then(|statements| statements.legal.as_ref())?;
    let countries = legal.countries.join(", ");
    let what = format!(
        "certificates claim to be qualified under the law of {countries}: that law must be in force, and this service \
         accredited under it"
    );
    Some(Advice::new("claims-law", "legal", what))
}

fn limit_has_no_effect(profile: &Profile, _: Date) -> Option<Advice> {
    let idle = profile.max_validity.iter().find(|limit| limit.longest > profile.validity)?;
    let (days, from) = (idle.longest / Duration::DAY, idle.from);
    let what = format!("{days} days at most from {from} on changes nothing: validity_days is less");
    Some(Advice::new("limit-without-effect", "max_validity", what))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::profile::built_in;
    use crate::profile::tests::edited;

    fn advice(name: &str, changes: &[(&str, &str)]) -> Vec<&'static str> {
        let text = edited(name, changes);
        let found = Profile::from_toml(name, &text).unwrap().advice(&text, date!(2026 - 11 - 29));
        assert!(found.iter().all(|advice| advice.line.is_some()), "{found:?}");
        found.iter().map(|advice| advice.name).collect()
    }

    #[test]
    fn what_may_surprise_is_told() {
        let own = ("1.3.6.1.4.1.32473.426.1.2.1", "1.3.6.1.4.1.99999.1");
        assert_eq!(advice("person-signature", &[]), ["example-oid"]);
        assert_eq!(advice("person-signature", &[own]), [""; 0]);
        assert_eq!(advice("person-signature", &[own, ("= 1095", "= 1700")]), ["rsa-outlives-strength"]);
        assert_eq!(advice("person-signature", &[own, ("= 1095", "= 1700"), ("[2048", "[3072")]), [""; 0]);
        assert_eq!(advice("person-signature", &[own, ("approvals = 1", "approvals = 0")]), ["unseen"]);
        let address = ("https://pki.gov.ls/pds-en.pdf", "https://pki.example.org/pds");
        assert_eq!(advice("person-signature", &[own, address]), ["example-address"]);
        let late = [own, ("ocsp = true", "ocsp = false"), ("\nkind = ", "\ncrl_at_once = false\nkind = ")];
        assert_eq!(advice("person-signature", &late), ["revocation-late"]);
        let text = built_in("person-signature").unwrap();
        let mut claims = Profile::from_toml("person-signature", text).unwrap();
        claims.policies.clear();
        claims.qc_statements.as_mut().unwrap().legal = Some(crate::profile::LegalStatements {
            countries: vec!["LS".to_owned()],
            purpose: crate::profile::QcPurpose::Signature,
            certified_device: true,
        });
        let found = claims.advice(text, date!(2026 - 11 - 29));
        assert_eq!(found.iter().map(|advice| advice.name).collect::<Vec<_>>(), ["claims-law"]);
        let idle =
            ("[[max_validity]]", "[[max_validity]]\nfrom = \"2030-01-01\"\ndays = 3000\n[[max_validity]]");
        assert!(advice("tls-server", &[idle]).contains(&"limit-without-effect"));
        assert!(leads_nowhere("https://localhost:8/x") && leads_nowhere("http://a.invalid"));
        assert!(!leads_nowhere("https://example.gov.ls/") && !leads_nowhere("https://latest/"));
    }
}
