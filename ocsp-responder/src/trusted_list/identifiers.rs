//! The identifiers that TS 119 612 gives services, their states and what is said of them besides.

use serde::{Deserialize, Serialize};

/// The namespace of trusted lists.
pub const TSL: &str = "http://uri.etsi.org/02231/v2#";
/// TS 119 612 section 5.2.1: the value of `TSLTag`.
pub const TAG: &str = "http://uri.etsi.org/19612/TSLTag";
/// TS 119 612 section 5.7.1: id-tsl-kp-tslSigning, the purpose of a list signer's certificate.
pub const TSL_SIGNING: const_oid::ObjectIdentifier =
    const_oid::ObjectIdentifier::new_unwrap("0.4.0.2231.3.0");

const KIND: &str = "http://uri.etsi.org/TrstSvc/Svctype/";
const STATUS: &str = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/";
const INFORMATION: &str = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/";

/// What kind of service it is (TS 119 612 section 5.5.1): an identifier, of those below or any other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServiceKind(pub String);

impl ServiceKind {
    /// Issues certificates that are not qualified.
    pub fn ca() -> Self {
        Self(format!("{KIND}CA/PKC"))
    }

    /// Issues qualified certificates.
    pub fn qualified_ca() -> Self {
        Self(format!("{KIND}CA/QC"))
    }

    /// A country's root, below which qualified certificates are issued.
    pub fn qualified_root() -> Self {
        Self(format!("{KIND}NationalRootCA-QC"))
    }

    /// Answers OCSP requests.
    pub fn ocsp() -> Self {
        Self(format!("{KIND}Certstatus/OCSP"))
    }

    /// Answers OCSP requests about qualified certificates.
    pub fn qualified_ocsp() -> Self {
        Self(format!("{KIND}Certstatus/OCSP/QC"))
    }

    /// Gives time stamps that are not qualified.
    pub fn timestamping() -> Self {
        Self(format!("{KIND}TSA"))
    }

    /// Gives qualified time stamps.
    pub fn qualified_timestamping() -> Self {
        Self(format!("{KIND}TSA/QTST"))
    }

    /// What people call it: the identifier's end, such as `CA/QC`; the whole of one that is not ETSI's.
    pub fn short(&self) -> &str {
        self.0.strip_prefix(KIND).unwrap_or(&self.0)
    }

    /// Whether its certificates are those of CAs, which others lead to.
    pub fn is_ca(&self) -> bool {
        matches!(self.short(), "CA/PKC" | "CA/QC" | "NationalRootCA-QC")
    }
}

/// The state of a service (TS 119 612 section 5.5.4): an identifier, of those below or any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Status(pub String);

impl Status {
    /// The country vouches for it.
    pub fn granted() -> Self {
        Self(format!("{STATUS}granted"))
    }

    /// It did, and does not any more.
    pub fn withdrawn() -> Self {
        Self(format!("{STATUS}withdrawn"))
    }

    /// What people call it: `granted`.
    pub fn short(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// Whether the country vouches for it: granted, or what lists said of before there was that word (section 5.5.4 and annex J).
    pub fn counts(&self) -> bool {
        let approved = ["granted", "recognisedatnationallevel", "setbynationallaw"];
        let earlier = ["undersupervision", "supervisionincessation", "accredited"];
        self.0.strip_prefix("http://uri.etsi.org/TrstSvc/").is_some_and(|rest| {
            let word = rest.rsplit('/').next().unwrap_or_default();
            rest.contains("Svcstatus/") && (approved.contains(&word) || earlier.contains(&word))
        })
    }
}

/// What a CA's certificates are for (TS 119 612 section 5.5.9.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Signatures of natural persons.
    Signatures,
    /// Seals of organisations.
    Seals,
    /// Websites.
    Websites,
}

impl Purpose {
    /// Its identifier.
    pub fn identifier(self) -> String {
        let word = match self {
            Self::Signatures => "ForeSignatures",
            Self::Seals => "ForeSeals",
            Self::Websites => "ForWebSiteAuthentication",
        };
        format!("{INFORMATION}{word}")
    }
}

/// Section 5.3.3: what kind of list that of a territory is.
pub fn list_kind(territory: &str) -> String {
    match territory {
        // The European Union's members have one kind together.
        _ if is_european(territory) => "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric".to_owned(),
        _ => format!("http://uri.etsi.org/TrstSvc/TrustedList/TSLType/{territory}list"),
    }
}

/// Section 5.3.8: by which approach states are determined.
pub fn determination(territory: &str) -> String {
    match territory {
        _ if is_european(territory) => {
            "http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/EUappropriate".to_owned()
        }
        _ => format!("http://uri.etsi.org/TrstSvc/TrustedList/StatusDetn/{territory}determination"),
    }
}

/// Section 5.3.9: under which rules services are listed.
pub fn rules(territory: &str) -> Vec<String> {
    let own = format!("http://uri.etsi.org/TrstSvc/TrustedList/schemerules/{territory}");
    let common = "http://uri.etsi.org/TrstSvc/TrustedList/schemerules/EUcommon".to_owned();
    if is_european(territory) { vec![common, own] } else { vec![own] }
}

/// Those whose lists follow the European Union's rules (Regulation (EU) 910/2014, and the agreement on the EEA).
fn is_european(territory: &str) -> bool {
    const MEMBERS: [&str; 30] = [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IS", "IT",
        "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    ];
    MEMBERS.contains(&territory)
}
