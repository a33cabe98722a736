//! A policy is qualified by a practice statement's address or a notice, and by nothing else.

use super::qualifiers::{self, CPS, USER_NOTICE};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.policy-qualifiers",
    clause: "RFC 5280 section 4.2.1.4",
    severity: Severity::Error,
    says: "a policy is qualified by a practice statement's address or a notice, and by nothing else",
    check,
};

/// RFC 5280 section 4.2.1.4: policyQualifierId MUST be CPS or UserNotice; a CPS is the URI of a practice statement.
fn check(examined: &Examined<'_>) -> Verdict {
    qualifiers::each(examined, |id, value| match id {
        CPS => {
            ensure(qualifiers::is_uri(value), "a practice statement's address is no URI of IA5 characters")
        }
        USER_NOTICE => Ok(()),
        other => Err(format!("qualifier {other} is neither CPS nor UserNotice")),
    })
}
