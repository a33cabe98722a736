//! The extensions follow from the profile, and there are no others.

use const_oid::ObjectIdentifier;

use crate::lint::examined::{Examined, extension, same_oid};
use crate::lint::{Rule, Severity, Verdict, ensure_or};
use crate::profile::{Profile, ProfileKind, ShortTerm};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.extensions",
    clause: "npki",
    severity: Severity::Error,
    says: "the extensions follow from the profile, and there are no others",
    check,
};

/// Ours: the extensions that follow from the profile, and no others.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let expected = expected(profile);
    for (oid, presence) in expected {
        let present = examined.extension(oid).is_some();
        ensure_or(present || presence != Presence::Always, || format!("{oid} is missing"))?;
        ensure_or(!present || presence != Presence::Never, || format!("the profile has no {oid}"))?;
    }
    let known = |oid| expected.iter().any(|(known, _)| same_oid(oid, *known));
    match examined.tbs().extensions().iter().find(|extension| !known(&extension.oid)) {
        Some(unknown) => Err(format!("no profile has {}", unknown.oid)),
        None => Ok(()),
    }
}

/// Whether a profile's certificates have an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Always,
    Sometimes,
    Never,
}

impl Presence {
    const fn always_if(condition: bool) -> Self {
        if condition { Self::Always } else { Self::Never }
    }
}

/// Every extension that profiles can ask for.
fn expected(profile: &Profile) -> [(ObjectIdentifier, Presence); 18] {
    let names = &profile.alternative_names;
    let alternative_names = match () {
        () if names.is_empty() => Presence::Never,
        () if names.iter().any(|name| name.required) => Presence::Always,
        () => Presence::Sometimes,
    };
    let identifier = profile.is_ca() || profile.subject_key_identifier;
    let constraints = profile.is_ca() || profile.end_entity_constraints;
    let access = profile.ocsp_address || profile.ca_issuers_address;
    let cross = profile.cross.as_ref();
    // The CA's CRL plan decides.
    let freshest = if profile.crl_address { Presence::Sometimes } else { Presence::Never };
    let below = profile.kind != ProfileKind::RootCa;
    [
        (extension::AUTHORITY_KEY_IDENTIFIER, Presence::always_if(below)),
        (extension::SUBJECT_KEY_IDENTIFIER, Presence::always_if(identifier)),
        (extension::KEY_USAGE, Presence::Always),
        (extension::CERTIFICATE_POLICIES, Presence::always_if(!profile.policies.is_empty())),
        (extension::SUBJECT_ALT_NAME, alternative_names),
        (extension::BASIC_CONSTRAINTS, Presence::always_if(constraints)),
        (extension::EXTENDED_KEY_USAGE, Presence::always_if(!profile.extended_key_usage.is_empty())),
        (extension::CRL_DISTRIBUTION_POINTS, Presence::always_if(profile.crl_address)),
        (extension::FRESHEST_CRL, freshest),
        (extension::AUTHORITY_INFORMATION_ACCESS, Presence::always_if(access)),
        (extension::QC_STATEMENTS, Presence::always_if(profile.qc_statements.is_some())),
        (extension::PRIVATE_KEY_USAGE_PERIOD, Presence::always_if(profile.private_key_usage.is_some())),
        (extension::NO_REV_AVAIL, Presence::always_if(profile.short_term.is_some())),
        (extension::SHORT_TERM, Presence::always_if(profile.short_term == Some(ShortTerm::ValidityAssured))),
        (extension::OCSP_NO_CHECK, Presence::always_if(profile.ocsp_no_check)),
        (
            extension::NAME_CONSTRAINTS,
            Presence::always_if(cross.is_some_and(|it| it.name_constraints.is_some())),
        ),
        (
            extension::POLICY_CONSTRAINTS,
            Presence::always_if(cross.is_some_and(|it| it.policy_constraints.is_some())),
        ),
        (
            extension::POLICY_MAPPINGS,
            Presence::always_if(cross.is_some_and(|it| it.policy_mappings.is_some())),
        ),
    ]
}
