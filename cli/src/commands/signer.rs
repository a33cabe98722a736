//! Whoever signs a file: a certificate with its chain, and a key in a file, in a PKCS#12 file or in a token.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ca_core::clock::SystemEntropy;
use ca_core::csr::KeyKind;
use ca_core::keys::encrypted::open_key;
use ca_core::keys::pkcs12::KeyFile;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::token::{Expected, Modifiable, TokenSigner};
use ca_core::keys::{KeyError, Signer};
use ca_core::token::{KeyPlace, Pin};
use clap::Args;
use ocsp_responder::signature::Signatory;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::context::private_key;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::relying_party::judgement::certificate;
use crate::relying_party::material::Chain;
use crate::secret::{self, SecretUnfit};
use crate::session::Session;

/// What is done with a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Act {
    /// A person signs.
    #[default]
    Sign,
    /// An organisation seals.
    Seal,
}

impl Act {
    /// The word for what was done.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Sign => "signed",
            Self::Seal => "sealed",
        }
    }

    /// Admits a certificate to this act: what it says of a person's will and of an organisation's must not be mixed up, and a key
    /// for something else must sign no documents.
    fn admit(self, signatory: Signatory) -> Result<(), Failure> {
        let refused = Failure::of(&catalogue::OTHER_USE);
        match (self, signatory) {
            (Self::Sign, Signatory::Person | Signatory::Unstated) | (Self::Seal, Signatory::Organisation) => Ok(()),
            (Self::Sign, Signatory::Organisation) => Err(refused
                .what("the certificate is an organisation's seal")
                .cause("it names a legal person and no natural one (ETSI EN 319 412-3 section 4.2.1)")
                .fix("npki seal, with the same arguments")),
            (Self::Seal, Signatory::Person) => Err(refused
                .what("the certificate is a person's, and persons sign")
                .cause("it names a natural person (ETSI EN 319 412-2 section 4.2.4), as no seal does")
                .fix("npki sign, with the same arguments")),
            (Self::Seal, Signatory::Unstated) => Err(refused
                .what("the certificate is not known to be an organisation's seal")
                .cause(
                    "it has no QcType eseal (ETSI EN 319 412-5 section 4.2.3), and not both an organization with its \
                     organizationIdentifier (EN 319 412-3 section 4.2.1) and a key that commits, nonRepudiation",
                )
                .fix("use one of a profile for seals: npki cert request --profile organisation-seal")),
            (_, Signatory::Nobody(other)) => Err(refused
                .what("the certificate's key signs no documents")
                .cause(format!("it is for {other}"))
                .fix("use a certificate for signatures, as of the profiles person-signature and organisation-seal")),
        }
    }
}

/// Which key signs, and whose certificate says so.
#[derive(Debug, Clone, Args)]
pub struct SignerArguments {
    /// The signer's certificate, PEM, its chain after it
    #[arg(long, value_name = "FILE", required_unless_present_any = ["raise", "p12"])]
    cert: Option<PathBuf>,
    /// Its private key, PKCS#8 PEM; for an encrypted one its passphrase is asked for
    #[arg(long, value_name = "FILE", required_unless_present_any = ["raise", "p12", "token"])]
    key: Option<PathBuf>,
    /// Certificate, chain and key in one file (PKCS#12: .p12, .pfx), whose passphrase is asked for
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cert", "key", "token"])]
    p12: Option<PathBuf>,
    /// The key is in the PKCS#11 token of this label, whose PIN is asked for
    #[arg(long, value_name = "LABEL", conflicts_with = "key", requires_all = ["module", "token_key"])]
    token: Option<String>,
    /// The library of the token's maker, such as /usr/lib/softhsm/libsofthsm2.so
    #[arg(long, value_name = "FILE", requires = "token", env = "NPKI_PKCS11_MODULE")]
    module: Option<PathBuf>,
    /// The key's label in the token (CKA_LABEL)
    #[arg(long, value_name = "LABEL", requires = "token")]
    token_key: Option<String>,
    /// A file whose first line is the passphrase or PIN, instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// What is done with it.
    #[arg(skip)]
    pub(super) act: Act,
    /// The key, once it was opened: nobody is asked twice.
    #[arg(skip)]
    opened: Rc<OnceCell<SigningKey>>,
}

/// A key with the certificates that go with it.
#[derive(Debug)]
pub struct SigningKey {
    /// The key.
    pub signer: Box<dyn Signer>,
    /// Its certificate, and those above.
    pub chain: Chain,
}

impl SignerArguments {
    /// The same, for this act.
    pub fn acting(self, act: Act) -> Self {
        Self { act, ..self }
    }

    /// The key, opened at the first call.
    ///
    /// # Errors
    /// Something given cannot be read or does not belong together, the certificate is for something else, or nobody can be asked
    /// for the passphrase.
    pub fn open(&self, session: &Session) -> Result<&SigningKey, Failure> {
        match self.opened.get() {
            Some(opened) => Ok(opened),
            None => {
                let key = self.opened_now(session)?;
                let certified = certificate(&key.chain.certificate)?;
                if key.signer.public_key_info() != certified.public_key_info() {
                    return Err(Failure::of(&catalogue::KEY_MISMATCH));
                }
                Ok(self.opened.get_or_init(|| key))
            }
        }
    }

    fn opened_now(&self, session: &Session) -> Result<SigningKey, Failure> {
        if let Some(file) = &self.p12 {
            return self.in_one_file(file, session);
        }
        let given = |path: &Option<PathBuf>| path.clone().ok_or_else(|| Failure::of(&catalogue::USAGE));
        let chain = Chain::read(&given(&self.cert)?)?;
        self.act.admit(Signatory::of(&certificate(&chain.certificate)?))?;
        let signer: Box<dyn Signer> = match (&self.token, &self.module, &self.token_key) {
            (Some(token), Some(module), Some(key)) => {
                let place = KeyPlace { module: module.clone(), token: token.clone(), key: key.clone() };
                Box::new(self.in_token(place, &chain, session)?)
            }
            _ => Box::new(self.in_file(&given(&self.key)?, session)?),
        };
        Ok(SigningKey { signer, chain })
    }

    fn in_file(&self, path: &Path, session: &Session) -> Result<SoftwareKey, Failure> {
        let content = Zeroizing::new(files::read(path, files::MAX_OBJECT)?);
        let what = format!("{} cannot be used as a key", path.display());
        let blocks = pem::parse_many(content.as_slice()).unwrap_or_default();
        let key = match blocks.into_iter().find(|block| block.tag() == "ENCRYPTED PRIVATE KEY") {
            Some(sealed) => {
                let passphrase = self.passphrase("the passphrase of the key", session)?;
                open_key(sealed.contents(), &passphrase).map_err(|error| unusable(&error, what.clone()))?
            }
            None => private_key(&content).map_err(|failure| failure.what(what.clone()))?,
        };
        SoftwareKey::from_pkcs8(&key).map_err(|error| unusable(&error, what))
    }

    fn in_one_file(&self, path: &Path, session: &Session) -> Result<SigningKey, Failure> {
        let content = files::read(path, files::MAX_OBJECT)?;
        let what = format!("{} cannot be used as a key", path.display());
        let passphrase = self.passphrase(&format!("the passphrase of {}", path.display()), session)?;
        let opened = KeyFile::open(&content, &passphrase).map_err(|error| unusable(&error, what.clone()))?;
        let signer = SoftwareKey::from_pkcs8(&opened.key).map_err(|error| unusable(&error, what.clone()))?;
        let mut others: Vec<_> = opened.certificates.into_iter().map(CertificateDer::from).collect();
        let is_own = |der: &CertificateDer<'_>| {
            certificate(der).is_ok_and(|read| read.public_key_info() == signer.public_key_info())
        };
        let own = others.iter().position(is_own).ok_or_else(|| {
            Failure::of(&catalogue::KEY_MISMATCH)
                .what(format!("{} holds no certificate for its key", path.display()))
                .fix("give certificate and key by themselves: --cert FILE --key FILE")
        })?;
        let chain = Chain { certificate: others.remove(own), others };
        self.act.admit(Signatory::of(&certificate(&chain.certificate)?))?;
        Ok(SigningKey { signer: Box::new(signer), chain })
    }

    /// The certificate says of what kind the key is; the token proves that it has it.
    fn in_token(&self, place: KeyPlace, chain: &Chain, session: &Session) -> Result<TokenSigner, Failure> {
        let what = format!("the key {:?} of token {:?} cannot be used", place.key, place.token);
        let kind = KeyKind::of(certificate(&chain.certificate)?.public_key_info());
        let algorithm = kind.and_then(KeyKind::algorithm).ok_or_else(|| {
            Failure::of(&catalogue::KEY)
                .what(what.clone())
                .cause("npki does not sign with a key of the kind that the certificate is for")
                .fix("use a P-256, P-384, RSA-3072, RSA-4096 or Ed25519 key")
        })?;
        let pin = Pin::new(self.passphrase(&format!("the PIN of token {:?}", place.token), session)?);
        // Whether the holder of a card could change its attributes is the card's affair, and no CA's key.
        let expected = Expected { modifiable: Modifiable::Accepted, ..Expected::of(algorithm) };
        TokenSigner::open(place, pin, &expected, &SystemEntropy).map_err(|error| unusable(&error, what))
    }

    fn passphrase(&self, what: &str, session: &Session) -> Result<Zeroizing<String>, Failure> {
        let Some(path) = &self.passphrase_file else {
            return session.console.ask_hidden(&format!("{what}:"), "--passphrase-file FILE");
        };
        secret::first_line(path).map_err(|unfit| match unfit {
            SecretUnfit::Unreadable { path, source } => files::unreadable(&path, &source),
            unfit => Failure::of(&catalogue::CONTENT)
                .what(format!("no passphrase or PIN is taken from {}", path.display()))
                .cause(unfit.to_string()),
        })
    }
}

fn unusable(error: &KeyError, what: String) -> Failure {
    let failure = Failure::of(&catalogue::KEY).what(what).cause(error.to_string());
    match error {
        KeyError::WrongPassphrase => {
            failure.fix("type it again; --passphrase-file FILE takes its first line")
        }
        _ => failure,
    }
}
