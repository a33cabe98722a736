//! The pipeline of an issuance. Types make the order: an [`IssuanceRequest`] was admitted by a profile, a
//! [`PreparedCertificate`] has a durable serial number and linted to-be-signed bytes and can be signed once, by move;
//! an [`IssuedCertificate`] is stored, bound and audited.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::alternative_name::{Name, NameForm};
use crate::blocked_keys::{BlockReason, BlockedKey};
use crate::certificate::{CaId, CertificateRecord};
use crate::clock::{ClockSetBack, EntropyError};
use crate::crl::Partition;
use crate::csr::SubjectPublicKey;
use crate::keys::KeyError;
use crate::lint::LintedTbs;
use crate::profile::{AttributeType, Profile, ProfileId};
use crate::profile_book::{self, EditionMark};
use crate::serial::SerialNumber;
use crate::status::RevocationReason;
use crate::storage::{Change, CommitError, StorageError, Version};
use crate::subject::{ApprovedSubject, IdentityRef};
use crate::vault::VaultError;

mod admit;
mod extensions;
pub(crate) mod issuer;
mod outdated;
mod qc_statements;
pub(crate) mod reservation;
pub(crate) mod to_be_signed;

pub use admit::Proposal;
pub use outdated::UnreadableCertificate;
pub use reservation::AbandonError;

/// A request that a profile admitted.
#[derive(Debug)]
pub struct IssuanceRequest {
    pub(crate) profile: Arc<Profile>,
    pub(crate) subject: ApprovedSubject,
    pub(crate) attributes: Vec<(AttributeType, String)>,
    pub(crate) names: Vec<Name>,
    pub(crate) key: SubjectPublicKey,
    /// Which edition of the profile; `None` for a profile that no book keeps.
    pub(crate) edition: Option<EditionMark>,
}

/// Linted to-be-signed bytes with a serial number that is durably reserved for them.
#[derive(Debug)]
pub struct PreparedCertificate {
    pub(crate) to_be_signed: LintedTbs,
    pub(crate) draft: Draft,
    /// The reservation's version: what signing will find, or it does not commit.
    pub(crate) reservation: Version,
}

/// What is known of a certificate before it is signed.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) serial: SerialNumber,
    pub(crate) profile: Arc<Profile>,
    pub(crate) subject: ApprovedSubject,
    pub(crate) key: SubjectPublicKey,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
    /// Which CRL the certificate names.
    pub(crate) partition: Partition,
    pub(crate) edition: Option<EditionMark>,
}

impl Draft {
    /// Demands that the profile is in force as it was when the request was admitted.
    pub(crate) fn still_in_force(&self) -> Change {
        match &self.edition {
            Some(edition) => profile_book::still_in_force(Change::new(), edition.directory),
            None => Change::new(),
        }
    }
}

/// A certificate that is signed, stored, bound to its identity and in the ledger.
#[derive(Debug, Clone)]
pub struct IssuedCertificate {
    /// What is known of it.
    pub record: CertificateRecord,
    /// Its DER.
    pub der: Vec<u8>,
}

/// A profile does not admit a request. Each refusal cites its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key's kind or size is not among the profile's.
    #[error("profile {profile} does not admit {key} keys; it admits {admitted}")]
    KeyNotAdmitted {
        /// The profile.
        profile: String,
        /// The key offered.
        key: String,
        /// What the profile admits.
        admitted: String,
    },
    /// A value the profile requires is not in the registry.
    #[error("profile {profile} needs the identity's {fact}, and the registry has none")]
    FactMissing {
        /// The profile.
        profile: String,
        /// The missing fact.
        fact: String,
    },
    /// A value of the registry does not fit the profile's pattern or length.
    #[error("the identity's {fact} does not fit profile {profile}: {why}")]
    FactUnfit {
        /// The profile.
        profile: String,
        /// The fact.
        fact: String,
        /// What does not fit.
        why: String,
    },
    /// The request asks for a name that the registry does not grant the identity.
    #[error("{name} is not one of the identity's names in the registry")]
    NameNotGranted {
        /// The name asked for.
        name: String,
    },
    /// The request asks for a name of a form that the profile's certificates do not have.
    #[error("the request asks for {name}, and certificates of profile {profile} have {}", forms(.admitted))]
    NameFormNotAdmitted {
        /// The profile.
        profile: String,
        /// The name asked for.
        name: String,
        /// The forms that the profile has.
        admitted: Vec<NameForm>,
    },
    /// The profile takes a value from the request, and the request has none.
    #[error("profile {profile} takes the {what} from the request, and the request has none")]
    ProposalMissing {
        /// The profile.
        profile: String,
        /// Which attribute, or which form of alternative name.
        what: String,
    },
    /// What the applicant proposes is not what the profile lets applicants propose.
    #[error("the {what} that the request proposes does not fit profile {profile}: {why}")]
    ProposalUnfit {
        /// The profile.
        profile: String,
        /// Which attribute, or which form of alternative name.
        what: String,
        /// What does not fit.
        why: String,
    },
    /// The subject that the request asks for is another than the certificate would have.
    #[error(
        "the request's subject says {attribute} {asked:?}, and the certificate's {}; under profile {profile} they must match",
        if *.has_one { "says something else" } else { "has none" }
    )]
    SubjectDiffers {
        /// The profile.
        profile: String,
        /// The attribute, by its short name.
        attribute: String,
        /// What the request says.
        asked: String,
        /// Whether the certificate has one at all.
        has_one: bool,
    },
    /// The request asks for what certificates of the profile do not have.
    #[error("the request asks for {wish}, and {rule}")]
    WishNotAdmitted {
        /// What kind of wish it is.
        what: Wish,
        /// The wish, in words.
        wish: String,
        /// The rule, in words.
        rule: String,
    },
    /// The key is bound to another identity, now or in the past.
    #[error("this key already belongs to another identity; a key serves one identity only")]
    KeyOfAnother,
    /// The CA's CRLs are about another kind of certificate.
    #[error("profile {profile} is not for this CA: its CRLs are about {contains}")]
    CrlLeavesOut {
        /// The profile.
        profile: String,
        /// What the CRLs are about.
        contains: String,
    },
    /// The key is blocked: its private half is, or may be, in others' hands.
    #[error("this key is blocked as {}: {source_of_it}", .reason.name())]
    KeyCompromised {
        /// Why it is blocked.
        reason: BlockReason,
        /// Where that is known from, in words.
        source_of_it: String,
    },
}

/// What a request may ask for besides names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To be a CA.
    Ca,
    /// A key usage.
    KeyUsage,
    /// An extended key usage.
    Purpose,
    /// A certificate policy.
    Policy,
    /// Any other extension.
    Extension,
}

fn forms(admitted: &[NameForm]) -> String {
    let names: Vec<&str> = admitted.iter().map(|form| form.name()).collect();
    if names.is_empty() { "no alternative names".to_owned() } else { format!("{} only", names.join(", ")) }
}

impl From<BlockedKey> for Refusal {
    fn from(blocked: BlockedKey) -> Self {
        Self::KeyCompromised { reason: blocked.reason, source_of_it: blocked.source }
    }
}

/// A certificate was not issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The profile refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The certificate would have broken a rule: a fault of ours or of a profile, never of the applicant.
    #[error("lint refused the certificate: {}", .0.join("; "))]
    Lint(Vec<String>),
    /// No CA of the installation issues under the profile now.
    #[error("no CA of this installation issues under profile {0} at this time")]
    NoAuthority(ProfileId),
    /// The CA's own key is, or may be, in others' hands.
    #[error("the key of the issuing CA {ca} is blocked as {}: it issues nothing more", .reason.name())]
    OwnKeyBlocked {
        /// The CA.
        ca: CaId,
        /// Why its key is blocked.
        reason: BlockReason,
    },
    /// The CA's own certificate is revoked or on hold.
    #[error("CA {ca} issues nothing more: its own certificate was revoked {}, {reason}", crate::clock::in_words(*at))]
    IssuerRevoked {
        /// Which.
        ca: CaId,
        /// When, UTC.
        at: OffsetDateTime,
        /// Why.
        reason: RevocationReason,
    },
    /// The CA was retired.
    #[error("CA {ca} issues nothing more: it was retired {}", crate::clock::in_words(*at))]
    IssuerRetired {
        /// Which.
        ca: CaId,
        /// When, UTC.
        at: OffsetDateTime,
    },
    /// The CA cannot issue for this long any more.
    #[error("the issuing CA ends before the certificate would")]
    IssuerTooShort,
    /// The clock cannot be trusted.
    #[error(transparent)]
    Clock(#[from] ClockSetBack),
    /// The identity was erased: nothing is issued to it any more.
    #[error("{0} was erased; nothing more is issued to it")]
    Erased(IdentityRef),
    /// What is personal in the certificate could not be sealed.
    #[error(transparent)]
    Vault(VaultError),
    /// The change could not be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The signing key could not be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The to-be-signed bytes could not be written.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
}

/// Bytes could not be written: a value does not fit its ASN.1 type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the certificate could not be encoded: {0}")]
pub struct EncodingError(pub(crate) String);

impl From<der::Error> for EncodingError {
    fn from(error: der::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<spki::Error> for EncodingError {
    fn from(error: spki::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<rcgen::Error> for EncodingError {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<StorageError> for IssueError {
    fn from(error: StorageError) -> Self {
        Self::Commit(error.into())
    }
}

impl From<VaultError> for IssueError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Erased(identity) => Self::Erased(identity),
            VaultError::Storage(error) => Self::Commit(error.into()),
            VaultError::Commit(error) => Self::Commit(error),
            VaultError::Entropy(error) => Self::Entropy(error),
            error => Self::Vault(error),
        }
    }
}
