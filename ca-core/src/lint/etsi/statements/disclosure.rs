//! Disclosure statements are fetched over https, in a language each, English among them.

use crate::lint::etsi::statement::{self, Statements};
use crate::lint::examined::Examined;
use crate::lint::{Rule, Severity, Verdict, ensure, ensure_or};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "etsi.statement-disclosure",
    clause: "ETSI EN 319 412-5 section 4.3.4",
    severity: Severity::Error,
    says: "disclosure statements are fetched over https, in a language each, English among them",
    check,
};

/// ETSI EN 319 412-5 section 4.3.4: https addresses, with languages, English among them.
fn check(examined: &Examined<'_>) -> Verdict {
    let statements = Statements::of(examined)?;
    let Some(locations) = statements.value::<Vec<statement::Location<'_>>>(statement::DISCLOSURE)? else {
        return Ok(());
    };
    let english = locations.iter().any(|location| location.language.as_str() == "en");
    ensure(english, "none is in English")?;
    locations.iter().try_for_each(|location| {
        let language = location.language.as_str();
        let code = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
        ensure_or(code, || format!("{language:?} is no ISO 639-1 language"))?;
        let address = location.address.as_str();
        ensure_or(address.starts_with("https://"), || format!("{address:?} is not https"))
    })
}
