//! An installation that has a trusted list, and who signs it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::answers;
use crate::bystander;
use crate::country::Country;
use crate::installation::Installation;
use crate::npki::text;
use crate::rest::Response;

/// How long a list may take until it says what is so.
const PATIENCE: Duration = Duration::from_secs(30);

/// What stands behind the settings that `npki init` wrote.
const SECTION: &str = r#"
[trusted_list]
name = { en = "Trust services of the Kingdom of Lesotho", st = "Litšebeletso tsa tšepo" }
information = { en = "https://lca.org.ls/trust" }
notice = { en = "The applicable law is the Electronic Transactions and Electronic Commerce Act." }
qualified = ["persons", "seals"]
withdrawn = []
timestamping = { qualified = true, addresses = ["http://tsa.gov.ls/tsa"] }
[trusted_list.operator]
name = { en = "Revenue Services Lesotho" }
address.en = { street = "30 Princess Margaret Road", locality = "Maseru", postal_code = "100", country = "LS" }
mail = "trust@lca.org.ls"
web = { en = "https://lca.org.ls" }
"#;

/// A nation whose settings ask for a trusted list; nobody signs it yet.
pub fn nation() -> Country {
    let installation = Installation::fresh_edited("national", |settings| settings.to_owned() + SECTION);
    Country::settled_in(installation)
}

/// Has a key certified that signs the list, and takes it into use; the file of its certificate.
#[track_caller]
pub fn signed_by(country: &Country, name: &str) -> PathBuf {
    let installation = &country.installation;
    let (data, folder) = (installation.data(), installation.scratch(name));
    let (csr, operator) = (folder.join("signer.csr"), installation.somebody("operator"));
    operator.done(&["trust", "request", "--data", text(&data), "--out", text(&csr)]);
    let issued = country.staff.issue_for("trusted-list-signer", &country.identities.organisation, &csr);
    let serial = answers::text(&issued, "serial");
    let certificate = folder.join("signer.pem");
    let npki = &country.staff.officer.npki;
    npki.done(&["cert", "download", serial, "--out", text(&certificate)]);
    operator.done(&["trust", "accept", text(&certificate), "--data", text(&data)]);
    certificate
}

/// What is published of the list under this ending.
pub fn list(country: &Country, ending: &str) -> Response {
    let address = format!("{}/trusted-list/LS.{ending}", country.installation.public_url());
    bystander::fetch(&country.installation, &address)
}

/// The list in JSON as soon as it is as it should be.
#[track_caller]
pub fn once(country: &Country, is_so: impl Fn(&Value) -> bool) -> Value {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let answer = list(country, "json");
        let said = if answer.status == 200 { answer.json(200)["list"].clone() } else { Value::Null };
        if answer.status == 200 && is_so(&said) {
            return said;
        }
        let number = &said["sequence"];
        assert!(Instant::now() < give_up, "the list stays number {number}\n{}", country.installation.said());
        std::thread::sleep(Duration::from_millis(100));
    }
}
