//! Reads JSON answers, the one place that knows their shape.

use serde_json::Value;

/// A member that must be a string.
#[track_caller]
pub fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member:?} in {answer}"))
}

/// The identifier of what was made.
#[track_caller]
pub fn id(answer: &Value) -> String {
    text(answer, "id").to_owned()
}

/// The request in the answer of a command that may also say which files it wrote.
#[track_caller]
pub fn request(answer: &Value) -> &Value {
    answer.get("request").unwrap_or(answer)
}

/// The items of a list.
#[track_caller]
pub fn items(answer: &Value) -> &Vec<Value> {
    let list = answer.get("items").unwrap_or(answer);
    list.as_array().unwrap_or_else(|| panic!("no list: {answer}"))
}

/// The item of a list whose `member` is `value`.
#[track_caller]
pub fn item<'a>(answer: &'a Value, member: &str, value: &str) -> &'a Value {
    let found = items(answer).iter().find(|item| item[member] == value);
    found.unwrap_or_else(|| panic!("no item with {member} {value:?} in {answer}"))
}
