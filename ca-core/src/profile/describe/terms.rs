//! How long it lasts, how its revocation is told, and what it takes to get one.

use serde_json::json;
use time::Duration;

use super::{Part, Statement, words};
use crate::algorithm::KeyAlgorithm;
use crate::profile::{
    Assurance, KeyRules, LongestFrom, Profile, RequestSubject, Requester, ShortTerm, Vetting,
};

const LENGTH: [&str; 2] = ["shortened", "lengthened"];

pub(super) fn statements(profile: &Profile) -> Vec<Statement> {
    let mut told = status(profile);
    told.push(lasting(profile.validity).about("lifetime"));
    told.extend(profile.max_validity.iter().map(|LongestFrom { from, longest }| {
        let at_most = format!("at most {}", words::duration(*longest));
        let value = json!({"from": from.to_string(), "days": longest.whole_days()});
        Statement::new(Part::Validity, at_most, value)
            .about(format!("from {from}"))
            .measured(longest.whole_hours(), LENGTH)
    }));
    told.extend(profile.private_key_usage.map(|usage| lasting(usage).about("use of the private key")));
    told.extend(keys(&profile.keys));
    told.push(
        match profile.request_subject {
            RequestSubject::Ignored => Statement::new(
                Part::Requests,
                "the subject that a request asks for is not looked at",
                json!(profile.request_subject),
            ),
            RequestSubject::MustMatch => Statement::new(
                Part::Requests,
                "the subject that a request asks for must be the registry's",
                json!(profile.request_subject),
            ),
        }
        .about("subject"),
    );
    told.extend(vetting(&profile.vetting));
    told
}

fn status(profile: &Profile) -> Vec<Statement> {
    let said = |about: &str, says: &str, value: serde_json::Value| {
        Statement::new(Part::Status, says, value).about(about)
    };
    let mut told = vec![if profile.crl_at_once {
        said("crl", "a revocation is in the CRL at once", json!(true))
    } else {
        said("crl", "a revocation is in the next CRL that is due anyway", json!(false))
    }];
    if profile.ocsp_no_check {
        told.push(said("ocsp-no-check", "nobody asks whether the responder itself is revoked", json!(true)));
    }
    told.extend(profile.short_term.map(|short| {
        let says = match short {
            ShortTerm::NoRevocation => "so short that nobody asks whether it is revoked (RFC 9608)",
            ShortTerm::ValidityAssured => {
                "so short that nobody asks whether it is revoked, and says so (ETSI EN 319 412-1 section 5.2)"
            }
        };
        said("short-term", says, json!(short))
    }));
    told
}

fn lasting(duration: Duration) -> Statement {
    let hours = duration.whole_hours();
    Statement::new(Part::Validity, words::duration(duration), json!({"hours": hours})).measured(hours, LENGTH)
}

/// What is admitted has no order.
fn keys(keys: &KeyRules) -> Vec<Statement> {
    let KeyRules { curves, rsa_bits, ml_dsa } = keys;
    let admitted = |algorithm: &KeyAlgorithm| {
        let name = algorithm.to_string();
        Statement::new(Part::Keys, "admitted", name.as_str()).about(name)
    };
    let sorted = |listed: &[KeyAlgorithm]| {
        let mut told: Vec<_> = listed.iter().map(admitted).collect();
        told.sort_by(|left, right| left.about.cmp(&right.about));
        told
    };
    let mut told = sorted(curves);
    told.extend(rsa_bits.map(|(least, most)| {
        Statement::new(Part::Keys, format!("from {least} bits"), json!([least, most]))
            .about("rsa")
            .and(Some(format!("to {most} bits")))
    }));
    told.extend(sorted(ml_dsa));
    told
}

fn vetting(vetting: &Vetting) -> Vec<Statement> {
    let Vetting { identity_kind, approvals, requested_by, assurance, other_office } = vetting;
    let said = |about: &str, says: String, value: serde_json::Value| {
        Statement::new(Part::Vetting, says, value).about(about)
    };
    let mut told = Vec::new();
    told.push(match identity_kind {
        Some(kind) => said("identity", format!("for one of kind {kind}"), json!(kind)),
        None => said("identity", "nobody of the registry: npki's own".to_owned(), json!(null)),
    });
    let asked = match approvals {
        0 => "nobody but who asks".to_owned(),
        1 => "one officer other than who asks".to_owned(),
        more => format!("{more} officers other than who asks"),
    };
    told.push(
        said("approved by", asked, json!(approvals)).measured((*approvals).into(), ["lowered", "raised"]),
    );
    let askers: Vec<_> = Requester::ALL.into_iter().filter(|who| requested_by.contains(who)).collect();
    let names: Vec<_> = askers.iter().map(|who| who.name()).collect();
    let by = if names.is_empty() { "nobody".to_owned() } else { names.join(" or ") };
    told.push(said("asked for by", by, json!(names)));
    told.extend(assurance.iter().map(|level| {
        said("assurance", format!("the identity is proven to level {level} at least"), json!(level))
            .measured(rank(*level), ["lowered", "raised"])
    }));
    if *other_office {
        let says = "by officers of another office than the one who asks".to_owned();
        told.push(said("approving office", says, json!(true)));
    }
    told
}

fn rank(level: Assurance) -> i64 {
    match level {
        Assurance::Low => 1,
        Assurance::Substantial => 2,
        Assurance::High => 3,
    }
}
