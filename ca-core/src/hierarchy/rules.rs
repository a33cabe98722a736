//! Rules that the CAs of a hierarchy must keep together, so that what they issue can be believed.

use std::collections::BTreeSet;

use super::{BrokenHierarchy, Hierarchy, KeyKeeping, PlannedCa, SERVER_PROFILE, STAFF_PROFILE};
use crate::profile::{Profile, ProfileId, ProfileKind, ProfileSet, UnknownProfile, oids};
use crate::profile_book::Current;

/// The profile of staff's certificates and that of the HTTPS server: no installation works without them.
const INDISPENSABLE: [&str; 2] = [STAFF_PROFILE, SERVER_PROFILE];

/// Goes on, or says what is wrong and which clause says so.
type Verdict = Result<(), (String, &'static str)>;

/// One CA and what it is judged beside.
struct Case<'a> {
    ca: &'a PlannedCa,
    profile: &'a Profile,
    before: &'a [PlannedCa],
    hierarchy: &'a Hierarchy,
    profiles: &'a ProfileSet,
}

const RULES: [fn(&Case<'_>) -> Verdict; 10] = [
    named_once,
    issuer_stands_before,
    kind_fits_place,
    depth_fits_path_length,
    key_is_admitted,
    issued_profiles_fit,
    policies_are_listed,
    purposes_are_nested,
    tenure_is_no_knot,
    only_roots_succeed_roots,
];

/// Every rule that is broken.
pub(super) fn broken_by(hierarchy: &Hierarchy, current: &Current) -> Vec<BrokenHierarchy> {
    let profiles = current.profiles();
    let mut broken = Vec::new();
    let complain =
        |ca: &PlannedCa, why: String, clause| BrokenHierarchy { ca: ca.id.to_string(), why, clause };
    for (at, ca) in hierarchy.0.iter().enumerate() {
        let profile = match profiles.find(&ca.profile.0) {
            Ok(profile) => profile,
            // The CA is there, and its own certificate is made already.
            Err(_) if current.is_set_aside(&ca.profile) => continue,
            Err(unknown) => {
                broken.push(complain(ca, no_such_profile(&unknown), "npki"));
                continue;
            }
        };
        let before = hierarchy.0.get(..at).unwrap_or_default();
        let case = Case { ca, profile, before, hierarchy, profiles };
        broken.extend(
            RULES.iter().filter_map(|rule| rule(&case).err()).map(|(why, clause)| complain(ca, why, clause)),
        );
    }
    broken.extend(missing(hierarchy, current));
    broken
}

fn no_such_profile(unknown: &UnknownProfile) -> String {
    let hint = unknown.nearest.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default();
    format!("{unknown}{hint}")
}

/// What a CA issues under and cannot be used for now is no fault of the hierarchy.
fn missing(hierarchy: &Hierarchy, current: &Current) -> impl Iterator<Item = BrokenHierarchy> {
    let set_aside = |profile: &str| current.is_set_aside(&ProfileId(profile.to_owned()));
    let lacking = INDISPENSABLE
        .iter()
        .filter(move |profile| hierarchy.issuers_of(profile).next().is_none() && !set_aside(profile));
    lacking.map(|profile| BrokenHierarchy {
        ca: String::new(),
        why: format!("no CA issues under profile {profile:?}, without which the service cannot run"),
        clause: "npki",
    })
}

fn refuse_if(wrong: bool, clause: &'static str, why: impl FnOnce() -> String) -> Verdict {
    if wrong { Err((why(), clause)) } else { Ok(()) }
}

fn named_once(case: &Case<'_>) -> Verdict {
    let twice = case.before.iter().any(|other| other.id == case.ca.id);
    refuse_if(twice, "npki", || "another CA has this id".to_owned())?;
    // RFC 5280 section 4.1.2.6: a CA's name is its own for all time.
    let same_name = case.before.iter().any(|other| other.name == case.ca.name);
    refuse_if(same_name, "RFC 5280 section 4.1.2.6", || {
        format!("another CA is called {:?}; each CA has a name of its own", case.ca.name)
    })
}

fn issuer_stands_before(case: &Case<'_>) -> Verdict {
    let Some(issuer) = &case.ca.issuer else { return Ok(()) };
    let stands = case.before.iter().any(|other| other.id == *issuer);
    refuse_if(!stands, "npki", || format!("its issuer {issuer} must stand before it"))
}

fn kind_fits_place(case: &Case<'_>) -> Verdict {
    let fits = match case.profile.kind {
        ProfileKind::RootCa => case.ca.issuer.is_none(),
        ProfileKind::IssuingCa { .. } => case.ca.issuer.is_some(),
        ProfileKind::EndEntity => false,
    };
    refuse_if(!fits, "npki", || {
        format!(
            "profile {} makes roots when there is no issuer, issuing CAs when there is one",
            case.profile.id
        )
    })?;
    let root_issues = case.ca.issuer.is_none() && !case.ca.issues.is_empty();
    refuse_if(root_issues, "ETSI EN 319 411-1 GEN-6.5.1-07", || {
        "a root certifies CAs only; end entities' profiles belong to a CA below it".to_owned()
    })?;
    // What issues must be there every day.
    let idle = case.ca.kept == KeyKeeping::Offline && !case.ca.issues.is_empty();
    refuse_if(idle, "npki", || "a CA whose key is offline cannot issue to end entities".to_owned())
}

/// RFC 5280 section 4.2.1.9: a pathLenConstraint bounds how many CAs may follow.
fn depth_fits_path_length(case: &Case<'_>) -> Verdict {
    for (below, above) in case.hierarchy.path(&case.ca.id).skip(1).enumerate() {
        let Ok(profile) = case.profiles.find(&above.profile.0) else { continue };
        if let ProfileKind::IssuingCa { path_length } = profile.kind
            && usize::from(path_length) < below + 1
        {
            let why = format!("{} admits at most {path_length} CAs below itself", above.id);
            return Err((why, "RFC 5280 section 4.2.1.9"));
        }
    }
    Ok(())
}

fn key_is_admitted(case: &Case<'_>) -> Verdict {
    refuse_if(!case.profile.keys.admits_own(case.ca.key), "npki", || {
        format!("profile {} does not admit {} keys", case.profile.id, case.ca.key)
    })
}

fn issued_profiles_fit(case: &Case<'_>) -> Verdict {
    let mut seen = BTreeSet::new();
    for id in &case.ca.issues {
        let found = case
            .profiles
            .find(&id.0)
            .map_err(|unknown| (format!("issues: {}", no_such_profile(&unknown)), "npki"))?;
        refuse_if(found.is_ca(), "npki", || format!("issues: {id} is a CA's profile; name its CA's issuer"))?;
        refuse_if(!seen.insert(id), "npki", || format!("issues: {id} stands twice"))?;
        let rival =
            case.before.iter().find(|other| other.issues.contains(id) && overlap_undecided(other, case.ca));
        if let Some(rival) = rival {
            let why =
                format!("issues: {id} is issued by {} already; say issues_from and issues_until", rival.id);
            return Err((why, "npki"));
        }
    }
    Ok(())
}

/// Two CAs may issue under one profile when it is plain which does at any moment: they begin at different times.
fn overlap_undecided(one: &PlannedCa, other: &PlannedCa) -> bool {
    one.tenure.from == other.tenure.from
}

/// RFC 5280 section 6.1.3 (d): policies are compared as whole identifiers, so a CA names every one of its leaves'.
fn policies_are_listed(case: &Case<'_>) -> Verdict {
    if case.ca.issuer.is_none() {
        return Ok(());
    }
    let listed: BTreeSet<_> = case.profile.policies.iter().map(|policy| policy.oid).collect();
    for issued in case.ca.issued(case.profiles) {
        if let Some(policy) = issued.policies.iter().find(|policy| !listed.contains(&policy.oid)) {
            let why = format!(
                "profile {} does not list policy {} of profile {}",
                case.profile.id, policy.oid.0, issued.id
            );
            return Err((why, "RFC 5280 section 6.1.3"));
        }
    }
    Ok(())
}

/// Verifiers take a CA's extended key usages for a bound on those below it (CA/Browser Forum BR section 7.1.2.10.6).
fn purposes_are_nested(case: &Case<'_>) -> Verdict {
    let bound = &case.profile.extended_key_usage;
    if bound.is_empty() {
        return Ok(());
    }
    for issued in case.ca.issued(case.profiles) {
        let outside = issued.extended_key_usage.iter().find(|purpose| !bound.contains(purpose));
        if outside.is_some() || issued.extended_key_usage.is_empty() {
            let why = format!("its extended key usages do not cover those of profile {}", issued.id);
            return Err((why, "CA/Browser Forum BR section 7.1.2.10.6"));
        }
    }
    let answers = case.ca.needs_responder(case.profiles);
    // A TLS CA may not be given OCSPSigning; verifiers exempt delegated responders there.
    let tls = bound.contains(&oids::SERVER_AUTH);
    refuse_if(answers && !tls && !bound.contains(&oids::OCSP_SIGNING), "RFC 6960 section 4.2.2.2", || {
        "its extended key usages leave out ocsp-signing, which its responder needs".to_owned()
    })
}

fn tenure_is_no_knot(case: &Case<'_>) -> Verdict {
    let tenure = case.ca.tenure;
    let reversed = tenure.from.zip(tenure.until).is_some_and(|(from, until)| from >= until);
    refuse_if(reversed, "npki", || "issues_until must come after issues_from".to_owned())
}

/// RFC 9810 section 4.4: it is roots that change their keys with link certificates. CAs below a root need none: their root
/// vouches for each generation.
fn only_roots_succeed_roots(case: &Case<'_>) -> Verdict {
    let Some(former) = &case.ca.succeeds else { return Ok(()) };
    refuse_if(case.ca.issuer.is_some(), "RFC 9810 section 4.4", || {
        "only a root succeeds another; the next generation of an issuing CA needs issues_from".to_owned()
    })?;
    let is_root = case.before.iter().any(|other| other.id == *former && other.issuer.is_none());
    refuse_if(!is_root, "npki", || format!("succeeds: {former} must be a root that stands before it"))
}
