//! UTCTime through 2049, GeneralizedTime from 2050, to the second, in Zulu.

use super::moment;
use crate::lint::element::Elements;
use crate::lint::examined::{Examined, Field};
use crate::lint::{Rule, Severity, Verdict, ensure};

pub(in crate::lint) const RULE: Rule = Rule {
    id: "rfc5280.validity-encoding",
    clause: "RFC 5280 section 4.1.2.5",
    severity: Severity::Error,
    says: "UTCTime through 2049, GeneralizedTime from 2050, to the second, in Zulu",
    check,
};

/// RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050; both to the second, in Zulu.
fn check(examined: &Examined<'_>) -> Verdict {
    let validity = examined.field(Field::Validity)?;
    let mut moments = 0;
    for element in Elements::of(validity.value()) {
        let element = element.map_err(|_| "a moment cannot be read")?;
        moment::check(element.tag, element.body)?;
        moments += 1;
    }
    ensure(moments == 2, "the validity is not two moments")
}
