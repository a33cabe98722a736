//! Every table of this crate, in one place: backups know by it what belongs to an installation.

use crate::authority::CA_CERTIFICATES;
use crate::certificate::{CERTIFICATE_DER, CERTIFICATES, CERTIFICATES_BY_IDENTITY, KEYS, REVOCATIONS};
use crate::crl::CRLS;
use crate::issuance::reservation::RESERVATIONS;
use crate::ledger::EVENTS;
use crate::storage::Table;

/// The tables that this crate's modules declare.
pub const TABLES: &[Table] = &[
    CA_CERTIFICATES,
    CERTIFICATES,
    CERTIFICATES_BY_IDENTITY,
    CERTIFICATE_DER,
    CRLS,
    EVENTS,
    KEYS,
    RESERVATIONS,
    REVOCATIONS,
];
