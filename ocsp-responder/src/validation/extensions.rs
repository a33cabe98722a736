//! The extensions of a certificate that path processing reads (RFC 5280 section 4.2), read once.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280;

use super::der::{
    BOOLEAN, INTEGER, Malformed, OCTET_STRING, OID, Reader, SEQUENCE, boolean, count, named_bits, oid,
};
use super::names::constraints::NameConstraints;
use super::names::general::GeneralName;

/// id-ce-anyPolicy: every policy there is (section 4.2.1.4).
pub(crate) const ANY_POLICY: ObjectIdentifier = rfc5280::ANY_POLICY;

/// keyCertSign and cRLSign among the named bits of keyUsage (section 4.2.1.3).
const KEY_CERT_SIGN: u16 = 1 << (15 - 5);
const CRL_SIGN: u16 = 1 << (15 - 6);

/// What path processing takes from a certificate's extensions. What is absent leaves free.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions {
    pub(crate) is_ca: Option<bool>,
    pub(crate) path_length: Option<u32>,
    key_usage: Option<u16>,
    pub(crate) policies: Option<Vec<ObjectIdentifier>>,
    /// Pairs of the issuer's policy and the subject's that is to count as it.
    pub(crate) mappings: Vec<(ObjectIdentifier, ObjectIdentifier)>,
    pub(crate) require_explicit_policy: Option<u32>,
    pub(crate) inhibit_policy_mapping: Option<u32>,
    pub(crate) inhibit_any_policy: Option<u32>,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) alternative_names: Vec<GeneralName>,
    pub(crate) subject_key: Option<Vec<u8>>,
    pub(crate) authority_key: Option<Vec<u8>>,
    /// A critical extension that nobody here understands.
    pub(crate) unknown_critical: bool,
}

impl Extensions {
    /// Takes in one extension.
    pub(crate) fn read(
        &mut self,
        id: ObjectIdentifier,
        critical: bool,
        value: &[u8],
    ) -> Result<(), Malformed> {
        match id {
            rfc5280::ID_CE_BASIC_CONSTRAINTS => self.basic_constraints(value)?,
            rfc5280::ID_CE_KEY_USAGE => self.key_usage = Some(key_usage(value)?),
            rfc5280::ID_CE_CERTIFICATE_POLICIES => self.policies = Some(policies(value)?),
            rfc5280::ID_CE_POLICY_MAPPINGS => self.mappings = mappings(value)?,
            rfc5280::ID_CE_POLICY_CONSTRAINTS => self.policy_constraints(value)?,
            rfc5280::ID_CE_INHIBIT_ANY_POLICY => {
                let mut reader = Reader::new(value);
                self.inhibit_any_policy = Some(count(reader.expect(INTEGER)?.body)?);
                reader.end()?;
            }
            rfc5280::ID_CE_NAME_CONSTRAINTS => self.name_constraints = Some(NameConstraints::read(value)?),
            rfc5280::ID_CE_SUBJECT_ALT_NAME => {
                let mut reader = Reader::new(value);
                self.alternative_names = GeneralName::read_all(reader.expect(SEQUENCE)?.body)?;
                reader.end()?;
            }
            rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER => {
                let mut reader = Reader::new(value);
                self.subject_key = Some(reader.expect(OCTET_STRING)?.body.to_vec());
                reader.end()?;
            }
            rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER => {
                let mut reader = Reader::only(value, SEQUENCE)?;
                self.authority_key = reader.optional(0x80)?.map(|key| key.body.to_vec());
            }
            // What the key may be used for is for whoever uses it; a path says nothing of it (section 6.1).
            rfc5280::ID_CE_EXT_KEY_USAGE => {}
            // Where CRLs are: read when the status is asked.
            rfc5280::ID_CE_CRL_DISTRIBUTION_POINTS => {}
            _ => self.unknown_critical |= critical,
        }
        Ok(())
    }

    fn basic_constraints(&mut self, value: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::only(value, SEQUENCE)?;
        let is_ca = reader.optional(BOOLEAN)?.map(|flag| boolean(flag.body)).transpose()?;
        self.is_ca = Some(is_ca.unwrap_or(false));
        self.path_length = reader.optional(INTEGER)?.map(|number| count(number.body)).transpose()?;
        reader.end()
    }

    fn policy_constraints(&mut self, value: &[u8]) -> Result<(), Malformed> {
        let mut reader = Reader::only(value, SEQUENCE)?;
        let read = |number: super::der::Element<'_>| count(number.body);
        self.require_explicit_policy = reader.optional(0x80)?.map(read).transpose()?;
        self.inhibit_policy_mapping = reader.optional(0x81)?.map(read).transpose()?;
        reader.end()?;
        // Section 4.2.1.11: not to be an empty sequence.
        let empty = self.require_explicit_policy.is_none() && self.inhibit_policy_mapping.is_none();
        if empty { Err(Malformed) } else { Ok(()) }
    }

    /// Whether the key may sign certificates: without keyUsage it may (section 6.1.4 (n)).
    pub(crate) fn may_sign_certificates(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & KEY_CERT_SIGN != 0)
    }

    /// Whether the key may sign CRLs: without keyUsage it may (section 6.3.3 (f)).
    pub(crate) fn may_sign_crls(&self) -> bool {
        self.key_usage.is_none_or(|usage| usage & CRL_SIGN != 0)
    }
}

fn key_usage(value: &[u8]) -> Result<u16, Malformed> {
    let mut reader = Reader::new(value);
    let bits = named_bits(reader.expect(super::der::BIT_STRING)?.body)?;
    reader.end()?;
    Ok(bits)
}

/// certificatePolicies. Qualifiers are for people: they are not processed (section 6.1.5 gives them to the caller).
fn policies(value: &[u8]) -> Result<Vec<ObjectIdentifier>, Malformed> {
    let mut reader = Reader::only(value, SEQUENCE)?;
    let mut found = Vec::new();
    while !reader.is_at_end() {
        found.push(oid(reader.enter(SEQUENCE)?.expect(OID)?.body)?);
    }
    found.sort_unstable();
    // Section 4.2.1.4: a policy MUST NOT appear more than once.
    let repeated = found.windows(2).any(|pair| matches!(pair, [one, next] if one == next));
    if repeated || found.is_empty() { Err(Malformed) } else { Ok(found) }
}

fn mappings(value: &[u8]) -> Result<Vec<(ObjectIdentifier, ObjectIdentifier)>, Malformed> {
    let mut reader = Reader::only(value, SEQUENCE)?;
    let mut found = Vec::new();
    while !reader.is_at_end() {
        let mut pair = reader.enter(SEQUENCE)?;
        let issuer = oid(pair.expect(OID)?.body)?;
        found.push((issuer, oid(pair.expect(OID)?.body)?));
        pair.end()?;
    }
    if found.is_empty() { Err(Malformed) } else { Ok(found) }
}
