//! A profile in a clerk's words. Whoever shows a profile, compares two, or tells what a proposal changes says it in these
//! words: there is no other description.

mod content;
mod difference;
mod terms;
mod words;

use serde::Serialize;
use serde_json::Value;

pub(in crate::profile) use words::is_example;

pub use difference::{Difference, Turn, differences};

use super::Profile;

/// One thing that a profile says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// Of which part of the profile.
    pub part: Part,
    /// What it is about, where a part has several: an attribute, a policy's identifier.
    pub about: Option<String>,
    /// What it says, clause by clause.
    pub says: Vec<String>,
    /// The same for programs, in the words of the profile's file.
    pub value: Value,
    /// What it amounts to, where more and less have a meaning.
    #[serde(skip)]
    measure: Option<Measure>,
}

/// An amount that two profiles can be compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Measure {
    amount: i64,
    /// What is said when it becomes less, and when it becomes more.
    verbs: [&'static str; 2],
}

/// A part of a profile, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What it is for.
    Title,
    /// What kind of certificate it makes.
    Kind,
    /// The attributes of the subject.
    Subject,
    /// The subject alternative names.
    AlternativeNames,
    /// The key usages.
    KeyUsage,
    /// The extended key usages.
    Purposes,
    /// The certificate policies.
    Policies,
    /// The statements of ETSI EN 319 412-5.
    QcStatements,
    /// What else stands in the certificate.
    Extensions,
    /// The addresses of the issuing CA that stand in the certificate.
    Addresses,
    /// How its revocation is told.
    Status,
    /// How long it lasts.
    Validity,
    /// Which keys are admitted.
    Keys,
    /// What becomes of what a request asks for.
    Requests,
    /// Who asks, who approves.
    Vetting,
}

/// Whom a part concerns first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Who reads its certificates.
    RelyingParties,
    /// Who has one, and who reads one.
    Everybody,
    /// Who asks for one, and who approves.
    Applicants,
}

impl Part {
    /// Its name for people, where one thing of it is told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Kind => "kind",
            Self::Subject => "subject",
            Self::AlternativeNames => "alternative name",
            Self::KeyUsage => "key usage",
            Self::Purposes => "purpose",
            Self::Policies => "policy",
            Self::QcStatements => "statement",
            Self::Extensions => "extension",
            Self::Addresses => "address",
            Self::Status => "status",
            Self::Validity => "validity",
            Self::Keys => "key",
            Self::Requests => "request",
            Self::Vetting => "vetting",
        }
    }

    /// Whom it concerns first.
    pub const fn concerns(self) -> Audience {
        match self {
            Self::Kind
            | Self::Subject
            | Self::AlternativeNames
            | Self::KeyUsage
            | Self::Purposes
            | Self::Policies
            | Self::QcStatements
            | Self::Extensions
            | Self::Addresses => Audience::RelyingParties,
            Self::Title | Self::Status | Self::Validity => Audience::Everybody,
            Self::Keys | Self::Requests | Self::Vetting => Audience::Applicants,
        }
    }

    /// Whether the order of its statements is the order in the certificate.
    const fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Subject | Self::AlternativeNames | Self::Purposes | Self::Policies | Self::QcStatements
        )
    }
}

impl Audience {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::RelyingParties, Self::Everybody, Self::Applicants];

    /// A heading for people.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::RelyingParties => "What relying parties read in the certificate",
            Self::Everybody => "What holders and relying parties count on",
            Self::Applicants => "What is asked of applicants and officers",
        }
    }
}

impl Statement {
    fn new(part: Part, says: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { part, about: None, says: vec![says.into()], value: value.into(), measure: None }
    }

    fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    fn and(mut self, clause: Option<String>) -> Self {
        self.says.extend(clause);
        self
    }

    fn measured(self, amount: i64, verbs: [&'static str; 2]) -> Self {
        Self { measure: Some(Measure { amount, verbs }), ..self }
    }

    /// All it says, in one line.
    pub fn words(&self) -> String {
        self.says.join("; ")
    }
}

impl Profile {
    /// All that the profile says, part by part. What makes no difference (the order of key usages) is told in one order.
    pub fn statements(&self) -> Vec<Statement> {
        // Every member is told in `content` or `terms`. One that comes later is told there too, before it is named here.
        let Self {
            id: _,
            title: _,
            kind: _,
            subject: _,
            request_subject: _,
            alternative_names: _,
            key_usage: _,
            extended_key_usage: _,
            extended_key_usage_critical: _,
            policies: _,
            qc_statements: _,
            subject_key_identifier: _,
            end_entity_constraints: _,
            ocsp_address: _,
            ca_issuers_address: _,
            crl_address: _,
            ocsp_no_check: _,
            crl_at_once: _,
            validity: _,
            max_validity: _,
            private_key_usage: _,
            short_term: _,
            keys: _,
            vetting: _,
            // No file can say it.
            cross: _,
        } = self;
        let mut told = content::statements(self);
        told.extend(terms::statements(self));
        told.sort_by_key(|statement| statement.part);
        told
    }
}

#[cfg(test)]
mod tests;
