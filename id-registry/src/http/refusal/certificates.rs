//! Requests, certificates, their revocation, and campaigns.

use ca_core::authority::RevokeError;
use ca_core::authority::absent::CrlRefused;
use ca_core::issuance::{IssueError, Refusal, Wish};
use ca_core::ledger::receipt::ReceiptError;

use super::moment;
use crate::blocked_keys::BlockError;
use crate::campaign::{CampaignError, Refused};
use crate::cas::CaError;
use crate::certificates::CertificateError;
use crate::enrolment::RequestError;
use crate::fault::Fault;
use crate::http::problem::{self as table, Problem};
use crate::key_origin::OriginError;
use crate::ledger::LedgerError;
use crate::remote::RemoteRefused;
use crate::responders::RenewalRefused;
use crate::withdrawal::{ReviewError, WithdrawalError};

impl From<RequestError> for Problem {
    fn from(error: RequestError) -> Self {
        let kind = match error {
            RequestError::Csr(csr) => return csr.into(),
            RequestError::Field(field) => return field.into(),
            RequestError::Profile(profile) => return profile.into(),
            RequestError::Identity(identity) => return identity.into(),
            RequestError::Issue(issue) => return issue.into(),
            RequestError::Fault(fault) => return fault.into(),
            RequestError::Jws(_) | RequestError::Signer(_) | RequestError::Statement(_) => {
                table::APPROVAL_UNSIGNED
            }
            RequestError::MatterChanged(..) => table::MATTER_CHANGED,
            RequestError::NotAskedBy { .. } => table::NOT_ASKED_BY,
            RequestError::AssuranceMissing { .. } => table::ASSURANCE_MISSING,
            RequestError::AssuranceTooLow { .. } => table::ASSURANCE_TOO_LOW,
            RequestError::EvidenceTooLow { .. } => table::EVIDENCE_TOO_LOW,
            RequestError::Name(_) => table::NAME_MALFORMED,
            RequestError::WrongProfile { .. } => table::WRONG_PROFILE,
            RequestError::ProfileChanged { .. } => table::PROFILE_CHANGED,
            RequestError::CsrUsed(_) => table::CSR_USED,
            RequestError::TokenLost(_) => table::TOKEN_LOST,
            RequestError::UnderGuardianship { .. } => table::UNDER_GUARDIANSHIP,
            RequestError::Campaign(refused) => return (*refused).into(),
            RequestError::OriginContradicts { .. } => table::ORIGIN_CONTRADICTS,
            RequestError::KeyReused(_) => table::KEY_REUSED,
            RequestError::Unknown(_) => table::UNKNOWN_REQUEST,
            RequestError::OfAnother { .. } => table::OF_ANOTHER,
            RequestError::Own(_) => table::OWN_REQUEST,
            RequestError::ApprovedAlready(_) => table::APPROVED_ALREADY,
            RequestError::SameOffice(_) => table::SAME_OFFICE,
            RequestError::Decided { .. } => table::DECIDED_ALREADY,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Refused(refusal) => refusal.into(),
            IssueError::Erased(_) => Self::new(table::ERASED, error.to_string()),
            IssueError::Vault(error) => Fault::from(error).into(),
            IssueError::Commit(error) => Fault::from(error).into(),
            IssueError::Entropy(error) => Fault::from(error).into(),
            IssueError::Lint(_) => {
                tracing::error!(%error, "lint refused a certificate");
                Self::new(table::LINT, error.to_string())
            }
            IssueError::IssuerRevoked { .. } => Self::new(table::ISSUER_REVOKED, error.to_string()),
            IssueError::IssuerRetired { .. } => Self::new(table::ISSUER_RETIRED, error.to_string()),
            IssueError::NoAuthority(_) => Self::new(table::NO_ISSUER, error.to_string()),
            IssueError::OwnKeyBlocked { .. } => {
                tracing::error!(%error, "a CA whose key is blocked was asked to issue");
                Self::new(table::ISSUER_BLOCKED, error.to_string())
            }
            IssueError::IssuerTooShort => Self::new(table::ISSUER_ENDS, error.to_string()),
            IssueError::Clock(_) => {
                tracing::error!(%error, "nothing is issued until the clock is right, or accepted");
                Self::new(table::CLOCK_SET_BACK, error.to_string())
            }
            IssueError::Key(_) => {
                tracing::error!(%error, "the CA's key could not be used");
                Self::new(table::CA_KEY, "nothing was signed")
            }
            IssueError::Encoding(_) => {
                tracing::error!(%error, "a certificate could not be made");
                Self::new(table::INTERNAL, "the certificate could not be made")
            }
        }
    }
}

impl From<CaError> for Problem {
    fn from(error: CaError) -> Self {
        let kind = match error {
            CaError::Fault(fault) => return fault.into(),
            CaError::Unknown(_) => table::UNKNOWN_CA,
            CaError::KeyHere(_) => table::CA_KEY_HERE,
            CaError::Link(_) => table::LINK_REFUSED,
            CaError::Crl { refused: CrlRefused::Older { .. }, .. } => table::CRL_OLDER,
            CaError::Crl { .. } => table::CRL_REFUSED,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<RenewalRefused> for Problem {
    fn from(error: RenewalRefused) -> Self {
        let said = error.to_string();
        match error {
            RenewalRefused::Csr(error) => error.into(),
            RenewalRefused::Refused(error) => error.into(),
            RenewalRefused::Fault(fault) => fault.into(),
            RenewalRefused::Early(_) => Self::new(table::RENEWAL_EARLY, said),
            RenewalRefused::Statement(_)
            | RenewalRefused::OtherCa
            | RenewalRefused::Stranger
            | RenewalRefused::Withdrawn(_)
            | RenewalRefused::Superseded(_)
            | RenewalRefused::Ended(_)
            | RenewalRefused::SameKey => Self::new(table::RENEWAL_REFUSED, said),
        }
    }
}

impl From<RemoteRefused> for Problem {
    fn from(error: RemoteRefused) -> Self {
        let said = error.to_string();
        match error {
            RemoteRefused::Unknown(_) => Self::new(table::UNKNOWN_CA, said),
            RemoteRefused::KeyElsewhere(_) => Self::new(table::CA_WITHOUT_RESPONDER, said),
            RemoteRefused::Issue(error) => error.into(),
            RemoteRefused::Profile(error) => error.into(),
            RemoteRefused::Fault(fault) => fault.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::KeyNotAdmitted { .. } => table::KEY_NOT_ADMITTED,
            Refusal::FactMissing { .. } => table::FACT_MISSING,
            Refusal::FactUnfit { .. } => table::FACT_UNFIT,
            Refusal::NameNotGranted { .. } => table::NAME_NOT_GRANTED,
            Refusal::SubjectDiffers { .. } => table::SUBJECT_DIFFERS,
            Refusal::WishNotAdmitted { what: Wish::Ca, .. } => table::CA_WISHED,
            Refusal::WishNotAdmitted { what: Wish::KeyUsage, .. } => table::KEY_USAGE_WISHED,
            Refusal::WishNotAdmitted { what: Wish::Purpose, .. } => table::PURPOSE_WISHED,
            Refusal::WishNotAdmitted { what: Wish::Policy, .. } => table::POLICY_WISHED,
            Refusal::WishNotAdmitted { what: Wish::Extension, .. } => table::EXTENSION_WISHED,
            Refusal::NameFormNotAdmitted { .. } => table::NAME_FORM,
            Refusal::ProposalMissing { .. } => table::PROPOSAL_MISSING,
            Refusal::ProposalUnfit { .. } => table::PROPOSAL_UNFIT,
            Refusal::KeyOfAnother => table::KEY_OF_ANOTHER,
            Refusal::KeyCompromised { .. } => table::KEY_COMPROMISED,
            Refusal::CrlLeavesOut { .. } => table::CRL_LEAVES_OUT,
        };
        Self::new(kind, refusal.to_string())
    }
}

impl From<CertificateError> for Problem {
    fn from(error: CertificateError) -> Self {
        let kind = match error {
            CertificateError::Field(field) => return field.into(),
            CertificateError::Identity(identity) => return identity.into(),
            CertificateError::Revoke(error) => return error.into(),
            CertificateError::Fault(fault) => return fault.into(),
            CertificateError::Unknown(_) => table::UNKNOWN_CERTIFICATE,
            CertificateError::OfAnother { .. } => table::OF_ANOTHER,
            CertificateError::TakesNotice(_) => table::TAKES_NOTICE,
            CertificateError::Withdrawn { .. } => table::WITHDRAWN,
            CertificateError::HeldWithIdentity { .. } => table::HELD_WITH_IDENTITY,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<WithdrawalError> for Problem {
    fn from(error: WithdrawalError) -> Self {
        let kind = match error {
            WithdrawalError::Field(field) => return field.into(),
            WithdrawalError::Identity(identity) => return identity.into(),
            WithdrawalError::Revoke(error) => return error.into(),
            WithdrawalError::Fault(fault) => return fault.into(),
            WithdrawalError::Unknown(_) => table::UNKNOWN_WITHDRAWAL,
            WithdrawalError::Elsewhere { .. } => table::WITHDRAWAL_ELSEWHERE,
            WithdrawalError::TooEarly { .. } => table::WITHDRAWAL_EARLY,
            WithdrawalError::TooLate { .. } => table::APPEAL_LATE,
            WithdrawalError::SamePerson(_) => table::TOOK_PART,
            WithdrawalError::NotTheirs(_) | WithdrawalError::Nothing(_) => table::NOTHING_TO_WITHDRAW,
            WithdrawalError::OpenAlready(_) => table::WITHDRAWAL_OPEN,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<ReviewError> for Problem {
    fn from(error: ReviewError) -> Self {
        let kind = match error {
            ReviewError::Field(field) => return field.into(),
            ReviewError::Identity(identity) => return identity.into(),
            ReviewError::Fault(fault) => return fault.into(),
            ReviewError::Unknown(_) => table::NO_REVIEW,
            ReviewError::Reviewed(_) => table::REVIEWED_ALREADY,
            ReviewError::Own(_) => table::OWN_REVOCATION,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<BlockError> for Problem {
    fn from(error: BlockError) -> Self {
        let kind = match error {
            BlockError::Field(field) => return field.into(),
            BlockError::Certificate(error) => return error.into(),
            BlockError::Fault(fault) => return fault.into(),
            BlockError::NotBlocked(_) => table::NOT_BLOCKED,
            BlockError::Count(_) => table::KEY_COUNT,
            BlockError::OfCa { .. } => table::KEY_OF_CA,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<CampaignError> for Problem {
    fn from(error: CampaignError) -> Self {
        let kind = match error {
            CampaignError::UnknownProfile(profile) => return profile.into(),
            CampaignError::Field(field) => return field.into(),
            CampaignError::Identity(identity) => return identity.into(),
            CampaignError::Certificate(error) => return error.into(),
            CampaignError::Fault(fault) => return fault.into(),
            CampaignError::Unknown(_) => table::UNKNOWN_CAMPAIGN,
            CampaignError::Exists(_) => table::CAMPAIGN_EXISTS,
            CampaignError::Phase { .. } => table::CAMPAIGN_PHASE,
            CampaignError::Own(_) => table::OWN_CAMPAIGN,
            CampaignError::Empty(_) => table::CAMPAIGN_EMPTY,
            CampaignError::Late { .. } => table::CAMPAIGN_LATE,
            CampaignError::NoMember { .. } => table::NO_MEMBER,
            CampaignError::Ended { .. } => table::MEMBER_ENDED,
            CampaignError::TooMany(_) => table::TOO_MANY_CAMPAIGNS,
            CampaignError::Count(_) | CampaignError::Terms(_) => table::CAMPAIGN_UNFIT,
            CampaignError::Selection(_) => table::SELECTION_UNFIT,
            CampaignError::UnknownCa(_) => table::UNKNOWN_CA,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::Selected { .. } | Refused::KeyOfMember { .. } => table::KEY_SELECTED,
            Refused::NotTheReplacement { .. } => table::NOT_THE_REPLACEMENT,
            Refused::NotAtWork(_) => table::UNKNOWN_CAMPAIGN,
            Refused::NothingToReplace { .. } => table::NO_MEMBER,
        };
        Self::new(kind, refused.to_string())
    }
}

impl From<OriginError> for Problem {
    fn from(error: OriginError) -> Self {
        match error {
            OriginError::Field(field) => field.into(),
            OriginError::Fault(fault) => fault.into(),
            OriginError::Count(_) | OriginError::Twice(_) => {
                Self::new(table::ORIGINS_UNFIT, error.to_string())
            }
        }
    }
}

impl From<RevokeError> for Problem {
    fn from(error: RevokeError) -> Self {
        let kind = match error {
            RevokeError::Commit(error) => return Fault::from(error).into(),
            RevokeError::Entropy(error) => return Fault::from(error).into(),
            RevokeError::AlreadyRevoked { serial, at, reason } => {
                let detail = format!("certificate {serial} was revoked already on {}: {reason}", moment(at));
                return Self::new(table::REVOKED_ALREADY, detail);
            }
            RevokeError::Unknown(_) => table::UNKNOWN_CERTIFICATE,
            RevokeError::AlreadyOnHold(_) => table::HELD_ALREADY,
            RevokeError::NotOnHold(_) => table::NOT_ON_HOLD,
            RevokeError::HoldForbidden { .. } => table::HOLD_FORBIDDEN,
            RevokeError::InvalidSince { .. } => table::INVALID_SINCE,
            RevokeError::KeyElsewhere { .. } => table::CA_ELSEWHERE,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Certificate(error) => error.into(),
            LedgerError::Request(error) => error.into(),
            LedgerError::Fault(fault) => fault.into(),
            LedgerError::Unknown(_) => Self::new(table::UNKNOWN_EVENT, error.to_string()),
            LedgerError::Receipt(ReceiptError::NotSealed(_)) => {
                Self::new(table::NOT_SEALED, error.to_string())
            }
            LedgerError::Receipt(ReceiptError::Storage(error)) => Fault::from(error).into(),
            LedgerError::Receipt(error) => {
                tracing::error!(%error, "the ledger is not as it was signed");
                Self::new(table::LEDGER_BROKEN, "the proof could not be made")
            }
        }
    }
}
