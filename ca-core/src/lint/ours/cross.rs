//! A cross-certificate against the terms that it was made for (RFC 5280 sections 3.2, 4.2.1.5, 4.2.1.10, 4.2.1.11).

use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::CrossCertification;

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "npki.cross-subject", clause: "RFC 5280 section 4.1.2.4", check: subject },
    Rule { id: "npki.cross-names", clause: "RFC 5280 section 4.2.1.10", check: name_constraints },
    Rule { id: "npki.cross-mappings", clause: "RFC 5280 section 4.2.1.5", check: policy_mappings },
    Rule { id: "npki.cross-policies", clause: "RFC 5280 section 4.2.1.11", check: policy_constraints },
    Rule { id: "npki.cross-period", clause: "RFC 5280 section 4.1.2.5", check: period },
];

fn terms<'a>(examined: &Examined<'a>) -> Result<&'a CrossCertification, String> {
    examined.profile().cross.as_ref().ok_or_else(|| "there are no terms".to_owned())
}

/// RFC 5280 section 4.1.2.4: names are compared, so it is the foreign CA's own, octet for octet.
fn subject(examined: &Examined<'_>) -> Verdict {
    let same = examined.tbs().subject().as_raw() == terms(examined)?.subject.as_slice();
    ensure(same, "it is not the foreign CA's name")
}

/// RFC 5280 section 4.2.1.10: exactly the names that the script admits.
fn name_constraints(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::NAME_CONSTRAINTS).map(|found| found.value);
    ensure(found == terms(examined)?.name_constraints.as_deref(), "they are not those of the script")
}

/// RFC 5280 section 4.2.1.5: exactly the mappings of the script.
fn policy_mappings(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::POLICY_MAPPINGS).map(|found| found.value);
    ensure(found == terms(examined)?.policy_mappings.as_deref(), "they are not those of the script")
}

/// RFC 5280 section 4.2.1.11: an explicit policy is required, and nothing is mapped further down.
fn policy_constraints(examined: &Examined<'_>) -> Verdict {
    let found = examined.extension(extension::POLICY_CONSTRAINTS).map(|found| found.value);
    ensure(found == terms(examined)?.policy_constraints.as_deref(), "they are not those of the terms")
}

/// The days of the script; never before the issuer's own.
fn period(examined: &Examined<'_>) -> Verdict {
    let (validity, terms) = (examined.tbs().validity(), terms(examined)?);
    let within = validity.not_before.to_datetime() >= terms.not_before
        && validity.not_after.to_datetime() == terms.not_after;
    ensure(within, "it is not the period of the script")
}
