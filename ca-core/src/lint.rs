//! Temporary seam until the rules are merged.
#![allow(missing_docs)]
use crate::profile::Profile;
#[derive(Debug)]
pub struct LintedTbs(Vec<u8>);
impl LintedTbs {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
#[derive(Debug)]
pub struct Context<'a> {
    pub issuer: Option<&'a [u8]>,
    pub profile: &'a Profile,
}
pub fn lint(tbs: Vec<u8>, _c: &Context<'_>) -> Result<LintedTbs, crate::issuance::IssueError> {
    Ok(LintedTbs(tbs))
}
