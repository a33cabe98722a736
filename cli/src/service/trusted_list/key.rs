//! The key that signs the installation's trusted list: made here, certified as any other under the profile `trusted-list-signer`,
//! on two officers' word.
//!
//! The file of the certificate says which key counts: a key is named after its public key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ocsp_responder::publication::sha256;
use ocsp_responder::trusted_list::Scheme;
use ocsp_responder::trusted_list::model::for_people;
use ocsp_responder::trusted_list::signature::ListSigner;
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::X509Name;

use crate::files::{Readers, replace};
use crate::request_file;
use crate::service::key_folder::{KeyFolder, Passphrase};
use crate::service::rotation::{certificate_path, public_key_info};
use crate::service::settings::Settings;
use crate::service::{ServiceError, files};

/// The name of the files of certificate and request, among the certificates.
const NAME: &str = "trusted-list-signer";

/// What a signer of lists was asked for or given.
#[derive(Debug, Clone)]
pub(crate) struct SignerFile {
    /// The certification request, or the certificate, PEM.
    pub(crate) pem: String,
    /// Until when the certificate counts.
    pub(crate) until: Option<OffsetDateTime>,
}

/// The certification request that waits for its certificate, or a new one for a new key. The service may run meanwhile.
///
/// # Errors
/// There is no installation, or the key cannot be made.
pub(crate) fn request_signer(data: &Path, algorithm: KeyAlgorithm) -> Result<SignerFile, ServiceError> {
    let settings = Settings::load(data)?;
    settings.trusted_list.as_ref().ok_or_else(no_section)?;
    let path = request_path(&settings);
    if let Some(pem) = files::if_there(&path, std::fs::read_to_string(&path))? {
        return Ok(SignerFile { pem, until: None });
    }
    let key = SoftwareKey::generate(algorithm)?;
    let pem = request_file::certification_request(&key, &[])?;
    folder(&settings)?.create(&key_name(key.public_key_info()), &key)?;
    replace(&path, pem.as_bytes(), Readers::Anyone)?;
    Ok(SignerFile { pem, until: None })
}

/// Takes a certificate into use for a key that was made here. A service that runs goes over to it by itself.
///
/// # Errors
/// It is for another key or another purpose: then nothing changes.
pub(crate) fn accept_signer(data: &Path, certificate: &[u8]) -> Result<SignerFile, ServiceError> {
    let settings = Settings::load(data)?;
    let scheme = &settings.trusted_list.as_ref().ok_or_else(no_section)?.scheme;
    let signer = opened(certificate.to_vec(), &folder(&settings)?)?;
    let (_, parsed) = X509Certificate::from_der(signer.certificate())
        .map_err(|error| ServiceError::Refused(format!("the certificate cannot be read: {error}")))?;
    names_operator(parsed.subject(), scheme)?;
    let until = Some(parsed.validity().not_after.to_datetime());
    let pem = crate::files::certificate_pem(signer.certificate());
    replace(&signer_path(&settings), pem.as_bytes(), Readers::Anyone)?;
    let path = request_path(&settings);
    files::if_there(&path, std::fs::remove_file(&path))?;
    Ok(SignerFile { pem, until })
}

/// The certificate that is in use, DER; nothing before the first.
pub(super) fn certificate_in_use(settings: &Settings) -> Result<Option<Vec<u8>>, ServiceError> {
    let path = signer_path(settings);
    if path.exists() { files::read_certificate(&path).map(Some) } else { Ok(None) }
}

/// Who signs with the key of this certificate.
pub(super) fn opened(certificate: Vec<u8>, keys: &KeyFolder) -> Result<ListSigner, ServiceError> {
    let name = key_name(&public_key_info(&certificate)?);
    if !keys.holds(&name) {
        return Err(ServiceError::Refused(
            "the certificate is for a key that is not here: it answers another request than npki trust request made"
                .to_owned(),
        ));
    }
    let key = keys.open(&name)?;
    ListSigner::new(Arc::new(key), certificate).map_err(|error| ServiceError::Refused(error.to_string()))
}

fn no_section() -> ServiceError {
    ServiceError::Refused(
        "npki.toml has no [trusted_list]; its commented sample says what belongs there".to_owned(),
    )
}

/// TS 119 612 section 5.7.1: the certificate's country is the list's territory, its organisation the operator's name.
fn names_operator(subject: &X509Name<'_>, scheme: &Scheme) -> Result<(), ServiceError> {
    let country = subject.iter_country().find_map(|name| name.as_str().ok());
    let organisation = subject.iter_organization().find_map(|name| name.as_str().ok());
    let refused = |what: &str, found: Option<&str>, wanted: &str| {
        let found = found.unwrap_or("none");
        Err(ServiceError::Refused(format!(
            "the certificate's {what} is {found:?}, and that of [trusted_list] in npki.toml is {wanted:?}: readers want them to be the \
             same, letter for letter"
        )))
    };
    if country != Some(&scheme.territory) {
        return refused("country", country, &scheme.territory);
    }
    if !scheme.operator.name.values().any(|name| Some(name.as_str()) == organisation) {
        return refused("organisation", organisation, for_people(&scheme.operator.name));
    }
    Ok(())
}

fn folder(settings: &Settings) -> Result<KeyFolder, ServiceError> {
    Ok(KeyFolder::new(settings.keys.clone(), Passphrase::find(settings)?))
}

fn key_name(public_key_info: &[u8]) -> String {
    let digest = sha256(public_key_info);
    format!("trusted-list-{}", digest.get(..16).unwrap_or(&digest))
}

fn signer_path(settings: &Settings) -> PathBuf {
    certificate_path(&settings.certificates, NAME)
}

fn request_path(settings: &Settings) -> PathBuf {
    settings.certificates.join(format!("{NAME}.csr"))
}
