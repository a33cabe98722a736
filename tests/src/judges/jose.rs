//! JSON Web Signatures, judged and made by joserfc.

use std::path::Path;

use serde_json::Value;

use crate::certificates::Issued;
use crate::npki::text;
use crate::programs::{Answer, Program};
use crate::workspace;

/// What joserfc says of a signature over a file; over what it carries without one. It ends with an error where it does not verify.
pub fn joserfc(signature: &Path, file: Option<&Path>) -> Answer {
    asked(&["verify", text(signature), file.map_or("-", text)])
}

/// What joserfc says of a signature that it accepts.
#[track_caller]
pub fn accepted(signature: &Path, file: Option<&Path>) -> Value {
    serde_json::from_slice(&joserfc(signature, file).succeeded().stdout).expect("the judge prints JSON")
}

/// Has joserfc sign a file: `compact`, `json` or `detached`.
pub fn joserfc_signs(shape: &str, signer: &Issued, issuer: &Path, file: &Path, out: &Path) {
    let (cert, key) = (text(&signer.certificate), text(&signer.key));
    let _ = asked(&["sign", shape, cert, text(issuer), key, text(file), text(out)]).succeeded();
}

fn asked(arguments: &[&str]) -> Answer {
    let script = workspace::root().join("tests/judges/jose/judge.py");
    Program::named("python").path(&script).args(arguments).run()
}
