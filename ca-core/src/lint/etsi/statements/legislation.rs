//! The law under which something is qualified is named by countries.

use der::asn1::PrintableStringRef;

use crate::lint::etsi::statement::{self, Statements};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.statement-legislation",
    clause: "ETSI EN 319 412-5 section 4.2.4",
    severity: Severity::Error,
    says: "the law under which something is qualified is named by countries",
    check,
};

/// ETSI EN 319 412-5 section 4.2.4: QcCClegislation, ISO 3166-1 codes in capitals, at least one.
fn check(examined: &Examined<'_>) -> Verdict {
    let statements = Statements::of(examined)?;
    let countries = statements.value::<Vec<PrintableStringRef<'_>>>(statement::LEGISLATION)?;
    let Some(countries) = countries else { return Ok(()) };
    ensure(!countries.is_empty(), "QcCClegislation names no country")?;
    let code = |country: &PrintableStringRef<'_>| {
        country.as_str().len() == 2 && country.as_str().bytes().all(|byte| byte.is_ascii_uppercase())
    };
    ensure(countries.iter().all(code), "QcCClegislation names what is no country's code")
}
