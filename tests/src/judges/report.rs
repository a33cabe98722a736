//! Reports of validations, judged by libraries of others.

use std::path::Path;

use serde_json::Value;

use crate::npki::text;
use crate::programs::Program;
use crate::workspace;

/// What pyHanko's classes of the schema of ETSI TS 119 102-2 read in a report. Goes on only where the report is as the schema has it.
#[track_caller]
pub fn etsi(report: &Path) -> Value {
    let told = judge(&["etsi", text(report)]);
    assert_eq!(
        (&told["lacking"], &told["unresolved"]),
        (&Value::Array(vec![]), &Value::Array(vec![])),
        "{told}"
    );
    assert_eq!((&told["in_order"], &told["ids_differ"]), (&Value::Bool(true), &Value::Bool(true)), "{told}");
    told
}

/// What html5lib reads in a page for people. Goes on only where it is HTML without fault that runs and fetches nothing and can be read
/// by those who see contrasts badly.
#[track_caller]
pub fn page(report: &Path) -> Value {
    let told = judge(&["page", text(report)]);
    assert_eq!(told["active"], Value::Array(vec![]), "{told}");
    // WCAG 2.2 success criterion 1.4.3.
    assert!(told["lowest_contrast"].as_f64().is_some_and(|ratio| ratio >= 4.5), "{told}");
    assert_eq!(told["headings"][0], "h1");
    told
}

#[track_caller]
fn judge(arguments: &[&str]) -> Value {
    let script = workspace::root().join("tests/judges/report/judge.py");
    let answer = Program::named("python").path(&script).args(arguments).run().succeeded();
    serde_json::from_slice(&answer.stdout).expect("the judge prints JSON")
}
