//! Lists come in pages.

use clap::Args;
use serde::Serialize;

use crate::client::records;
use crate::output::Page;

/// Which page of a list.
#[derive(Debug, Args)]
pub struct Paging {
    /// The most entries to show
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Where to go on: the cursor that the page before ended with
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

impl Paging {
    /// The most entries to show.
    pub const fn most(&self) -> usize {
        self.limit as usize
    }

    /// The query that asks for it, after `filters`.
    pub fn query<'a>(&self, filters: &[(&'a str, Option<String>)]) -> Vec<(&'a str, Option<String>)> {
        let mut query = filters.to_vec();
        query.push(("after", self.after.clone()));
        query.push(("limit", Some(self.limit.to_string())));
        query
    }
}

/// Says that there is more.
pub fn say_if_more<T: Serialize>(list: &records::Page<T>, page: &mut Page) {
    if let Some(next) = &list.next {
        page.line(format!("more follow: --after {next}"));
    }
}
