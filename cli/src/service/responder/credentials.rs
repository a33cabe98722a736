//! A responder's own keys, which never leave its machine, and the certificates that the installation's CAs made for them: one
//! pair for each CA (RFC 6960 section 4.2.2.2: a delegate is certified by the very CA that it answers for).
//!
//! A key's file is named after the key, and `certificates/CA.pem` says which one counts: going over to a new pair is the
//! replacement of one file.

use std::path::PathBuf;
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::certificate::CaId;
use ca_core::fingerprint::fingerprint;
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use id_registry::remote::RemoteName;
use serde::{Deserialize, Serialize};

use crate::files::{Readers, replace};
use crate::request_file;
use crate::service::carried::{must_be, parsed, written};
use crate::service::key_folder::KeyFolder;
use crate::service::rotation::{certificate_path, public_key_info};
use crate::service::{ServiceError, files};

/// The form of a request for certificates.
const REQUEST_FORM: &str = "npki.responder.request/1";
/// The form of what answers it.
const ANSWER_FORM: &str = "npki.responder.certificates/1";

/// A request for certificates, as it is carried to the installation: nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificatesRequest {
    form: String,
    /// The responder's name.
    pub(crate) name: String,
    pub(crate) requests: Vec<OneRequest>,
}

/// A request to one CA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneRequest {
    pub(crate) ca: CaId,
    /// A certification request, PEM: it proves that the key is the responder's.
    pub(crate) csr: String,
}

/// Certificates, as they are carried back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificates {
    form: String,
    pub(crate) name: String,
    pub(crate) certificates: Vec<OneCertificate>,
}

/// A CA's certificate for the responder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneCertificate {
    pub(crate) ca: CaId,
    /// PEM.
    pub(crate) certificate: String,
}

impl CertificatesRequest {
    /// Reads a file.
    ///
    /// # Errors
    /// It is none, or of a form that this npki does not know.
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, ServiceError> {
        let read: Self = parsed(octets, "request of `npki responder`")?;
        must_be(&read.form, REQUEST_FORM)?;
        Ok(read)
    }
}

impl Certificates {
    /// What answers a request.
    pub(crate) fn of(name: String, certificates: Vec<OneCertificate>) -> Self {
        Self { form: ANSWER_FORM.to_owned(), name, certificates }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is none, or of a form that this npki does not know.
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, ServiceError> {
        let read: Self = parsed(octets, "answer of `npki responder`")?;
        must_be(&read.form, ANSWER_FORM)?;
        Ok(read)
    }
}

/// A key and its certificate.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) key: Arc<SoftwareKey>,
    /// DER.
    pub(super) certificate: Vec<u8>,
}

/// Keeps keys and certificates.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) name: RemoteName,
    pub(super) keys: KeyFolder,
    pub(super) certificates: PathBuf,
    /// Where a request lies that was not answered yet.
    pub(super) pending: PathBuf,
}

impl Credentials {
    /// The certificate for a CA, DER, where there is one. Needs no key.
    pub(super) fn certificate(&self, ca: &CaId) -> Result<Option<Vec<u8>>, ServiceError> {
        let path = self.path(ca);
        if path.exists() { files::read_certificate(&path).map(Some) } else { Ok(None) }
    }

    /// The key that a certificate is for.
    ///
    /// # Errors
    /// It is not here: the certificate answers the request of another responder.
    pub(super) fn pair(&self, ca: &CaId, certificate: Vec<u8>) -> Result<Pair, ServiceError> {
        let name = key_name(ca, &public_key_info(&certificate)?);
        if !self.keys.holds(&name) {
            let why =
                format!("the certificate for {ca} is for a key that is not here: it answers another request");
            return Err(ServiceError::Refused(why));
        }
        Ok(Pair { key: Arc::new(self.keys.open(&name)?), certificate })
    }

    /// Makes a key for a CA, which is kept, and a request for it.
    pub(super) fn new_request(&self, ca: &CaId) -> Result<OneRequest, ServiceError> {
        let key = SoftwareKey::generate(KeyAlgorithm::P256)?;
        self.keys.create(&key_name(ca, key.public_key_info()), &key)?;
        Ok(OneRequest { ca: ca.clone(), csr: request_file::certification_request(&key, &[])? })
    }

    /// The request that waits for its answer, or a new one for these CAs.
    pub(super) fn request(&self, cas: &[CaId]) -> Result<CertificatesRequest, ServiceError> {
        let pending = self.pending()?;
        if let Some(pending) = pending.filter(|pending| pending.requests.iter().map(|one| &one.ca).eq(cas)) {
            return Ok(pending);
        }
        let requests = cas.iter().map(|ca| self.new_request(ca)).collect::<Result<_, _>>()?;
        let (form, name) = (REQUEST_FORM.to_owned(), self.name.to_string());
        let request = CertificatesRequest { form, name, requests };
        replace(&self.pending, written(&request)?.as_bytes(), Readers::Owner)?;
        Ok(request)
    }

    fn pending(&self) -> Result<Option<CertificatesRequest>, ServiceError> {
        let octets = files::if_there(&self.pending, std::fs::read(&self.pending))?;
        octets.map(|octets| CertificatesRequest::parse(&octets)).transpose()
    }

    /// Forgets the request, which was answered.
    pub(super) fn answered(&self) -> Result<(), ServiceError> {
        files::if_there(&self.pending, std::fs::remove_file(&self.pending)).map(|_| ())
    }

    /// Takes a pair into use: this file says which one counts. The key before it goes: its certificate would go on for weeks.
    pub(super) fn store(&self, ca: &CaId, pair: &Pair) -> Result<(), ServiceError> {
        let before = self.certificate(ca)?;
        replace(
            &self.path(ca),
            crate::files::certificate_pem(&pair.certificate).as_bytes(),
            Readers::Anyone,
        )?;
        match before {
            Some(before) if before != pair.certificate => {
                self.keys.remove(&key_name(ca, &public_key_info(&before)?))
            }
            _ => Ok(()),
        }
    }

    fn path(&self, ca: &CaId) -> PathBuf {
        certificate_path(&self.certificates, ca.as_str())
    }
}

fn key_name(ca: &CaId, public_key_info: &[u8]) -> String {
    let digest = fingerprint(public_key_info);
    format!("{ca}-{}", digest.get(..16).unwrap_or(&digest))
}
