//! What is known of persons besides their number: birth date, transliteration.

use id_registry::principal::Role;
use serde_json::{Value, json};

use crate::country::Country;
use crate::http::Caller;
use crate::sealed::{assert_absent, everything};

fn entered(further: &Value) -> Value {
    json!({"kind": "person", "surname": "李", "given_name": "明徳光輝", "identifier": "PASCN-E1234567", "further": further})
}

#[tokio::test(flavor = "multi_thread")]
async fn birth_date_and_transliteration_are_kept_beside_the_name_and_sealed() {
    let country = Country::founded();
    let officer = country.officer();
    let caller = Caller::new(&country, Some(&officer));
    let further = json!({"birth_date": "1984-03", "surname_latin": "Li", "given_name_latin": "Mingdeguang"});
    let answer = caller.post("/v1/identities", entered(&further)).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    let id = answer.json["id"].as_str().unwrap().to_owned();
    let auditor = country.enrol("An Auditor", Role::Auditor);
    let shown = Caller::new(&country, Some(&auditor)).get(&format!("/v1/identities/{id}")).await.json;
    assert_eq!((&shown["surname"], &shown["further"]), (&json!("李"), &further));
    assert_absent(&everything(&country.store), &["1984-03", "Mingdeguang", "明徳光輝"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_field_and_reason() {
    let country = Country::founded();
    let officer = country.officer();
    let caller = Caller::new(&country, Some(&officer));
    for (further, field, why) in [
        (json!({"birth_date": "1984-02-30"}), "birth_date", "no such day"),
        (json!({"birth_date": "2999"}), "birth_date", "future"),
        (json!({"birth_date": "1850-01-01"}), "birth_date", "130 years"),
        (json!({"birth_date": "07/03/1984"}), "birth_date", "ISO 8601"),
        (json!({"surname_latin": "Lи"}), "surname_latin", "mixes"),
        (json!({"given_name_latin": "明"}), "given_name_latin", "Latin"),
        (json!({"surname_latin": "L\u{202e}i"}), "surname_latin", "does not show"),
    ] {
        let answer = caller.post("/v1/identities", entered(&further)).await;
        answer.problem(422, "E-ID-003");
        let said = answer.json["detail"].as_str().unwrap();
        assert!(said.starts_with(field) && said.contains(why), "{further}: {said}");
    }
    assert!(country.events("identity.registered").is_empty());
}
