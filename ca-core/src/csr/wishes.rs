//! What a request asks for besides a certificate for its key. Everything is read and nothing passed over: the profile
//! decides what is admitted, and what it does not admit is refused, never dropped in silence.

use std::collections::HashSet;

use const_oid::ObjectIdentifier;

use super::names::{RequestedAttribute, dotted};
use super::strict::{self, Element, OCTET_STRING, OID, Reader, SEQUENCE, SET};
use super::{CsrError, names};
use crate::alternative_name::{Name, NameForm, dns_name};
use crate::name;

/// PKCS #9 extensionRequest (RFC 2985 section 5.4.2), as contents octets.
const EXTENSION_REQUEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];
/// subjectAltName (RFC 5280 section 4.2.1.6), as contents octets.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const BOOLEAN: u8 = 0x01;
const ALTERNATIVE_NAMES: CsrError = CsrError::Structure { part: "subjectAltName extension" };
const EXTENSIONS: CsrError = CsrError::Structure { part: "list of requested extensions" };

/// What an applicant asks for besides a certificate for a key: wishes, not facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    subject: Vec<RequestedAttribute>,
    names: Vec<RequestedName>,
    extensions: Vec<RequestedExtension>,
}

/// An alternative name that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestedName {
    /// Of a form that profiles know.
    Known(Name),
    /// Of another, in words.
    Other(String),
}

impl std::fmt::Display for RequestedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(name) => name.fmt(f),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// An extension that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedExtension {
    oid: String,
    critical: bool,
    value: Vec<u8>,
}

impl RequestedExtension {
    /// Its dotted object identifier.
    pub fn oid(&self) -> &str {
        &self.oid
    }

    /// Whether it is asked for as critical.
    pub const fn is_critical(&self) -> bool {
        self.critical
    }

    /// Its contents, which may be anything.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl Wishes {
    /// None at all.
    pub const fn none() -> Self {
        Self { subject: Vec::new(), names: Vec::new(), extensions: Vec::new() }
    }

    /// The subject asked for, in the order of its encoding.
    pub fn subject(&self) -> &[RequestedAttribute] {
        &self.subject
    }

    /// The alternative names asked for, each once.
    pub fn names(&self) -> &[RequestedName] {
        &self.names
    }

    /// The other extensions asked for.
    pub fn extensions(&self) -> &[RequestedExtension] {
        &self.extensions
    }

    /// The same with further names, asked for beside the certification request.
    #[must_use]
    pub fn and_names(mut self, names: &[Name]) -> Self {
        for name in names {
            self.name(RequestedName::Known(name.clone()));
        }
        self
    }

    fn name(&mut self, name: RequestedName) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }
}

/// Reads the attributes of a request (RFC 2986 section 4.1) for the extensions asked for. Other attributes are passed
/// over: a challenge password or a client's version asks for nothing in the certificate.
pub(super) fn read(subject: Vec<RequestedAttribute>, mut attributes: Reader<'_>) -> Result<Wishes, CsrError> {
    let mut requested = None;
    while let Some(attribute) = attributes.next()? {
        if attribute.tag != SEQUENCE {
            return Err(CsrError::Structure { part: "list of attributes" });
        }
        let mut fields = Reader::new(attribute.body, "list of attributes");
        let oid = fields.expect(OID)?;
        let mut values = fields.enter(SET, "list of attributes")?;
        fields.end()?;
        if oid.body != EXTENSION_REQUEST {
            continue;
        }
        let extensions = values.enter(SEQUENCE, "list of requested extensions")?;
        // RFC 2985 section 5.4.2: SINGLE VALUE TRUE, within one attribute and over all of them.
        if values.end().is_err() || requested.replace(extensions).is_some() {
            return Err(CsrError::ExtensionRequestRepeated);
        }
    }
    let mut wishes = Wishes { subject, ..Wishes::none() };
    if let Some(extensions) = requested {
        extensions_into(&mut wishes, extensions)?;
    }
    Ok(wishes)
}

fn extensions_into(wishes: &mut Wishes, mut extensions: Reader<'_>) -> Result<(), CsrError> {
    let mut seen = HashSet::new();
    while let Some(element) = extensions.next()? {
        let (oid, critical, value) = extension(&element)?;
        if !seen.insert(oid) {
            return Err(CsrError::ExtensionRepeated { oid: dotted(oid) });
        }
        if oid == SUBJECT_ALT_NAME {
            alternative_names_into(wishes, value)?;
        } else {
            let value = value.to_vec();
            wishes.extensions.push(RequestedExtension { oid: dotted(oid), critical, value });
        }
    }
    Ok(())
}

/// RFC 5280 section 4.1: Extension. DER leaves out the DEFAULT FALSE of critical; some clients write it all the same,
/// and it means the same.
fn extension<'a>(element: &Element<'a>) -> Result<(&'a [u8], bool, &'a [u8]), CsrError> {
    if element.tag != SEQUENCE {
        return Err(EXTENSIONS);
    }
    let mut fields = Reader::new(element.body, "list of requested extensions");
    let oid = fields.expect(OID)?.body;
    let next = fields.next()?.ok_or(EXTENSIONS)?;
    let (critical, value) = match next.tag {
        BOOLEAN => (next.body == [0xff], fields.expect(OCTET_STRING)?),
        OCTET_STRING => (false, next),
        _ => return Err(EXTENSIONS),
    };
    fields.end()?;
    Ok((oid, critical, value.body))
}

/// The names of a subjectAltName extension, by its contents.
pub(crate) fn names_of_extension(value: &[u8]) -> Result<Vec<RequestedName>, CsrError> {
    let mut wishes = Wishes::none();
    alternative_names_into(&mut wishes, value)?;
    Ok(wishes.names)
}

fn alternative_names_into(wishes: &mut Wishes, value: &[u8]) -> Result<(), CsrError> {
    strict::check(value).map_err(|_| ALTERNATIVE_NAMES)?;
    let mut outer = Reader::new(value, "subjectAltName extension");
    let mut names = outer.enter(SEQUENCE, "subjectAltName extension")?;
    while let Some(element) = names.next()? {
        wishes.name(general_name(&element)?);
    }
    Ok(())
}

/// RFC 5280 section 4.2.1.6: GeneralName, a CHOICE of implicit tags but for directoryName, which is explicit.
fn general_name(element: &Element<'_>) -> Result<RequestedName, CsrError> {
    let known = |form| Ok(RequestedName::Known(read_text(form, element.body)?));
    match element.tag {
        0xa0 => other_name(element.body),
        0x81 => known(NameForm::Email),
        0x82 => known(NameForm::Dns),
        0xa3 => Ok(RequestedName::Other("an x400Address".to_owned())),
        0xa4 => directory_name(element.body),
        0xa5 => Ok(RequestedName::Other("an ediPartyName".to_owned())),
        // Any URI is read: whether it is one of the identity's is not decided by its syntax.
        0x86 => Ok(RequestedName::Known(Name::Uri(ascii("uri", element.body)?))),
        0x87 => Ok(RequestedName::Known(address(element.body)?)),
        0x88 => Ok(registered_id(element.body)),
        _ => Err(ALTERNATIVE_NAMES),
    }
}

fn read_text(form: NameForm, octets: &[u8]) -> Result<Name, CsrError> {
    let text = std::str::from_utf8(octets).map_err(|_| ALTERNATIVE_NAMES)?;
    if form == NameForm::Dns {
        let refused = |why| CsrError::DnsName { name: text.escape_default().to_string(), why };
        return dns_name(text).map(Name::Dns).map_err(refused);
    }
    Name::read(form, text).map_err(|error| CsrError::AlternativeName {
        form: error.form,
        name: error.text,
        why: error.why,
    })
}

fn ascii(form: &'static str, octets: &[u8]) -> Result<String, CsrError> {
    let text = String::from_utf8_lossy(octets);
    let shows = !octets.is_empty() && octets.iter().all(u8::is_ascii_graphic);
    let why = "only visible ASCII characters are allowed";
    let refused = || CsrError::AlternativeName { form, name: text.escape_default().to_string(), why };
    if shows { Ok(text.into_owned()) } else { Err(refused()) }
}

fn address(octets: &[u8]) -> Result<Name, CsrError> {
    Name::of_address(octets).ok_or_else(|| CsrError::AlternativeName {
        form: NameForm::Ip.name(),
        name: hex::encode(octets),
        why: "it has neither four nor sixteen octets",
    })
}

fn directory_name(body: &[u8]) -> Result<RequestedName, CsrError> {
    let mut fields = Reader::new(body, "subjectAltName extension");
    let name = fields.expect(SEQUENCE)?;
    fields.end()?;
    // Read as strictly as the subject, and shown as text.
    names::subject(Reader::new(name.body, "subjectAltName extension"))?;
    if name::text(name.whole).starts_with('#') {
        return Ok(RequestedName::Other("a directoryName that cannot be read".to_owned()));
    }
    Ok(RequestedName::Known(Name::DirectoryName(name.whole.to_vec())))
}

fn other_name(body: &[u8]) -> Result<RequestedName, CsrError> {
    let mut fields = Reader::new(body, "subjectAltName extension");
    let type_id = fields.expect(OID)?.body;
    let value = fields.expect(0xa0)?.body;
    fields.end()?;
    let known = ObjectIdentifier::from_bytes(type_id).ok().and_then(|oid| Name::of_other_name(oid, value));
    Ok(known.map_or_else(
        || RequestedName::Other(format!("an otherName of type {}", dotted(type_id))),
        RequestedName::Known,
    ))
}

fn registered_id(body: &[u8]) -> RequestedName {
    ObjectIdentifier::from_bytes(body).map_or_else(
        |_| RequestedName::Other(format!("a registeredID {}", hex::encode(body))),
        |oid| RequestedName::Known(Name::RegisteredId(oid)),
    )
}
