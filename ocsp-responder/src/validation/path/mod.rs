//! From an end entity to a trust anchor: candidates by issuer name, then RFC 5280 section 6.1 over each.

mod policy;
mod process;
mod search;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::algorithm::AlgorithmError;
use super::certificate::Certificate;

pub use policy::Policies;
pub use search::Pool;
pub(super) use search::Visit;

/// The most signatures that are checked while looking for a path. Certificates in a signed file or a handshake come
/// from its sender, who can arrange them so that the number of paths grows exponentially;
/// rustls-webpki counts signature checks for the same reason.
pub const MAX_SIGNATURE_CHECKS: usize = 64;
/// The most certificates a path may have, end entity and trust anchor included.
pub const MAX_PATH_LENGTH: usize = 8;
/// The most complete paths that are processed before the search ends; each checks its signatures once more.
pub const MAX_PATHS: usize = 8;
/// The most intermediate certificates that are looked through; more make the search end without an answer.
pub const MAX_INTERMEDIATES: usize = 1024;

/// The most steps from a certificate to a candidate for its issuer. Signatures between certificates of a pool are
/// checked once and then remembered, so their number alone would not end a search through a mesh.
pub const MAX_STEPS: usize = 4096;

/// What a relying party asks of a path (RFC 5280 section 6.1.1 (c) to (g)). The default asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demands {
    /// user-initial-policy-set: the policies that will do.
    pub policies: Policies,
    /// initial-explicit-policy: the path must be valid for at least one of them.
    pub require_explicit_policy: bool,
    /// initial-policy-mapping-inhibit: no policy counts as another.
    pub inhibit_policy_mapping: bool,
    /// initial-any-policy-inhibit: anyPolicy stands for nothing.
    pub inhibit_any_policy: bool,
}

impl Demands {
    /// Nothing.
    pub const NONE: Self = Self {
        policies: Policies::Any,
        require_explicit_policy: false,
        inhibit_policy_mapping: false,
        inhibit_any_policy: false,
    };
}

/// A path that RFC 5280 section 6.1 accepts: end entity first, trust anchor last.
#[derive(Debug, Clone)]
pub struct ValidPath {
    certificates: Vec<Certificate>,
    policies: Policies,
}

impl ValidPath {
    /// The certificates, end entity first, trust anchor last.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// user-constrained-policy-set (section 6.1.6): the policies that it is valid for, among those asked for.
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }
}

/// What RFC 5280 section 6.1 refuses about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PathFault {
    /// The validity period has not begun.
    NotYetValid,
    /// The validity period is over.
    Expired,
    /// Issuer and subject names do not chain.
    NameChaining,
    /// A signature does not verify.
    Signature,
    /// A certificate issued another though it is not a CA (section 4.2.1.9).
    NotACa,
    /// The key usage does not allow what the key did (section 4.2.1.3).
    KeyUsage,
    /// More CAs follow than pathLenConstraint allows (section 4.2.1.9).
    PathLength,
    /// A name is outside the name constraints of a CA above (section 4.2.1.10).
    NameConstraints,
    /// A critical extension is not understood (section 4.2).
    CriticalExtension,
    /// Certificate policies do not fit together (section 6.1.3 (d) to (f)).
    Policy,
    /// A part of a certificate cannot be read.
    Encoding,
    /// Processing was given up at a limit.
    Limit,
    /// Anything else. Not given any more; verdicts that were kept may hold it.
    Unspecified,
}

impl std::fmt::Display for PathFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotYetValid => "is not valid yet",
            Self::Expired => "has expired",
            Self::NameChaining => "does not name the certificate above it as its issuer",
            Self::Signature => "was not signed by the certificate above it",
            Self::NotACa => "issued a certificate but is not a CA",
            Self::KeyUsage => "may not use its key in this way",
            Self::PathLength => "stands below more CAs than its issuers allow",
            Self::NameConstraints => "has a name that a CA above it may not vouch for",
            Self::CriticalExtension => "has a critical extension that is not understood",
            Self::Policy => "is not issued under an acceptable policy",
            Self::Encoding => "has a part that cannot be read",
            Self::Limit => "takes more work to process than is allowed",
            Self::Unspecified => "was refused by path processing",
        })
    }
}

/// There is no path.
#[derive(Debug, Clone)]
pub enum PathFailure {
    /// A path was found and refused: the certificates, end entity first, which of them, and why.
    Refused {
        /// The path.
        path: Vec<Certificate>,
        /// Index of the refused certificate in the path.
        index: usize,
        /// Why.
        fault: PathFault,
    },
    /// No certificate at hand leads to a trust anchor.
    NotFound,
    /// The certificate's issuer is at hand by name, but its key did not sign the certificate.
    NotSignedByNamedIssuer,
    /// The only way to a trust anchor goes through an algorithm that is not accepted.
    WeakAlgorithm(AlgorithmError),
    /// The search was given up at its limits.
    LimitReached,
}

/// Looks for a path from `target` to one of `anchors` that holds at the moment `at`. Who asks often makes a [`Pool`].
///
/// # Errors
/// Each way in which there is none.
pub fn find_path(
    target: &Certificate,
    intermediates: &[Certificate],
    anchors: &[Certificate],
    at: OffsetDateTime,
) -> Result<ValidPath, Box<PathFailure>> {
    Pool::new(intermediates, anchors).find_path(target, &Demands::NONE, at)
}
