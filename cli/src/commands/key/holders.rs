//! The RSA keys of all certificates, from a server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::client::Client;
use crate::failure::{Failure, catalogue};

/// An RSA key and a certificate that holds it.
#[derive(Debug, Deserialize)]
pub struct Holder {
    /// The CA that issued the certificate.
    pub issuer: String,
    /// The certificate's serial number, hex.
    pub serial: String,
    public_key: String,
}

/// Gives each to `take`, with its key.
///
/// # Errors
/// No answer, a problem, or a key that cannot be read.
pub fn each(client: &Client, mut take: impl FnMut(Holder, Vec<u8>)) -> Result<(), Failure> {
    let mut after: Option<String> = None;
    loop {
        let query = [("after", after.take()), ("limit", Some("500".to_owned()))];
        let page = client.list::<Holder>(&["rsa-keys"], &query)?;
        for holder in page.items {
            let key = STANDARD
                .decode(&holder.public_key)
                .map_err(|error| Failure::of(&catalogue::ANSWER).cause(error.to_string()))?;
            take(holder, key);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
