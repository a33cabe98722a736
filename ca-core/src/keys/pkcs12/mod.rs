//! PKCS#12 files (RFC 7292): a private key with its certificates, as browsers, Java and OpenSSL hand it on.
//!
//! Read is what is made today: PBES2 with AES, and a MAC under the same passphrase. What older programs made (RC2, triple DES)
//! is refused with the command that writes it anew.

mod asn1;
mod mac;

use der::Decode;
use der::asn1::{AnyRef, OctetStringRef};
use zeroize::Zeroizing;

use super::KeyError;
use super::encrypted::{malformed, open, open_key};
use asn1::{AuthenticatedSafe, CertBag, ContentInfo, EncryptedData, Pfx, SafeBag, SafeContents};

/// A key and the certificates that came with it; of neither is it verified that they belong together.
pub struct KeyFile {
    /// PKCS#8, DER.
    pub key: Zeroizing<Vec<u8>>,
    /// Certificates, DER, in the order of the file.
    pub certificates: Vec<Vec<u8>>,
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFile").field("certificates", &self.certificates.len()).finish_non_exhaustive()
    }
}

impl KeyFile {
    /// Opens a file, DER. Its MAC is verified before anything in it is decrypted.
    ///
    /// # Errors
    /// It is none, the passphrase does not open it, it has no private key or several, or it is protected in a way that npki
    /// does not open.
    pub fn open(der: &[u8], passphrase: &str) -> Result<Self, KeyError> {
        let pfx = Pfx::from_der(der).map_err(|error| malformed(&error))?;
        // RFC 7292 section 4: the version is 3.
        if pfx.version != 3 {
            return Err(KeyError::Malformed(format!("a PKCS#12 file of version {}", pfx.version)));
        }
        let safe = data(&pfx.auth_safe)?.ok_or_else(|| {
            KeyError::Malformed("its integrity is protected by a public key, and not by a passphrase".into())
        })?;
        let mac = pfx.mac.ok_or_else(|| {
            KeyError::Malformed("it has no MAC: nothing shows that it was not altered".to_owned())
        })?;
        mac.verify(safe, passphrase)?;
        let mut found = Found::default();
        for part in AuthenticatedSafe::from_der(safe).map_err(|error| malformed(&error))? {
            found.part(&part, passphrase)?;
        }
        found.complete()
    }
}

/// What was found so far.
#[derive(Default)]
struct Found {
    keys: Vec<Zeroizing<Vec<u8>>>,
    certificates: Vec<Vec<u8>>,
}

impl Found {
    fn part(&mut self, part: &ContentInfo<'_>, passphrase: &str) -> Result<(), KeyError> {
        if let Some(bags) = data(part)? {
            return self.bags(bags, passphrase);
        }
        if part.content_type != asn1::ENCRYPTED_DATA {
            // Enveloped for a public key, of which a signer has none here.
            return Ok(());
        }
        let encrypted: EncryptedData<'_> = part.content.decode_as().map_err(|error| malformed(&error))?;
        let inside = encrypted.content;
        let octets = inside.octets.ok_or_else(|| KeyError::Malformed("a part of it is empty".to_owned()))?;
        let bags = open(inside.algorithm, octets.as_bytes(), passphrase)?;
        self.bags(&bags, passphrase)
    }

    fn bags(&mut self, contents: &[u8], passphrase: &str) -> Result<(), KeyError> {
        for bag in SafeContents::from_der(contents).map_err(|error| malformed(&error))? {
            self.bag(&bag, passphrase)?;
        }
        Ok(())
    }

    /// RFC 7292 section 4.2. CRLs and other secrets are no concern of a signer's.
    fn bag(&mut self, bag: &SafeBag<'_>, passphrase: &str) -> Result<(), KeyError> {
        let value = || der::Encode::to_der(&bag.value).map(Zeroizing::new).map_err(|error| malformed(&error));
        match bag.id {
            asn1::KEY_BAG => self.keys.push(value()?),
            asn1::SHROUDED_KEY_BAG => self.keys.push(open_key(&value()?, passphrase)?),
            asn1::CERT_BAG => {
                let bag: CertBag<'_> = bag.value.decode_as().map_err(|error| malformed(&error))?;
                if bag.id == asn1::X509_CERTIFICATE {
                    self.certificates.push(octets(bag.value)?.as_bytes().to_vec());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn complete(mut self) -> Result<KeyFile, KeyError> {
        let key = self.keys.pop().ok_or_else(|| KeyError::Malformed("it holds no private key".to_owned()))?;
        if !self.keys.is_empty() {
            let why = format!("it holds {} private keys, and one was expected", self.keys.len() + 1);
            return Err(KeyError::Malformed(why));
        }
        Ok(KeyFile { key, certificates: self.certificates })
    }
}

/// The octets of a part that is not encrypted; nothing where it is something else.
fn data<'a>(part: &ContentInfo<'a>) -> Result<Option<&'a [u8]>, KeyError> {
    if part.content_type != asn1::DATA {
        return Ok(None);
    }
    Ok(Some(octets(part.content)?.as_bytes()))
}

fn octets(value: AnyRef<'_>) -> Result<&OctetStringRef, KeyError> {
    value.decode_as().map_err(|error| malformed(&error))
}
