//! The room in which an offline root's ceremonies are held: its medium, the exchange medium, the holders of its shares, and
//! their scripts and answers.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::npki::{Npki, text};
use crate::programs::Program;

/// Those who hold a share of a root's secret.
pub const HOLDERS: [&str; 5] = ["Mpho Nthunya", "Neo Letsie", "Tumelo Phiri", "Lerato Moeti", "Kabelo Sello"];
/// What protects the first holder's share.
const PASSPHRASE: &str = "river cloud seven";

/// A strong room: an offline machine's medium, an exchange medium, and each holder's own.
#[derive(Debug)]
pub struct StrongRoom {
    folder: Arc<TempDir>,
    /// The officer's command line.
    pub npki: Npki,
    /// The root's name.
    ca: &'static str,
    /// The ceremony in which it is founded, which its shares are named after.
    founding: &'static str,
    /// Where its certificate and CRL are published.
    base_url: String,
}

impl StrongRoom {
    /// A room for the ceremonies of a root called `root`, published under this address.
    pub fn new(base_url: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        std::fs::create_dir(folder.path().join("exchange")).unwrap();
        let npki = Npki::at_home(&folder.path().join("officer"));
        Self { folder, npki, ca: "root", founding: "root-g1", base_url: base_url.to_owned() }
    }

    /// The same room and exchange medium, for another root on a medium of its own.
    #[must_use]
    pub fn of_another(&self, ca: &'static str, founding: &'static str) -> Self {
        let (folder, npki) = (Arc::clone(&self.folder), self.npki.clone());
        Self { folder, npki, ca, founding, base_url: self.base_url.clone() }
    }

    /// The root's medium.
    pub fn medium(&self) -> PathBuf {
        self.path(&format!("medium-{}", self.ca))
    }

    /// A path in the room.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file on the exchange medium.
    pub fn made(&self, name: &str) -> PathBuf {
        self.path("exchange").join(name)
    }

    /// Where a holder keeps the share.
    pub fn share(&self, index: usize) -> PathBuf {
        self.path(&format!("holder-{index}")).join(format!("{}-share-{index}.txt", self.founding))
    }

    /// Writes a script; its path and the answers of everybody in the room.
    pub fn prepared(&self, id: &str, script: &str) -> [String; 2] {
        let path = self.path(&format!("{id}.toml"));
        std::fs::write(&path, script).unwrap();
        let checked = self.npki.done(&["ceremony", "check", text(&path)]);
        let digits = &checked["sha256"].as_str().unwrap()[..8];
        let mut answers = format!("\"passphrase.1\" = \"{PASSPHRASE}\"\n");
        for number in 1..=2 {
            answers += &format!("\"agree.{number}\" = \"{digits}\"\n");
        }
        for number in 1..=5 {
            answers += &format!("\"share.{number}\" = \"@{}\"\n", self.share(number).display());
            answers += &format!("\"destroyed.{number}\" = \"DESTROYED\"\n");
        }
        answers += &std::fs::read_to_string(self.path("further.toml")).unwrap_or_default();
        let file = self.path(&format!("{id}.answers.toml"));
        std::fs::write(&file, answers).unwrap();
        [text(&path).to_owned(), text(&file).to_owned()]
    }

    /// Answers a further question in all ceremonies from now on, and in those that were begun.
    pub fn also_answers(&self, question: &str, answer: &str) {
        let line = format!("\"{question}\" = \"{answer}\"\n");
        std::fs::write(self.path("further.toml"), &line).unwrap();
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.to_string_lossy().ends_with(".answers.toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let kept = text.lines().filter(|kept| !kept.starts_with(&format!("\"{question}\"")));
                let kept: String = kept.map(|kept| format!("{kept}\n")).collect();
                std::fs::write(&path, kept + &line).unwrap();
            }
        }
    }

    /// Goes on with a ceremony that was begun; its answer.
    #[track_caller]
    pub fn resumed(&self, id: &str) -> Value {
        let (folder, media) = (self.medium(), self.path("exchange"));
        let answers = self.path(&format!("{id}.answers.toml"));
        let places = self.places(text(&folder), text(&media), text(&answers));
        self.npki.done(&[["ceremony", "resume"].as_slice(), &places].concat())
    }

    /// Where a ceremony is held, as arguments.
    pub fn places<'a>(&self, folder: &'a str, media: &'a str, answers: &'a str) -> [&'a str; 7] {
        ["--folder", folder, "--media", media, "--answers", answers, "--despite-network"]
    }

    /// Holds a ceremony; its answer.
    #[track_caller]
    pub fn hold(&self, id: &str, script: &str) -> Value {
        let [script, answers] = self.prepared(id, script);
        let (folder, media) = (self.medium(), self.path("exchange"));
        let places = self.places(text(&folder), text(&media), &answers);
        self.npki.done(&[["ceremony", "run", &script].as_slice(), &places].concat())
    }

    /// A ceremony that is refused, with this code, for this reason.
    #[track_caller]
    pub fn refused(&self, id: &str, script: &str, code: i32, problem: &str, why: &str) {
        let [script, answers] = self.prepared(id, script);
        let (folder, media) = (self.medium(), self.path("exchange"));
        let places = self.places(text(&folder), text(&media), &answers);
        let refused = self.npki.refused(code, &[["ceremony", "run", &script].as_slice(), &places].concat());
        assert_eq!(refused.code, problem, "{refused:?}");
        assert!(self.cause(&[["ceremony", "run", &script].as_slice(), &places].concat()).contains(why));
    }

    /// A ceremony that is refused; what is said.
    #[track_caller]
    pub fn hold_refused(&self, id: &str, script: &str) -> String {
        let [script, answers] = self.prepared(id, script);
        let (folder, media) = (self.medium(), self.path("exchange"));
        let places = self.places(text(&folder), text(&media), &answers);
        let outcome = self.npki.run_as_text(&[["ceremony", "run", &script].as_slice(), &places].concat());
        assert_ne!(outcome.code, 0, "it was held");
        outcome.stderr
    }

    /// What a refused command says.
    pub fn cause(&self, args: &[&str]) -> String {
        self.npki.run_as_text(args).stderr
    }

    /// The fingerprint of the root's certificate, by OpenSSL.
    pub fn root_sha256(&self) -> String {
        let answer = Program::named("openssl")
            .args([
                "x509",
                "-noout",
                "-fingerprint",
                "-sha256",
                "-in",
                text(&self.made(&format!("{}.pem", self.ca))),
            ])
            .run()
            .succeeded();
        fingerprint(&String::from_utf8(answer.stdout).unwrap())
    }

    /// Checks a transcript with `npki`, and its signature with OpenSSL alone, as the documentation says.
    pub fn verify_transcript(&self, held: &Value) -> PathBuf {
        let path = PathBuf::from(held["transcript"].as_str().unwrap());
        let (root, exchange) = (self.made(&format!("{}.pem", self.ca)), self.path("exchange"));
        let args = ["--root", text(&root), "--files", text(&exchange)];
        let verified = self.npki.done(&[["ceremony", "verify", text(&path)].as_slice(), &args].concat());
        assert_eq!(verified["transcript_sha256"], held["transcript_sha256"]);
        path
    }
}

/// The digits after the equals sign.
pub fn fingerprint(said: &str) -> String {
    said.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase()
}

/// What every script begins with.
pub fn head(id: &str, kind: &str) -> String {
    format!(
        "format = 1\nid = \"{id}\"\nkind = \"{kind}\"\ntitle = \"A ceremony\"\nhierarchy = \"ls-national\"\n\
         place = \"Maseru\"\nofficer = \"Lineo Mofolo\"\nentropy = \"the operating system\"\n\
         [[witnesses]]\nname = \"Thabo Mokoena\"\n"
    )
}

/// The script that founds the room's root, called so.
pub fn root_script(room: &StrongRoom, common_name: &str) -> String {
    let mut script = head(room.founding, "root")
        + &format!(
            "[root]\nca = \"{}\"\nalgorithm = \"p384\"\nbase_url = \"{}\"\ncrl_next_update = \"2099-06-30\"\n\
             [root.name]\ncountry = \"LS\"\norganisation = \"Government of Lesotho\"\n\
             common_name = \"{common_name}\"\n[custody]\nthreshold = 3\n",
            room.ca, room.base_url
        );
    for (number, name) in (1..).zip(HOLDERS) {
        let guard = if number == 1 { "passphrase = true\n" } else { "" };
        let folder = room.path(&format!("holder-{number}"));
        script +=
            &format!("[[custody.holders]]\nname = \"{name}\"\nfolder = \"{}\"\n{guard}", folder.display());
    }
    script
}

/// What a script says of the root that there is.
pub fn of_root(room: &StrongRoom) -> String {
    let present = HOLDERS[..3].iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let sha256 = room.root_sha256();
    format!("[root]\nca = \"{}\"\nsha256 = \"{sha256}\"\n[custody]\npresent = [{present}]\n", room.ca)
}

/// The script that answers the request of a CA, and what it is read out as.
pub fn issuing_script(
    room: &StrongRoom,
    id: &str,
    request: &str,
    sha256: &str,
    profile: &str,
    response: &str,
) -> String {
    format!(
        "{}{}[issuing_ca]\nrequest = \"{request}\"\nrequest_sha256 = \"{sha256}\"\nprofile = \"{profile}\"\n\
         response = \"{response}\"\n",
        head(id, "issuing-ca"),
        of_root(room)
    )
}

/// The script in which the room's root vouches for another, whose certificate is on the exchange medium.
pub fn link_script(room: &StrongRoom, id: &str, other: &StrongRoom, output: &str) -> String {
    format!(
        "{}{}[link_certificate]\ncertificate = \"{}.pem\"\ncertificate_sha256 = \"{}\"\noutput = \"{output}\"\n",
        head(id, "link-certificate"),
        of_root(room),
        other.ca,
        other.root_sha256()
    )
}

/// The script that makes the root's next CRL, revoking these certificates first.
pub fn crl_script(
    room: &StrongRoom,
    id: &str,
    number: u64,
    next_update: &str,
    revoked: &[(&str, &str)],
) -> String {
    let mut script = format!(
        "{}{}[root_crl]\nnumber = {number}\nnext_update = \"{next_update}\"\noutput = \"{id}.crl\"\n",
        head(id, "root-crl"),
        of_root(room)
    );
    for (serial, reason) in revoked {
        script += &format!(
            "[[root_crl.revocations]]\nserial = \"{serial}\"\nreason = \"{reason}\"\nat = \"2026-01-01\"\n"
        );
    }
    script
}
