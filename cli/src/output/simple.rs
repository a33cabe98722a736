//! Answers whose data is one serialisable value.

use serde::Serialize;
use serde_json::Value;

use super::{Page, Report};

/// A value under a schema, with a function that writes it for people.
pub struct Simple<T> {
    schema: &'static str,
    value: T,
    text: fn(&T, &mut Page),
}

impl<T: Serialize> Simple<T> {
    /// Puts schema, value and text together.
    pub const fn new(schema: &'static str, value: T, text: fn(&T, &mut Page)) -> Self {
        Self { schema, value, text }
    }
}

impl<T: Serialize> Report for Simple<T> {
    fn schema(&self) -> &'static str {
        self.schema
    }

    fn data(&self) -> serde_json::Result<Value> {
        serde_json::to_value(&self.value)
    }

    fn text(&self, page: &mut Page) {
        (self.text)(&self.value, page);
    }
}
