//! Identities, what is known of them, and their lives.

use crate::evidence::EvidenceError;
use crate::export::ExportError;
use crate::http::problem::{self as table, Problem};
use crate::identity::IdentityError;
use crate::import::ImportError;
use crate::life::LifeError;
use crate::life::change::ChangeRefused;
use crate::life::guardianship::GuardianshipRefused;
use crate::life::token::TokenRefused;
use crate::notification::NotificationError;
use crate::packet::PacketError;
use crate::party::PartyError;
use crate::retention::RetentionError;
use crate::statistics::StatisticsError;

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
            IdentityError::Quota(crate::staff::QuotaReached { wait: Some(wait), .. }) => {
                return Self::new(table::TOO_FAST, error.to_string()).retry_after(*wait);
            }
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

impl From<LifeError> for Problem {
    fn from(error: LifeError) -> Self {
        let kind = match error {
            LifeError::Field(field) => return field.into(),
            LifeError::Identity(identity) => return identity.into(),
            LifeError::Change(refused) => return refused.into(),
            LifeError::Token(refused) => return refused.into(),
            LifeError::Guardianship(refused) => return refused.into(),
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

impl From<GuardianshipRefused> for Problem {
    fn from(refused: GuardianshipRefused) -> Self {
        let kind = match refused {
            GuardianshipRefused::OwnGuardian(_)
            | GuardianshipRefused::NoGuardian { .. }
            | GuardianshipRefused::GuardianUnfit { .. }
            | GuardianshipRefused::GuardianIsWard(_)
            | GuardianshipRefused::GuardianIsMinor(_) => table::GUARDIAN_UNFIT,
            GuardianshipRefused::FullAge(_) | GuardianshipRefused::AgeUnknown(_) => table::GROUND_UNFIT,
            GuardianshipRefused::Until(_) => table::GUARDIANSHIP_DAY,
            GuardianshipRefused::WaitsAlready { .. } => table::GUARDIANSHIP_WAITS,
            GuardianshipRefused::Unknown { .. } => table::UNKNOWN_GUARDIANSHIP,
            GuardianshipRefused::None(_) => table::NO_GUARDIANSHIP,
            GuardianshipRefused::Own(_)
            | GuardianshipRefused::TookPart(_)
            | GuardianshipRefused::Interested(_) => table::OWN_GUARDIANSHIP,
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

impl From<NotificationError> for Problem {
    fn from(error: NotificationError) -> Self {
        let kind = match error {
            NotificationError::Field(field) => return field.into(),
            NotificationError::Identity(identity) => return identity.into(),
            NotificationError::Life(life) => return life.into(),
            NotificationError::Fault(fault) => return fault.into(),
            NotificationError::Unknown(_) => table::UNKNOWN_NOTIFICATION,
            NotificationError::NoSource(_) => table::NO_SOURCE,
            NotificationError::SourceExists(_) => table::SOURCE_EXISTS,
            NotificationError::NotAdmitted { .. } => table::KIND_NOT_ADMITTED,
            NotificationError::OtherContent(_) => table::EVENT_OTHERWISE,
            NotificationError::Elsewhere(..) => table::NOTHING_WAITS,
        };
        Self::new(kind, error.to_string())
    }
}
