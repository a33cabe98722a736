//! CRLs: RFC 5280 section 5, over the to-be-signed bytes, in one pass. A list of a million entries costs no memory
//! but its own.

mod authority_key_identifier;
mod critical;
mod delta;
mod distribution_point;
mod entry_announced;
mod entry_date;
mod entry_extensions;
mod entry_invalidity_date;
mod entry_reason;
mod entry_serial_number;
mod extensions_once;
mod issuer_may;
mod issuer_name;
mod list;
mod not_empty;
mod number;
mod serials_once;
mod signature_algorithm;
mod updates;
mod version;

#[cfg(test)]
mod tests;

use super::element::{self, Elements, SEQUENCE};
use super::{Finding, Findings, Listed, Rule, Severity, Verdict};
use list::{Entry, List, oid};
use serials_once::Order;

/// What a CRL is judged against.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The issuing CA's certificate, DER. Without it the rules about the issuer are not checked.
    pub issuer: Option<&'a [u8]>,
    /// The number of the CRL before, when it is known: this one's must be above it.
    pub newer_than: Option<u64>,
}

/// A TBSCertList in which lint found no fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LintedCrl<'a>(&'a [u8]);

impl<'a> LintedCrl<'a> {
    /// The DER of the TBSCertList, as it was linted and as it is to be signed.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

/// Checks every rule of CRLs over the bytes that are to be signed.
///
/// # Errors
/// All rules that are broken, notices apart, each with the first entry that breaks it; one finding alone when the bytes
/// cannot be read.
pub fn lint<'a>(tbs: &'a [u8], context: &Context<'a>) -> Result<LintedCrl<'a>, Findings> {
    let mut findings = every_finding(tbs, context);
    findings.retain(|finding| finding.severity > Severity::Notice);
    if findings.is_empty() { Ok(LintedCrl(tbs)) } else { Err(Findings(findings)) }
}

fn every_finding(tbs: &[u8], context: &Context<'_>) -> Vec<Finding> {
    match List::read(tbs, context) {
        Ok(list) => findings(&list),
        Err(message) => vec![SHAPE.finding(message)],
    }
}

/// Checks a CRL that somebody signed, DER. Its signature is not verified.
pub fn found<'a>(crl: &'a [u8], context: &Context<'a>) -> Vec<Finding> {
    match parts(crl).and_then(|(tbs, algorithm)| Ok((List::read(tbs, context)?, algorithm))) {
        Ok((list, algorithm)) => findings(&List { outer_algorithm: Some(algorithm), ..list }),
        Err(message) => vec![SHAPE.finding(message)],
    }
}

/// The TBSCertList and the algorithm beside the signature.
fn parts(crl: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let read = || {
        let mut parts = Elements::of(element::whole(crl, SEQUENCE).ok()?.body);
        let (tbs, algorithm) = (parts.accept(SEQUENCE)?, parts.accept(SEQUENCE)?);
        parts.accept(element::BIT_STRING).filter(|_| parts.is_empty())?;
        Some((tbs.whole, algorithm.whole))
    };
    read().ok_or_else(|| "it has not the shape of a CRL".to_owned())
}

/// The list can be read at all.
const SHAPE: Rule<()> = Rule {
    id: "rfc5280.crl-shape",
    clause: "RFC 5280 section 5.1",
    severity: Severity::Error,
    says: "a CRL and each of its entries can be read, and nothing follows it",
    check: (),
};

/// A rule about the list.
type ListRule = Rule<fn(&List<'_>) -> Verdict>;

/// A rule about each entry.
type EntryRule = Rule<fn(&Entry<'_>, &List<'_>) -> Verdict>;

const LIST_RULES: &[ListRule] = &[
    version::RULE,
    signature_algorithm::RULE,
    issuer_name::RULE,
    issuer_may::RULE,
    updates::RULE,
    not_empty::RULE,
    extensions_once::RULE,
    authority_key_identifier::RULE,
    number::RULE,
    distribution_point::RULE,
    delta::RULE,
    critical::RULE,
];

const ENTRY_RULES: &[EntryRule] = &[
    entry_serial_number::RULE,
    entry_date::RULE,
    entry_announced::RULE,
    entry_extensions::RULE,
    entry_reason::RULE,
    entry_invalidity_date::RULE,
];

/// Every rule about CRLs.
pub(super) fn listed() -> Vec<Listed> {
    const SCOPE: &str = "CRLs";
    let lists = LIST_RULES.iter().map(|rule| rule.listed(SCOPE));
    let entries = ENTRY_RULES.iter().map(|rule| rule.listed(SCOPE));
    let others = [serials_once::RULE.listed(SCOPE)];
    std::iter::once(SHAPE.listed(SCOPE)).chain(lists).chain(entries).chain(others).collect()
}

fn findings(list: &List<'_>) -> Vec<Finding> {
    let broken = |rule: &ListRule| Some(rule.finding((rule.check)(list).err()?));
    let mut findings: Vec<Finding> = LIST_RULES.iter().filter_map(broken).collect();
    if let Some(entries) = list.entries {
        findings.extend(entry_findings(list, entries));
    }
    findings
}

/// How a rule was first broken, and by how many entries.
#[derive(Default, Clone)]
struct Broken {
    first: Option<(String, String)>,
    times: u64,
}

impl Broken {
    fn see(&mut self, serial: &[u8], message: String) {
        self.times += 1;
        self.first.get_or_insert_with(|| (hex::encode(serial), message));
    }

    fn message(self) -> Option<String> {
        let (serial, message) = self.first?;
        let more = if self.times > 1 { format!(", and {} more", self.times - 1) } else { String::new() };
        Some(format!("entry {serial}: {message}{more}"))
    }
}

fn entry_findings<'a>(list: &List<'a>, entries: &'a [u8]) -> Vec<Finding> {
    let mut broken = vec![Broken::default(); ENTRY_RULES.len()];
    let mut order = Order::default();
    for element in Elements::of(entries) {
        let Some(entry) = element.ok().and_then(|element| Entry::read(&element)) else {
            return vec![SHAPE.finding("an entry cannot be read".to_owned())];
        };
        order.see(entry.serial);
        for (rule, broken) in ENTRY_RULES.iter().zip(&mut broken) {
            if let Err(message) = (rule.check)(&entry, list) {
                broken.see(entry.serial, message);
            }
        }
    }
    let told = ENTRY_RULES.iter().zip(broken);
    let mut findings: Vec<Finding> =
        told.filter_map(|(rule, broken)| Some(rule.finding(broken.message()?))).collect();
    if order.repeats(entries) {
        findings.push(serials_once::RULE.finding("a serial number stands more than once".to_owned()));
    }
    findings
}
