//! What caches between npki and relying parties may keep (RFC 9110 sections 8.8 and 13, RFC 5019 section 6).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ring::digest;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

/// How long a cache may give out an answer or a CRL without asking again.
///
/// RFC 5019 section 6.2 lets max-age run until nextUpdate. That long a revocation would stay unseen behind a cache;
/// five minutes take nearly all repeated load off the responder and bound the delay.
const MAX_AGE: Duration = Duration::minutes(5);

/// IMF-fixdate (RFC 9110 section 5.6.7).
const HTTP_DATE: &[BorrowedFormatItem<'static>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// The strong validator, the dates and the lifetime of one body.
#[derive(Debug)]
pub(super) struct Validators {
    etag: String,
    modified: Option<OffsetDateTime>,
    expires: Option<OffsetDateTime>,
    max_age: Duration,
    /// Whether it is sent in several encodings, and whether in gzip now.
    varies: bool,
    gzip: bool,
}

impl Validators {
    /// Of `body`, which serves for a day unless [`Self::expiring`] says otherwise.
    pub(super) fn new(body: &[u8]) -> Self {
        Self::of_digest(&hex::encode(digest::digest(&digest::SHA256, body)))
    }

    /// As [`Self::new`], of a body with this digest.
    pub(super) fn of_digest(sha256: &str) -> Self {
        Self {
            etag: format!("\"{sha256}\""),
            modified: None,
            expires: None,
            max_age: Duration::DAY,
            varies: false,
            gzip: false,
        }
    }

    /// Says when the body was made.
    #[must_use]
    pub(super) const fn modified(mut self, at: OffsetDateTime) -> Self {
        self.modified = Some(at);
        self
    }

    /// Says by when, seen from `now`, there is a newer one.
    #[must_use]
    pub(super) fn expiring(mut self, now: OffsetDateTime, next_update: OffsetDateTime) -> Self {
        self.expires = Some(next_update);
        self.max_age = (next_update - now).clamp(Duration::ZERO, MAX_AGE);
        self
    }

    /// Says that it is sent in gzip, too, and whether it is now. RFC 9110 section 8.8.3.3: each encoding has a tag of its own.
    #[must_use]
    pub(super) fn encoded(mut self, gzip: bool) -> Self {
        self.varies = true;
        if gzip && !self.gzip {
            self.gzip = true;
            self.etag = format!("{}-gzip\"", self.etag.trim_end_matches('"'));
        }
        self
    }

    /// The body, or 304 to a client that has it already.
    pub(super) fn respond(&self, request: &HeaderMap, content_type: &'static str, body: Vec<u8>) -> Response {
        let held = self.not_modified(request, content_type);
        held.unwrap_or_else(|| (self.headers(content_type), body).into_response())
    }

    /// 304 to a client that has the body already.
    pub(super) fn not_modified(&self, request: &HeaderMap, content_type: &'static str) -> Option<Response> {
        let held = self.is_held_by(request);
        held.then(|| (StatusCode::NOT_MODIFIED, self.headers(content_type)).into_response())
    }

    /// The headers that RFC 5019 section 6.2 asks of a cacheable answer.
    pub(super) fn headers(&self, content_type: &'static str) -> HeaderMap {
        let caching =
            format!("max-age={}, public, no-transform, must-revalidate", self.max_age.whole_seconds());
        let named = [
            (header::CONTENT_TYPE, Some(HeaderValue::from_static(content_type))),
            (header::ETAG, HeaderValue::from_str(&self.etag).ok()),
            (header::LAST_MODIFIED, self.modified.and_then(http_date)),
            (header::EXPIRES, self.expires.and_then(http_date)),
            (header::CACHE_CONTROL, caching.try_into().ok()),
            (header::VARY, self.varies.then(|| HeaderValue::from_static("accept-encoding"))),
            (header::CONTENT_ENCODING, self.gzip.then(|| HeaderValue::from_static("gzip"))),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// RFC 9110 section 13.1.3: If-Modified-Since counts only where there is no If-None-Match.
    fn is_held_by(&self, request: &HeaderMap) -> bool {
        if request.contains_key(header::IF_NONE_MATCH) {
            return request
                .get_all(header::IF_NONE_MATCH)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
                .any(|tag| self.matches(tag.trim()));
        }
        // An unreadable date is no condition.
        let since = request
            .get(header::IF_MODIFIED_SINCE)
            .and_then(|value| value.to_str().ok())
            .and_then(read_http_date);
        since.zip(self.modified).is_some_and(|(since, modified)| modified <= since)
    }

    /// RFC 9110 section 13.1.2: If-None-Match compares weakly, and `*` matches everything.
    fn matches(&self, tag: &str) -> bool {
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag
    }
}

/// Whether who asks takes gzip (RFC 9110 section 12.5.3).
pub(super) fn takes_gzip(request: &HeaderMap) -> bool {
    let lines = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let weight = |parameters: Option<&str>| match parameters
        .and_then(|parameters| parameters.trim().strip_prefix("q="))
    {
        Some(weight) => weight.trim().parse().unwrap_or(0.0),
        None => 1.0_f32,
    };
    let codings = lines.flat_map(|line| line.split(',')).map(|coding| {
        let (name, parameters) =
            coding.split_once(';').map_or((coding, None), |(name, rest)| (name, Some(rest)));
        (name.trim().to_ascii_lowercase(), weight(parameters) > 0.0)
    });
    let (mut named, mut any) = (None, false);
    for (name, taken) in codings {
        match name.as_str() {
            "gzip" | "x-gzip" => named = Some(taken),
            "*" => any = taken,
            _ => {}
        }
    }
    named.unwrap_or(any)
}

/// Reads a date as HTTP writes it: IMF-fixdate, which is the form that is sent since 1999 (RFC 9110 section 5.6.7).
pub fn read_http_date(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, HTTP_DATE).ok().map(PrimitiveDateTime::assume_utc)
}

/// The seconds that an HTTP date can tell of: 1970 to 9999.
const TOLD: std::ops::Range<i64> = 0..253_402_300_800;

fn http_date(moment: OffsetDateTime) -> Option<HeaderValue> {
    let told = TOLD.contains(&moment.unix_timestamp()).then(|| httpdate::fmt_http_date(moment.into()))?;
    told.try_into().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use axum::http::{HeaderMap, header};
    use time::macros::datetime;

    use super::{Validators, takes_gzip};

    fn asking(name: header::HeaderName, value: &str) -> HeaderMap {
        [(name, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn lifetimes_are_bounded_by_the_next_update_and_never_negative() {
        let made = datetime!(2027-01-01 0:00 UTC);
        let next = datetime!(2027-01-01 1:00 UTC);
        let max_age = |now| {
            let headers =
                Validators::new(b"crl").modified(made).expiring(now, next).headers("application/pkix-crl");
            headers
                .get(header::CACHE_CONTROL)
                .unwrap()
                .to_str()
                .unwrap()
                .split(',')
                .next()
                .unwrap()
                .to_owned()
        };
        assert_eq!(max_age(made), "max-age=300");
        assert_eq!(max_age(datetime!(2027-01-01 0:59 UTC)), "max-age=60");
        assert_eq!(max_age(datetime!(2027-01-02 0:00 UTC)), "max-age=0");
    }

    #[test]
    fn dates_are_written_as_http_writes_them() {
        let headers = Validators::new(b"crl").modified(datetime!(2027-03-04 5:06:07 UTC)).headers("x/y");
        assert_eq!(headers.get(header::LAST_MODIFIED).unwrap(), "Thu, 04 Mar 2027 05:06:07 GMT");
    }

    #[test]
    fn gzip_is_for_those_who_take_it_under_a_tag_of_its_own() {
        for (accepted, taken) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("deflate, x-gzip", true),
            ("*", true),
            ("gzip;q=0", false),
            ("*;q=1, gzip; q=0", false),
            ("identity", false),
            ("gzip;q=many", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(&asking(header::ACCEPT_ENCODING, accepted)), taken, "{accepted}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
        let [plain, gzip] = [false, true].map(|gzip| Validators::new(b"crl").encoded(gzip).headers("x/y"));
        assert_ne!(plain[header::ETAG], gzip[header::ETAG]);
        assert!(gzip[header::ETAG].to_str().unwrap().ends_with("-gzip\""));
        assert_eq!(
            (&plain[header::VARY], &gzip[header::VARY]),
            (&"accept-encoding".parse().unwrap(), &"accept-encoding".parse().unwrap())
        );
        assert_eq!(plain.get(header::CONTENT_ENCODING), None);
        assert_eq!(gzip[header::CONTENT_ENCODING], "gzip");
    }

    #[test]
    fn a_client_that_holds_the_body_is_told_so() {
        let validators = Validators::new(b"crl").modified(datetime!(2027-03-04 5:06:07 UTC));
        let etag = validators.etag.clone();
        let held = |headers: HeaderMap| validators.is_held_by(&headers);
        assert!(held(asking(header::IF_NONE_MATCH, &etag)));
        assert!(held(asking(header::IF_NONE_MATCH, &format!("\"a\", W/{etag}"))));
        assert!(held(asking(header::IF_NONE_MATCH, "*")));
        assert!(!held(asking(header::IF_NONE_MATCH, "\"a\"")));
        assert!(held(asking(header::IF_MODIFIED_SINCE, "Thu, 04 Mar 2027 05:06:07 GMT")));
        assert!(!held(asking(header::IF_MODIFIED_SINCE, "Thu, 04 Mar 2027 05:06:06 GMT")));
        assert!(!held(asking(header::IF_MODIFIED_SINCE, "yesterday")));
        let mut both = asking(header::IF_NONE_MATCH, "\"a\"");
        both.insert(header::IF_MODIFIED_SINCE, "Fri, 05 Mar 2027 00:00:00 GMT".parse().unwrap());
        assert!(!held(both));
    }
}
