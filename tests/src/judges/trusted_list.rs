//! Trusted lists, judged by xmlsec1, signxml and pyHanko.

use std::path::Path;

use serde_json::Value;

use crate::npki::text;
use crate::programs::Program;
use crate::workspace;

/// Goes on only when xmlsec1 verifies a list's signature by this certificate.
#[track_caller]
pub fn xmlsec1(signer: &Path, list: &Path) {
    Program::named("xmlsec1")
        .args(["--verify", "--id-attr:Id", "SignedProperties", "--pubkey-cert-pem", text(signer), text(list)])
        .run()
        .succeeded()
        .saying("SignedInfo References (ok/all): 2/2");
}

/// What signxml and pyHanko read in a list that is signed by this certificate.
#[track_caller]
pub fn pyhanko(signer: &Path, list: &Path) -> Value {
    let script = workspace::root().join("tests/judges/trusted_list/judge.py");
    let answer = Program::named("python").path(&script).args([text(signer), text(list)]).run().succeeded();
    serde_json::from_slice(&answer.stdout).expect("the judge prints JSON")
}
