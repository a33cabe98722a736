//! Keys that a profile does not admit, that are somebody else's, or that nobody proves to have.

use std::path::Path;
use std::process::Command;

use ca_core::blocked_keys::SpkiDigest;
use serde_json::json;

use super::{Way, World, body, request};
use crate::country::{csr_of, new_key};

/// Profile, what OpenSSL makes the key with, and the rule.
const KEYS: &[(&str, &[&str], &str)] = &[
    ("device", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"], "E-CSR-040"),
    (
        "device",
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"],
        "E-CSR-044",
    ),
    ("device", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "E-CSR-030"),
    ("device", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], "E-CSR-030"),
    (
        "device",
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"],
        "E-CSR-031",
    ),
    ("person-signature", &["-algorithm", "ED25519"], "E-ISS-001"),
    ("device", &["-algorithm", "ED448"], "E-CSR-030"),
];

/// A key, PEM.
fn made(arguments: &[&str]) -> Vec<u8> {
    let output =
        Command::new("openssl").arg("genpkey").args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The certification request with one octet of its signature changed.
fn forged(csr: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(csr.to_vec()).unwrap();
    let begin = text.find("-----BEGIN").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (pem, der) = (folder.path().join("csr.pem"), folder.path().join("csr.der"));
    std::fs::write(&pem, &text[begin..]).unwrap();
    convert(&pem, "PEM", &der, "DER");
    let mut octets = std::fs::read(&der).unwrap();
    *octets.last_mut().unwrap() ^= 1;
    std::fs::write(&der, octets).unwrap();
    convert(&der, "DER", &pem, "PEM");
    std::fs::read(pem).unwrap()
}

fn convert(from: &Path, form: &str, to: &Path, into: &str) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-inform", form, "-outform", into, "-in"]).arg(from).arg("-out").arg(to);
    assert!(openssl.status().expect("openssl is installed").success());
}

pub(super) async fn ways(world: &World) -> Vec<Way> {
    let (device, person) = (world.own.device.to_string(), world.own.person.to_string());
    let mut ways = Vec::new();
    for (profile, arguments, code) in KEYS {
        let holder = if *profile == "device" { &device } else { &person };
        let asked = body(profile, holder, &csr_of(&made(arguments), "x"));
        let answer = world.ask(&world.applicant, asked).await;
        ways.push(Way::new(format!("{profile} {arguments:?}"), code, answer));
    }
    let asked = body("device", &device, &forged(&request(&[])));
    let answer = world.ask(&world.applicant, asked).await;
    ways.push(Way::new("a key without proof of its possession", "E-CSR-055", answer));
    ways.push(of_another(world).await);
    ways.push(blocked(world).await);
    ways
}

/// The key of a device, asked for by another device.
async fn of_another(world: &World) -> Way {
    let key = &world.device_key;
    let other = world.another_device("RSL-GATE-7");
    let answer = world.ask(&world.applicant, body("device", &other, &csr_of(key, "other"))).await;
    Way::new("the key of another identity", "E-ISS-005", answer)
}

async fn blocked(world: &World) -> Way {
    let key = new_key();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, &key).unwrap();
    let public =
        Command::new("openssl").args(["pkey", "-pubout", "-outform", "DER", "-in"]).arg(&file).output();
    let digest = SpkiDigest::of(&public.expect("openssl is installed").stdout).to_string();
    let administrator = world.caller(&world.country.administrator);
    let block = json!({"keys": [digest], "reason": "compromised", "source": "a public list"});
    let blocked = administrator.post("/v1/blocked-keys", block).await;
    assert!(blocked.status.is_success(), "{}", blocked.json);
    let asked = body("device", &world.own.device.to_string(), &csr_of(&key, "x"));
    Way::new("a key that was published", "E-ISS-010", world.ask(&world.applicant, asked).await)
}
