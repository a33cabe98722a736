//! Programs that judge npki's work and that npki's authors did not write.

pub mod asic;
pub mod cades;
pub mod checksum_database;
pub mod gnutls;
pub mod jose;
pub mod openssl;
pub mod pdf;
pub mod pkilint;
pub mod report;
pub mod trusted_list;
