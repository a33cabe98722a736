//! In what form an answer is wanted: as the answer itself, or as a report.

use axum::Json;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::{self as table, Problem};
use crate::signature::{Judged, Language, ReportForm};

/// The most letters of a name.
const MOST_LETTERS: usize = 255;
/// A page from here runs nothing and fetches nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// What may stand in the address of a question about signatures.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wish {
    /// Answer with a report instead of the answer: `simple` is JSON in the shape of SiVa's simple report, `etsi` is XML after ETSI TS 119
    /// 102-2, `page` is HTML for people.
    #[param(inline)]
    report: Option<ReportName>,
    /// What the report calls the file, at most 255 letters; `document`, if it is left out.
    name: Option<String>,
    /// The language of the page: `en` (English) or `st` (Sesotho).
    #[param(inline)]
    language: Option<LanguageName>,
}

/// A form of reports.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum ReportName {
    Simple,
    Etsi,
    Page,
}

/// A language of the page.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
enum LanguageName {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "st")]
    Sesotho,
}

impl Wish {
    pub(super) fn read(query: Result<Query<Self>, QueryRejection>) -> Result<Self, Problem> {
        let Query(wish) = query.map_err(|rejection| {
            let said: String = rejection.body_text().chars().take(300).collect();
            Problem::new(table::UNFIT, said)
        })?;
        let letters = wish.name.as_ref().map_or(0, |name| name.chars().count());
        if letters > MOST_LETTERS {
            return Err(Problem::new(
                table::UNFIT,
                format!("name: {letters} letters, and at most 255 are taken"),
            ));
        }
        Ok(wish)
    }

    /// The answer, in this form.
    pub(super) fn told<T: Serialize>(
        &self,
        answer: T,
        judged: impl FnOnce(&T) -> Judged<'_>,
    ) -> Result<Response, Problem> {
        let Some(form) = self.form() else { return Ok(Json(answer).into_response()) };
        let written = form.written(self.name.as_deref().unwrap_or("document"), judged(&answer));
        let written = written.map_err(|_| Problem::new(table::INTERNAL, "the fault is ours"))?;
        let headers: [(HeaderName, &str); 2] =
            [(header::CONTENT_TYPE, form.media_type()), (header::CONTENT_SECURITY_POLICY, POLICY)];
        Ok((headers, written).into_response())
    }

    fn form(&self) -> Option<ReportForm> {
        let language = match self.language {
            None | Some(LanguageName::English) => Language::English,
            Some(LanguageName::Sesotho) => Language::Sesotho,
        };
        self.report.map(|report| match report {
            ReportName::Simple => ReportForm::Simple,
            ReportName::Etsi => ReportForm::Etsi,
            ReportName::Page => ReportForm::Page(language),
        })
    }
}
