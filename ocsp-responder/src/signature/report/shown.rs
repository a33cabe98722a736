//! What a signature that is seen in a document says of itself, in each language.

use time::OffsetDateTime;

use super::super::signatory::SignatureKind;
use super::called;
use super::words::Language;
use crate::validation::certificate::Certificate;

/// What there is to be said of a signature that is about to be made.
#[derive(Debug, Clone, Copy)]
pub struct ShownText<'a> {
    /// Whose it is.
    pub signer: &'a Certificate,
    /// Whether a person signs or an organisation seals.
    pub kind: SignatureKind,
    /// When, by the signer's own clock.
    pub at: OffsetDateTime,
    /// Why.
    pub reason: Option<&'a str>,
    /// Where.
    pub place: Option<&'a str>,
    /// In which language.
    pub language: Language,
}

/// Something in braces cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFilledIn {
    /// There is no such thing.
    #[error("{{{0}}} cannot be filled in: there are {{who}}, {{when}}, {{reason}} and {{place}}")]
    Unknown(String),
    /// Nothing was said.
    #[error("{{{0}}} stands in the text, and nothing is given for it")]
    Unsaid(&'static str),
}

impl ShownText<'_> {
    /// The usual lines: who, when, and why and where as far as that is said.
    pub fn usual(&self) -> Vec<String> {
        let words = self.language.words();
        let by = match self.kind {
            SignatureKind::Signature => words.shown_signed,
            SignatureKind::Seal => words.shown_sealed,
        };
        let lines = [by, "{when}", words.shown_reason, words.shown_place];
        lines.into_iter().filter_map(|line| self.line(line).ok()).collect()
    }

    /// Lines of one's own, with what stands in braces filled in.
    ///
    /// # Errors
    /// Something in braces is unknown, or was not said.
    pub fn filled_in(&self, lines: &[String]) -> Result<Vec<String>, NotFilledIn> {
        lines.iter().map(|line| self.line(line)).collect()
    }

    /// In one pass: what is filled in may hold braces of its own.
    fn line(&self, line: &str) -> Result<String, NotFilledIn> {
        let (mut filled, mut rest) = (String::new(), line);
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else { break };
            filled.push_str(before);
            filled.push_str(&self.value(name)?);
            rest = after;
        }
        Ok(filled + rest)
    }

    fn value(&self, name: &str) -> Result<String, NotFilledIn> {
        let said = |text: Option<&str>, name| text.map(str::to_owned).ok_or(NotFilledIn::Unsaid(name));
        match name {
            "who" => {
                let subject = self.signer.subject();
                Ok(called(&subject).unwrap_or(subject))
            }
            "when" => Ok(self.language.moment(self.at)),
            "reason" => said(self.reason, "reason"),
            "place" => said(self.place, "place"),
            other => Err(NotFilledIn::Unknown(other.to_owned())),
        }
    }
}
