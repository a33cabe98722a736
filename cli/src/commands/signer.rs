//! Whoever signs a file: a certificate with its chain, and a key in a file, in a PKCS#12 file or in a token.

use std::path::{Path, PathBuf};

use ca_core::clock::SystemEntropy;
use ca_core::csr::KeyKind;
use ca_core::keys::encrypted::open_key;
use ca_core::keys::pkcs12::KeyFile;
use ca_core::keys::software::SoftwareKey;
use ca_core::keys::token::{Expected, Modifiable, TokenSigner};
use ca_core::keys::{KeyError, Signer};
use ca_core::token::{KeyPlace, Pin};
use clap::Args;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::context::private_key;
use crate::failure::{Failure, catalogue};
use crate::files;
use crate::relying_party::judgement::certificate;
use crate::relying_party::material::Chain;
use crate::session::Session;

/// Which key signs, and whose certificate says so.
#[derive(Debug, Args)]
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
    /// Opens the key.
    ///
    /// # Errors
    /// Something given cannot be read or does not belong together, or nobody can be asked for the passphrase.
    pub fn open(&self, session: &Session) -> Result<SigningKey, Failure> {
        if let Some(file) = &self.p12 {
            return self.in_one_file(file, session);
        }
        let given = |path: &Option<PathBuf>| path.clone().ok_or_else(|| Failure::of(&catalogue::USAGE));
        let chain = Chain::read(&given(&self.cert)?)?;
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
        let content = Zeroizing::new(files::read(path, files::MAX_OBJECT)?);
        let text = std::str::from_utf8(&content).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        // An empty PIN would cost one of the token's tries.
        if line.is_empty() {
            return Err(Failure::of(&catalogue::CONTENT)
                .what(format!("{} has no passphrase in its first line", path.display())));
        }
        Ok(Zeroizing::new(line.to_owned()))
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
