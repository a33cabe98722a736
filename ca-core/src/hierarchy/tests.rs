#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn profiles() -> Current {
    Current::given(ProfileSet::built_in().unwrap())
}

fn built_in(name: &str) -> &'static str {
    BUILT_IN.iter().find(|(found, _)| *found == name).unwrap().1
}

fn refused(text: &str) -> String {
    Hierarchy::from_toml(text, &profiles()).unwrap_err().to_string()
}

/// The national hierarchy with one passage changed, which must be there.
fn changed(from: &str, to: &str) -> String {
    let text = built_in("national");
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn what_npki_comes_with_is_sound() {
    for (name, text) in BUILT_IN {
        let hierarchy =
            Hierarchy::from_toml(text, &profiles()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(hierarchy.roots().count() >= 1, "{name}");
    }
    let national = Hierarchy::from_toml(built_in("national"), &profiles()).unwrap();
    let path: Vec<_> = national.path(&CaId::new("tls").unwrap()).map(|ca| ca.id.to_string()).collect();
    assert_eq!(path, ["tls", "tls-root"]);
    assert_eq!(national.roots().count(), 2);
}

#[test]
fn mistakes_are_named_with_the_word_that_was_meant() {
    for (from, to, said) in [
        ("issuer = \"root\"", "isuer = \"root\"", "did you mean `issuer`?"),
        ("key = \"p384\"", "key = \"p348\"", "did you mean `p384`?"),
        ("profile = \"persons-ca\"", "profile = \"person-ca\"", "did you mean \"persons-ca\"?"),
        ("\"device\", \"application\"", "\"devise\", \"application\"", "did you mean \"device\"?"),
        ("id = \"seals\"", "id = \"Seals\"", "lower-case letters"),
        ("id = \"seals\"", "id = \"things\"", "another CA has this id"),
        ("name = \"Seals CA G1\"", "name = \"Persons CA G1\"", "a name of its own"),
        ("issuer = \"tls-root\"", "issuer = \"things-root\"", "must stand before it"),
        (
            "issues = [\"tls-server\"]",
            "issues = [\"application\", \"tls-server\"]",
            "is issued by things already",
        ),
        ("\"organisation-seal\"", "\"root-ca\"", "is a CA's profile"),
        ("issues = [\"tls-server\"]", "issues = []", "no CA issues under profile \"tls-server\""),
        ("profile = \"seals-ca\"", "profile = \"things-ca\"", "does not list policy"),
        ("profile = \"things-ca\"", "profile = \"tls-ca\"", "does not list policy"),
        ("name = \"Seals CA G1\"", "name = \"Seals CA G1\"\nkept = \"offline\"", "is offline cannot issue"),
        ("name = \"Seals CA G1\"", "name = \"Seals CA G1\"\nkept = \"pkcs11\"", "needs token_key"),
        ("name = \"Seals CA G1\"", "name = \"Seals CA G1\"\ntoken_key = \"k\"", "beside kept"),
        ("name = \"Seals CA G1\"", "name = \"Seals CA G1\"\nissues_until = \"tomorrow\"", "is no time"),
        (
            "name = \"Seals CA G1\"",
            "name = \"Seals CA G1\"\nissues_from = \"2028-01-01T00:00:00Z\"\nissues_until = \"2027-01-01T00:00:00Z\"",
            "must come after",
        ),
        (
            "issuer = \"root\"\nname = \"Seals CA G1\"",
            "issuer = \"root\"\nsucceeds = \"root\"\nname = \"Seals CA G1\"",
            "only a root",
        ),
        (
            "id = \"tls-root\"\n",
            "id = \"tls-root\"\nsucceeds = \"persons\"\n",
            "must be a root that stands before",
        ),
        (
            "issuer = \"root\"\nname = \"Seals CA G1\"",
            "issuer = \"persons\"\nname = \"Seals CA G1\"",
            "admits at most 0 CAs",
        ),
    ] {
        let why = refused(&changed(from, to));
        assert!(why.contains(said), "{to}: {why}");
    }
}

#[test]
fn the_next_generation_takes_over_on_its_day() {
    let next = "\n[[ca]]\nid = \"seals-g2\"\nissuer = \"root\"\nname = \"Seals CA G2\"\nprofile = \"seals-ca\"\n\
        key = \"p384\"\nissues = [\"organisation-seal\"]\n";
    let why = refused(&format!("{}{next}", built_in("national")));
    assert!(why.contains("is issued by seals already"), "{why}");
    let planned = format!("{}{next}issues_from = \"2030-01-01T00:00:00Z\"\n", built_in("national"));
    let hierarchy = Hierarchy::from_toml(&planned, &profiles()).unwrap();
    assert_eq!(hierarchy.issuers_of("organisation-seal").count(), 2);
}

#[test]
fn a_tenure_has_its_first_and_not_its_last_moment() {
    let at = |second| time::OffsetDateTime::from_unix_timestamp(second).unwrap();
    let tenure = Tenure { from: Some(at(10)), until: Some(at(20)) };
    assert_eq!([9, 10, 19, 20].map(|second| tenure.covers(at(second))), [false, true, true, false]);
    assert!(Tenure::default().covers(at(0)));
}
