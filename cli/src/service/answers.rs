//! `[ocsp]`: how OCSP responders answer.

use ocsp_responder::ocsp::{AnswerPolicy, ArchiveCutoff, NamedBy, NotIssued, ThisUpdate};
use serde::Deserialize;
use time::Duration;

use super::settings::bounded;

/// The section as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LooseOcsp {
    validity_minutes: u32,
    kept_mebibytes: u32,
    named_by: String,
    not_issued: String,
    archive_cutoff: bool,
}

impl Default for LooseOcsp {
    fn default() -> Self {
        let (named_by, not_issued) = ("key".to_owned(), "unknown".to_owned());
        Self { validity_minutes: 60, kept_mebibytes: 64, named_by, not_issued, archive_cutoff: false }
    }
}

impl LooseOcsp {
    pub(super) fn check(&self) -> Result<AnswerPolicy, String> {
        let validity = bounded(self.validity_minutes, 2, 10_080, "ocsp.validity_minutes")?;
        let kept = bounded(self.kept_mebibytes, 0, 65_536, "ocsp.kept_mebibytes")?;
        let kept = usize::try_from(u64::from(kept) << 20).unwrap_or(usize::MAX);
        Ok(AnswerPolicy {
            validity: Duration::minutes(validity.into()),
            kept_octets: kept,
            named_by: match self.named_by.as_str() {
                "key" => NamedBy::Key,
                "name" => NamedBy::Name,
                _ => return Err("ocsp.named_by is \"key\" or \"name\"".to_owned()),
            },
            not_issued: match self.not_issued.as_str() {
                "unknown" => NotIssued::Unknown,
                "revoked" => NotIssued::Revoked,
                _ => return Err("ocsp.not_issued is \"unknown\" or \"revoked\"".to_owned()),
            },
            archive_cutoff: match self.archive_cutoff {
                false => ArchiveCutoff::Unsaid,
                true => ArchiveCutoff::SinceTheCaBegan,
            },
            this_update: ThisUpdate::default(),
        })
    }
}
