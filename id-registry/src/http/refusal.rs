//! From every error of the domain to its row in the table of problems.

use ca_core::authority::RevokeError;
use ca_core::authority::absent::CrlRefused;
use ca_core::csr::CsrError;
use ca_core::issuance::{IssueError, Refusal, Wish};
use ca_core::ledger::receipt::ReceiptError;
use ca_core::profile::UnknownProfile;
use ca_core::profile_book::{NotInForce, Objection};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::problem::{self as table, Problem};
use crate::backup::BackupError;
use crate::blocked_keys::BlockError;
use crate::campaign::{CampaignError, Refused};
use crate::cas::CaError;
use crate::certificates::CertificateError;
use crate::enrolment::{RequestError, SimulationError};
use crate::evidence::EvidenceError;
use crate::export::ExportError;
use crate::fault::Fault;
use crate::id::InvalidId;
use crate::identity::{FieldError, IdentityError};
use crate::import::ImportError;
use crate::key_origin::OriginError;
use crate::ledger::LedgerError;
use crate::life::LifeError;
use crate::life::change::ChangeRefused;
use crate::life::token::TokenRefused;
use crate::master_keys::RotationError;
use crate::office::OfficeError;
use crate::packet::PacketError;
use crate::party::PartyError;
use crate::permission::NotPermitted;
use crate::principal::InvalidRole;
use crate::profiles::ProfileChangeError;
use crate::retention::RetentionError;
use crate::staff::{SignInError, StaffError};
use crate::statistics::StatisticsError;
use crate::withdrawal::{ReviewError, WithdrawalError};

/// A moment as it stands in problems: RFC 3339, UTC.
fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

impl From<Fault> for Problem {
    /// What failed inside goes to the operator's log; the caller learns only that it did.
    fn from(fault: Fault) -> Self {
        tracing::error!(%fault, "the registry failed");
        match fault {
            Fault::Storage(_) => {
                Self::new(table::STORE, "the storage failed; the change may not have been kept")
            }
            Fault::Vault(_) => Self::new(table::VAULT, "the change, if one was asked for, was not made"),
            Fault::Contended(_) => Self::new(table::CONTENDED, "others changed the same records each time"),
            Fault::NoEntropy => Self::new(table::INTERNAL, "no randomness"),
        }
    }
}

impl From<InvalidId> for Problem {
    fn from(error: InvalidId) -> Self {
        match &error {
            InvalidId::Form { .. } => Self::new(table::ID_MALFORMED, error.to_string()),
            InvalidId::Mistyped { .. } => Self::new(table::ID_MISTYPED, error.to_string()),
        }
    }
}

impl From<NotPermitted> for Problem {
    fn from(error: NotPermitted) -> Self {
        Self::new(table::NOT_PERMITTED, error.to_string())
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::new(table::FIELD_UNFIT, error.to_string()).fix(format!("{}: {}", error.field, error.fits))
    }
}

impl From<CsrError> for Problem {
    fn from(error: CsrError) -> Self {
        Self::of_csr(error.code(), error.to_string(), error.fix())
    }
}

impl From<InvalidRole> for Problem {
    fn from(error: InvalidRole) -> Self {
        Self::new(table::ROLE_UNFIT, error.to_string())
    }
}

impl From<UnknownProfile> for Problem {
    fn from(error: UnknownProfile) -> Self {
        let problem = Self::new(table::UNKNOWN_PROFILE, error.to_string());
        match error.nearest {
            Some(nearest) => problem.fix(format!("did you mean {nearest}? see npki profile list")),
            None => problem,
        }
    }
}

impl From<ProfileChangeError> for Problem {
    fn from(error: ProfileChangeError) -> Self {
        let kind = match error {
            ProfileChangeError::Field(field) => return field.into(),
            ProfileChangeError::Objection(objection) => return objection.into(),
            ProfileChangeError::UnknownProfile(unknown) => return unknown.into(),
            ProfileChangeError::Fault(fault) => return fault.into(),
            ProfileChangeError::UnknownEdition { .. } => table::UNKNOWN_EDITION,
            ProfileChangeError::Unknown(_) => table::UNKNOWN_PROPOSAL,
            ProfileChangeError::Own(_) => table::OWN_PROPOSAL,
            ProfileChangeError::NotYours { .. } => table::PROPOSAL_OF_ANOTHER,
            ProfileChangeError::Decided { .. } => table::PROPOSAL_DECIDED,
            ProfileChangeError::Stale { .. } => table::PROPOSAL_STALE,
            ProfileChangeError::OtherDigest { .. } => table::PROPOSAL_OTHER_DIGEST,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<SimulationError> for Problem {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::Change(error) => error.into(),
            SimulationError::Request(error) => error.into(),
            SimulationError::Fault(fault) => fault.into(),
        }
    }
}

impl From<Objection> for Problem {
    fn from(objection: Objection) -> Self {
        let kind = match objection {
            Objection::Storage(error) => return Fault::from(error).into(),
            Objection::Unknown(unknown) => return unknown.into(),
            Objection::Text(_) | Objection::TooLong(_) => table::PROFILE_UNFIT,
            Objection::Unchanged(_) => table::PROFILE_UNCHANGED,
            Objection::Retired(_) => table::PROFILE_RETIRED,
            Objection::Indispensable { .. } => table::PROFILE_INDISPENSABLE,
            Objection::NoIssuer(_) => table::PROFILE_NO_ISSUER,
            Objection::OtherIssuer { .. } => table::PROFILE_OTHER_ISSUER,
            Objection::UnknownCa(_) => table::UNKNOWN_CA,
            Objection::Misfit { .. }
            | Objection::OtherKind(_)
            | Objection::OfCa(_)
            | Objection::Hierarchy(_)
            | Objection::Unable(_) => table::PROFILE_OUT_OF_PLACE,
        };
        Self::new(kind, objection.to_string())
    }
}

impl From<NotInForce> for Problem {
    fn from(error: NotInForce) -> Self {
        let kind = match error {
            NotInForce::Storage(error) => return Fault::from(error).into(),
            NotInForce::Unknown(unknown) => return unknown.into(),
            NotInForce::Retired(_) => table::PROFILE_RETIRED,
            NotInForce::Unfit { .. } => table::PROFILE_UNUSABLE,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NotStaff => Self::new(table::NOT_STAFF, error.to_string()),
            SignInError::Disabled { at } => {
                Self::new(table::ACCESS_ENDED, format!("your access was ended on {}", moment(at)))
            }
            SignInError::Organisation(_) => Self::new(table::ORGANISATION_INACTIVE, error.to_string()),
            SignInError::OutsideHours { .. } => Self::new(table::OUTSIDE_HOURS, error.to_string()),
            SignInError::Office(_) => Self::new(table::OFFICE_INACTIVE, error.to_string()),
            SignInError::Revoked { at, reason } => Self::new(
                table::CERTIFICATE_REVOKED,
                format!("your certificate was revoked on {}: {reason}", moment(at)),
            ),
            SignInError::OnHold { since } => Self::new(
                table::CERTIFICATE_ON_HOLD,
                format!("your certificate is on hold since {}", moment(since)),
            ),
            SignInError::Expired { at } => {
                Self::new(table::CERTIFICATE_EXPIRED, format!("your certificate ended on {}", moment(at)))
            }
            SignInError::NotYetValid { from } => Self::new(
                table::CERTIFICATE_EARLY,
                format!("your certificate is valid from {} on", moment(from)),
            ),
            SignInError::Fault(fault) => fault.into(),
        }
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::NoRecipients => Self::new(table::NO_RECIPIENTS, error.to_string()),
            BackupError::Fault(fault) => fault.into(),
            BackupError::Failed(error) => {
                tracing::error!(%error, "a backup was not made");
                Self::new(table::INTERNAL, "the backup was not made")
            }
        }
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

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        let kind = match &error {
            IdentityError::Field(field) => return field.clone().into(),
            IdentityError::Fault(fault) => return fault.clone().into(),
            IdentityError::Taken { .. } => table::IDENTIFIER_TAKEN,
            IdentityError::Resembles(found) => {
                return Self::new(table::RESEMBLES, error.to_string()).candidates(found);
            }
            IdentityError::Unknown(_) | IdentityError::NoSuchNumber { .. } => table::UNKNOWN_IDENTITY,
            IdentityError::WrongKind { .. } => table::WRONG_KIND,
            IdentityError::Suspended { .. } => table::SUSPENDED,
            IdentityError::Closed(_) => table::IDENTITY_CLOSED,
            IdentityError::Erased(_) => table::ERASED,
            IdentityError::HasCertificate { .. } => table::HAS_CERTIFICATE,
            IdentityError::AnswersFor { .. } => table::ANSWERS_FOR,
            IdentityError::OfAnother { .. } => table::OF_ANOTHER,
            IdentityError::Own(_) | IdentityError::Related(_) => table::OWN_IDENTITY,
            IdentityError::NoCase => table::NO_CASE,
            IdentityError::Quota(_) => table::QUOTA_REACHED,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        let kind = match error {
            EvidenceError::Field(field) => return field.into(),
            EvidenceError::Identity(identity) => return identity.into(),
            EvidenceError::Fault(fault) => return fault.into(),
            EvidenceError::Twice { .. } => table::EVIDENCE_TWICE,
            EvidenceError::TooMany(_) => table::EVIDENCE_FULL,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<PartyError> for Problem {
    fn from(error: PartyError) -> Self {
        let kind = match error {
            PartyError::Field(field) => return field.into(),
            PartyError::Identity(identity) => return identity.into(),
            PartyError::Fault(fault) => return fault.into(),
            PartyError::Unknown(_) => table::UNKNOWN_PARTY,
            PartyError::Exists(_) => table::PARTY_EXISTS,
            PartyError::Ended(..) => table::PARTY_ENDED,
            PartyError::WaitsAlready { .. } => table::PARTY_WAITS,
            PartyError::UnknownChange(_) => table::UNKNOWN_PARTY_CHANGE,
            PartyError::Own(_) => table::OWN_PARTY_CHANGE,
            PartyError::Unchanged(_) => table::PARTY_UNCHANGED,
            PartyError::UnknownPurpose { .. } => table::UNKNOWN_PURPOSE,
            PartyError::NotAdmitted { .. } => table::NOT_ADMITTED,
            PartyError::OtherSector { .. } => table::OTHER_SECTOR,
            PartyError::NoSuchPseudonym(_) => table::UNKNOWN_PSEUDONYM,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<StatisticsError> for Problem {
    fn from(error: StatisticsError) -> Self {
        match error {
            StatisticsError::NotYet => Self::new(table::NOT_COUNTED, error.to_string()),
            StatisticsError::Fault(fault) => fault.into(),
        }
    }
}

impl From<RetentionError> for Problem {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Identity(identity) => identity.into(),
            RetentionError::Fault(fault) => fault.into(),
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Fault(fault) => fault.into(),
            ImportError::Count(_) | ImportError::Order | ImportError::Source => {
                Self::new(table::IMPORT_UNFIT, error.to_string())
            }
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Field(field) => field.into(),
            ExportError::Fault(fault) => fault.into(),
        }
    }
}

impl From<PacketError> for Problem {
    fn from(error: PacketError) -> Self {
        let kind = match &error {
            PacketError::Fault(fault) => return fault.clone().into(),
            PacketError::Unfit(_) => table::PACKET_UNFIT,
            PacketError::Signature(_) | PacketError::Signer(_) | PacketError::NotPermitted(_) => {
                table::PACKET_UNSIGNED
            }
            PacketError::Elsewhere { .. } => table::PACKET_ELSEWHERE,
            PacketError::Old { .. } => table::PACKET_OLD,
            PacketError::Early { .. } => table::PACKET_EARLY,
            PacketError::Another { .. } => table::PACKET_ANOTHER,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<RotationError> for Problem {
    fn from(error: RotationError) -> Self {
        match error {
            RotationError::Running { .. } => Self::new(table::ROTATION_RUNS, error.to_string()),
            RotationError::NothingToDo => Self::new(table::NO_NEXT_KEY, error.to_string()),
            RotationError::NoKey(_) => {
                tracing::error!(%error, "the master key was not rotated");
                Self::new(table::VAULT, "the next master key could not be made; the current one stays")
            }
            RotationError::Fault(fault) => fault.into(),
        }
    }
}

impl From<StaffError> for Problem {
    fn from(error: StaffError) -> Self {
        let kind = match error {
            StaffError::Field(field) => return field.into(),
            StaffError::Csr(csr) => return csr.into(),
            StaffError::Organisation(identity) => return identity.into(),
            StaffError::Issue(issue) => return issue.into(),
            StaffError::Campaign(refused) => return (*refused).into(),
            StaffError::Fault(fault) => return fault.into(),
            StaffError::NoProfile(_) => table::NO_STAFF_PROFILE,
            StaffError::StaffExists => table::STAFF_EXISTS,
            StaffError::Unknown(_) => table::UNKNOWN_STAFF,
            StaffError::UnknownOffice(_) => table::UNKNOWN_OFFICE,
            StaffError::NotAccredited(_) => table::NOT_ACCREDITED,
            StaffError::AlreadyDisabled(_) => table::DISABLED_ALREADY,
            StaffError::LastAdministrator(_) => table::LAST_ADMINISTRATOR,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<OfficeError> for Problem {
    fn from(error: OfficeError) -> Self {
        let kind = match error {
            OfficeError::Field(field) => return field.into(),
            OfficeError::Fault(fault) => return fault.into(),
            OfficeError::Unknown(_) => table::UNKNOWN_OFFICE,
            OfficeError::Ended(_) => table::NOT_ACCREDITED,
        };
        Self::new(kind, error.to_string())
    }
}

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

impl From<LifeError> for Problem {
    fn from(error: LifeError) -> Self {
        let kind = match error {
            LifeError::Field(field) => return field.into(),
            LifeError::Identity(identity) => return identity.into(),
            LifeError::Change(refused) => return refused.into(),
            LifeError::Token(refused) => return refused.into(),
            LifeError::Revoke(error) => return error.into(),
            LifeError::Fault(fault) => return fault.into(),
            LifeError::Elsewhere { .. } => table::ELSEWHERE,
            LifeError::SamePerson(_) => table::SAME_PERSON,
            LifeError::TooFewSignals { .. } => table::TOO_FEW_SIGNALS,
            LifeError::SignalTwice(_) => table::SIGNAL_TWICE,
            LifeError::WrongKind { .. } => table::WRONG_KIND,
            LifeError::OwnSuccessor(_) => table::OWN_SUCCESSOR,
        };
        Self::new(kind, error.to_string())
    }
}

impl From<ChangeRefused> for Problem {
    fn from(refused: ChangeRefused) -> Self {
        let kind = match refused {
            ChangeRefused::Nothing(_) => table::NOTHING_CHANGES,
            ChangeRefused::WaitsAlready { .. } => table::CHANGE_WAITS,
            ChangeRefused::Unknown { .. } => table::UNKNOWN_CHANGE,
            ChangeRefused::Reason { .. } => table::CHANGE_REASON,
            ChangeRefused::Days | ChangeRefused::AtOnce => table::REPLACEMENT_UNFIT,
            ChangeRefused::Own(_) | ChangeRefused::OwnEntry(_) => table::OWN_CHANGE,
        };
        Self::new(kind, refused.to_string())
    }
}

impl From<TokenRefused> for Problem {
    fn from(refused: TokenRefused) -> Self {
        let kind = match refused {
            TokenRefused::Nothing(_) => table::TOKEN_UNNAMED,
            TokenRefused::Empty(_) => table::TOKEN_EMPTY,
            TokenRefused::NotIts { .. } => table::NOT_IN_TOKEN,
            TokenRefused::Unknown(_) => table::TOKEN_UNKNOWN,
            TokenRefused::NotLost(_) => table::TOKEN_NOT_LOST,
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
