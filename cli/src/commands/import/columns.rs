//! What a list may say of an identity, and how it becomes what the service takes.

use serde_json::{Map, Value, json};

/// Where a column's value stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Own,
    OwnList,
    Further,
    FurtherList,
    /// Why the row was refused before: for people only.
    Ignored,
}

/// The column of reasons in lists of refused rows.
pub(super) const REFUSED: &str = "refused";

const COLUMNS: [(&str, Place); 30] = [
    ("kind", Place::Own),
    ("surname", Place::Own),
    ("given_name", Place::Own),
    ("legal_name", Place::Own),
    ("identifier", Place::Own),
    ("locality", Place::Own),
    ("organisation", Place::Own),
    ("sponsor", Place::Own),
    ("asset_tag", Place::Own),
    ("hardware_module", Place::Own),
    ("name", Place::Own),
    ("environment", Place::Own),
    ("version", Place::Own),
    ("purpose", Place::Own),
    ("dns_names", Place::OwnList),
    ("ip_addresses", Place::FurtherList),
    ("email_addresses", Place::FurtherList),
    ("uris", Place::FurtherList),
    ("permanent_identifier", Place::Further),
    ("user_principal_name", Place::Further),
    ("registered_id", Place::Further),
    ("member_class", Place::Further),
    ("member_code", Place::Further),
    ("server_code", Place::Further),
    ("birth_date", Place::Further),
    ("surname_latin", Place::Further),
    ("given_name_latin", Place::Further),
    ("not_the_same_as", Place::OwnList),
    ("reason", Place::Own),
    (REFUSED, Place::Ignored),
];

/// What each kind cannot be without.
fn needed(kind: &str) -> &'static [&'static str] {
    match kind {
        "person" => &["surname", "given_name", "identifier"],
        "organisation" => &["legal_name", "identifier"],
        "device" => &["organisation", "sponsor", "asset_tag"],
        "application" => &["organisation", "sponsor", "name", "environment"],
        "agent" => &["organisation", "sponsor", "name", "version", "purpose"],
        _ => &[],
    }
}

/// The columns of a CSV list, in their order.
#[derive(Debug, Clone)]
pub(super) struct Header(Vec<(&'static str, Place)>);

impl Header {
    /// Reads the first line. Case, blanks and hyphens in names do not count.
    ///
    /// # Errors
    /// A column means nothing, stands twice, or is missing for the kind that all rows are of: says which.
    pub(super) fn read(names: &[String], kind: Option<&str>) -> Result<Self, String> {
        let mut columns: Vec<(&'static str, Place)> = Vec::new();
        let mut unknown = Vec::new();
        for name in names {
            let plain = plain(name);
            match COLUMNS.iter().find(|(known, _)| *known == plain) {
                Some(found) if columns.contains(found) => {
                    return Err(format!("its first line names the column {plain} twice"));
                }
                Some(found) => columns.push(*found),
                None => unknown.push(unknown_name(name, &plain)),
            }
        }
        if !unknown.is_empty() {
            return Err(format!(
                "its first line names columns that mean nothing here: {}",
                unknown.join("; ")
            ));
        }
        let has = |wanted: &str| columns.iter().any(|(name, _)| *name == wanted);
        let Some(kind) = kind else {
            return if has("kind") {
                Ok(Self(columns))
            } else {
                Err("its first line has no column kind, and --kind was not given".to_owned())
            };
        };
        match needed(kind).iter().find(|wanted| !has(wanted)) {
            Some(missing) if !has("kind") => Err(format!("its first line has no column {missing}")),
            _ => Ok(Self(columns)),
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The identity that a row's cells describe. Empty cells say nothing.
    ///
    /// # Errors
    /// There are more or fewer cells than columns, or one is not UTF-8: says which.
    pub(super) fn identity(&self, cells: &[Vec<u8>], kind: Option<&str>) -> Result<Value, String> {
        if cells.len() != self.0.len() {
            return Err(format!("it has {} cells, and there are {} columns", cells.len(), self.0.len()));
        }
        let mut identity = Map::new();
        for ((name, place), cell) in self.0.iter().zip(cells) {
            if *place == Place::Ignored {
                continue;
            }
            let cell = std::str::from_utf8(cell).map_err(|_| {
                format!("{name} is not UTF-8: save the list as \"CSV UTF-8\", or write the cell again")
            })?;
            let cell = cell.trim();
            if !cell.is_empty() {
                put(&mut identity, name, *place, cell);
            }
        }
        Ok(with_kind(identity, kind))
    }
}

/// A column's name as people write it: case, blanks and hyphens do not count.
pub(in crate::commands) fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

fn unknown_name(name: &str, plain: &str) -> String {
    let name: String = name.chars().take(60).collect();
    match ca_core::profile::nearest(plain, COLUMNS.iter().map(|(known, _)| *known)) {
        Some(nearest) => format!("{name:?} (did you mean {nearest}?)"),
        None => format!("{name:?}"),
    }
}

fn put(identity: &mut Map<String, Value>, name: &str, place: Place, cell: &str) {
    let value = match place {
        Place::Own | Place::Further | Place::Ignored => json!(cell),
        Place::OwnList | Place::FurtherList => json!(cell.split_whitespace().collect::<Vec<_>>()),
    };
    match place {
        Place::Own | Place::OwnList | Place::Ignored => {
            identity.insert(name.to_owned(), value);
        }
        Place::Further | Place::FurtherList => further(identity, name, value),
    }
}

fn further(identity: &mut Map<String, Value>, name: &str, value: Value) {
    let further = identity.entry("further").or_insert_with(|| json!({}));
    if let Some(members) = further.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// The identity that an object of JSON Lines describes: members as columns are called, or as the service has them.
pub(super) fn from_members(members: Map<String, Value>, kind: Option<&str>) -> Value {
    let mut identity = Map::new();
    for (name, value) in members {
        match COLUMNS.iter().find(|(known, _)| *known == name) {
            Some((_, Place::Ignored)) => {}
            Some((_, Place::Further | Place::FurtherList)) => further(&mut identity, &name, value),
            // What is unknown the service refuses by its name.
            _ => match identity.get_mut(&name) {
                Some(Value::Object(there)) if value.is_object() => {
                    there.extend(value.as_object().cloned().unwrap_or_default());
                }
                _ => drop(identity.insert(name, value)),
            },
        }
    }
    with_kind(identity, kind)
}

fn with_kind(mut identity: Map<String, Value>, kind: Option<&str>) -> Value {
    if let Some(kind) = kind {
        identity.entry("kind").or_insert_with(|| json!(kind));
    }
    Value::Object(identity)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn header(names: &[&str], kind: Option<&str>) -> Result<Header, String> {
        Header::read(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), kind)
    }

    #[test]
    fn headers_are_taken_as_people_write_them_and_refused_with_the_nearest_name() {
        assert!(header(&["Surname", "Given name", " IDENTIFIER"], Some("person")).is_ok());
        let refused = header(&["surnam", "given_name", "identifier", "colour"], Some("person")).unwrap_err();
        assert!(refused.contains("did you mean surname?") && refused.contains("colour"), "{refused}");
        assert!(header(&["surname", "surname"], Some("person")).unwrap_err().contains("twice"));
        assert!(header(&["surname", "identifier"], Some("person")).unwrap_err().contains("given_name"));
        assert!(header(&["surname", "given_name", "identifier"], None).unwrap_err().contains("--kind"));
    }

    #[test]
    fn cells_become_what_the_service_takes() {
        let header = header(&["kind", "name", "dns_names", "email_addresses", "refused"], None).unwrap();
        let cells = ["application", " Payroll ", "a.gov.ls b.gov.ls", "pay@gov.ls", "taken"];
        let cells = cells.map(|cell| cell.as_bytes().to_vec());
        assert_eq!(
            header.identity(&cells, None).unwrap(),
            json!({"kind": "application", "name": "Payroll", "dns_names": ["a.gov.ls", "b.gov.ls"],
                "further": {"email_addresses": ["pay@gov.ls"]}})
        );
        assert!(header.identity(&cells[..3], None).unwrap_err().contains("3 cells"));
        let mut wrong = cells;
        wrong[1] = vec![0xff];
        assert!(header.identity(&wrong, None).unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn members_are_taken_flat_and_nested() {
        let members = json!({"uris": ["https://a.ls/"], "further": {"member_code": "1"}, "refused": "x"});
        let identity = from_members(members.as_object().cloned().unwrap(), Some("organisation"));
        assert_eq!(
            identity,
            json!({"kind": "organisation", "further": {"uris": ["https://a.ls/"], "member_code": "1"}})
        );
    }
}
