//! Validation as this installation sees it: its roots are trusted, its records are the evidence.

use std::sync::Arc;

use ca_core::certificate::Certificates;
use ocsp_responder::publication::Publication;
use ocsp_responder::validation::certificate::Certificate;
use ocsp_responder::validator::Validator;

use super::ServiceError;
use super::hierarchy::OpenedHierarchy;
use super::serve::Foundation;

/// Puts a validator together.
///
/// # Errors
/// The certificate of a CA cannot be read.
pub(super) fn validator(
    hierarchy: &OpenedHierarchy,
    foundation: &Foundation,
    publication: Arc<Publication>,
) -> Result<Validator, ServiceError> {
    let read = |der: &[u8]| {
        Certificate::from_der(der)
            .map_err(|error| ServiceError::Refused(format!("a CA's certificate: {error}")))
    };
    let mut validator = Validator::new(publication, Arc::clone(&foundation.clock));
    for (_, root) in hierarchy.roots() {
        validator = validator.trusting(read(root)?);
    }
    for (ca, opened) in hierarchy.iter() {
        let certificate = read(&opened.certificate)?;
        validator = match opened.authority() {
            Some(_) => {
                let issued = Certificates::new(Arc::clone(&foundation.store), ca.id.clone());
                validator.knowing(certificate, Arc::new(foundation.status.of(issued)))
            }
            // What an offline CA revokes it tells by CRL alone.
            None => validator.knowing_by_crl(certificate, ca.id.clone()),
        };
    }
    Ok(validator)
}
