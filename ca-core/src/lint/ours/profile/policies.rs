//! The policies are the profile's, each with its practice statement.

use der::Decode;
use x509_cert::ext::pkix::CertificatePolicies;

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.policies",
    clause: "npki",
    severity: Severity::Error,
    says: "the policies are the profile's, each with its practice statement",
    check,
};

/// Ours: exactly the profile's policies, in its order, each with its practice statement and no other qualifier.
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let Some(found) = examined.extension(extension::CERTIFICATE_POLICIES) else { return Ok(()) };
    let CertificatePolicies(found) =
        CertificatePolicies::from_der(found.value).map_err(|error| error.to_string())?;
    let wanted = &profile.policies;
    let same =
        found.iter().map(|policy| policy.policy_identifier).eq(wanted.iter().map(|policy| policy.oid.0));
    ensure(same, "they are not the profile's")?;
    found.iter().zip(wanted).try_for_each(|(found, wanted)| {
        let qualifiers = found.policy_qualifiers.as_deref().unwrap_or_default();
        let addresses =
            qualifiers.iter().map(|qualifier| qualifier.qualifier.as_ref().map(|any| any.value()));
        let same = addresses.eq(wanted.cps.iter().map(|cps| Some(cps.as_bytes())));
        ensure_or(same, || format!("the practice statement of {} is not the profile's", wanted.oid))
    })
}
