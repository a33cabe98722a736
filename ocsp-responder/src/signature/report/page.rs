//! The page that a person understands: one file, without scripts and without anything from elsewhere.
//!
//! At the top stands in one sentence what holds. Whatever others wrote (names, files) is escaped, isolated from the direction of the text
//! around it, and has no character that cannot be seen.

use super::super::pades::{LockedFields, Permitted, Restrictions};
use super::super::signatory::SignatureKind;
use super::matter::{Covers, Matter, Signed};
use super::words::{Cause, Language, Words};
use super::{attributes, called};
use crate::validation::status::{CertificateStatus, EvidenceSource, StatusReport};
use crate::validation::{Answer, PathElement, Reason, Verdict};

/// The most letters of what others wrote that are shown.
const MOST_LETTERS: usize = 300;

/// Colours have a contrast of at least 7 to 1 (WCAG 2.2 success criterion 1.4.6); no colour is the only sign. Folded details are printed.
const STYLE: &str = "\
*{box-sizing:border-box}\
body{margin:0 auto;padding:1rem;max-width:42rem;font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;overflow-wrap:anywhere}\
h1{font-size:1.1rem;margin:0 0 1rem}h2{font-size:1.1rem;margin:0 0 .5rem}\
.verdict{border:2px solid;border-radius:.5rem;padding:1rem;margin:0 0 1.5rem;font-size:1.25rem;font-weight:600}\
.verdict p{margin:0}.verdict p+p{margin-top:.75rem;font-size:1rem;font-weight:400}\
.valid{color:#0b4f1a;background:#effaf1}.invalid{color:#7f1111;background:#fdf0f0}.cannot-tell{color:#5c3b00;background:#fff7e6}\
section{border-top:1px solid #767676;padding:1rem 0}\
dl{margin:0}dt{font-weight:600}dd{margin:0 0 .5rem}\
summary{cursor:pointer;padding:.5rem 0;font-weight:600}\
@media(min-width:30rem){dl{display:grid;grid-template-columns:12rem 1fr;column-gap:1rem}}\
@media print{body{max-width:none;padding:0}section{break-inside:avoid}details::details-content{content-visibility:visible}}";

/// The page.
pub(super) fn written(matter: &Matter<'_>, language: Language) -> Vec<u8> {
    let words = language.words();
    let (class, sign) = match matter.answer {
        Answer::Valid => ("valid", "&#x2714;"),
        Answer::Invalid => ("invalid", "&#x2718;"),
        Answer::CannotTell => ("cannot-tell", "?"),
    };
    let signatures: String = (1..)
        .zip(&matter.signatures)
        .map(|(number, signed)| section(number, signed, matter, language))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}: {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n\
         <div class=\"verdict {class}\"><p><span aria-hidden=\"true\">{sign}</span> {}</p>{}</div>\n{}{signatures}</main>\n</body>\n</html>\n",
        language.tag(),
        words.title,
        plain(matter.file),
        words.title,
        headline(matter, language),
        advice(matter, words),
        about(matter, language),
    )
    .into_bytes()
}

/// What holds, in one sentence.
fn headline(matter: &Matter<'_>, language: Language) -> String {
    let words = language.words();
    let because = words.of(cause(matter)).0;
    match matter.answer {
        Answer::Valid if matter.signatures.is_empty() => {
            let at =
                matter.stamps.iter().filter_map(|stamp| Some(stamp.verdict.statement.as_ref()?.at)).min();
            filled(words.stamped_only, "when", &language.moment(at.unwrap_or(matter.checked_at)))
        }
        Answer::Valid => {
            let all_seals = matter.signatures.iter().all(is_seal);
            let each = |signed: &Signed<'_>| {
                let seal = if is_seal(signed) && !all_seals { words.by_seal } else { "" };
                format!("{}{seal}{}", who(signed, words), when(signed, language))
            };
            let all: Vec<String> = matter.signatures.iter().map(each).collect();
            let sentence = if all_seals { words.sealed } else { words.signed };
            filled(sentence, "who", &all.join(words.and))
        }
        Answer::Invalid if cause(matter) == Cause::Changed => words.changed.to_owned(),
        Answer::Invalid => filled(words.not_valid, "why", because),
        Answer::CannotTell => filled(words.cannot_tell, "why", because),
    }
}

fn advice(matter: &Matter<'_>, words: &Words) -> String {
    if matter.answer == Answer::Valid {
        return String::new();
    }
    format!("<p>{}</p>", filled(words.advice, "what", words.of(cause(matter)).1))
}

/// What keeps the file from being valid. Where all signatures hold, it is a file that none is over.
fn cause(matter: &Matter<'_>) -> Cause {
    let all_hold = matter.signatures.iter().all(|signed| signed.verdict.answer == Answer::Valid);
    if all_hold && !matter.uncovered.is_empty() {
        return Cause::Uncovered;
    }
    matter.sub_indication.map_or(Cause::NotKnown, Cause::of)
}

/// Whether an organisation sealed.
fn is_seal(signed: &Signed<'_>) -> bool {
    signed.verdict.kind == Some(SignatureKind::Seal)
}

/// Behind a name: when.
fn when(signed: &Signed<'_>, language: Language) -> String {
    let words = language.words();
    let said = match (signed.verdict.proven_time, signed.claimed) {
        (Some(proven), _) => filled(words.when_proven, "when", &language.moment(proven)),
        (None, Some(claimed)) => filled(words.when_claimed, "when", &language.moment(claimed)),
        (None, None) => return String::new(),
    };
    format!(", {said}")
}

/// A signer's name.
fn who(signed: &Signed<'_>, words: &Words) -> String {
    let name = subject(signed).and_then(called);
    name.map_or_else(|| words.nobody.to_owned(), |name| shown(&name))
}

fn subject<'a>(signed: &Signed<'a>) -> Option<&'a str> {
    let path = &signed.verdict.certificate.as_ref()?.path;
    path.first().map(|element| element.certificate.subject.as_str())
}

fn value(subject: &str, wanted: &str) -> Option<String> {
    attributes(subject).into_iter().find_map(|(kind, value)| (kind == wanted).then_some(value))
}

/// About the file.
fn about(matter: &Matter<'_>, language: Language) -> String {
    let words = language.words();
    let mut rows = row(words.file, &shown(matter.file));
    rows.push_str(&row(words.checked, &language.moment(matter.checked_at)));
    if !matter.uncovered.is_empty() {
        rows.push_str(&row(words.uncovered, &listed(matter.uncovered)));
    }
    let expert = |reasons: &[String]| details(words, &reasons_row(words, reasons));
    let reasons = if matter.signatures.is_empty() { expert(matter.reasons) } else { String::new() };
    format!("<section><dl>{rows}</dl>{reasons}</section>\n")
}

fn section(number: usize, signed: &Signed<'_>, matter: &Matter<'_>, language: Language) -> String {
    let words = language.words();
    let verdict = signed.verdict;
    let result = match verdict.answer {
        Answer::Valid => words.valid.to_owned(),
        Answer::Invalid | Answer::CannotTell => {
            let word = if verdict.answer == Answer::Invalid { words.invalid } else { words.unclear };
            let (because, _) = words.of(verdict.sub_indication.map_or(Cause::NotKnown, Cause::of));
            format!("{word} {}.", sentence(because))
        }
    };
    let organisation = subject(signed).and_then(|subject| value(subject, "O"));
    let time = match (verdict.proven_time, signed.claimed) {
        (Some(proven), _) => filled(words.proven, "when", &language.moment(proven)),
        (None, Some(claimed)) => filled(words.claimed, "when", &language.moment(claimed)),
        (None, None) => words.no_time.to_owned(),
    };
    let mut rows = row(words.conclusion, &result);
    rows.push_str(&row(if is_seal(signed) { words.sealer } else { words.signer }, &who(signed, words)));
    rows.extend(organisation.map(|organisation| row(words.organisation, &shown(&organisation))));
    rows.push_str(&row(words.time, &time));
    rows.push_str(&row(words.covers, &covered(signed, words)));
    rows.extend(signed.restrictions.map(|said| row(words.afterwards, &afterwards(said, words))));
    rows.push_str(&certificate(signed, language));
    let name = signed.name.map(|name| format!(": {}", shown(name))).unwrap_or_default();
    let title = if matter.signatures.len() == 1 && name.is_empty() {
        words.signature.to_owned()
    } else {
        format!("{} {number}{name}", words.signature)
    };
    format!(
        "<section>\n<h2>{title}</h2>\n<dl>{rows}</dl>\n{}\n</section>\n",
        details(words, &expert(signed, words))
    )
}

fn covered(signed: &Signed<'_>, words: &Words) -> String {
    match signed.covers {
        Covers::File => words.whole_file.to_owned(),
        Covers::Document => words.whole_document.to_owned(),
        // What was changed later is told by the result.
        Covers::Revision if signed.verdict.answer == Answer::Valid => words.revision.to_owned(),
        Covers::Revision => words.whole_document.to_owned(),
        Covers::Files { covered, left_out } => {
            let mut said = filled(words.files, "files", &listed(covered));
            if !left_out.is_empty() {
                said.push(' ');
                said.push_str(&filled(words.not_files, "files", &listed(left_out)));
            }
            said
        }
    }
}

/// What the signature lets others do to the document.
fn afterwards(said: &Restrictions, words: &Words) -> String {
    let certifies = said.certifies.then(|| words.certifies.to_owned());
    let permits = said.permits.map(|permits| match permits {
        Permitted::Nothing => words.permits_nothing.to_owned(),
        Permitted::FillingIn => words.permits_filling_in.to_owned(),
        Permitted::Annotating => words.permits_notes.to_owned(),
    });
    let locks = said.locks.iter().map(|locked| match locked {
        LockedFields::All => words.locks_all.to_owned(),
        LockedFields::Only(fields) => filled(words.locks_only, "fields", &listed(fields)),
        LockedFields::AllBut(fields) if fields.is_empty() => words.locks_all.to_owned(),
        LockedFields::AllBut(fields) => filled(words.locks_all_but, "fields", &listed(fields)),
    });
    certifies.into_iter().chain(permits).chain(locks).collect::<Vec<_>>().join(" ")
}

/// The signer's certificate: whether it counts, how that is known, who vouches for it.
fn certificate(signed: &Signed<'_>, language: Language) -> String {
    let words = language.words();
    let Some(verdict) = &signed.verdict.certificate else {
        return row(words.certificate, words.not_looked_at);
    };
    let mut rows = row(words.certificate, &standing(signed, verdict, language));
    let report = verdict.path.first().and_then(|element| element.status.as_ref());
    rows.push_str(&row(words.evidence, &source(report, language)));
    let anchor = verdict.path.last().filter(|element| is_anchor(element));
    let named = |element: &PathElement| {
        let subject = &element.certificate.subject;
        shown(&value(subject, "CN").or_else(|| value(subject, "O")).unwrap_or_else(|| subject.clone()))
    };
    rows.extend(anchor.map(|element| row(words.vouched, &named(element))));
    rows
}

fn is_anchor(element: &PathElement) -> bool {
    element.status.as_ref().is_some_and(|report| report.status == CertificateStatus::TrustAnchor)
}

fn standing(signed: &Signed<'_>, verdict: &Verdict, language: Language) -> String {
    let words = language.words();
    match verdict.reasons.first() {
        None if signed.verdict.proven_time.is_some() => words.was_valid.to_owned(),
        None => words.is_valid.to_owned(),
        Some(Reason::Revoked { certificate: 0, at, .. }) => {
            filled(words.was_revoked, "when", &language.moment(*at))
        }
        Some(Reason::Expired { certificate: 0, not_after }) => {
            filled(words.ran_out, "when", &language.moment(*not_after))
        }
        Some(_) => words.not_certain.to_owned(),
    }
}

fn source(report: Option<&StatusReport>, language: Language) -> String {
    let words = language.words();
    let Some(source) = report.and_then(|report| report.source) else { return words.no_evidence.to_owned() };
    let evidence = report.iter().flat_map(|report| &report.evidence);
    let at = evidence.filter(|one| one.source == source).find_map(|one| one.this_update);
    let sentence = match source {
        EvidenceSource::Crl => words.crl,
        EvidenceSource::Ocsp => words.ocsp,
        EvidenceSource::Records | EvidenceSource::Snapshot | EvidenceSource::Filter => {
            return words.records.to_owned();
        }
    };
    at.map_or_else(|| words.records.to_owned(), |at| filled(sentence, "when", &language.moment(at)))
}

/// What experts want to see; in English, as in the standards.
fn expert(signed: &Signed<'_>, words: &Words) -> String {
    let verdict = signed.verdict;
    let word = |value: Option<serde_json::Value>| value.and_then(|value| value.as_str().map(str::to_owned));
    let mut rows = String::new();
    rows.extend(word(serde_json::to_value(verdict.indication).ok()).map(|one| row_en("Indication", &one)));
    let sub = verdict.sub_indication.and_then(|sub| serde_json::to_value(sub).ok());
    rows.extend(word(sub).map(|one| row_en("Sub-indication", &one)));
    let level = verdict.level.and_then(|level| serde_json::to_value(level).ok());
    rows.extend(word(level).map(|one| row_en("Level", &one)));
    rows.extend(verdict.algorithm.as_ref().map(|algorithm| row_en("Algorithm", algorithm)));
    for element in verdict.certificate.iter().flat_map(|certificate| &certificate.path) {
        let one = &element.certificate;
        rows.push_str(&row_en("Certificate", &one.subject));
        rows.push_str(&row_en("Serial number", &one.serial));
        rows.push_str(&row_en("Fingerprint (SHA-256)", &one.sha256));
    }
    rows.push_str(&reasons_row(words, &verdict.reasons));
    rows
}

fn reasons_row(words: &Words, reasons: &[String]) -> String {
    let said: Vec<String> = reasons.iter().map(|reason| shown(reason)).collect();
    if said.is_empty() {
        String::new()
    } else {
        row(words.why, &format!("<span lang=\"en\">{}</span>", said.join("<br>")))
    }
}

fn details(words: &Words, rows: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("<details><summary>{}</summary><dl>{rows}</dl></details>", words.details)
}

/// A row whose content is HTML.
fn row(name: &str, html: &str) -> String {
    format!("<dt>{name}</dt><dd>{html}</dd>\n")
}

/// A row in English whose content others wrote.
fn row_en(name: &str, text: &str) -> String {
    format!("<dt lang=\"en\">{name}</dt><dd>{}</dd>\n", shown(text))
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| shown(name)).collect::<Vec<_>>().join(", ")
}

/// Fills a place in one of our sentences with HTML.
fn filled(sentence: &str, place: &str, html: &str) -> String {
    sentence.replace(&format!("{{{place}}}"), html)
}

/// The same with a capital letter.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// What others wrote, isolated from the direction of what is around it (Unicode Standard Annex 9 section 2.7).
fn shown(text: &str) -> String {
    format!("<bdi>{}</bdi>", plain(text))
}

/// What others wrote: escaped; what cannot be seen is named, so that two names that look alike are alike.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars().take(MOST_LETTERS) {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#x27;"),
            hidden if is_hidden(hidden) => out.push_str(&format!("[U+{:04X}]", u32::from(hidden))),
            other => out.push(other),
        }
    }
    if text.chars().nth(MOST_LETTERS).is_some() {
        out.push('\u{2026}');
    }
    out
}

/// Controls, marks of direction, and what takes no place (Unicode's Default_Ignorable_Code_Point, the common ones).
const fn is_hidden(letter: char) -> bool {
    matches!(letter,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_leave_its_place() {
        assert_eq!(
            shown("<b onload='x'>\u{202e}exe.fdp\"&\0"),
            "<bdi>&lt;b onload=&#x27;x&#x27;&gt;[U+202E]exe.fdp&quot;&amp;[U+0000]</bdi>"
        );
        assert_eq!(plain(&"x".repeat(400)).chars().count(), 301);
        // A name that looks like a place of ours stays a name.
        assert_eq!(filled("{who}: {when}", "when", "now"), "{who}: now");
        assert_eq!(sentence("\u{e9}t\u{e9}"), "\u{c9}t\u{e9}");
    }
}
