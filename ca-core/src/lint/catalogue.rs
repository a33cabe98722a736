//! The table of all rules: which sources there are, and which certificates each holds for.

use super::kind::Kind;
use super::rule::Group;
use super::{
    Severity, algorithms, cabf, crl, etsi, examined, ocsp, ours, rfc3161, rfc5280, rfc6960, rfc9608,
    shared_keys,
};

pub(super) const GROUPS: &[Group] = &[
    Group { scope: "all", holds_for: |_| true, rules: rfc5280::RULES },
    // A foreign CA's name is what it is: only its very octets lead to what it has issued.
    Group { scope: NAMES, holds_for: |it| !ours::cross::is_cross(it), rules: rfc5280::NAME_RULES },
    Group { scope: "all", holds_for: |_| true, rules: algorithms::RULES },
    Group { scope: "all", holds_for: |_| true, rules: rfc9608::RULES },
    Group { scope: "end entities", holds_for: |it| it.kind() != Kind::Ca, rules: etsi::statements::RULES },
    Group { scope: "person", holds_for: |it| it.kind() == Kind::Person, rules: etsi::person::RULES },
    Group {
        scope: "organisation",
        holds_for: |it| it.kind() == Kind::Organisation,
        rules: etsi::organisation::RULES,
    },
    Group { scope: "responder", holds_for: |it| it.kind() == Kind::Responder, rules: rfc6960::RULES },
    Group { scope: "tsa", holds_for: |it| it.kind() == Kind::TimeStamping, rules: rfc3161::RULES },
    Group { scope: "tls", holds_for: |it| it.kind() == Kind::TlsServer, rules: cabf::RULES },
    Group {
        scope: "tls that claims public trust",
        holds_for: |it| it.kind() == Kind::TlsServer && cabf::claims_public_trust(it),
        rules: cabf::PUBLIC_RULES,
    },
    Group { scope: "all", holds_for: |_| true, rules: ours::RULES },
    Group { scope: NAMES, holds_for: |it| !ours::cross::is_cross(it), rules: ours::NAME_RULES },
    Group { scope: "issuance", holds_for: |it| it.profile().is_some(), rules: ours::profile::RULES },
    Group { scope: "cross-certificates", holds_for: ours::cross::is_cross, rules: ours::cross::RULES },
];

const NAMES: &str = "all but cross-certificates issued here";

/// A rule as it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: &'static str,
    /// Where it stands.
    pub clause: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What it demands.
    pub says: &'static str,
    /// What it holds for.
    pub scope: &'static str,
}

/// Every rule there is, source by source.
pub fn rules() -> Vec<Listed> {
    let certificates =
        GROUPS.iter().flat_map(|group| group.rules.iter().map(|rule| rule.listed(group.scope)));
    let everything = [examined::SHAPE.listed("all")].into_iter().chain(certificates);
    let listed = everything.chain([shared_keys::RULE.listed("all")]);
    listed.chain(crl::listed()).chain(ocsp::listed()).collect()
}
