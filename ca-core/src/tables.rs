//! Every table of this crate, in one place: backups know by it what belongs to an installation.

use crate::authority::CA_CERTIFICATES;
use crate::authority::link::LINK_CERTIFICATES;
use crate::authority::retire::CA_RETIREMENTS;
use crate::blocked_keys::BLOCKED_KEYS;
use crate::certificate::{CERTIFICATE_DER, CERTIFICATES, CERTIFICATES_BY_IDENTITY, KEYS, REVOCATIONS};
use crate::crl::{CRL_CHUNKS, CRL_NUMBERS, CRLS};
use crate::issuance::reservation::RESERVATIONS;
use crate::key_index::CERTIFICATES_BY_KEY;
use crate::ledger::EVENTS;
use crate::ledger::heads::{LEDGER_COSIGNATURES, LEDGER_HEADS};
use crate::ledger::index::LEDGER_INDEX;
use crate::ledger::tree::LEDGER_TILES;
use crate::profile_book::{PROFILE_BOOK, PROFILE_EDITIONS};
use crate::storage::Table;
use crate::vault::SUBJECT_KEYS;

/// The tables that this crate's modules declare.
pub const TABLES: &[Table] = &[
    BLOCKED_KEYS,
    CA_CERTIFICATES,
    CA_RETIREMENTS,
    CERTIFICATES,
    CERTIFICATES_BY_IDENTITY,
    CERTIFICATES_BY_KEY,
    CERTIFICATE_DER,
    CRLS,
    CRL_CHUNKS,
    CRL_NUMBERS,
    EVENTS,
    KEYS,
    LEDGER_COSIGNATURES,
    LEDGER_HEADS,
    LEDGER_INDEX,
    LEDGER_TILES,
    LINK_CERTIFICATES,
    PROFILE_BOOK,
    PROFILE_EDITIONS,
    RESERVATIONS,
    REVOCATIONS,
    SUBJECT_KEYS,
];
