//! The legal status that is claimed is the profile's.

use const_oid::ObjectIdentifier;
use der::asn1::PrintableStringRef;

use crate::lint::etsi::statement::{self, Statements};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};
use crate::profile::{LegalStatements, QcPurpose, QcStatements, Semantics};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "npki.statements",
    clause: "npki",
    severity: Severity::Error,
    says: "the legal status that is claimed is the profile's",
    check,
};

/// Ours: the semantics of the profile, and its legal statements or none. QcCompliance alone would claim status in the
/// European Union (ETSI EN 319 412-5 section 4.2.1).
fn check(examined: &Examined<'_>) -> Verdict {
    let Some(profile) = examined.profile() else { return Ok(()) };
    let wanted = profile.qc_statements.as_ref();
    let semantics = wanted.map(|wanted| match wanted.semantics {
        Semantics::Natural => statement::SEMANTICS_NATURAL,
        Semantics::Legal => statement::SEMANTICS_LEGAL,
    });
    ensure(statement::semantics(examined)? == semantics, "it is another subject's semantics identifier")?;
    let statements = Statements::of(examined)?;
    limits(&statements, wanted)?;
    match wanted.and_then(|wanted| wanted.legal.as_ref()) {
        Some(wanted) => as_wanted(&statements, wanted),
        None => none(&statements),
    }
}

/// QcLimitValue and QcRetentionPeriod say how far the certificate is to be trusted, and for how long.
fn limits(statements: &Statements<'_>, wanted: Option<&QcStatements>) -> Verdict {
    let retention = wanted.and_then(|wanted| wanted.retention_years);
    ensure(
        statements.value::<u16>(statement::RETENTION)? == retention,
        "QcRetentionPeriod is not as the profile says",
    )?;
    let found = statements.value::<MonetaryValue<'_>>(statement::LIMIT)?;
    let found = found.map(|found| (found.currency.as_str().to_owned(), found.amount, found.exponent));
    let limit = wanted.and_then(|wanted| wanted.limit.as_ref());
    let limit = limit.map(|limit| (limit.currency.clone(), limit.amount, limit.exponent));
    ensure(found == limit, "QcLimitValue is not as the profile says")
}

/// ETSI EN 319 412-5 section 4.3.2.
#[derive(der::Sequence)]
struct MonetaryValue<'a> {
    currency: PrintableStringRef<'a>,
    amount: u32,
    exponent: u8,
}

fn none(statements: &Statements<'_>) -> Verdict {
    let legal = [statement::COMPLIANCE, statement::DEVICE, statement::TYPE, statement::LEGISLATION];
    match legal.into_iter().find(|id| statements.has(*id)) {
        Some(id) => Err(format!("the profile claims no legal status, and {id} does")),
        None => Ok(()),
    }
}

fn as_wanted(statements: &Statements<'_>, wanted: &LegalStatements) -> Verdict {
    ensure(statements.has(statement::COMPLIANCE), "QcCompliance is missing")?;
    ensure(
        statements.has(statement::DEVICE) == wanted.certified_device,
        "QcSSCD is not as the profile says",
    )?;
    let purpose = match wanted.purpose {
        QcPurpose::Signature => statement::TYPE_SIGNATURE,
        QcPurpose::Seal => statement::TYPE_SEAL,
    };
    let types = statements.value::<Vec<ObjectIdentifier>>(statement::TYPE)?.unwrap_or_default();
    ensure(types == [purpose], "QcType is not as the profile says")?;
    let countries = statements.value::<Vec<PrintableStringRef<'_>>>(statement::LEGISLATION)?;
    let countries = countries.unwrap_or_default();
    let same =
        countries.iter().map(PrintableStringRef::as_str).eq(wanted.countries.iter().map(String::as_str));
    ensure(same, "QcCClegislation is not as the profile says")
}
