//! Every table of this crate, in one place: backups know by it what belongs to an installation.

use ca_core::storage::Table;

use crate::campaign::{CAMPAIGN_MEMBERS, CAMPAIGN_WORK, CAMPAIGNS, CAMPAIGNS_AT_WORK};
use crate::certificates::CERTIFICATES_BY_ORGANISATION;
use crate::enrolment::{IDEMPOTENCY_KEYS, REQUEST_CSRS, REQUEST_INDEX, REQUESTS, REQUESTS_BY_CSR};
use crate::identity::{
    IDENTITIES, IDENTITIES_BY_ORGANISATION, IDENTITIES_BY_SPONSOR, IDENTITY_DETAILS, IDENTITY_NUMBERS,
};
use crate::import::IMPORT_BATCHES;
use crate::index_key::INDEX_KEYS;
use crate::key_origin::KEY_ORIGINS;
use crate::profiles::{PROFILE_PROPOSAL_INDEX, PROFILE_PROPOSALS};
use crate::registry::READINESS;
use crate::staff::{ADMINISTRATORS, STAFF, STAFF_CERTIFICATES};

/// The tables that this crate's modules declare.
pub const TABLES: &[Table] = &[
    ADMINISTRATORS,
    CAMPAIGNS,
    CAMPAIGNS_AT_WORK,
    CAMPAIGN_MEMBERS,
    CAMPAIGN_WORK,
    CERTIFICATES_BY_ORGANISATION,
    IDEMPOTENCY_KEYS,
    IDENTITIES,
    IDENTITIES_BY_ORGANISATION,
    IDENTITIES_BY_SPONSOR,
    IDENTITY_DETAILS,
    IDENTITY_NUMBERS,
    IMPORT_BATCHES,
    INDEX_KEYS,
    KEY_ORIGINS,
    PROFILE_PROPOSALS,
    PROFILE_PROPOSAL_INDEX,
    READINESS,
    REQUESTS,
    REQUESTS_BY_CSR,
    REQUEST_CSRS,
    REQUEST_INDEX,
    STAFF,
    STAFF_CERTIFICATES,
];
