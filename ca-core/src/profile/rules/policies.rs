//! Certificate policies.

use super::{Rule, has_duplicates, is_address, refuse_if};
use crate::profile::{BrokenRule, Oid, Profile, ProfileKind, oids};

pub(super) const RULES: [Rule; 4] = [
    policies_stand_where_they_are_read,
    policies_stand_once,
    no_claim_of_eu_status,
    practice_statements_are_addresses,
];

const KEY: &str = "policies";

fn policies_stand_where_they_are_read(profile: &Profile) -> Result<(), BrokenRule> {
    let any = !profile.policies.is_empty();
    // RFC 5280 section 6.1.1: a trust anchor's policies are no input to validation.
    refuse_if(
        any && profile.kind == ProfileKind::RootCa,
        KEY,
        "RFC 5280 section 6.1.1",
        "no verifier reads a root's policies",
    )?;
    // RFC 6960 section 4.2.2.2: a responder is authorised by its issuer and its purpose, not by a policy.
    refuse_if(any && profile.is_responder(), KEY, "RFC 6960 section 4.2.2.2", "a responder has none")?;
    // RFC 5280 section 6.1.3 (d): below a CA without policies no policy is valid.
    let issuing = matches!(profile.kind, ProfileKind::IssuingCa { .. });
    refuse_if(
        issuing && !any,
        KEY,
        "RFC 5280 section 6.1.3",
        "an issuing CA lists every policy that it issues under",
    )?;
    // RFC 5280 section 4.2.1.4: anyPolicy is for CAs whose policies are not to be limited. An end entity's says nothing.
    let vague = profile.policies.iter().any(|policy| policy.oid == oids::ANY_POLICY);
    refuse_if(
        vague && !profile.is_ca(),
        KEY,
        "RFC 5280 section 4.2.1.4",
        "anyPolicy says nothing about an end entity",
    )
}

fn policies_stand_once(profile: &Profile) -> Result<(), BrokenRule> {
    let oids: Vec<Oid> = profile.policies.iter().map(|policy| policy.oid).collect();
    // RFC 5280 section 4.2.1.4: an OID MUST NOT appear more than once.
    refuse_if(has_duplicates(&oids), KEY, "RFC 5280 section 4.2.1.4", "a policy stands more than once")
}

fn no_claim_of_eu_status(profile: &Profile) -> Result<(), BrokenRule> {
    let claims = profile.policies.iter().any(|policy| oids::EU_QUALIFIED.contains(&policy.oid));
    // ETSI EN 319 411-2 section 5.3: these say "EU qualified". Only a provider on an EU trusted list may.
    refuse_if(claims, KEY, "ETSI EN 319 411-2 section 5.3", "0.4.0.194112.1.* claims EU qualified status")
}

fn practice_statements_are_addresses(profile: &Profile) -> Result<(), BrokenRule> {
    let mut statements = profile.policies.iter().filter_map(|policy| policy.cps.as_deref());
    let odd = statements.any(|cps| !is_address(cps, &["https", "http"]));
    // RFC 5280 section 4.2.1.4: the CPS pointer qualifier is a URI.
    refuse_if(odd, "cps", "RFC 5280 section 4.2.1.4", "the practice statement needs a web address")
}
