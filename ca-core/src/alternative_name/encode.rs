//! Names as DER.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use der::asn1::{Ia5String, OctetString};
use der::{Any, Sequence, Tag};
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use super::Name;

/// id-on-hardwareModuleName (RFC 4108 section 5).
const HARDWARE_MODULE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.4");
/// id-on-permanentIdentifier (RFC 4043 section 2).
const PERMANENT_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.3");
/// szOID_NT_PRINCIPAL_NAME.
const USER_PRINCIPAL_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.20.2.3");

/// HardwareModuleName (RFC 4108 section 5).
#[derive(Sequence)]
struct HardwareModuleName {
    hardware_type: ObjectIdentifier,
    serial_number: OctetString,
}

/// PermanentIdentifier (RFC 4043 section 2).
#[derive(Sequence)]
struct PermanentIdentifier {
    value: Option<String>,
    assigner: Option<ObjectIdentifier>,
}

impl Name {
    pub(crate) fn encoded(&self) -> der::Result<GeneralName> {
        Ok(match self {
            Self::Dns(name) => GeneralName::DnsName(Ia5String::new(name)?),
            // RFC 5280 section 4.2.1.6: four octets or sixteen. Verifiers look for an address here only (RFC 9525
            // section 6.5).
            Self::Ip(IpAddr::V4(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
            Self::Ip(IpAddr::V6(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
            Self::Email(mailbox) => GeneralName::Rfc822Name(Ia5String::new(mailbox)?),
            Self::Uri(address) => GeneralName::UniformResourceIdentifier(Ia5String::new(address)?),
            Self::DirectoryName(der) => GeneralName::DirectoryName(der::Decode::from_der(der)?),
            Self::HardwareModule { hardware_type, serial } => other_name(
                HARDWARE_MODULE_NAME,
                Any::encode_from(&HardwareModuleName {
                    hardware_type: *hardware_type,
                    serial_number: OctetString::new(serial.as_slice())?,
                })?,
            ),
            Self::PermanentIdentifier { assigner, value } => other_name(
                PERMANENT_IDENTIFIER,
                Any::encode_from(&PermanentIdentifier { value: Some(value.clone()), assigner: *assigner })?,
            ),
            Self::UserPrincipalName(name) => {
                other_name(USER_PRINCIPAL_NAME, Any::new(Tag::Utf8String, name.as_bytes())?)
            }
            Self::RegisteredId(oid) => GeneralName::RegisteredId(*oid),
        })
    }

    /// An iPAddress's octets (RFC 5280 section 4.2.1.6): four for version 4, sixteen for version 6; `None` for any other
    /// number.
    pub(crate) fn of_address(octets: &[u8]) -> Option<Self> {
        let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
        four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).map(Self::Ip).ok()
    }

    /// An otherName's value, DER; `None` for types that npki does not know, and for values that it does not write.
    pub(crate) fn of_other_name(type_id: ObjectIdentifier, value: &[u8]) -> Option<Self> {
        match type_id {
            HARDWARE_MODULE_NAME => {
                let name: HardwareModuleName = der::Decode::from_der(value).ok()?;
                let serial = name.serial_number.as_bytes().to_vec();
                Some(Self::HardwareModule { hardware_type: name.hardware_type, serial })
            }
            PERMANENT_IDENTIFIER => permanent_identifier(value),
            USER_PRINCIPAL_NAME => {
                let text: String = der::Decode::from_der(value).ok()?;
                Some(Self::UserPrincipalName(text))
            }
            _ => None,
        }
    }
}

/// Reads a PermanentIdentifier with a value.
fn permanent_identifier(der: &[u8]) -> Option<Name> {
    let PermanentIdentifier { value, assigner } = der::Decode::from_der(der).ok()?;
    Some(Name::PermanentIdentifier { assigner, value: value? })
}

const fn other_name(type_id: ObjectIdentifier, value: Any) -> GeneralName {
    GeneralName::OtherName(OtherName { type_id, value })
}
