//! Lists that are signed here, judged by xmlsec1.

use std::process::Command;

use super::*;
use crate::trusted_list::VerifiedList;
use crate::trusted_list::signature::NoSignature;

/// What xmlsec1 says of a signature by this certificate.
pub(super) fn xmlsec1(country: &Country, list: &str) -> Result<(), String> {
    let file = country.workshop.path("list.xml");
    std::fs::write(&file, list).unwrap();
    let output = Command::new("xmlsec1")
        .args(["--verify", "--id-attr:Id", "SignedProperties", "--pubkey-cert-pem"])
        .arg(country.workshop.path("signer.pem"))
        .arg(&file)
        .output()
        .expect("xmlsec1 is installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() && said.contains("SignedInfo References (ok/all): 2/2") {
        Ok(())
    } else {
        Err(said)
    }
}

#[test]
fn lists_are_verified_by_xmlsec1_and_read_as_they_were_written() {
    for kind in ["P-256", "P-384", "RSA"] {
        let country = Country::with_signer(kind);
        if kind == "RSA" {
            // npki signs with RSA keys from 3072 bits only.
            country.workshop.openssl(&[
                "genpkey",
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:3072",
                "-out",
                "signer.key",
            ]);
            country.workshop.certify("root", "signer", "/C=LS/O=Test/CN=signer", SIGNER, &[]);
        }
        let signed = country.signed();
        xmlsec1(&country, &signed).unwrap_or_else(|said| panic!("{kind}: {said}"));
        let read = VerifiedList::read(signed.as_bytes(), &[country.der("signer")], country.now).unwrap();
        assert_eq!(read.list(), &country.list(), "{kind}");
        assert_eq!(read.signer(), country.der("signer"));
        let altered = signed.replace("Kingdom", "Kingdoms");
        assert!(xmlsec1(&country, &altered).is_err());
    }
}

#[test]
fn what_is_not_for_lists_signs_none() {
    let country = Country::with_signer("P-256");
    let refused = |key: &str, certificate: &str| {
        let pem = std::fs::read_to_string(country.workshop.path(&format!("{key}.key"))).unwrap();
        ListSigner::new(Arc::new(SoftwareKey::from_pem(&pem).unwrap()), country.der(certificate)).unwrap_err()
    };
    assert!(matches!(refused("ca", "ca"), NoSignature::Certificate(_)));
    assert!(matches!(refused("ca", "signer"), NoSignature::Certificate(_)));
    country.workshop.issue("root", "edward", "ED25519", SIGNER);
    assert!(matches!(refused("edward", "edward"), NoSignature::Kind(_)));
}
