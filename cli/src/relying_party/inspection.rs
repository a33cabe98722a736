//! What is in a file, or what a TLS server shows, over `ocsp_responder::inspect`.

use ca_core::clock::in_words;
use ocsp_responder::inspect::{self, CertificateView};
use serde::Serialize;
use time::OffsetDateTime;

use crate::client::{ServerAddress, ShownByServer};
use crate::failure::{Failure, catalogue};

/// What is in a file, object by object.
#[derive(Debug, Clone, Serialize)]
pub struct Inspected {
    /// The objects, in the file's order.
    pub items: Vec<inspect::Inspected>,
}

/// What a TLS server shows.
#[derive(Debug, Clone, Serialize)]
pub struct InspectedServer {
    /// Its name and port, as they were asked for.
    pub server: String,
    /// The address that answered.
    pub address: String,
    /// The version of TLS that was agreed on.
    pub protocol: String,
    /// The cipher suite that was agreed on.
    pub cipher_suite: String,
    /// Whether its certificate is for the name that was asked for.
    pub is_named: bool,
    /// Whether it sends an OCSP response with its certificate.
    pub staples: bool,
    /// What clients will stumble over, in words.
    pub notes: Vec<String>,
    /// The certificates in the order in which they were sent, then the OCSP response.
    pub items: Vec<inspect::Inspected>,
}

/// Says what is in a file, verifying nothing.
///
/// # Errors
/// It is nothing that is known here.
pub fn inspect(content: &[u8]) -> Result<Inspected, Failure> {
    let items = inspect::inspect(content)
        .map_err(|error| Failure::of(&catalogue::CONTENT).cause(error.to_string()))?;
    Ok(Inspected { items })
}

/// Says what a server shows at this moment, verifying nothing.
///
/// # Errors
/// It sends what cannot be read.
pub fn of_server(
    address: &ServerAddress,
    shown: ShownByServer,
    now: OffsetDateTime,
) -> Result<InspectedServer, Failure> {
    let staples = shown.stapled.is_some();
    let is_named = shown.certificates.first().is_some_and(|first| address.is_named_in(first));
    let octets = shown.certificates.iter().map(|certificate| certificate.as_ref());
    let mut items = Vec::new();
    for der in octets.chain(shown.stapled.as_deref()) {
        let read =
            inspect(der).map_err(|failure| failure.what(format!("{address} sends what cannot be read")))?;
        items.extend(read.items);
    }
    let certificates: Vec<&CertificateView> = items
        .iter()
        .filter_map(|item| match item {
            inspect::Inspected::Certificate(view) => Some(view),
            _ => None,
        })
        .collect();
    Ok(InspectedServer {
        server: address.to_string(),
        address: shown.address.to_string(),
        protocol: shown.protocol,
        cipher_suite: shown.cipher_suite,
        is_named,
        staples,
        notes: notes(&certificates, is_named, now),
        items,
    })
}

fn notes(certificates: &[&CertificateView], is_named: bool, now: OffsetDateTime) -> Vec<String> {
    let mut notes = Vec::new();
    if !is_named {
        notes.push("the first certificate is not for the name that was asked for".to_owned());
    }
    for (place, view) in (1..).zip(certificates) {
        if now < view.not_before {
            notes.push(format!("certificate {place} is not valid before {}", in_words(view.not_before)));
        } else if now > view.not_after {
            notes.push(format!("certificate {place} expired at {}", in_words(view.not_after)));
        }
    }
    // RFC 8446 section 4.4.2: each certificate should certify the one before it; older clients want it so.
    for (place, pair) in (1..).zip(certificates.windows(2)) {
        if let [one, above] = pair
            && one.issuer != above.subject
        {
            let next = place + 1;
            notes.push(format!(
                "certificate {next} is not the issuer of certificate {place}: one is missing, or they are not in order"
            ));
        }
    }
    if let [only] = certificates
        && only.issuer != only.subject
    {
        notes.push(
            "it sends its own certificate alone, without the CA's: clients that do not know that CA cannot find the path"
                .to_owned(),
        );
    }
    notes
}
