//! A small country at work: staff, identities, and a certificate under every profile that people and machines use.

use std::time::{Duration, Instant};

use crate::bystander;
use crate::census::{self, Identities};
use crate::certificates::{self, Issued};
use crate::installation::{Installation, Keeping};
use crate::staff::Staff;

/// How long a revocation may take until a new CRL shows it.
const PUBLICATION: Duration = Duration::from_secs(5);

/// An installation with people, identities and certificates.
#[derive(Debug)]
pub struct Country {
    /// The people.
    pub staff: Staff,
    /// The identities.
    pub identities: Identities,
    /// One certificate under each profile for end entities.
    pub issued: Vec<Issued>,
    /// The server and its files. Last, so that it outlives those who talk to it.
    pub installation: Installation,
}

impl Country {
    /// Staff and identities; no certificates yet.
    pub fn settled() -> Self {
        Self::settled_on(Keeping::Embedded)
    }

    /// The same, with its records kept there.
    pub fn settled_on(keeping: Keeping<'_>) -> Self {
        Self::settled_in(Installation::fresh_on(keeping))
    }

    /// The same, in an installation that runs.
    pub fn settled_in(installation: Installation) -> Self {
        let staff = Staff::of(&installation);
        let identities = census::register(&staff.officer.npki);
        Self { staff, identities, issued: Vec::new(), installation }
    }

    /// Staff, identities, and a certificate under each profile.
    pub fn populated() -> Self {
        Self::populated_in(Installation::fresh())
    }

    /// The same, where anybody may ask the public listener as often as he likes: all the load of a test comes from one address.
    pub fn populated_without_pace() -> Self {
        let without = |text: &str| text.replacen("each_second = 1000", "each_second = 0", 1);
        Self::populated_in(Installation::fresh_edited("pilot", without))
    }

    /// The same, in an installation that runs.
    pub fn populated_in(installation: Installation) -> Self {
        let mut country = Self::settled_in(installation);
        let identities = &country.identities;
        let wanted = [
            ("person-authentication", &identities.person),
            ("person-authentication-pseudonymous", &identities.person),
            ("person-signature", &identities.person),
            ("organisation-seal", &identities.organisation),
            ("device", &identities.device),
            ("application", &identities.application),
            ("tls-server", &identities.application),
        ];
        let officer = &country.staff.officer;
        let issue = |(profile, identity): (&str, &String)| {
            country.staff.issue(&country.installation, officer, profile, identity)
        };
        country.issued = wanted.map(issue).into();
        country
    }

    /// The certificate issued under a profile.
    #[track_caller]
    pub fn certificate(&self, profile: &str) -> &Issued {
        self.issued.iter().find(|issued| issued.profile == profile).expect("a certificate under this profile")
    }

    /// Revokes a certificate as the administrator does. OCSP says so at once, the CRL after [`Self::until_the_crl`].
    #[track_caller]
    pub fn revoke(&self, serial: &str, reason: &str) {
        let ending = &serial[serial.len() - 4..];
        self.staff.administrator.npki.done(&["revoke", serial, "--reason", reason, "--confirm", ending]);
    }

    /// Waits until the issuing CA's CRL says this of a serial number; it has seconds to do so.
    #[track_caller]
    pub fn until_the_crl(&self, says: CrlEntry, serial: &str) {
        self.until_crl_of("issuing", says, serial);
    }

    /// The same of the CRL of any CA.
    #[track_caller]
    pub fn until_crl_of(&self, ca: &str, says: CrlEntry, serial: &str) {
        let address = format!("{}/crl/{ca}.crl", self.installation.public_url());
        let give_up = Instant::now() + PUBLICATION;
        loop {
            let crl = bystander::fetch(&self.installation, &address).body;
            if certificates::crl_lists(&crl, serial) == (says == CrlEntry::Listed) {
                return;
            }
            assert!(Instant::now() < give_up, "{serial} is not {says:?} in the CRL after {PUBLICATION:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// What a CRL says of a serial number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrlEntry {
    /// It has an entry.
    Listed,
    /// It has none.
    Absent,
}
