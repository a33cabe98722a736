//! What a relying party asks of a signature besides that it holds: who made it, under which policy, for how long it can be believed
//! (the signature validation constraints of ETSI EN 319 102-1 clauses 5.2.6 and 5.2.8).

use std::str::FromStr;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;

use super::asic::ContainerVerdict;
use super::pades::PdfVerdict;
use super::report::parts_of;
use super::verdict::{SignatureLevel, SignatureVerdict};
use crate::validation::certificate::CertificateSummary;
use crate::validation::{Answer, Indication, SubIndication, Verdict};

/// What is asked. The default asks for nothing. Of a document or container with several signatures all must hold, and one of them
/// must be what is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignatureDemands {
    /// The certificate policies of which one will do; none: any.
    pub policies: Vec<ObjectIdentifier>,
    /// Whose certificate it must be.
    pub signer: Option<NamePattern>,
    /// The level that it must have at least.
    pub level: Option<SignatureLevel>,
}

/// Whether nothing else is against it, but for a signature policy that is not at hand.
fn is_left_to_ask(answer: Answer, why: Option<SubIndication>) -> bool {
    answer == Answer::Valid || why == Some(SubIndication::SignaturePolicyNotAvailable)
}

/// What is asked for is not there.
type Unmet = (SubIndication, String);

impl SignatureDemands {
    /// Whether anything is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Why a certificate is not the one that is asked for.
    pub fn other_signer(&self, certificate: &CertificateSummary) -> Option<String> {
        let wanted = self.signer.as_ref().filter(|wanted| !wanted.is_of(certificate))?;
        Some(format!("{} is not {wanted}, who is asked for", certificate.subject))
    }

    /// The verdict about a signature, with what is asked for.
    #[must_use]
    pub fn of_signature(&self, verdict: SignatureVerdict) -> SignatureVerdict {
        match self.unmet(&verdict) {
            Some((why, reason)) if is_left_to_ask(verdict.answer, verdict.sub_indication) => {
                let indication = why.indication();
                let (answer, sub_indication) = (indication.answer(), Some(why));
                SignatureVerdict { answer, indication, sub_indication, reasons: vec![reason], ..verdict }
            }
            _ => verdict,
        }
    }

    /// The verdict about a PDF document, with what is asked for.
    #[must_use]
    pub fn of_pdf(&self, verdict: PdfVerdict) -> PdfVerdict {
        let signatures = verdict.signatures.iter().map(|signature| (&*signature.field, &signature.verdict));
        match self.unmet_by_all(signatures) {
            Some((why, reasons)) if is_left_to_ask(verdict.answer, verdict.sub_indication) => {
                let indication = why.indication();
                let (answer, sub_indication) = (indication.answer(), Some(why));
                PdfVerdict { answer, indication, sub_indication, reasons, ..verdict }
            }
            _ => verdict,
        }
    }

    /// The verdict about a container, with what is asked for.
    #[must_use]
    pub fn of_container(&self, verdict: ContainerVerdict) -> ContainerVerdict {
        let signatures = verdict.signatures.iter().map(|signature| (&*signature.file, &signature.verdict));
        match self.unmet_by_all(signatures) {
            Some((why, reasons)) if is_left_to_ask(verdict.answer, verdict.sub_indication) => {
                let indication: Indication = why.indication();
                let (answer, sub_indication) = (indication.answer(), Some(why));
                ContainerVerdict { answer, indication, sub_indication, reasons, ..verdict }
            }
            _ => verdict,
        }
    }

    /// What each signature lacks, where none of them is what is asked for.
    fn unmet_by_all<'a>(
        &self,
        signatures: impl Iterator<Item = (&'a str, &'a SignatureVerdict)>,
    ) -> Option<(SubIndication, Vec<String>)> {
        if self.is_empty() {
            return None;
        }
        let mut reasons = Vec::new();
        let mut first = None;
        for (name, verdict) in signatures {
            // One that is what is asked for is enough.
            let (why, reason) = self.unmet(verdict)?;
            first.get_or_insert(why);
            reasons.push(format!("{name}: {reason}"));
        }
        if reasons.is_empty() {
            reasons.push("nobody signed it".to_owned());
        }
        Some((first.unwrap_or(SubIndication::SigConstraintsFailure), reasons))
    }

    fn unmet(&self, verdict: &SignatureVerdict) -> Option<Unmet> {
        let certificate = verdict.certificate.as_ref();
        let policy = || certificate.and_then(|certificate| self.other_policy(certificate));
        let signer = || {
            let signer = &certificate?.path.first()?.certificate;
            Some((SubIndication::SigConstraintsFailure, self.other_signer(signer)?))
        };
        policy().or_else(signer).or_else(|| self.lower_level(verdict.level))
    }

    /// EN 319 102-1 clause 5.2.6: X.509 validation constraints.
    fn other_policy(&self, certificate: &Verdict) -> Option<Unmet> {
        let is_wanted = |policy: &String| {
            *policy == rfc5280::ANY_POLICY.to_string()
                || self.policies.iter().any(|wanted| wanted.to_string() == *policy)
        };
        if self.policies.is_empty() || certificate.policies.iter().any(is_wanted) {
            return None;
        }
        let wanted: Vec<_> = self.policies.iter().map(ToString::to_string).collect();
        let reason = format!("its certificate is not valid under policy {}", wanted.join(" or "));
        Some((SubIndication::ChainConstraintsFailure, reason))
    }

    /// EN 319 102-1 clause 5.2.8: signature elements constraints.
    fn lower_level(&self, level: Option<SignatureLevel>) -> Option<Unmet> {
        let wanted = self.level?;
        if level >= Some(wanted) {
            return None;
        }
        let level = level.map_or_else(
            || "of no level: it is no baseline signature".to_owned(),
            |level| format!("of level {}", level.name()),
        );
        let reason = format!("it is {level}, and at least {} is asked for", wanted.name());
        Some((SubIndication::SigConstraintsFailure, reason))
    }
}

/// A subject, or what must be in it: `O=Revenue Services*,C=LS`, `organizationIdentifier=GO:LS-RSL`, `sha256=…` of the certificate.
/// Each attribute that is named must be there and be whole what is said, letters large or small; `*` stands for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    text: String,
    attributes: Vec<(String, String)>,
}

/// The text names no attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "name attributes of the subject: CN=Thabo Mokoena, or organizationIdentifier=GO:LS-RSL,C=LS, or sha256=FINGERPRINT"
)]
pub struct NoPattern;

impl FromStr for NamePattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, NoPattern> {
        let attributes = attributes(text).ok_or(NoPattern)?;
        let is_whole = |(kind, value): &(String, String)| !kind.is_empty() && !value.is_empty();
        if attributes.is_empty() || !attributes.iter().all(is_whole) {
            return Err(NoPattern);
        }
        Ok(Self { text: text.to_owned(), attributes })
    }
}

impl std::fmt::Display for NamePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl NamePattern {
    fn is_of(&self, certificate: &CertificateSummary) -> bool {
        let mut has = attributes(&certificate.subject).unwrap_or_default();
        has.push(("sha256".to_owned(), certificate.sha256.clone()));
        let fits = |(kind, pattern): &(String, String)| {
            has.iter().any(|(found, value)| found == kind && is_like(pattern, value))
        };
        self.attributes.iter().all(fits)
    }
}

/// The attributes of a name, types and values in small letters; `None` where one has no `=`.
fn attributes(name: &str) -> Option<Vec<(String, String)>> {
    let small = |text: &str| text.trim().to_lowercase();
    parts_of(name).into_iter().map(|(kind, value)| Some((small(&kind?), small(&value)))).collect()
}

/// Whether a value is what a pattern says, in which `*` stands for anything.
fn is_like(pattern: &str, value: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = value.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use time::OffsetDateTime;

    use super::{CertificateSummary, NamePattern, is_like};

    fn of(subject: &str) -> CertificateSummary {
        CertificateSummary {
            subject: subject.to_owned(),
            issuer: String::new(),
            serial: String::new(),
            sha256: "ab12".to_owned(),
            not_before: OffsetDateTime::UNIX_EPOCH,
            not_after: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_signer_is_asked_for_by_whole_attributes() {
        let thabo = of(r"CN=MOKOENA\,THABO,serialNumber=PNOLS-1+surname=Mokoena,C=LS");
        let asks = |pattern: &str| pattern.parse::<NamePattern>().unwrap().is_of(&thabo);
        for pattern in
            [r"CN=Mokoena\,Thabo", "serialnumber=PNOLS-1, C=LS", "CN=*thabo", "surname=m*a", "sha256=AB12"]
        {
            assert!(asks(pattern), "{pattern}");
        }
        for pattern in
            ["CN=Thabo", "serialNumber=PNOLS-11", "serialNumber=PNOLS", "C=LS,O=x", "CN=LS", "sha256=ab"]
        {
            assert!(!asks(pattern), "{pattern}");
        }
        // What a stranger writes into one attribute is no other one.
        assert!(
            !"serialNumber=PNOLS-1".parse::<NamePattern>().unwrap().is_of(&of(r"CN=x\,serialNumber=PNOLS-1"))
        );
        for wrong in ["", "Thabo", "CN=", "=x", "CN=x,,C=LS"] {
            assert!(wrong.parse::<NamePattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, value) in [("a*c", "abc"), ("*", ""), ("a*b*c", "a-b-b-c"), ("*b", "bb"), ("a", "a")] {
            assert!(is_like(pattern, value), "{pattern} {value}");
        }
        for (pattern, value) in [("a*c", "ab"), ("ab*ba", "aba"), ("a", "ab"), ("a*b*c", "acb"), ("", "x")] {
            assert!(!is_like(pattern, value), "{pattern} {value}");
        }
    }
}
