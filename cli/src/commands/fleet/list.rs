//! The list of a fleet, read whole and judged row by row before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ca_core::csr::{self, CertificationRequest};
use ca_core::fingerprint::fingerprint;
use id_registry::id::IdentityId;
use serde_json::{Map, Value};

use crate::client::records::Refusal;
use crate::commands::import::{delimiter, plain};
use crate::failure::{Failure, catalogue};
use crate::files::{self, Readers};

/// The columns, in the order in which refused rows are written.
const COLUMNS: [&str; 7] =
    ["identity", "asset_tag", "hardware_module", "ip_addresses", "uris", "permanent_identifier", "csr"];
/// The column of reasons, which is read over.
const REFUSED: &str = "refused";
/// The most rows of a list.
const MOST_ROWS: usize = 50_000;

/// The cells of a row, by column.
pub(super) type Cells = BTreeMap<&'static str, String>;

/// A list.
#[derive(Debug)]
pub(super) struct List {
    /// SHA-256 of all rows and requests.
    pub(super) sha256: String,
    pub(super) rows: Vec<Row>,
}

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    /// Its place in the list, from 1.
    pub(super) number: u64,
    pub(super) cells: Cells,
    pub(super) wanted: Result<Wanted, Refusal>,
}

/// What a row asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) device: Device,
    /// The certification request, DER.
    pub(super) csr: Vec<u8>,
    /// The file it came from, if it was a file.
    pub(super) file: Option<PathBuf>,
}

/// Whose certificate it will be.
#[derive(Debug, Clone)]
pub(super) enum Device {
    /// An identity of the registry.
    Registered(String),
    /// To be registered: the fields of an identity.
    New(Map<String, Value>),
}

fn refused(detail: &str, fix: &str) -> Refusal {
    let code = catalogue::FLEET_ROW.code.to_owned();
    Refusal { code, field: None, detail: detail.to_owned(), fix: fix.to_owned() }
}

impl List {
    /// Reads a list or a folder, and judges each row by itself.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let cells = if path.is_dir() { of_folder(path)? } else { of_file(path)? };
        if cells.is_empty() || cells.len() > MOST_ROWS {
            let count = cells.len();
            return Err(files::no_list(path, format!("it has {count} rows; a fleet has 1 to {MOST_ROWS}")));
        }
        let base = path.parent().unwrap_or(Path::new(""));
        let mut rows: Vec<Row> = Vec::with_capacity(cells.len());
        let mut seen = BTreeSet::new();
        for (at, cells) in cells.into_iter().enumerate() {
            let wanted = wanted(&cells, base).and_then(|wanted| first_of(&cells, wanted, &mut seen));
            rows.push(Row { number: at as u64 + 1, cells, wanted });
        }
        Ok(Self { sha256: digest(&rows), rows })
    }
}

/// What is the same list when its files were not changed: rows and requests.
fn digest(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        let csr = row.wanted.as_ref().map(|wanted| fingerprint(&wanted.csr)).unwrap_or_default();
        let cells: Vec<_> = row.cells.iter().collect();
        text.push_str(&serde_json::json!([row.number, cells, csr]).to_string());
    }
    fingerprint(text.as_bytes())
}

fn of_folder(folder: &Path) -> Result<Vec<Cells>, Failure> {
    let entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>());
    let mut paths = entries.map_err(|error| files::unreadable(folder, &error))?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "csr"));
    paths.sort();
    let inside = folder.file_name().map(PathBuf::from).unwrap_or_default();
    Ok(paths
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let column = if name.parse::<IdentityId>().is_ok() { "identity" } else { "asset_tag" };
            let csr = inside.join(path.file_name().unwrap_or_default()).to_string_lossy().into_owned();
            Cells::from([(column, name), ("csr", csr)])
        })
        .collect())
}

fn of_file(path: &Path) -> Result<Vec<Cells>, Failure> {
    let content = files::read(path, files::MAX_OBJECT)?;
    let text = String::from_utf8(content)
        .map_err(|_| files::no_list(path, "it is not UTF-8").fix("save it as \"CSV UTF-8\""))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    let read = match ending.as_str() {
        "csv" | "tsv" => of_csv(text),
        "jsonl" | "ndjson" => of_json(text),
        _ => Err("its name ends neither in .csv nor in .jsonl, and it is no folder".to_owned()),
    };
    read.map_err(|cause| files::no_list(path, cause))
}

fn of_csv(text: &str) -> Result<Vec<Cells>, String> {
    // Cells are counted by hand, so that it is told which row has too many.
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text.as_bytes()))
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let columns = header.iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        if record.len() > columns.len() {
            return Err(format!("row {} has more cells than there are columns", at + 1));
        }
        let cells = columns.iter().zip(&record).filter(|(column, _)| **column != REFUSED);
        let cells = cells.map(|(column, cell)| (*column, cell.trim().to_owned()));
        rows.push(cells.filter(|(_, cell)| !cell.is_empty()).collect());
    }
    Ok(rows)
}

fn of_json(text: &str) -> Result<Vec<Cells>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| of_line(line).map_err(|why| format!("line {}: {why}", at + 1))).collect()
}

fn of_line(line: &str) -> Result<Cells, String> {
    let members: Map<String, Value> = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let mut cells = Cells::new();
    for (name, value) in members {
        let cell = match value {
            Value::String(text) => text,
            Value::Array(values) if values.iter().all(Value::is_string) => {
                values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
            }
            Value::Null => continue,
            _ => return Err(format!("{name} is no text")),
        };
        let column = column(&name)?;
        if column != REFUSED && !cell.trim().is_empty() {
            cells.insert(column, cell.trim().to_owned());
        }
    }
    Ok(cells)
}

fn column(name: &str) -> Result<&'static str, String> {
    let name = plain(name);
    let known = || COLUMNS.into_iter().chain([REFUSED]);
    known().find(|column| *column == name).ok_or_else(|| match crate::context::nearest(&name, known()) {
        Some(near) => format!("there is no column {name:?}; did you mean {near}?"),
        None => format!("there is no column {name:?}; there are {}", COLUMNS.join(", ")),
    })
}

fn wanted(cells: &Cells, base: &Path) -> Result<Wanted, Refusal> {
    let device = device(cells)?;
    let text = cells.get("csr").ok_or_else(|| {
        refused("it has no certification request", "write the file's name, or the request itself, into csr")
    })?;
    let (octets, file) = if text.contains("-----BEGIN") {
        (text.clone().into_bytes(), None)
    } else {
        let path = base.join(text);
        (files::read(&path, csr::MAX_OCTETS as u64).map_err(|failure| Refusal::of(&failure))?, Some(path))
    };
    let verified = CertificationRequest::parse(&octets).and_then(CertificationRequest::verify);
    let verified = verified.map_err(|error| Refusal {
        code: error.code().to_owned(),
        field: None,
        detail: error.to_string(),
        fix: error.fix().to_owned(),
    })?;
    Ok(Wanted { device, csr: verified.der().to_vec(), file })
}

fn device(cells: &Cells) -> Result<Device, Refusal> {
    let fix = "name a device of the registry by identity (D-...), or one to be registered by asset_tag";
    match (cells.get("identity"), cells.get("asset_tag")) {
        (Some(id), None) => Ok(Device::Registered(id.clone())),
        (None, Some(_)) => Ok(Device::New(identity(cells))),
        (Some(_), Some(_)) => Err(refused("it has both identity and asset_tag", fix)),
        (None, None) => Err(refused("it names no device", fix)),
    }
}

/// The fields of an identity, as an import takes them.
fn identity(cells: &Cells) -> Map<String, Value> {
    let mut fields = Map::from_iter([("kind".to_owned(), Value::from("device"))]);
    let mut further = Map::new();
    for (column, cell) in cells {
        let several = || Value::from_iter(cell.split_whitespace());
        match *column {
            "asset_tag" | "hardware_module" => {
                drop(fields.insert((*column).to_owned(), Value::from(cell.as_str())))
            }
            "ip_addresses" | "uris" => drop(further.insert((*column).to_owned(), several())),
            "permanent_identifier" => drop(further.insert((*column).to_owned(), Value::from(cell.as_str()))),
            _ => {}
        }
    }
    if !further.is_empty() {
        fields.insert("further".to_owned(), Value::Object(further));
    }
    fields
}

/// One request serves one row, and one row a device.
fn first_of(cells: &Cells, wanted: Wanted, seen: &mut BTreeSet<String>) -> Result<Wanted, Refusal> {
    let name = cells.get("identity").or(cells.get("asset_tag")).cloned().unwrap_or_default();
    let places = [name.to_ascii_uppercase(), fingerprint(&wanted.csr)];
    let twice = places.iter().any(|place| seen.contains(place));
    seen.extend(places);
    if twice {
        return Err(refused(
            "its device or its request stands further up in the list",
            "leave one of the two",
        ));
    }
    Ok(wanted)
}

/// Writes refused rows, to be mended and fed again. What was registered meanwhile is named by its identity. A file that is
/// being mended is not overwritten: another stands beside it then.
pub(super) fn write_refused(list: &Path, rows: &[(Cells, Refusal)]) -> Result<Option<PathBuf>, Failure> {
    if rows.is_empty() {
        return Ok(None);
    }
    let content = refused_text(rows).map_err(|error| {
        files::unwritable(&files::beside(list, ".refused.csv"), &std::io::Error::other(error))
    })?;
    for number in 1.. {
        let path = match number {
            1 => files::beside(list, ".refused.csv"),
            _ => files::beside(list, &format!(".refused-{number}.csv")),
        };
        if !path.exists() {
            files::create(&path, &content, Readers::Owner)?;
            return Ok(Some(path));
        }
        if files::read(&path, files::MAX_OBJECT)? == content {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn refused_text(rows: &[(Cells, Refusal)]) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([REFUSED].into_iter().chain(COLUMNS)).map_err(|error| error.to_string())?;
    for (cells, why) in rows {
        let reason = format!("{}: {}; {}", why.code, why.detail, why.fix);
        let cells = COLUMNS.iter().map(|column| cells.get(column).cloned().unwrap_or_default());
        writer.write_record([reason].into_iter().chain(cells)).map_err(|error| error.to_string())?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

/// The cells of a row whose device is registered now.
pub(super) fn named_by(cells: &Cells, identity: &str) -> Cells {
    Cells::from_iter(
        [("identity", identity.to_owned())]
            .into_iter()
            .chain(cells.get("csr").map(|csr| ("csr", csr.clone()))),
    )
}
