//! The installation's own certificates that must never run out: the OCSP responders' and the HTTPS server's. Each is
//! renewed when half of its life is over, with a new key, and swapped in while requests go on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::authorities::Authorities;
use ca_core::authority::Authority;
use ca_core::certificate::CaId;
use ca_core::clock::Clock;
use ca_core::csr::{SubjectPublicKey, Wishes};
use ca_core::hierarchy::{RESPONDER_PROFILE, SERVER_PROFILE};
use ca_core::issuance::{IssueError, IssuedCertificate};
use ca_core::keys::Signer;
use ca_core::keys::software::SoftwareKey;
use ca_core::ledger::Actor;
use ca_core::profile_book::InForce;
use ca_core::storage::{AuditedChange, CommitError};
use ca_core::subject::{ApprovedSubject, Fact, IdentityRef};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ServiceError;
use super::key_folder::KeyFolder;
use super::settings::Installation;
use crate::files::Readers;

/// Which of the installation's own certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OwnCertificate {
    /// The delegated OCSP responder of a CA (RFC 6960 section 4.2.2.2).
    Responder(CaId),
    /// The HTTPS server.
    Server,
}

impl OwnCertificate {
    /// Its name: of its key file, of its certificate file, of its identity.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Responder(ca) => format!("responder-{ca}"),
            Self::Server => "server".to_owned(),
        }
    }

    const fn profile(&self) -> &'static str {
        match self {
            Self::Responder(_) => RESPONDER_PROFILE,
            Self::Server => SERVER_PROFILE,
        }
    }
}

/// A key and its certificate.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) key: Arc<SoftwareKey>,
    /// DER.
    pub(crate) certificate: Vec<u8>,
}

impl Credential {
    fn is_half_over(&self, now: OffsetDateTime) -> Result<bool, ServiceError> {
        let (start, end) = self.period()?;
        Ok(now >= start + (end - start) / 2)
    }

    fn lasts(&self, now: OffsetDateTime) -> Result<bool, ServiceError> {
        Ok(now < self.period()?.1)
    }

    fn period(&self) -> Result<(OffsetDateTime, OffsetDateTime), ServiceError> {
        let (_, parsed) = X509Certificate::from_der(&self.certificate)
            .map_err(|error| ServiceError::Tls(format!("an own certificate cannot be read: {error}")))?;
        let validity = parsed.validity();
        Ok((validity.not_before.to_datetime(), validity.not_after.to_datetime()))
    }
}

/// Keeps the installation's own certificates.
#[derive(Debug)]
pub(crate) struct OwnCertificates {
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) keys: KeyFolder,
    pub(crate) certificates: PathBuf,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) installation: Installation,
    pub(crate) tls_names: Vec<String>,
}

impl OwnCertificates {
    /// The stored credential, or a new one when there is none or it is due. One that cannot be renewed, as when the key
    /// of its CA is blocked, serves on while it lasts: who starts the service then needs it most.
    pub(crate) fn current(&self, which: &OwnCertificate) -> Result<Credential, ServiceError> {
        let Some(credential) = self.stored(which)? else { return self.renew(which) };
        if !self.due(&credential)? {
            return Ok(credential);
        }
        match self.renew(which) {
            Err(error) if credential.lasts(self.clock.now())? => {
                tracing::error!(%error, certificate = which.name(), "not renewed; it is tried again");
                Ok(credential)
            }
            outcome => outcome,
        }
    }

    /// Whether half of a certificate's life is over, or its key is blocked. Nobody asks whether a responder's
    /// certificate is revoked (RFC 6960 section 4.2.2.2.1): the blocked key must go.
    pub(crate) fn due(&self, credential: &Credential) -> Result<bool, ServiceError> {
        let blocked = self.authorities.blocked_key(credential.key.public_key_info())?;
        Ok(blocked.is_some() || credential.is_half_over(self.clock.now())?)
    }

    /// Makes a new key and has it certified. The key file is written before the certificate file names it: a crash
    /// between the two leaves a pair that does not match, which [`OwnCertificates::stored`] takes for none.
    pub(crate) fn renew(&self, which: &OwnCertificate) -> Result<Credential, ServiceError> {
        let key = SoftwareKey::generate(KeyAlgorithm::P256)?;
        // A profile that is changed meanwhile counts as it is then.
        let issued = match self.certified(which, &key)? {
            Some(issued) => issued,
            None => self.certified(which, &key)?.ok_or_else(|| {
                ServiceError::Refused("the profiles were changed again and again meanwhile".to_owned())
            })?,
        };
        self.keys.replace(&which.name(), &key)?;
        crate::files::replace(
            &self.certificate_path(which),
            crate::files::certificate_pem(&issued.der).as_bytes(),
            Readers::Anyone,
        )?;
        tracing::info!(certificate = which.name(), serial = %issued.record.serial, "renewed");
        Ok(Credential { key: Arc::new(key), certificate: issued.der })
    }

    /// A certificate for this key; `None` when what it was admitted under was changed meanwhile.
    fn certified(
        &self,
        which: &OwnCertificate,
        key: &SoftwareKey,
    ) -> Result<Option<IssuedCertificate>, ServiceError> {
        let profile = self.authorities.profiles().find(which.profile())?;
        let authority = self.authority(which, &profile)?;
        let public = SubjectPublicKey::from_der(key.public_key_info())?;
        let actor = Actor::system("rotation");
        let request = authority.admit_key(public, &Wishes::none(), self.subject(which), &profile)?;
        let prepared = authority.prepare(request, &actor)?;
        match authority.sign(prepared, &actor, |_, _| Ok(AuditedChange::nothing())) {
            Err(IssueError::Commit(CommitError::Conflict { .. })) => Ok(None),
            outcome => Ok(Some(outcome?)),
        }
    }

    /// RFC 6960 section 4.2.2.2: a responder is certified by the very CA that it answers for.
    fn authority(&self, which: &OwnCertificate, profile: &InForce) -> Result<&Authority, ServiceError> {
        match which {
            OwnCertificate::Server => Ok(&self.authorities.issuing(profile)?.authority),
            OwnCertificate::Responder(ca) => {
                let absent = || ServiceError::Refused(format!("the key of CA {ca} is not at hand"));
                self.authorities.of(ca).map(AsRef::as_ref).ok_or_else(absent)
            }
        }
    }

    /// What the HTTPS server presents: its certificate, then those above it, from its issuer's up to below the root's.
    /// Its issuer may be a generation of the CA that has stopped issuing.
    pub(crate) fn presented(&self, server: &Credential) -> Result<Vec<Vec<u8>>, ServiceError> {
        let (_, parsed) = X509Certificate::from_der(&server.certificate).map_err(|error| {
            ServiceError::Tls(format!("the server's certificate cannot be read: {error}"))
        })?;
        let issuer = self.authorities.named(parsed.issuer().as_raw());
        let above = issuer.map(|placed| placed.chain.clone()).unwrap_or_default();
        Ok(std::iter::once(server.certificate.clone()).chain(above).collect())
    }

    fn stored(&self, which: &OwnCertificate) -> Result<Option<Credential>, ServiceError> {
        let path = self.certificate_path(which);
        if !path.exists() || !self.keys.holds(&which.name()) {
            return Ok(None);
        }
        let certificate = super::files::read_certificate(&path)?;
        let key = self.keys.open(&which.name())?;
        let (_, parsed) = X509Certificate::from_der(&certificate)
            .map_err(|error| ServiceError::Tls(format!("{}: {error}", path.display())))?;
        if parsed.public_key().raw != key.public_key_info() {
            return Ok(None);
        }
        Ok(Some(Credential { key: Arc::new(key), certificate }))
    }

    fn certificate_path(&self, which: &OwnCertificate) -> PathBuf {
        certificate_path(&self.certificates, &which.name())
    }

    fn subject(&self, which: &OwnCertificate) -> ApprovedSubject {
        let now = self.clock.now();
        let subject = super::own_subject(&self.installation, IdentityRef(format!("system:{}", which.name())));
        match which {
            OwnCertificate::Responder(_) => {
                let name =
                    format!("OCSP Responder {:04}-{:02}-{:02}", now.year(), u8::from(now.month()), now.day());
                subject.with(Fact::CommonName, name)
            }
            OwnCertificate::Server => {
                // RFC 9525 section 6.5: an address is looked for as an address, never as a name.
                let fact = |name: &str| match name.parse::<std::net::IpAddr>() {
                    Ok(_) => Fact::IpAddress,
                    Err(_) => Fact::DnsName,
                };
                self.tls_names.iter().fold(subject, |subject, name| subject.with(fact(name), name.clone()))
            }
        }
    }
}

/// Where the certificate called `name` lies.
pub(crate) fn certificate_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.pem"))
}

/// The SubjectPublicKeyInfo of a certificate, DER.
pub(crate) fn public_key_info(certificate: &[u8]) -> Result<Vec<u8>, ServiceError> {
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|error| ServiceError::Refused(format!("a certificate cannot be read: {error}")))?;
    Ok(parsed.public_key().raw.to_vec())
}
