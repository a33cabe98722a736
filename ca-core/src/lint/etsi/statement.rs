//! QCStatements as they are encoded (RFC 3739 section 3.2.6, ETSI EN 319 412-5).

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, Ia5StringRef, PrintableStringRef};
use der::{Decode, Sequence};

use crate::lint::examined::{Examined, extension};

const PKIX_SYNTAX_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.11.2");
pub(in crate::lint) const SEMANTICS_NATURAL: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.4.0.194121.1.1");
pub(in crate::lint) const SEMANTICS_LEGAL: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.4.0.194121.1.2");
pub(in crate::lint) const COMPLIANCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.1");
pub(in crate::lint) const LIMIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.2");
pub(in crate::lint) const RETENTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.3");
pub(in crate::lint) const DEVICE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.4");
pub(super) const DISCLOSURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.5");
pub(in crate::lint) const TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
pub(in crate::lint) const TYPE_SIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.1");
pub(in crate::lint) const TYPE_SEAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.2");
pub(super) const TYPE_WEB: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.3");
pub(in crate::lint) const LEGISLATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.7");

/// QCStatement (RFC 3739 section 3.2.6).
#[derive(Sequence)]
struct Statement<'a> {
    id: ObjectIdentifier,
    value: Option<AnyRef<'a>>,
}

/// SemanticsInformation (RFC 3739 section 3.2.6.1).
#[derive(Sequence)]
pub(super) struct SemanticsInformation<'a> {
    pub(super) identifier: Option<ObjectIdentifier>,
    authorities: Option<Vec<AnyRef<'a>>>,
}

impl SemanticsInformation<'_> {
    /// Whether somebody is named who registers names.
    pub(super) fn names_authorities(&self) -> bool {
        self.authorities.as_ref().is_some_and(|authorities| !authorities.is_empty())
    }
}

/// PdsLocation (ETSI EN 319 412-5 section 4.3.4).
#[derive(Sequence)]
pub(super) struct Location<'a> {
    pub(super) address: Ia5StringRef<'a>,
    pub(super) language: PrintableStringRef<'a>,
}

/// The statements, none when there is no such extension.
pub(in crate::lint) struct Statements<'a>(Vec<Statement<'a>>);

impl<'a> Statements<'a> {
    pub(in crate::lint) fn of(examined: &Examined<'a>) -> Result<Self, String> {
        let Some(extension) = examined.extension(extension::QC_STATEMENTS) else {
            return Ok(Self(Vec::new()));
        };
        Vec::from_der(extension.value).map(Self).map_err(|error| format!("they cannot be read: {error}"))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one stands twice.
    pub(super) fn repeat(&self) -> bool {
        let Self(statements) = self;
        let mut places = statements.iter().enumerate();
        places.any(|(at, statement)| statements.iter().skip(at + 1).any(|other| other.id == statement.id))
    }

    pub(in crate::lint) fn has(&self, id: ObjectIdentifier) -> bool {
        self.0.iter().any(|statement| statement.id == id)
    }

    /// The value of a statement, `None` when there is no such statement.
    pub(in crate::lint) fn value<T>(&self, id: ObjectIdentifier) -> Result<Option<T>, String>
    where
        T: der::DecodeValue<'a> + der::FixedTag + 'a,
        der::Error: From<<T as der::DecodeValue<'a>>::Error>,
    {
        let Some(statement) = self.0.iter().find(|statement| statement.id == id) else { return Ok(None) };
        let value = statement.value.ok_or_else(|| format!("statement {id} has no value"))?;
        value.decode_as().map(Some).map_err(|_| format!("statement {id} has a value of another form"))
    }
}

/// What is said of the meaning of the subject's identifiers.
pub(super) fn semantics_information<'a>(
    examined: &Examined<'a>,
) -> Result<Option<SemanticsInformation<'a>>, String> {
    Statements::of(examined)?.value(PKIX_SYNTAX_V2)
}

/// Whose identifiers the subject has, if that is said.
pub(in crate::lint) fn semantics(examined: &Examined<'_>) -> Result<Option<ObjectIdentifier>, String> {
    Ok(semantics_information(examined)?.and_then(|information| information.identifier))
}
