//! Every table of this crate, in one place: backups know by it what belongs to an installation.

use ca_core::storage::Table;

use crate::trusted_list::TRUSTED_LISTS;

/// The tables that this crate's modules declare.
pub const TABLES: &[Table] = &[TRUSTED_LISTS];
