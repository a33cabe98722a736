//! Lint: the to-be-signed bytes of a certificate, read as a stranger would read them, against every rule that holds
//! for such a certificate.
//!
//! What [`lint`] lets through is a [`LintedTbs`]; nothing else can make one, and only such bytes are signed. A finding
//! is always a fault of ours or of a profile, never the applicant's: what they sent was admitted before.
//! [`certificate`] runs the same rules over a certificate from elsewhere, [`crl::lint`] and [`ocsp::lint`] over the
//! to-be-signed bytes of CRLs and OCSP answers.
//!
//! One rule is one file, its clause above it, in the folder of its source, and one line in that folder's table. Which
//! tables hold for a certificate follows from its [`Kind`].

mod algorithms;
mod cabf;
mod catalogue;
pub mod crl;
mod element;
mod encoded_extensions;
mod etsi;
mod examined;
mod finding;
mod issuer;
mod judge;
mod kind;
pub mod ocsp;
mod ours;
mod rfc3161;
mod rfc5280;
mod rfc6960;
mod rfc9608;
mod rule;
mod shape;
mod shared_keys;

#[cfg(test)]
mod tests;

pub use catalogue::{Listed, rules};
pub use finding::{Finding, Findings, Severity};
pub use judge::Judge;
pub use kind::Kind;
pub use shape::Shape;
pub use shared_keys::KeyHolders;

use crate::issuance::{EncodingError, to_be_signed};
use crate::profile::Profile;
use catalogue::GROUPS;
use examined::{Examined, SHAPE};
use rule::{Rule, Verdict, ensure, ensure_or};

/// To-be-signed bytes in which lint found no fault.
#[derive(Debug, PartialEq, Eq)]
pub struct LintedTbs(Vec<u8>);

impl LintedTbs {
    fn unless(mut findings: Vec<Finding>, tbs: Vec<u8>) -> Result<Self, Findings> {
        // A notice is advice, and the profile has decided.
        findings.retain(|finding| finding.severity > Severity::Notice);
        if findings.is_empty() { Ok(Self(tbs)) } else { Err(Findings(findings)) }
    }

    /// The DER of the TBSCertificate, as it was linted and as it is to be signed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The Certificate, DER, with what the issuer's key made of these bytes (RFC 5280 section 4.1.1).
    ///
    /// # Errors
    /// The signature is too long for DER.
    pub fn with_signature(&self, signature: &[u8]) -> Result<Vec<u8>, EncodingError> {
        to_be_signed::assemble(&self.0, to_be_signed::CERTIFICATE_ALGORITHM_FIELD, signature)
    }
}

/// What a certificate that is to be signed is judged against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The issuing CA's certificate, DER; `None` for a root, which is its own issuer.
    pub issuer: Option<&'a [u8]>,
    /// The profile it is issued under.
    pub profile: &'a Profile,
}

/// Reads to-be-signed bytes and checks every rule that holds for the profile.
///
/// # Errors
/// All rules that are broken, notices apart; one finding alone when the bytes cannot be read.
pub fn lint(tbs: Vec<u8>, context: &Context<'_>) -> Result<LintedTbs, Findings> {
    let found = match Examined::to_be_signed(&tbs, context) {
        Ok(examined) => findings(&examined),
        Err(message) => vec![SHAPE.finding(message)],
    };
    LintedTbs::unless(found, tbs)
}

/// A certificate that somebody signed.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The Certificate, DER.
    pub certificate: &'a [u8],
    /// Its issuer's, DER. Without it the rules about the issuer are not checked.
    pub issuer: Option<&'a [u8]>,
    /// What it is for; `None`: what its content says.
    pub kind: Option<Kind>,
}

/// What lint has to say of a certificate that somebody signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it was taken for; `None` when it could not be read.
    pub kind: Option<Kind>,
    /// Every rule that it breaks, in the order of the rules.
    pub findings: Vec<Finding>,
}

/// Checks every rule that needs no profile. Its signature is not verified.
pub fn certificate(found: &Found<'_>) -> Report {
    match Examined::found(found) {
        Ok(examined) => Report { kind: Some(examined.kind()), findings: findings(&examined) },
        Err(message) => Report { kind: None, findings: vec![SHAPE.finding(message)] },
    }
}

fn findings(examined: &Examined<'_>) -> Vec<Finding> {
    let groups = GROUPS.iter().filter(|group| (group.holds_for)(examined));
    let rules = groups.flat_map(|group| group.rules);
    rules.filter_map(|rule| Some(rule.finding((rule.check)(examined).err()?))).collect()
}
