//! What offline CAs made and the installation's folder holds, brought into its store: their certificates, those of the
//! CAs they certified, and the CRL that came with each. Done at each start; what is there already is left alone.

use std::path::Path;

use ca_core::authority::absent::{AbsentAuthority, CrlRefused, InstallError, Taking};
use ca_core::certificate::{CaId, Certificates};
use ca_core::ledger::Actor;
use ca_core::serial::SerialNumber;
use ca_core::storage::CommitError;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::hierarchy::{OpenedHierarchy, Standing};
use super::serve::Foundation;
use super::settings::Settings;
use super::{ServiceError, files};

/// How often another node may be faster.
const TRIES: usize = 3;

/// Brings over what is new.
///
/// # Errors
/// A certificate is not its issuer's, or contradicts what the store has; or the store failed.
pub(super) fn bring_over(
    hierarchy: &OpenedHierarchy,
    foundation: &Foundation,
    settings: &Settings,
) -> Result<(), ServiceError> {
    let actor = Actor::system("bring-over");
    for (planned, opened) in hierarchy.iter() {
        if let (Standing::Absent(absent), None) = (&opened.standing, &planned.issuer) {
            again(|| absent.install(&actor))?;
        }
        let Some(issuer) = planned.issuer.as_ref().and_then(|issuer| hierarchy.absent(issuer)) else {
            continue;
        };
        // One that was certified while the issuer's key was here is in the issuer's own records.
        if !issued_here(foundation, issuer.id(), &opened.certificate)? {
            again(|| issuer.install_issued(&planned.id, &opened.certificate, &actor))?;
        }
        take_crl(issuer, &settings.certificates.join(format!("{}.root.crl", planned.id)), &actor)?;
    }
    Ok(())
}

fn again(mut install: impl FnMut() -> Result<(), InstallError>) -> Result<(), ServiceError> {
    for _ in 1..TRIES {
        match install() {
            Err(InstallError::Commit(CommitError::Conflict { .. })) => {}
            outcome => return Ok(outcome?),
        }
    }
    Ok(install()?)
}

fn issued_here(foundation: &Foundation, issuer: &CaId, certificate: &[u8]) -> Result<bool, ServiceError> {
    let unreadable = |why: String| ServiceError::Refused(format!("a CA's certificate cannot be read: {why}"));
    let (_, parsed) =
        X509Certificate::from_der(certificate).map_err(|error| unreadable(error.to_string()))?;
    let serial =
        SerialNumber::from_der_content(parsed.raw_serial()).map_err(|error| unreadable(error.to_string()))?;
    let certificates = Certificates::new(std::sync::Arc::clone(&foundation.store), issuer.clone());
    Ok(certificates.find(&serial)?.is_some())
}

/// The CRL that came with a response. A newer one may have been installed since.
fn take_crl(issuer: &AbsentAuthority, file: &Path, actor: &Actor) -> Result<(), ServiceError> {
    let Some(crl) = files::if_there(file, std::fs::read(file))? else { return Ok(()) };
    match issuer.take_crl(&crl, actor) {
        Ok(taken) if taken.taking == Taking::Installed => {
            tracing::info!(ca = %issuer.id(), number = taken.number, "the offline CA's CRL is installed");
            Ok(())
        }
        Ok(_) | Err(CrlRefused::Older { .. } | CrlRefused::Commit(CommitError::Conflict { .. })) => Ok(()),
        Err(error @ (CrlRefused::Commit(_) | CrlRefused::Entropy(_))) => Err(error.into()),
        Err(error) => {
            tracing::warn!(ca = %issuer.id(), file = %file.display(), %error, "a CRL was not taken over");
            Ok(())
        }
    }
}
