//! Where a request's key comes from, and where key and certificate go.

use std::path::PathBuf;

use ca_core::algorithm::KeyAlgorithm;
use ca_core::profile::AttributeType;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::{new_key, request_file};

/// A request made elsewhere, or a new key here.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct CsrSource {
    /// A certification request made elsewhere, PEM or DER; - is standard input
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,
    /// Make a new key here; it stays on this machine
    #[arg(long)]
    generate: bool,
}

/// A certification request, and where its fruits go.
#[derive(Debug)]
pub struct Prepared {
    /// The request, PEM, or base64 of DER.
    pub csr: String,
    /// Where key and certificate go.
    pub delivery: Delivery,
}

/// Where key and certificate go.
#[derive(Debug)]
pub struct Delivery {
    folder: Option<PathBuf>,
    new_key: Option<PathBuf>,
}

impl CsrSource {
    /// Reads the request, or makes and writes a key and a request for it.
    ///
    /// The key is on disk before anything is sent: a certificate whose key was lost with the power is of no use.
    ///
    /// # Errors
    /// A file cannot be read or written, or a key cannot be made.
    pub fn prepare(
        &self,
        algorithm: KeyAlgorithm,
        subject: &[(AttributeType, String)],
        out: Option<PathBuf>,
    ) -> Result<Prepared, Failure> {
        if let Some(path) = &self.csr {
            let csr = as_text(files::read(path, files::MAX_OBJECT)?);
            return Ok(Prepared { csr, delivery: Delivery { folder: out, new_key: None } });
        }
        let folder = out.unwrap_or_else(|| PathBuf::from("."));
        let path = folder.join("key.pem");
        files::must_be_free(&path)?;
        let (key, key_pem) = new_key::generate(algorithm)?;
        let csr = request_file::certification_request(&key, subject)?;
        files::make_folder(&folder)?;
        files::create(&path, key_pem.as_bytes(), Readers::Owner)?;
        Ok(Prepared { csr, delivery: Delivery { folder: Some(folder), new_key: Some(path) } })
    }
}

impl Delivery {
    /// Certificate and chain into a folder.
    pub const fn to_folder(folder: PathBuf) -> Self {
        Self { folder: Some(folder), new_key: None }
    }

    /// Whether anything is to be written.
    pub const fn is_wanted(&self) -> bool {
        self.folder.is_some()
    }

    /// The key that was made, if one was.
    pub fn key_file(&self) -> Vec<PathBuf> {
        self.new_key.iter().cloned().collect()
    }

    /// Hands the server's answer on. When it refused for good, the new key is of no use and goes; when it is not
    /// known whether it took the request, the key stays.
    ///
    /// # Errors
    /// The failure given, with a word about the key that stays.
    pub fn settle<T>(&self, answer: Result<T, Failure>) -> Result<T, Failure> {
        let (Err(failure), Some(key)) = (&answer, &self.new_key) else { return answer };
        if !failure.is_refusal() {
            let [_, cause, _] = failure.sentences();
            let cause = format!("{cause}; the new key stays in {}", key.display());
            return answer.map_err(|failure| failure.cause(cause));
        }
        // A key that stays although it is of no use does no harm; the refusal is what matters.
        let _ = std::fs::remove_file(key);
        answer
    }

    /// Writes certificate and chain; gives all files that were written, the key among them.
    ///
    /// # Errors
    /// A file cannot be written, or the server left one out.
    pub fn write(&self, certificate: Option<&str>, chain: Option<&str>) -> Result<Vec<PathBuf>, Failure> {
        let Some(folder) = &self.folder else { return Ok(self.key_file()) };
        files::make_folder(folder)?;
        let mut written = self.key_file();
        for (name, content) in [("cert.pem", certificate), ("chain.pem", chain)] {
            let content = content.ok_or_else(|| super::cert::missing(name))?;
            let path = folder.join(name);
            files::replace(&path, content.as_bytes(), Readers::Anyone)?;
            written.push(path);
        }
        Ok(written)
    }
}

/// Reads a key algorithm, and tells clap which there are.
pub fn algorithm_parser() -> impl TypedValueParser<Value = KeyAlgorithm> {
    PossibleValuesParser::new(KeyAlgorithm::ALL.map(KeyAlgorithm::name))
        .try_map(|name| name.parse::<KeyAlgorithm>())
}

/// PEM as it is; DER as base64. What is neither, the server refuses with its reason.
fn as_text(content: Vec<u8>) -> String {
    use base64::Engine;
    match String::from_utf8(content) {
        Ok(text) => text,
        Err(error) => base64::engine::general_purpose::STANDARD.encode(error.as_bytes()),
    }
}
