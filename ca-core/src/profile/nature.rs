//! What a profile is, read off its content: which rules apply follows from here, never from a switch.

use super::{AttributeType, KeyUsage, Oid, Profile, ProfileKind, SubjectAttribute, oids};

/// The registry's kinds of identity that a profile may be for.
pub(super) const IDENTITY_KINDS: [&str; 6] =
    ["person", "organisation", "device", "application", "agent", "staff"];

impl Profile {
    /// A root or an issuing CA.
    pub const fn is_ca(&self) -> bool {
        matches!(self.kind, ProfileKind::RootCa | ProfileKind::IssuingCa { .. })
    }

    /// Names a natural person to the world (ETSI EN 319 412-2). Staff certificates stay within the installation.
    pub fn is_for_person(&self) -> bool {
        self.vetting.identity_kind.as_deref() == Some("person")
    }

    /// Names a legal person (ETSI EN 319 412-3).
    pub fn is_for_organisation(&self) -> bool {
        self.vetting.identity_kind.as_deref() == Some("organisation")
    }

    /// Signs OCSP responses for the CA that issues it (RFC 6960 section 4.2.2.2).
    pub fn is_responder(&self) -> bool {
        self.serves(oids::OCSP_SIGNING)
    }

    /// Commits its holder to what is signed: nonRepudiation, which X.509 calls contentCommitment (RFC 5280 section 4.2.1.3).
    pub fn commits(&self) -> bool {
        self.key_usage.contains(&KeyUsage::NonRepudiation)
    }

    /// Authenticates a TLS server.
    pub fn is_tls_server(&self) -> bool {
        self.serves(oids::SERVER_AUTH)
    }

    /// Signs time-stamp tokens (RFC 3161).
    pub fn is_time_stamping_unit(&self) -> bool {
        self.serves(oids::TIME_STAMPING)
    }

    /// A CA's extended key usages do not say what it does but bound what those below it may do.
    fn serves(&self, purpose: Oid) -> bool {
        !self.is_ca() && self.extended_key_usage.contains(&purpose)
    }

    /// What the profile says of an attribute of the subject.
    pub fn attribute(&self, attribute: AttributeType) -> Option<&SubjectAttribute> {
        self.subject.iter().find(|candidate| candidate.attribute == attribute)
    }

    /// Whether every certificate of the profile has this attribute.
    pub(super) fn requires(&self, attribute: AttributeType) -> bool {
        self.attribute(attribute).is_some_and(|found| found.required)
    }
}
