//! `npki token show|make-key|check`: PKCS#11 tokens that hold CA keys.

use std::path::PathBuf;

use ca_core::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use ca_core::keys::Signer;
use ca_core::keys::journal::Digest;
use ca_core::keys::token::{Expected, KeySeen, Modifiable};
use ca_core::token::{TokenSeen, Tries, tokens};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Ending;
use crate::failure::{Failure, catalogue};
use crate::output::{Meaning, Outcome, Page, Simple};
use crate::service::{PinFile, ServiceError, SigningToken};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// List the tokens at hand and, with a PIN, the private keys in one, and whether each may be a CA's
    Show(ShowArguments),
    /// Make a CA's key in a token: it signs, does nothing else, and never leaves it
    MakeKey(KeyArguments),
    /// Open a key as the service does: judge its attributes, and have it sign random octets
    Check(KeyArguments),
}

/// Which token.
#[derive(Debug, Args)]
pub struct Place {
    /// The installation's folder, whose npki.toml has a section [pkcs11]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["module", "token", "pin_file"])]
    data: Option<PathBuf>,
    /// The token maker's library, such as /usr/lib/softhsm/libsofthsm2.so
    #[arg(long, value_name = "FILE", required_unless_present = "data")]
    module: Option<PathBuf>,
    /// The token's label
    #[arg(long, value_name = "LABEL")]
    token: Option<String>,
    /// A file whose first line is the user PIN, mode 0600
    #[arg(long, value_name = "FILE", requires = "token")]
    pin_file: Option<PathBuf>,
    /// Accept keys whose attributes can be changed (CKA_MODIFIABLE)
    #[arg(long, conflicts_with = "data")]
    accept_modifiable: bool,
}

/// Arguments of `npki token show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    #[command(flatten)]
    place: Place,
}

/// Arguments of `npki token make-key` and `npki token check`.
#[derive(Debug, Args)]
pub struct KeyArguments {
    #[command(flatten)]
    place: Place,
    /// The key's label (CKA_LABEL)
    #[arg(long, value_name = "LABEL")]
    key: String,
    /// The key's kind: p256, p384, rsa-3072, rsa-4096 or ed25519
    #[arg(long, value_name = "KIND")]
    algorithm: KeyAlgorithm,
    /// What it signs with, where not what such keys usually do: rsa-pss-with-sha256, ...
    #[arg(long, value_name = "NAME")]
    signature: Option<SignatureAlgorithm>,
}

impl Place {
    fn library(&self) -> Result<PathBuf, Failure> {
        match &self.module {
            Some(module) => Ok(module.clone()),
            None => Ok(self.named()?.ok_or_else(unnamed)?.module),
        }
    }

    /// The token that is meant; none where only a library was named.
    fn named(&self) -> Result<Option<SigningToken>, Failure> {
        if let Some(data) = &self.data {
            return Ok(Some(SigningToken::of_installation(data)?.by_hand()));
        }
        let (Some(module), Some(token), Some(pin_file)) = (&self.module, &self.token, &self.pin_file) else {
            return Ok(None);
        };
        let modifiable = if self.accept_modifiable { Modifiable::Accepted } else { Modifiable::Refused };
        let (module, token, pin) = (module.clone(), token.clone(), PinFile::at(pin_file.clone()).by_hand());
        Ok(Some(SigningToken { module, token, pin, modifiable }))
    }
}

fn unnamed() -> Failure {
    Failure::of(&catalogue::USAGE)
        .cause("the token is not named")
        .fix("give --data DIR, or --module FILE --token LABEL --pin-file FILE")
}

/// Shows, makes or checks.
pub fn run(command: TokenCommand) -> Ending {
    match command {
        TokenCommand::Show(arguments) => show(&arguments.place),
        TokenCommand::MakeKey(arguments) => {
            let made = with_key(&arguments, SigningToken::make_key)?;
            Ok(Outcome::done(Simple::new("npki.token.make-key/1", made, |key, page| {
                page.verdict(Meaning::Good, "made", &key.key);
                key_text(key, page);
            })))
        }
        TokenCommand::Check(arguments) => {
            let checked = with_key(&arguments, SigningToken::open_signer)?;
            Ok(Outcome::done(Simple::new("npki.token.check/1", checked, |key, page| {
                page.verdict(Meaning::Good, "fit", &key.key);
                key_text(key, page);
            })))
        }
    }
}

/// A key that was made or checked.
#[derive(Debug, Serialize)]
struct Key {
    token: String,
    key: String,
    algorithm: &'static str,
    signature: &'static str,
    key_sha256: String,
    /// SubjectPublicKeyInfo, PEM.
    public_key: String,
}

type Opened = Result<std::sync::Arc<dyn Signer>, ServiceError>;

fn with_key(
    arguments: &KeyArguments,
    open: fn(&SigningToken, &str, &Expected) -> Opened,
) -> Result<Key, Failure> {
    let KeyArguments { place, key, algorithm, signature } = arguments;
    let token = place.named()?.ok_or_else(unnamed)?;
    let expected = Expected { signature: *signature, ..Expected::of(*algorithm) };
    let signer = open(&token, key, &expected)?;
    let info = signer.public_key_info();
    Ok(Key {
        token: token.token,
        key: key.clone(),
        algorithm: signer.algorithm().name(),
        signature: signer.signature_algorithm().name(),
        key_sha256: Digest::of(info).to_string(),
        public_key: pem::encode(&pem::Pem::new("PUBLIC KEY", info)),
    })
}

fn key_text(key: &Key, page: &mut Page) {
    page.facts(&[
        ("token", key.token.clone()),
        ("algorithm", key.algorithm.to_owned()),
        ("signs with", key.signature.to_owned()),
        ("SHA-256 of the public key", key.key_sha256.clone()),
    ]);
    page.verbatim(&key.public_key);
}

/// What `npki token show` found.
#[derive(Debug, Serialize)]
struct Shown {
    tokens: Vec<Token>,
    /// Absent where no PIN was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<PrivateKey>>,
}

#[derive(Debug, Serialize)]
struct Token {
    label: String,
    manufacturer: String,
    model: String,
    serial_number: String,
    /// `all`, `fewer`, `one`, `none`, `no-pin`
    pin_tries: &'static str,
    #[serde(skip)]
    tries: Tries,
}

#[derive(Debug, Serialize)]
struct PrivateKey {
    label: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_sha256: Option<String>,
    /// Whether it may be a CA's.
    fit: bool,
    faults: Vec<&'static str>,
}

impl From<TokenSeen> for Token {
    fn from(seen: TokenSeen) -> Self {
        let TokenSeen { label, manufacturer, model, serial_number, tries } = seen;
        let pin_tries = match tries {
            Tries::All => "all",
            Tries::Fewer => "fewer",
            Tries::One => "one",
            Tries::None => "none",
            Tries::NoPin => "no-pin",
        };
        Self { label, manufacturer, model, serial_number, pin_tries, tries }
    }
}

impl From<KeySeen> for PrivateKey {
    fn from(seen: KeySeen) -> Self {
        Self {
            label: seen.label,
            id: hex::encode(seen.id),
            algorithm: seen.algorithm.map(KeyAlgorithm::name),
            key_sha256: seen.key.map(|key| key.to_string()),
            fit: seen.faults.is_empty(),
            faults: seen.faults,
        }
    }
}

fn show(place: &Place) -> Ending {
    let library = place.library()?;
    let tokens = tokens(&library).map_err(ServiceError::from)?.into_iter().map(Token::from).collect();
    let keys = match place.named()? {
        Some(token) => Some(token.keys()?.into_iter().map(PrivateKey::from).collect()),
        None => None,
    };
    Ok(Outcome::done(Simple::new("npki.token.show/1", Shown { tokens, keys }, shown_text)))
}

fn shown_text(shown: &Shown, page: &mut Page) {
    let row = |token: &Token| {
        let Token { label, manufacturer, model, serial_number, tries, .. } = token;
        let maker = format!("{manufacturer} {model}");
        [label.clone(), maker, serial_number.clone(), tries.in_words().to_owned()]
    };
    let rows = shown.tokens.iter().map(row).collect();
    page.table(["TOKEN", "MODEL", "SERIAL", "PIN TRIES"], rows, "no token is at hand");
    let Some(keys) = &shown.keys else { return };
    if keys.is_empty() {
        page.line("no private key is in the token");
    }
    for key in keys {
        let (meaning, word) = if key.fit { (Meaning::Good, "fit") } else { (Meaning::Bad, "unfit") };
        let kind = key.algorithm.unwrap_or("of another kind");
        page.verdict(meaning, word, format!("{}  {kind}  {}", key.label, key.id));
        key.faults.iter().for_each(|fault| page.line(format!("  {fault}")));
    }
}
