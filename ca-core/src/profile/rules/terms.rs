//! Title, status, keys, and who must approve.

use super::{Rule, has_duplicates, refuse_if};
use crate::algorithm::KeyAlgorithm::{Ed25519, MlDsa44, MlDsa65, MlDsa87, P256, P384};
use crate::profile::nature::IDENTITY_KINDS;
use crate::profile::{BrokenRule, Profile, ProfileKind, Vetting, nearest};

pub(super) const RULES: [Rule; 10] = [
    title_is_one_line,
    status_can_be_found,
    root_points_nowhere,
    key_identifiers_of_cas,
    some_key_is_admitted,
    approvals_are_two_at_most,
    somebody_may_ask,
    assurance_is_stated_by_an_officer,
    another_office_has_officers_who_approve,
    identity_kind_is_known,
];

fn title_is_one_line(profile: &Profile) -> Result<(), BrokenRule> {
    let title = profile.title.trim();
    let fits = (1..=120).contains(&title.chars().count()) && !title.contains(char::is_control);
    refuse_if(!fits, "title", "npki", "one line of at most 120 characters")
}

fn status_can_be_found(profile: &Profile) -> Result<(), BrokenRule> {
    let told = match profile.kind {
        // RFC 5280 section 6.1.1: a trust anchor is not revoked by a list; it is taken out of the trust store.
        ProfileKind::RootCa => true,
        // RFC 5280 section 4.2.1.13: SHOULD. Ours: must, since an offline root runs no responder.
        ProfileKind::IssuingCa { .. } => profile.crl_address,
        ProfileKind::EndEntity => {
            profile.ocsp_no_check
                || profile.short_term.is_some()
                || profile.ocsp_address
                || profile.crl_address
        }
    };
    // ETSI EN 319 412-2 section 4.4.1: a CRL distribution point unless there is an OCSP responder.
    refuse_if(!told, "addresses", "ETSI EN 319 412-2 section 4.4.1", "nothing tells whether it is revoked")
}

fn root_points_nowhere(profile: &Profile) -> Result<(), BrokenRule> {
    let points = profile.ocsp_address || profile.ca_issuers_address || profile.crl_address;
    // RFC 5280 section 6.1: nothing above a trust anchor could answer.
    refuse_if(
        profile.kind == ProfileKind::RootCa && points,
        "addresses",
        "RFC 5280 section 6.1",
        "a root has none",
    )
}

fn key_identifiers_of_cas(profile: &Profile) -> Result<(), BrokenRule> {
    // RFC 5280 section 4.2.1.2: MUST appear in all conforming CA certificates.
    refuse_if(
        profile.is_ca() && !profile.subject_key_identifier,
        "subject_key_identifier",
        "RFC 5280 section 4.2.1.2",
        "a CA's certificate has one",
    )?;
    // RFC 5280 section 4.2.1.9: `end_entity_constraints` says cA false.
    refuse_if(
        profile.is_ca() && profile.end_entity_constraints,
        "end_entity_constraints",
        "RFC 5280 section 4.2.1.9",
        "a CA is no end entity",
    )
}

fn some_key_is_admitted(profile: &Profile) -> Result<(), BrokenRule> {
    let keys = &profile.keys;
    let none = keys.curves.is_empty() && keys.rsa_bits.is_none() && keys.ml_dsa.is_empty();
    refuse_if(none, "keys", "npki", "no key is admitted")?;
    let foreign = keys.curves.iter().any(|key| ![P256, P384, Ed25519].contains(key));
    refuse_if(
        foreign,
        "curves",
        "npki",
        "p256, p384 and ed25519 only; RSA stands in rsa_bits, ML-DSA in ml_dsa",
    )?;
    let foreign = keys.ml_dsa.iter().any(|key| ![MlDsa44, MlDsa65, MlDsa87].contains(key));
    refuse_if(foreign, "ml_dsa", "npki", "ml-dsa-44, ml-dsa-65 and ml-dsa-87 only")?;
    // NIST SP 800-131A: 2048 bits at least. Above 4096 verifying costs more than it gives.
    let odd = keys.rsa_bits.is_some_and(|(least, most)| least < 2048 || most > 4096 || least > most);
    refuse_if(odd, "rsa_bits", "NIST SP 800-131A", "[smallest, largest], within 2048 and 4096")
}

fn approvals_are_two_at_most(profile: &Profile) -> Result<(), BrokenRule> {
    let approvals = profile.vetting.approvals;
    refuse_if(approvals > 2, "approvals", "npki", "0, 1 or 2")?;
    let nobody = profile.vetting.identity_kind.is_none() && approvals > 0;
    refuse_if(nobody, "approvals", "npki", "what no registry asks for, no officer can approve")
}

fn somebody_may_ask(profile: &Profile) -> Result<(), BrokenRule> {
    let Vetting { identity_kind, requested_by, .. } = &profile.vetting;
    let fits = identity_kind.is_none() == requested_by.is_empty() && !has_duplicates(requested_by);
    refuse_if(!fits, "requested_by", "npki", "each role once, and one at least where identity_kind is given")
}

fn assurance_is_stated_by_an_officer(profile: &Profile) -> Result<(), BrokenRule> {
    let vetting = &profile.vetting;
    refuse_if(
        vetting.assurance.is_some() && vetting.approvals == 0,
        "assurance",
        "ETSI EN 319 411-1 section 6.2.2",
        "the approving officer says how surely the identity was proven: approvals of 1 or 2",
    )
}

fn another_office_has_officers_who_approve(profile: &Profile) -> Result<(), BrokenRule> {
    let vetting = &profile.vetting;
    let unmet = vetting.other_office && vetting.approvals == 0;
    refuse_if(unmet, "other_office", "npki", "officers of another office approve: approvals of 1 or 2")
}

fn identity_kind_is_known(profile: &Profile) -> Result<(), BrokenRule> {
    let kind = profile.vetting.identity_kind.as_deref();
    // These belong to the installation: an applicant never asks for one.
    let own = profile.is_ca() || profile.is_responder() || profile.is_time_stamping_unit();
    refuse_if(
        own == kind.is_some(),
        "identity_kind",
        "npki",
        "given for all but CAs, responders and time-stamping units",
    )?;
    let Some(unknown) = kind.filter(|kind| !IDENTITY_KINDS.contains(kind)) else { return Ok(()) };
    let hint = nearest(unknown, IDENTITY_KINDS.into_iter())
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default();
    Err(BrokenRule::new("identity_kind", "npki", format!("unknown kind `{unknown}`{hint}")))
}
