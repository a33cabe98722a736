//! Profiles and what is proposed of them.

use ca_core::profile::UnknownProfile;
use ca_core::profile_book::{NotInForce, Objection};

use crate::enrolment::SimulationError;
use crate::fault::Fault;
use crate::http::problem::{self as table, Problem};
use crate::profiles::ProfileChangeError;

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
