//! ETSI EN 319 412-5: QCStatements.

use const_oid::ObjectIdentifier;
use der::asn1::{AnyRef, Ia5StringRef, PrintableStringRef};
use der::{Decode, Sequence};

use super::is_national;
use crate::lint::examined::{Examined, extension};
use crate::lint::{Rule, Verdict, ensure};
use crate::profile::{AttributeType, QcPurpose, Semantics};

pub(in crate::lint) const RULES: &[Rule] = &[
    Rule { id: "etsi.statements", clause: "ETSI EN 319 412-5 section 4.1", check: well_formed },
    Rule { id: "etsi.statement-semantics", clause: "ETSI EN 319 412-1 section 5.1", check: semantics },
    Rule { id: "etsi.statement-disclosure", clause: "ETSI EN 319 412-5 section 4.3.4", check: disclosure },
    Rule { id: "etsi.statement-legal", clause: "ETSI EN 319 412-5 section 4.2", check: legal },
];

const PKIX_SYNTAX_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.11.2");
const SEMANTICS_NATURAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.1.1");
const SEMANTICS_LEGAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.194121.1.2");
const COMPLIANCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.1");
const DEVICE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.4");
const DISCLOSURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.5");
const TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
const TYPE_SIGNATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.1");
const TYPE_SEAL: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.2");
const LEGISLATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.7");

/// QCStatement (RFC 3739 section 3.2.6).
#[derive(Sequence)]
struct Statement<'a> {
    id: ObjectIdentifier,
    value: Option<AnyRef<'a>>,
}

/// SemanticsInformation (RFC 3739 section 3.2.6.1).
#[derive(Sequence)]
struct SemanticsInformation<'a> {
    identifier: Option<ObjectIdentifier>,
    authorities: Option<Vec<AnyRef<'a>>>,
}

/// PdsLocation (ETSI EN 319 412-5 section 4.3.4).
#[derive(Sequence)]
struct Location<'a> {
    address: Ia5StringRef<'a>,
    language: PrintableStringRef<'a>,
}

/// The statements, none when there is no such extension.
struct Statements<'a>(Vec<Statement<'a>>);

impl<'a> Statements<'a> {
    fn of(examined: &Examined<'a>) -> Result<Self, String> {
        let Some(extension) = examined.extension(extension::QC_STATEMENTS) else {
            return Ok(Self(Vec::new()));
        };
        Vec::from_der(extension.value).map(Self).map_err(|error| format!("they cannot be read: {error}"))
    }

    fn has(&self, id: ObjectIdentifier) -> bool {
        self.0.iter().any(|statement| statement.id == id)
    }

    /// The value of a statement, `None` when there is no such statement.
    fn value<T>(&self, id: ObjectIdentifier) -> Result<Option<T>, String>
    where
        T: der::DecodeValue<'a> + der::FixedTag + 'a,
        der::Error: From<<T as der::DecodeValue<'a>>::Error>,
    {
        let Some(statement) = self.0.iter().find(|statement| statement.id == id) else { return Ok(None) };
        let value = statement.value.ok_or_else(|| format!("statement {id} has no value"))?;
        value.decode_as().map(Some).map_err(|_| format!("statement {id} has a value of another form"))
    }
}

/// ETSI EN 319 412-5 section 4.1: not critical. RFC 3739 section 3.2.6: at least one statement; here each once.
fn well_formed(examined: &Examined<'_>) -> Verdict {
    let Some(extension) = examined.extension(extension::QC_STATEMENTS) else { return Ok(()) };
    ensure(!extension.critical, "they are critical")?;
    let Statements(statements) = Statements::of(examined)?;
    ensure(!statements.is_empty(), "there is none")?;
    let twice = statements
        .iter()
        .enumerate()
        .any(|(at, statement)| statements.iter().skip(at + 1).any(|other| other.id == statement.id));
    ensure(!twice, "a statement stands more than once")
}

/// ETSI EN 319 412-1 section 5.1: the semantics identifier of the subject's kind; with an identifier of a national
/// scheme, also who registers it.
fn semantics(examined: &Examined<'_>) -> Verdict {
    let Some(wanted) = &examined.profile().qc_statements else { return Ok(()) };
    let (expected, attribute) = match wanted.semantics {
        Semantics::Natural => (SEMANTICS_NATURAL, AttributeType::SerialNumber),
        Semantics::Legal => (SEMANTICS_LEGAL, AttributeType::OrganizationIdentifier),
    };
    let found = Statements::of(examined)?.value::<SemanticsInformation<'_>>(PKIX_SYNTAX_V2)?;
    let found = found.ok_or("there is no semantics identifier")?;
    ensure(found.identifier == Some(expected), "it is another subject's semantics identifier")?;
    let national = examined.values(attribute).iter().any(|value| is_national(value));
    let named = found.authorities.is_some_and(|authorities| !authorities.is_empty());
    ensure(named || !national, "a national scheme, and nameRegistrationAuthorities is absent")
}

/// ETSI EN 319 412-5 section 4.3.4: https addresses, with languages, English among them.
fn disclosure(examined: &Examined<'_>) -> Verdict {
    let locations = Statements::of(examined)?.value::<Vec<Location<'_>>>(DISCLOSURE)?;
    let Some(locations) = locations else { return Ok(()) };
    let english = locations.iter().any(|location| location.language.as_str() == "en");
    ensure(english, "none is in English")?;
    locations.iter().try_for_each(|location| {
        let language = location.language.as_str();
        let code = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
        ensure(code, format!("{language:?} is no ISO 639-1 language"))?;
        let address = location.address.as_str();
        ensure(address.starts_with("https://"), format!("{address:?} is not https"))
    })
}

/// ETSI EN 319 412-5 section 4.2: QcCompliance claims EU status unless QcCClegislation stands beside it, and needs
/// QcType; none of the others stands without it.
fn legal(examined: &Examined<'_>) -> Verdict {
    let statements = Statements::of(examined)?;
    let compliance = statements.has(COMPLIANCE);
    let wanted = examined.profile().qc_statements.as_ref().and_then(|wanted| wanted.legal.as_ref());
    ensure(compliance == wanted.is_some(), "QcCompliance is not as the profile says")?;
    for id in [TYPE, LEGISLATION] {
        ensure(
            statements.has(id) == compliance,
            format!("{id} and QcCompliance stand together or not at all"),
        )?;
    }
    ensure(compliance || !statements.has(DEVICE), "QcSSCD stands without QcCompliance")?;
    let Some(wanted) = wanted else { return Ok(()) };
    ensure(statements.has(DEVICE) == wanted.certified_device, "QcSSCD is not as the profile says")?;
    let purpose = match wanted.purpose {
        QcPurpose::Signature => TYPE_SIGNATURE,
        QcPurpose::Seal => TYPE_SEAL,
    };
    let types = statements.value::<Vec<ObjectIdentifier>>(TYPE)?.unwrap_or_default();
    ensure(types == [purpose], "QcType is not as the profile says")?;
    let countries = statements.value::<Vec<PrintableStringRef<'_>>>(LEGISLATION)?.unwrap_or_default();
    let same =
        countries.iter().map(PrintableStringRef::as_str).eq(wanted.countries.iter().map(String::as_str));
    ensure(same, "QcCClegislation is not as the profile says")
}
