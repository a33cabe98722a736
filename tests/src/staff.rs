//! The people of the tests: an administrator, two officers, an auditor, and agencies' operators.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::answers;
use crate::certificates::Issued;
use crate::installation::Installation;
use crate::npki::{Npki, Outcome, exit, text};
use crate::rest::Rest;

/// A member of staff, signed in.
#[derive(Debug)]
pub struct Member {
    /// The identifier, `S-…`; empty for the first administrator, whom `npki init` makes.
    pub id: String,
    /// This person's command line.
    pub npki: Npki,
    /// This person over REST.
    pub rest: Rest,
    /// The certificate and its chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// The staff that every installation needs.
#[derive(Debug)]
pub struct Staff {
    /// Whom `npki init` made.
    pub administrator: Member,
    /// Registers identities and asks for certificates.
    pub officer: Member,
    /// Approves what the first asks for.
    pub second_officer: Member,
    /// Approves where two are needed and the first asked.
    pub third_officer: Member,
    /// Reads the ledger.
    pub auditor: Member,
}

/// A name under which [`Member`] keeps its context.
const CONTEXT: &str = "test";

impl Staff {
    /// Signs the administrator in and takes the others on.
    pub fn of(installation: &Installation) -> Self {
        let administrator = administrator(installation);
        let hire = |name: &str, role: &str| administrator.hire(installation, name, role, &[]);
        Self {
            officer: hire("Thabo Mokoena", "officer"),
            second_officer: hire("Palesa Nthunya", "officer"),
            third_officer: hire("Teboho Lerotholi", "officer"),
            auditor: hire("Mpho Ramaema", "auditor"),
            administrator,
        }
    }

    /// Takes on an operator of one organisation.
    pub fn agency_operator(&self, installation: &Installation, organisation: &str) -> Member {
        let name = format!("Operator of {organisation}");
        self.administrator.hire(installation, &name, "agency-operator", &["--organisation", organisation])
    }

    /// Asks for a certificate as `asker` and has the others approve it, until it is issued.
    #[track_caller]
    pub fn issue(
        &self,
        installation: &Installation,
        asker: &Member,
        profile: &str,
        identity: &str,
    ) -> Issued {
        self.issue_for_key_of(installation, asker, profile, identity, "p256")
    }

    /// The same for a key of this kind: `rsa-3072`.
    #[track_caller]
    pub fn issue_for_key_of(
        &self,
        installation: &Installation,
        asker: &Member,
        profile: &str,
        identity: &str,
        algorithm: &str,
    ) -> Issued {
        let out = installation.scratch(&format!("{profile}-{identity}"));
        let request = ["cert", "request", "--profile", profile, "--identity", identity, "--generate"];
        let request = [&request[..], &["--algorithm", algorithm, "--out", text(&out)]].concat();
        let outcome = asker.npki.run(&request);
        let answer = self.approve(asker, &outcome);
        if outcome.code == exit::WAITING {
            asker.npki.done(&["request", "download", &answers::id(&answer), "--out", text(&out)]);
        }
        Issued::in_folder(&out, profile, identity, answers::text(&answer, "serial"))
    }

    /// The same for a certification request that was made elsewhere, asked for by the officer; the issued request.
    #[track_caller]
    pub fn issue_for(&self, profile: &str, identity: &str, csr: &Path) -> Value {
        let request = ["cert", "request", "--profile", profile, "--identity", identity, "--csr", text(csr)];
        self.approve(&self.officer, &self.officer.npki.run(&request))
    }

    /// Has the officers approve what `asker` asked for, until it is issued.
    #[track_caller]
    fn approve(&self, asker: &Member, asked: &Outcome) -> Value {
        let expected = if asked.code == exit::WAITING { exit::WAITING } else { exit::DONE };
        let mut answer = answers::request(&asked.data(expected)).clone();
        let id = answers::id(&answer);
        let mut approvers = [&self.officer, &self.second_officer, &self.third_officer].into_iter();
        while answer["status"] == "waiting" {
            let approver = approvers.find(|officer| officer.id != asker.id).expect("enough officers");
            answer = approver.npki.done(&["vet", "approve", &id, "--note", "seen in person"]);
        }
        assert_eq!(answer["status"], "issued", "{answer}");
        answer
    }
}

impl Member {
    /// Takes a person on: the key is made on that person's machine, the administrator sees only the request.
    #[track_caller]
    pub fn hire(&self, installation: &Installation, name: &str, role: &str, more: &[&str]) -> Self {
        let home = installation.somebody(&name.replace(' ', "-"));
        let out = home.file("credential");
        let add = ["staff", "add", "--name", name, "--role", role, "--generate", "--out", &out];
        let added = self.npki.done(&[&add, more].concat());
        let folder = PathBuf::from(out);
        let (certificate, key) = (folder.join("chain.pem"), folder.join("key.pem"));
        sign_in(installation, &home, answers::id(&added), certificate, key)
    }
}

/// The administrator whom `npki init` made, signed in.
pub fn administrator(installation: &Installation) -> Member {
    let folder = installation.data().join("admin");
    let home = installation.somebody("administrator");
    sign_in(installation, &home, String::new(), folder.join("cert.pem"), folder.join("key.pem"))
}

fn sign_in(
    installation: &Installation,
    home: &Npki,
    id: String,
    certificate: PathBuf,
    key: PathBuf,
) -> Member {
    let (url, trust) = (installation.url(), installation.trust());
    home.done(&[
        "context",
        "add",
        CONTEXT,
        "--url",
        &url,
        "--trust",
        text(&trust),
        "--cert",
        text(&certificate),
        "--key",
        text(&key),
    ]);
    let rest = installation.rest(&certificate, &key);
    Member { id, npki: home.in_context(CONTEXT), rest, certificate, key }
}
