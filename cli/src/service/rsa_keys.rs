//! The RSA keys of an installation, read from its store without its service.

use std::path::Path;

use ca_core::key_index::KeyIndex;

use super::ServiceError;
use super::ledger::open_signed;
use super::settings::Settings;

/// How many entries of the index are read at once.
const PAGE: usize = 1_000;

/// Gives every RSA key that a certificate was issued for to `take`, with the certificate as `CA/SERIAL`. Needs no vault.
/// On an embedded store the service must not run.
///
/// # Errors
/// There is no installation, or another npki holds its store.
pub(crate) fn rsa_keys(data: &Path, take: &mut dyn FnMut(String, &[u8])) -> Result<(), ServiceError> {
    let index = KeyIndex::new(open_signed(&Settings::load(data)?)?);
    let mut after = None;
    loop {
        let (holders, last) = index.rsa_holders(after.as_ref(), PAGE)?;
        for holder in holders {
            take(format!("{}/{}", holder.issuer, holder.serial), &holder.public_key_info);
        }
        if last.is_none() {
            return Ok(());
        }
        after = last;
    }
}
