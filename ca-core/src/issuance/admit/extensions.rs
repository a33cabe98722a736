//! The extensions that a request asks for. What equals the profile's content is admitted, what differs is refused: an
//! applicant who is not told takes the certificate for what was asked.
//!
//! What tools send by themselves passes: `openssl req` and certbot send alternative names alone; the `v3_req` section of
//! OpenSSL's sample settings CA:FALSE and key usages; keytool a subject key identifier; certtool CA:FALSE and
//! digitalSignature; Windows the name of a template and what its mail program can decrypt.

use const_oid::ObjectIdentifier;
use der::Decode;
use rcgen::CustomExtension;
use x509_cert::ext::pkix::{BasicConstraints, CertificatePolicies, KeyUsage as KeyUsageBits, KeyUsages};

use super::super::{EncodingError, Refusal, Wish, extensions, qc_statements};
use crate::csr::{RequestedExtension, Wishes};
use crate::profile::{KeyUsage, Oid, Policy, Profile};

const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const KEY_USAGE: &str = "2.5.29.15";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const CERTIFICATE_POLICIES: &str = "2.5.29.32";
/// szOID_APPLICATION_CERT_POLICIES: purposes, written as policies.
const APPLICATION_POLICIES: &str = "1.3.6.1.4.1.311.21.10";

/// What asks for nothing: the identifier that the CA computes itself (2.5.29.14), what the client's mail program can
/// decrypt (sMIMECapabilities), a comment (nsComment), and the names of another CA product's templates (szOID_ENROLL_CERTTYPE,
/// szOID_CERTIFICATE_TEMPLATE), whose place the profile takes.
const ASK_NOTHING: [&str; 5] = [
    "2.5.29.14",
    "1.2.840.113549.1.9.15",
    "2.16.840.1.113730.1.13",
    "1.3.6.1.4.1.311.20.2",
    "1.3.6.1.4.1.311.21.7",
];

impl Profile {
    pub(super) fn admit_extensions(&self, wishes: &Wishes) -> Result<(), Refusal> {
        wishes.extensions().iter().try_for_each(|asked| self.admit_extension(asked))
    }

    fn admit_extension(&self, asked: &RequestedExtension) -> Result<(), Refusal> {
        match asked.oid() {
            BASIC_CONSTRAINTS => self.admit_constraints(&self.read(asked)?),
            KEY_USAGE => self.admit_key_usage(self.read(asked)?),
            EXTENDED_KEY_USAGE => {
                self.admit_criticality(asked, self.extended_key_usage_critical)?;
                self.admit_purposes(&self.read::<Vec<ObjectIdentifier>>(asked)?)
            }
            APPLICATION_POLICIES if !asked.is_critical() => {
                let CertificatePolicies(purposes) = self.read(asked)?;
                let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.policy_identifier).collect();
                self.admit_purposes(&purposes)
            }
            CERTIFICATE_POLICIES => {
                self.admit_criticality(asked, false)?;
                self.admit_policies(&self.read(asked)?)
            }
            oid if ASK_NOTHING.contains(&oid) && !asked.is_critical() => Ok(()),
            _ => self.admit_other(asked),
        }
    }

    fn read<T: for<'a> Decode<'a, Error = der::Error>>(
        &self,
        asked: &RequestedExtension,
    ) -> Result<T, Refusal> {
        T::from_der(asked.value()).map_err(|_| {
            let rule = "its contents cannot be read (RFC 5280 section 4.2)".to_owned();
            self.refused(Wish::Extension, format!("the extension {}", asked.oid()), rule)
        })
    }

    /// RFC 5280 section 4.2.1.9: whoever is not a CA never says so; that it is none, it need not say.
    fn admit_constraints(&self, asked: &BasicConstraints) -> Result<(), Refusal> {
        if !asked.ca || self.is_ca() {
            return Ok(());
        }
        let rule =
            format!("certificates of profile {} are end entities' (RFC 5280 section 4.2.1.9)", self.id);
        Err(self.refused(Wish::Ca, "the certificate of a CA (CA:TRUE)".to_owned(), rule))
    }

    /// Bits that the profile has. Where it has more than was asked for, the certificate has them too; keyEncipherment is
    /// left out for keys that cannot do it, whoever asks.
    fn admit_key_usage(&self, asked: KeyUsageBits) -> Result<(), Refusal> {
        let foreign = asked.0.into_iter().find(|bit| !self.key_usage.iter().any(|own| bit_of(*own) == *bit));
        let Some(bit) = foreign else { return Ok(()) };
        let own: Vec<&str> = self.key_usage.iter().map(|usage| usage.name()).collect();
        let rule = format!(
            "certificates of profile {} have {} only (RFC 5280 section 4.2.1.3)",
            self.id,
            own.join(", ")
        );
        Err(self.refused(Wish::KeyUsage, format!("the key usage {}", bit_name(bit)), rule))
    }

    fn admit_purposes(&self, asked: &[ObjectIdentifier]) -> Result<(), Refusal> {
        let foreign = asked.iter().find(|purpose| !self.extended_key_usage.contains(&Oid(**purpose)));
        let Some(purpose) = foreign else { return Ok(()) };
        let own: Vec<String> = self.extended_key_usage.iter().map(Oid::purpose_name).collect();
        let own = if own.is_empty() { "no purposes".to_owned() } else { format!("{} only", own.join(", ")) };
        let rule = format!("certificates of profile {} have {own} (RFC 5280 section 4.2.1.12)", self.id);
        let wish = format!("the purpose {}", Oid(*purpose).purpose_name());
        Err(self.refused(Wish::Purpose, wish, rule))
    }

    fn admit_policies(&self, asked: &CertificatePolicies) -> Result<(), Refusal> {
        let own = |oid: ObjectIdentifier| self.policies.iter().find(|policy| policy.oid.0 == oid);
        let same =
            |oid, qualifiers: &[String]| own(oid).is_some_and(|policy| qualified_as(policy, qualifiers));
        for policy in &asked.0 {
            let qualifiers = policy.policy_qualifiers.iter().flatten().map(|qualifier| {
                let text = qualifier.qualifier.as_ref().map(|any| String::from_utf8_lossy(any.value()));
                text.unwrap_or_default().into_owned()
            });
            if !same(policy.policy_identifier, &qualifiers.collect::<Vec<_>>()) {
                let rule = format!(
                    "certificates of profile {} assert the profile's policies alone (RFC 5280 section 4.2.1.4)",
                    self.id
                );
                return Err(self.refused(
                    Wish::Policy,
                    format!("the policy {}", policy.policy_identifier),
                    rule,
                ));
            }
        }
        Ok(())
    }

    /// What is the same in every certificate of the profile may be asked for in these very octets.
    fn admit_other(&self, asked: &RequestedExtension) -> Result<(), Refusal> {
        let same = |own: &CustomExtension| {
            let oid: Vec<String> = own.oid_components().map(|arc| arc.to_string()).collect();
            oid.join(".") == asked.oid() && own.content() == asked.value() && !asked.is_critical()
        };
        // A profile whose statements cannot be written has none that could be asked for.
        if self.constant_extensions().unwrap_or_default().iter().any(same) {
            return Ok(());
        }
        let critical = if asked.is_critical() { "critical " } else { "" };
        let rule = format!("no certificate of profile {} has it with these contents", self.id);
        Err(self.refused(Wish::Extension, format!("the {critical}extension {}", asked.oid()), rule))
    }

    fn constant_extensions(&self) -> Result<Vec<CustomExtension>, EncodingError> {
        let mut all = Vec::new();
        if let Some(statements) = &self.qc_statements {
            all.push(qc_statements::qc_statements(statements)?);
        }
        if let Some(term) = self.short_term {
            all.extend(extensions::short_term(term)?);
        }
        if self.ocsp_no_check {
            all.push(extensions::ocsp_no_check()?);
        }
        Ok(all)
    }

    fn admit_criticality(&self, asked: &RequestedExtension, own: bool) -> Result<(), Refusal> {
        if !asked.is_critical() || own {
            return Ok(());
        }
        let rule =
            format!("in certificates of profile {} it is not critical (RFC 5280 section 4.2)", self.id);
        Err(self.refused(Wish::Extension, format!("the extension {} as critical", asked.oid()), rule))
    }

    fn refused(&self, what: Wish, wish: String, rule: String) -> Refusal {
        Refusal::WishNotAdmitted { what, wish, rule }
    }
}

/// No qualifier, or the practice statement's address as the profile has it.
fn qualified_as(policy: &Policy, qualifiers: &[String]) -> bool {
    match qualifiers {
        [] => true,
        [one] => policy.cps.as_ref() == Some(one),
        _ => false,
    }
}

const fn bit_of(usage: KeyUsage) -> KeyUsages {
    match usage {
        KeyUsage::DigitalSignature => KeyUsages::DigitalSignature,
        KeyUsage::NonRepudiation => KeyUsages::NonRepudiation,
        KeyUsage::KeyEncipherment => KeyUsages::KeyEncipherment,
        KeyUsage::KeyCertSign => KeyUsages::KeyCertSign,
        KeyUsage::CrlSign => KeyUsages::CRLSign,
    }
}

/// As RFC 5280 section 4.2.1.3 and tools write it, for bits that profiles may not know.
const fn bit_name(bit: KeyUsages) -> &'static str {
    match bit {
        KeyUsages::DigitalSignature => "digitalSignature",
        KeyUsages::NonRepudiation => "nonRepudiation",
        KeyUsages::KeyEncipherment => "keyEncipherment",
        KeyUsages::DataEncipherment => "dataEncipherment",
        KeyUsages::KeyAgreement => "keyAgreement",
        KeyUsages::KeyCertSign => "keyCertSign",
        KeyUsages::CRLSign => "cRLSign",
        KeyUsages::EncipherOnly => "encipherOnly",
        KeyUsages::DecipherOnly => "decipherOnly",
    }
}
