//! Signatures in PDF documents, judged and made by pyHanko.

use std::path::Path;

use serde_json::Value;

use crate::certificates::Issued;
use crate::npki::text;
use crate::programs::Program;
use crate::workspace;

/// What pyHanko says of each signature in a document.
pub fn pyhanko(root: &Path, document: &Path) -> Vec<Value> {
    judge(&["validate", text(root), text(document)]).as_array().expect("a list").clone()
}

/// Has pyHanko sign a document.
pub fn pyhanko_signs(signer: &Issued, issuer: &Path, document: &Path, signed: &Path, field: &str) {
    let (cert, key) = (text(&signer.certificate), text(&signer.key));
    let _ = judge(&["sign", cert, text(issuer), key, text(document), text(signed), field]);
}

fn judge(arguments: &[&str]) -> Value {
    let script = workspace::root().join("tests/judges/pdf/judge.py");
    let answer = Program::named("python").path(&script).args(arguments).run().succeeded();
    serde_json::from_slice(&answer.stdout).expect("the judge prints JSON")
}
