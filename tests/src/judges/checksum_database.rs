//! The libraries of Go's checksum database (`golang.org/x/mod/sumdb`), in the program `tests/judges/tlog`.

use serde_json::Value;

use crate::programs::Program;
use crate::workspace;

/// What Go says of a ledger.
#[derive(Debug)]
pub struct Judgement {
    /// What is wrong, in words.
    pub complaints: Vec<String>,
    /// For each note the names of the keys whose signatures are right; `None` where the note is refused.
    pub signers: Vec<Option<Vec<String>>>,
}

/// Asks Go. The members of the question stand in `tests/judges/tlog/main.go`.
#[track_caller]
pub fn judge(mut question: Value) -> Judgement {
    // What Go is to sign itself, which is of no interest here.
    question["text"] = "unused\n".into();
    let folder = workspace::root().join("tests/judges/tlog");
    let asked =
        Program::named("go").args(["run", "."]).within(&folder).run_with(question.to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&asked.succeeded().stdout).unwrap();
    let texts = |list: &Value| -> Option<Vec<String>> {
        list.as_array().map(|list| list.iter().map(|text| text.as_str().unwrap().to_owned()).collect())
    };
    Judgement {
        complaints: texts(&answer["complaints"]).unwrap_or_default(),
        signers: answer["signers"].as_array().map(|all| all.iter().map(texts).collect()).unwrap_or_default(),
    }
}
