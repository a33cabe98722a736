//! Independent judges: what lint lets through must satisfy OpenSSL too. pkilint judges the whole installation in the
//! end-to-end tests.

use std::path::Path;
use std::process::Command;

use super::made;

fn pem(folder: &Path, name: &str, der: &[u8]) -> String {
    let path = folder.join(format!("{name}.pem"));
    std::fs::write(&path, pem::encode(&pem::Pem::new("CERTIFICATE", der))).unwrap();
    path.display().to_string()
}

#[test]
fn openssl_verifies_every_profile_strictly_and_finds_its_policy() {
    let folder = tempfile::tempdir().unwrap();
    let root = pem(folder.path(), "root", &made::ROOT.certificate);
    let issuing = pem(folder.path(), "issuing", &made::ISSUING.certificate);
    for profile in made::PROFILES.iter().filter(|profile| !profile.is_ca()) {
        let leaf = pem(folder.path(), &profile.id.0, &made::signed(&profile.id.0));
        let at = (made::START.unix_timestamp() + 3600).to_string();
        let mut openssl = Command::new("openssl");
        openssl.args(["verify", "-x509_strict", "-check_ss_sig", "-attime", &at, "-trusted", &root]);
        openssl.args(["-untrusted", &issuing]);
        for policy in &profile.policies {
            openssl.args(["-policy", &policy.oid.to_string()]);
        }
        if !profile.policies.is_empty() {
            openssl.args(["-policy_check", "-explicit_policy"]);
        }
        let answer = openssl.arg(&leaf).output().expect("openssl is installed");
        assert!(answer.status.success(), "{}: {answer:?}", profile.id);
    }
}
