//! CAdES signatures with time stamps, judged by pyHanko and asn1crypto.

use std::path::Path;

use serde_json::Value;

use crate::npki::text;
use crate::programs::Program;
use crate::workspace;

/// What pyHanko says of a signature over a document: whether it, its path, and its time stamp hold.
pub fn pyhanko(root: &Path, document: &Path, signature: &Path) -> Value {
    judge(&["validate", text(root), text(document), text(signature)])
}

/// What comes out when the newest archive time stamp's imprint and index are computed anew.
pub fn archive(document: &Path, signature: &Path) -> Value {
    judge(&["archive", text(document), text(signature)])
}

fn judge(arguments: &[&str]) -> Value {
    let script = workspace::root().join("tests/judges/cades/judge.py");
    let answer = Program::named("python").path(&script).args(arguments).run().succeeded();
    serde_json::from_slice(&answer.stdout).expect("the judge prints JSON")
}
