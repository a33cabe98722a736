//! A unit's key, in the folder or in a token, and the certificates that it works with.
//!
//! One file says which key counts and with which certificates: going over to the next is the replacement of that file.

use std::path::PathBuf;
use std::sync::Arc;

use ca_core::clock::{Entropy, SystemEntropy};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::token::Expected;
use serde::{Deserialize, Serialize};

use super::settings::TsaSettings;
use crate::files::{Readers, replace};
use crate::request_file;
use crate::service::carried::{must_be, parsed, written};
use crate::service::key_folder::{KeyFolder, Passphrase};
use crate::service::rotation::public_key_info;
use crate::service::{ServiceError, files};

/// The form of a request for a certificate.
const REQUEST_FORM: &str = "npki.tsa.request/1";
/// The form of what answers it.
const ANSWER_FORM: &str = "npki.tsa.certificate/1";
/// The form of what is at work.
const AT_WORK_FORM: &str = "npki.tsa.unit/1";

/// A request for a certificate, as it is carried to the installation: nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitRequest {
    form: String,
    /// The unit's name.
    pub(crate) name: String,
    /// A certification request, PEM: it proves that the key is the unit's.
    pub(crate) csr: String,
}

/// A certificate, as it is carried back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitCertificate {
    form: String,
    /// The unit's name.
    pub(crate) name: String,
    /// PEM: the unit's, then those of the CAs above it up to below the root.
    pub(crate) chain: String,
}

impl UnitRequest {
    /// Reads a file.
    ///
    /// # Errors
    /// It is none, or of a form that this npki does not know.
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, ServiceError> {
        let read: Self = parsed(octets, "request of `npki tsa`")?;
        must_be(&read.form, REQUEST_FORM)?;
        Ok(read)
    }
}

impl UnitCertificate {
    /// What answers a request.
    pub(crate) fn of(name: String, chain: String) -> Self {
        Self { form: ANSWER_FORM.to_owned(), name, chain }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is none, or of a form that this npki does not know.
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, ServiceError> {
        let read: Self = parsed(octets, "answer of `npki tsa`")?;
        must_be(&read.form, ANSWER_FORM)?;
        Ok(read)
    }
}

/// A request that was not answered yet, and the key that it is for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    key: String,
    request: UnitRequest,
}

/// Which key works with which certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AtWorkFile {
    form: String,
    /// The key's name in the folder, or its label in the token.
    pub(super) key: String,
    /// PEM: the unit's, then those above it.
    chain: String,
}

impl AtWorkFile {
    /// The certificates, DER: the unit's own, and those above it.
    pub(super) fn certificates(&self) -> Result<(Vec<u8>, Vec<Vec<u8>>), ServiceError> {
        let unreadable = || ServiceError::Refused("the unit's certificates are no PEM".to_owned());
        let blocks = pem::parse_many(&self.chain).map_err(|_| unreadable())?;
        let mut certificates =
            blocks.into_iter().filter(|block| block.tag() == "CERTIFICATE").map(pem::Pem::into_contents);
        Ok((certificates.next().ok_or_else(unreadable)?, certificates.collect()))
    }
}

/// Keeps the unit's keys and certificates.
#[derive(Debug)]
pub(super) struct UnitKeys {
    settings: TsaSettings,
    state: PathBuf,
}

impl UnitKeys {
    pub(super) fn of(settings: &TsaSettings) -> Self {
        Self { settings: settings.clone(), state: settings.data.join("state") }
    }

    fn folder(&self) -> Result<KeyFolder, ServiceError> {
        let passphrase = Passphrase::find_at(&super::passphrase_file(&self.settings.data))?;
        Ok(KeyFolder::new(self.settings.data.join("keys"), passphrase))
    }

    /// What is at work, where something is.
    pub(super) fn at_work(&self) -> Result<Option<AtWorkFile>, ServiceError> {
        let path = self.at_work_path();
        let Some(octets) = files::if_there(&path, std::fs::read(&path))? else { return Ok(None) };
        let read: AtWorkFile = parsed(&octets, "state of `npki tsa`")?;
        must_be(&read.form, AT_WORK_FORM)?;
        Ok(Some(read))
    }

    /// Opens a key by its name.
    pub(super) fn open(&self, name: &str) -> Result<Arc<dyn Signer>, ServiceError> {
        match &self.settings.token {
            Some(token) => token.open_signer(name, &self.expected()),
            None => Ok(Arc::new(self.folder()?.open(name)?)),
        }
    }

    fn expected(&self) -> Expected {
        Expected::of(self.settings.algorithm)
    }

    /// The request that waits for its answer, or a new one for a new key.
    pub(super) fn request(&self) -> Result<UnitRequest, ServiceError> {
        if let Some(pending) = self.pending()? {
            return Ok(pending.request);
        }
        let (name, signer) = self.new_key()?;
        let csr = request_file::certification_request(signer.as_ref(), &[])?;
        let request =
            UnitRequest { form: REQUEST_FORM.to_owned(), name: self.settings.name.to_string(), csr };
        let pending = Pending { key: name, request: request.clone() };
        replace(&self.pending_path(), written(&pending)?.as_bytes(), Readers::Owner)?;
        Ok(request)
    }

    fn new_key(&self) -> Result<(String, Arc<dyn Signer>), ServiceError> {
        // Each key is another unit to relying parties: its name never comes twice, in a token that others use too either.
        let mut octets = [0; 8];
        SystemEntropy.fill(&mut octets)?;
        let name = format!("tsa-{}-{}", self.settings.name, hex::encode(octets));
        match &self.settings.token {
            Some(token) => Ok((name.clone(), token.make_key(&name, &self.expected())?)),
            None => {
                let key = SoftwareKey::generate(self.settings.algorithm)?;
                self.folder()?.create(&name, &key)?;
                Ok((name, Arc::new(key)))
            }
        }
    }

    /// What would be at work with these certificates: for the key of the request that waits, or for the one at work.
    pub(super) fn answered(&self, answer: &UnitCertificate) -> Result<AtWorkFile, ServiceError> {
        let waiting = self.pending()?.map(|pending| pending.key);
        let at_work = self.at_work()?.map(|file| file.key);
        for key in waiting.into_iter().chain(at_work) {
            let file = AtWorkFile { form: AT_WORK_FORM.to_owned(), key, chain: answer.chain.clone() };
            let (certificate, _) = file.certificates()?;
            if public_key_info(&certificate)? == self.open(&file.key)?.public_key_info() {
                return Ok(file);
            }
        }
        Err(ServiceError::Refused(
            "the certificate is for a key that is not here: it answers another request".to_owned(),
        ))
    }

    /// Goes over to it; a request that waited is answered.
    pub(super) fn store(&self, file: &AtWorkFile) -> Result<(), ServiceError> {
        replace(&self.at_work_path(), written(file)?.as_bytes(), Readers::Anyone)?;
        // For people and other programs.
        let (certificate, _) = file.certificates()?;
        replace(
            &self.settings.data.join("certificates/unit.pem"),
            crate::files::certificate_pem(&certificate).as_bytes(),
            Readers::Anyone,
        )?;
        let pending = self.pending_path();
        files::if_there(&pending, std::fs::remove_file(&pending)).map(|_| ())
    }

    fn pending(&self) -> Result<Option<Pending>, ServiceError> {
        let path = self.pending_path();
        files::if_there(&path, std::fs::read(&path))?
            .map(|octets| parsed(&octets, "state of `npki tsa`"))
            .transpose()
    }

    fn pending_path(&self) -> PathBuf {
        self.state.join("request.json")
    }

    fn at_work_path(&self) -> PathBuf {
        self.state.join("at-work.json")
    }
}
