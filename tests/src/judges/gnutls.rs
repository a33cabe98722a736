//! GnuTLS: a second implementation of paths and OCSP, independent of OpenSSL.

use std::path::Path;

use crate::certificates;
use crate::installation::Installation;
use crate::npki::text;
use crate::programs::{Answer, Program};

/// Verifies the chain from a certificate to the root.
pub fn verify_chain(installation: &Installation, certificate: &Path) -> Answer {
    let links = [certificate, &installation.issuing(), &installation.root()];
    let chain: Vec<u8> = links.iter().flat_map(|link| std::fs::read(link).unwrap()).collect();
    Program::named("certtool").args(["--verify-chain"]).run_with(&chain)
}

/// Asks the OCSP responder and verifies its answer.
pub fn ocsp(installation: &Installation, certificate: &Path) -> Answer {
    let issuing = installation.issuing();
    let address = certificates::ocsp_addresses(certificate).remove(0);
    Program::named("ocsptool")
        .args([&format!("--ask={address}")])
        .args(["--load-cert", text(certificate), "--load-issuer", text(&issuing)])
        .args(["--load-trust", text(&issuing)])
        .run()
}
