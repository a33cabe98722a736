//! Where a receiver is.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::identity::FieldError;

/// The most characters of an address.
const LONGEST: usize = 500;

/// The address of a receiver: HTTPS, or HTTP on this machine for those who try something out; without a user's name and
/// password, which would stand in logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(Url);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or does not fit.
    pub fn read(text: &str) -> Result<Self, FieldError> {
        if text.len() > LONGEST {
            return Err(unfit(format!("it has more than {LONGEST} characters")));
        }
        let url = Url::parse(text).map_err(|error| unfit(error.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(unfit("it has a user's name or password in it".to_owned()));
        }
        if url.fragment().is_some() {
            return Err(unfit("what stands behind # is never sent".to_owned()));
        }
        match (url.scheme(), is_local(&url)) {
            ("https", _) | ("http", true) => Ok(Self(url)),
            ("http", false) => Err(unfit("http is for this machine alone".to_owned())),
            (scheme, _) => Err(unfit(format!("it begins with {scheme}:"))),
        }
    }

    /// The address.
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Whether it is this machine.
    pub fn is_local(&self) -> bool {
        is_local(&self.0)
    }

    /// Scheme, host and port: what the ledger holds for good. The path of a receiver is often a secret by itself.
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn unfit(why: String) -> FieldError {
    FieldError { field: "address", why, fits: "https://host/path, without a user's name, password or #" }
}

impl TryFrom<String> for Address {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0.into()
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_address_is_https_or_this_machine() {
        for fits in
            ["https://hooks.gov.ls/npki?to=1", "http://localhost:1/x", "http://127.0.0.1:9", "http://[::1]/"]
        {
            let address = Address::read(fits).unwrap();
            let json = serde_json::to_string(&address).unwrap();
            assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
        }
        let long = format!("https://hooks.gov.ls/{}", "a".repeat(LONGEST));
        for unfit in [
            "",
            "hooks.gov.ls",
            "http://hooks.gov.ls",
            "http://localhost.gov.ls",
            "https://a:b@hooks.gov.ls",
            "https://a@hooks.gov.ls",
            "https://hooks.gov.ls/#part",
            "ftp://localhost/x",
            "file:///etc/passwd",
            &long,
        ] {
            assert_eq!(Address::read(unfit).unwrap_err().field, "address", "{unfit}");
        }
    }

    #[test]
    fn the_ledger_learns_no_path() {
        assert_eq!(
            Address::read("https://hooks.gov.ls:444/s3cret?k=v").unwrap().origin(),
            "https://hooks.gov.ls:444"
        );
    }
}
