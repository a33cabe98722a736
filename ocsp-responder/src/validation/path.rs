//! From an end entity to a trust anchor: candidates by issuer name, then RFC 5280 section 6.1 over each.

use certval::{
    CertificationPath, CertificationPathResults, CertificationPathSettings, Error, PDVTrustAnchorChoice,
    PathValidationStatus, PkiEnvironment, TimeOfInterest,
};
use der::asn1::BitString;
use serde::{Deserialize, Serialize};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use time::OffsetDateTime;

use super::algorithm::{self, AlgorithmError};
use super::certificate::{Certificate, chain};

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

/// A path that RFC 5280 section 6.1 accepts: end entity first, trust anchor last.
#[derive(Debug, Clone)]
pub struct ValidPath(Vec<Certificate>);

impl ValidPath {
    /// The certificates, end entity first, trust anchor last.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }
}

/// What RFC 5280 section 6.1 refuses about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Anything else.
    Unspecified,
}

impl PathFault {
    fn from_status(status: PathValidationStatus) -> Self {
        use PathValidationStatus as Status;
        match status {
            Status::InvalidNotBeforeDate => Self::NotYetValid,
            Status::InvalidNotAfterDate => Self::Expired,
            Status::NameChainingFailure => Self::NameChaining,
            Status::SignatureVerificationFailure => Self::Signature,
            Status::MissingBasicConstraints | Status::InvalidBasicConstraints => Self::NotACa,
            Status::InvalidKeyUsage => Self::KeyUsage,
            Status::InvalidPathLength => Self::PathLength,
            Status::NameConstraintsViolation => Self::NameConstraints,
            Status::UnprocessedCriticalExtension => Self::CriticalExtension,
            Status::NullPolicySet | Status::InvalidPolicyMapping => Self::Policy,
            Status::EncodingError => Self::Encoding,
            Status::ProcessingLimitExceeded => Self::Limit,
            _ => Self::Unspecified,
        }
    }
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

/// Looks for a path from `target` to one of `anchors` that holds at the moment `at`.
///
/// # Errors
/// Each way in which there is none.
pub fn find_path(
    target: &Certificate,
    intermediates: &[Certificate],
    anchors: &[Certificate],
    at: OffsetDateTime,
) -> Result<ValidPath, Box<PathFailure>> {
    if intermediates.len() > MAX_INTERMEDIATES || anchors.len() > MAX_INTERMEDIATES {
        return Err(Box::new(PathFailure::LimitReached));
    }
    // The trust anchor itself was asked about.
    if let Some(anchor) = anchors.iter().find(|anchor| anchor.der() == target.der()) {
        return anchor_alone(anchor, at);
    }
    let mut search = Search { intermediates, anchors, at, checks: 0, paths: 0, failure: None, found: None };
    search.extend(&mut vec![target]);
    match (search.found, search.failure) {
        (Some(path), _) => Ok(path),
        (None, Some(failure)) => Err(Box::new(failure)),
        (None, None) => Err(Box::new(PathFailure::NotFound)),
    }
}

fn anchor_alone(anchor: &Certificate, at: OffsetDateTime) -> Result<ValidPath, Box<PathFailure>> {
    let fault = if at < anchor.not_before() {
        PathFault::NotYetValid
    } else if at > anchor.not_after() {
        PathFault::Expired
    } else {
        return Ok(ValidPath(vec![anchor.clone()]));
    };
    Err(Box::new(PathFailure::Refused { path: vec![anchor.clone()], index: 0, fault }))
}

struct Search<'a> {
    intermediates: &'a [Certificate],
    anchors: &'a [Certificate],
    at: OffsetDateTime,
    checks: usize,
    paths: usize,
    failure: Option<PathFailure>,
    found: Option<ValidPath>,
}

impl<'a> Search<'a> {
    /// Depth-first: tries to complete `path`, whose last certificate still lacks its issuer.
    fn extend(&mut self, path: &mut Vec<&'a Certificate>) {
        let Some(last) = path.last().copied() else { return };
        for anchor in by_likelihood(self.anchors, last) {
            if self.ended() {
                return;
            }
            if self.signed(last, anchor) {
                self.try_path(path, anchor);
            }
        }
        // One place is kept for the trust anchor.
        if path.len() + 1 >= MAX_PATH_LENGTH {
            return;
        }
        for issuer in by_likelihood(self.intermediates, last) {
            if self.ended() {
                return;
            }
            // A CA does not stand twice in one path: ends loops of cross-certificates.
            if path.iter().any(|known| known.same_entity(issuer)) || !self.signed(last, issuer) {
                continue;
            }
            path.push(issuer);
            self.extend(path);
            path.pop();
        }
    }

    fn ended(&mut self) -> bool {
        if self.checks >= MAX_SIGNATURE_CHECKS || self.paths >= MAX_PATHS {
            // Also after a refusal: an unfinished search cannot say that there is no path.
            self.failure = Some(PathFailure::LimitReached);
            return true;
        }
        self.found.is_some()
    }

    fn signed(&mut self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.checks += 1;
        match certificate.verify_signed_by(issuer) {
            Ok(()) => true,
            Err(AlgorithmError::Mismatch | AlgorithmError::KeyMismatch) => {
                self.failure.get_or_insert(PathFailure::NotSignedByNamedIssuer);
                false
            }
            Err(weak) => {
                self.failure.get_or_insert(PathFailure::WeakAlgorithm(weak));
                false
            }
        }
    }

    fn try_path(&mut self, path: &[&'a Certificate], anchor: &'a Certificate) {
        self.paths += 1;
        let complete = || path.iter().copied().chain([anchor]).cloned().collect::<Vec<_>>();
        match process(path, anchor, self.at) {
            Ok(()) => self.found = Some(ValidPath(complete())),
            // The first path refused is the likeliest one: its refusal is told.
            Err(_) if matches!(self.failure, Some(PathFailure::Refused { .. })) => {}
            Err((index, fault)) => {
                self.failure = Some(PathFailure::Refused { path: complete(), index, fault });
            }
        }
    }
}

/// The candidates with the issuer's name; those whose key identifier fits first, those whose does not fit last.
/// The latter are not left out: key identifiers are hints, and RFC 5280 section 6.1 does not look at them.
fn by_likelihood<'a>(candidates: &'a [Certificate], certificate: &Certificate) -> Vec<&'a Certificate> {
    let mut named: Vec<_> = candidates
        .iter()
        .filter(|candidate| certval::compare_names(certificate.issuer_name(), candidate.subject_name()))
        .collect();
    named.sort_by_key(|candidate| match certificate.names_key_of(candidate) {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    });
    named
}

/// RFC 5280 section 6.1 over one path; on refusal, the index of the certificate (end entity first) and the cause.
fn process(
    path: &[&Certificate],
    anchor: &Certificate,
    at: OffsetDateTime,
) -> Result<(), (usize, PathFault)> {
    let unreadable = |_| (path.len(), PathFault::Encoding);
    let Some((target, above)) = path.split_first() else {
        return Err((0, PathFault::Unspecified));
    };
    let trust_anchor = PDVTrustAnchorChoice::try_from(anchor.der()).map_err(unreadable)?;
    let settings = settings(&trust_anchor, at).map_err(|error| (path.len(), fault_of(error)))?;
    let top_down: Vec<_> = above.iter().rev().copied().collect();
    let candidate = CertificationPath::new(trust_anchor, chain(&top_down), target.processed().clone());
    let mut results = CertificationPathResults::new();
    certval::validate_path_rfc5280(&environment(), &settings, &candidate, &mut results).map_err(|error| {
        // certval counts from the trust anchor (0) down to the target.
        let from_anchor = results.get_failure_index().map_or(path.len(), |index| index as usize);
        (path.len().saturating_sub(from_anchor), fault_of(error))
    })
}

fn settings(anchor: &PDVTrustAnchorChoice, at: OffsetDateTime) -> certval::Result<CertificationPathSettings> {
    let mut settings = CertificationPathSettings::new();
    let seconds = u64::try_from(at.unix_timestamp()).map_err(|_| Error::Unrecognized)?;
    settings.set_time_of_interest(TimeOfInterest::from_unix_secs(seconds)?);
    // The anchors were chosen before: certval keeps no store of its own.
    settings.set_require_ta_store(false);
    // RFC 5937: what a root's own certificate constrains holds for its paths.
    settings.set_enforce_trust_anchor_constraints(true);
    certval::enforce_trust_anchor_constraints(&settings, anchor)
}

fn environment() -> PkiEnvironment {
    let mut environment = PkiEnvironment::new();
    environment.add_validate_path_callback(certval::validate_path_rfc5280);
    environment.add_calculate_hash_callback(certval::calculate_hash_rust_crypto);
    environment.add_verify_signature_message_callback(verify_message);
    environment
}

fn verify_message(
    _: &PkiEnvironment,
    message: &[u8],
    signature: &BitString,
    identifier: &AlgorithmIdentifierOwned,
    key: &SubjectPublicKeyInfoOwned,
) -> certval::Result<()> {
    let failed = Error::PathValidation(PathValidationStatus::SignatureVerificationFailure);
    let signature = signature.as_bytes().ok_or(failed)?;
    algorithm::read(identifier)
        .and_then(|algorithm| algorithm::verify(algorithm, key, message, signature))
        .map_err(|_| failed)
}

fn fault_of(error: Error) -> PathFault {
    match error {
        Error::PathValidation(status) => PathFault::from_status(status),
        Error::Asn1Error(_) => PathFault::Encoding,
        // certval's answer to a critical extension of the trust anchor that it does not process.
        Error::Unrecognized => PathFault::CriticalExtension,
        _ => PathFault::Unspecified,
    }
}
