#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod composing;
mod reading;
mod signing;

use std::sync::Arc;

use ca_core::clock::{Clock, SystemClock};
use ca_core::keys::software::SoftwareKey;
use time::OffsetDateTime;
use time::macros::datetime;

use super::compose::LiveService;
use super::identifiers::{Purpose, ServiceKind};
use super::model::{Organisation, PostalAddress, Provider, Scheme, Texts, TrustedList};
use super::signature::ListSigner;
use super::writing::unsigned;
use crate::validation::fixture::{CA, Workshop};

const SIGNER: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,nonRepudiation\n\
    extendedKeyUsage=0.4.0.2231.3.0\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";

/// A workshop with a root, a CA and a signer of lists.
struct Country {
    workshop: Workshop,
    now: OffsetDateTime,
}

impl Country {
    fn with_signer(kind: &str) -> Self {
        let workshop = Workshop::new();
        workshop.root("root", "P-384");
        workshop.issue("root", "ca", "P-256", CA);
        workshop.issue("root", "signer", kind, SIGNER);
        // What openssl certifies begins now, and what is published has no fractions of seconds.
        let now = ca_core::clock::whole_seconds(SystemClock.now()) + time::Duration::seconds(2);
        Self { workshop, now }
    }

    fn der(&self, name: &str) -> Vec<u8> {
        self.workshop.openssl(&["x509", "-in", &format!("{name}.pem"), "-outform", "DER"])
    }

    fn signer(&self, name: &str) -> ListSigner {
        let pem = std::fs::read_to_string(self.workshop.path(&format!("{name}.key"))).unwrap();
        ListSigner::new(Arc::new(SoftwareKey::from_pem(&pem).unwrap()), self.der(name)).unwrap()
    }

    fn live(&self) -> Vec<LiveService> {
        let service = |kind, name, purposes: &[Purpose]| LiveService {
            kind,
            name: english(name),
            certificate: self.der(name),
            supply_points: vec![format!("http://pki.gov.ls/ca/{name}.cer")],
            purposes: purposes.iter().copied().collect(),
            withdrawn: None,
        };
        vec![
            service(ServiceKind::ca(), "root", &[]),
            service(ServiceKind::qualified_ca(), "ca", &[Purpose::Signatures, Purpose::Seals]),
            service(ServiceKind::ocsp(), "ca", &[]),
        ]
    }

    fn list(&self) -> TrustedList {
        let provider = super::compose(None, organisation(), &self.live(), self.now);
        self.list_of(provider, 7)
    }

    fn list_of(&self, provider: Provider, sequence: u64) -> TrustedList {
        TrustedList {
            sequence,
            issued: self.now,
            next_update: Some(self.now + time::Duration::days(90)),
            scheme: scheme(),
            providers: vec![provider],
        }
    }

    fn signed(&self) -> String {
        self.signer("signer").sign(&unsigned(&self.list()), self.now).unwrap()
    }
}

fn english(text: &str) -> Texts {
    Texts::from([("en".to_owned(), text.to_owned())])
}

fn organisation() -> Organisation {
    let postal = PostalAddress {
        street: "Kingsway 1 <P.O. Box & \"Co\">".to_owned(),
        locality: "Maseru".to_owned(),
        province: Some("Maseru".to_owned()),
        postal_code: Some("100".to_owned()),
        country: "LS".to_owned(),
    };
    let both = |english: &str, sesotho: &str| {
        Texts::from([("en".to_owned(), english.to_owned()), ("st".to_owned(), sesotho.to_owned())])
    };
    Organisation {
        name: both("Communications Authority", "Bolaoli ba Lipuisano"),
        trade_name: english("GO:LS-LCA"),
        address: [("en".to_owned(), postal)].into(),
        electronic: vec![
            ("en".to_owned(), "mailto:tl@lca.org.ls".to_owned()),
            ("en".to_owned(), "https://lca.org.ls/tl".to_owned()),
        ],
        information: english("https://lca.org.ls/trust"),
    }
}

fn scheme() -> Scheme {
    Scheme {
        territory: "LS".to_owned(),
        operator: Organisation { trade_name: Texts::new(), information: Texts::new(), ..organisation() },
        name: english("LS: trust services of the Kingdom of Lesotho"),
        information: english("https://lca.org.ls/trust"),
        notice: english("Electronic Transactions Act, section 40"),
        distribution: vec!["http://pki.gov.ls/trusted-list/LS.xml".to_owned()],
    }
}

const LONG_AGO: OffsetDateTime = datetime!(2020-01-01 0:00 UTC);
