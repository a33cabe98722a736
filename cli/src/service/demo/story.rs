//! The story that the demo tells: found, appoint, register, request, approve, sign, verify, revoke, verify again.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::{ServiceError, files};
use super::server::{Server, free_addresses};
use super::stage::{Expected, Stage};

/// The folders and facts that the chapters hand on.
struct Scene<'a> {
    stage: &'a mut Stage,
    folder: PathBuf,
    service: String,
}

/// What was registered.
struct Registered {
    organisation: String,
    person: String,
    device: String,
    application: String,
}

/// Tells the story; the services run until the returned server is dropped.
pub(super) fn tell(stage: &mut Stage, folder: &Path) -> Result<Server, ServiceError> {
    stage.say("npki demo: a nation's trust chain on this machine. To repeat a command by hand, first:");
    stage.say(&format!("  export NPKI_CONFIG_DIR={}", stage.config().display()));
    let mut scene = Scene { stage, folder: folder.to_owned(), service: String::new() };
    let server = scene.found()?;
    scene.appoint()?;
    let registered = scene.register()?;
    scene.appoint_agency(&registered)?;
    scene.request_for_things(&registered)?;
    scene.request_seal(&registered)?;
    let serial = scene.request_signature(&registered)?;
    scene.sign_and_verify()?;
    scene.revoke(&serial)?;
    scene.see_everywhere(&serial)?;
    Ok(server)
}

/// Says where everything lies and how to go on.
pub(super) fn close(stage: &mut Stage, folder: &Path, serving: Option<u32>) {
    stage.chapter("Done.");
    stage.say(&format!("  Everything this made is in {}", folder.display()));
    match serving {
        Some(process) => {
            stage.say(&format!("  The services still run. Stop them with:  kill {process}"));
        }
        None => stage.say("  The services are stopped. To keep them running:  npki demo --keep"),
    }
}

impl Scene<'_> {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    fn found(&mut self) -> Result<Server, ServiceError> {
        self.stage.chapter("1. The state founds its certification authority");
        let [service, public] = free_addresses()?;
        let (data, base) = (self.path("data"), format!("http://{public}"));
        let (listen, public_listen) = (service.to_string(), public.to_string());
        self.service = format!("https://localhost:{}", service.port());
        let arguments = [
            "init",
            "--data",
            &data,
            "--country",
            "LS",
            "--organisation",
            "Government of Lesotho",
            "--admin-name",
            "Palesa Molefe",
            "--listen",
            &listen,
            "--public-listen",
            &public_listen,
            "--public-url",
            &base,
        ];
        let made = self.stage.run(
            "Root CA, issuing CA, OCSP responder, first administrator.",
            Expected::Done,
            &arguments,
        )?;
        self.stage.outcome(format!("root CA fingerprint (SHA-256) {}", text(&made, "root_sha256")));
        self.stage.say("");
        self.stage.say("  The services start: HTTPS for staff and agencies, plain HTTP for OCSP and CRLs.");
        self.stage.say(&format!("    $ npki serve --data {data} &"));
        let server = Server::start(self.stage.program(), Path::new(&data), public)?;
        self.stage.say(&format!("    ready: {} and {base}", self.service));
        Ok(server)
    }

    fn appoint(&mut self) -> Result<(), ServiceError> {
        self.stage.chapter("2. The administrator appoints two registration officers");
        let (certificate, key) = (self.path("data/admin/cert.pem"), self.path("data/admin/key.pem"));
        self.context("administrator", &certificate, &key)?;
        for (context, name) in [("officer", "Thabo Mokoena"), ("second-officer", "Lineo Phiri")] {
            self.appoint_one(context, name, "officer", None)?;
        }
        Ok(())
    }

    fn context(&mut self, name: &str, certificate: &str, key: &str) -> Result<(), ServiceError> {
        let (service, root) = (self.service.clone(), self.path("data/certificates/root.pem"));
        let arguments = [
            "context",
            "add",
            name,
            "--url",
            &service,
            "--trust",
            &root,
            "--cert",
            certificate,
            "--key",
            key,
        ];
        let title =
            format!("The {} tells npki where the service is and whom to trust.", name.replace('-', " "));
        self.stage.run(&title, Expected::Done, &arguments)?;
        Ok(())
    }

    fn appoint_one(
        &mut self,
        context: &str,
        name: &str,
        role: &str,
        organisation: Option<&str>,
    ) -> Result<(), ServiceError> {
        let out = self.path(context);
        let mut arguments = vec![
            "--context",
            "administrator",
            "staff",
            "add",
            "--name",
            name,
            "--role",
            role,
            "--generate",
            "--out",
            &out,
        ];
        if let Some(organisation) = organisation {
            arguments.extend(["--organisation", organisation]);
        }
        let title = format!("{name} becomes {}; the key is made here and never leaves.", role_in_words(role));
        let member = self.stage.run(&title, Expected::Done, &arguments)?;
        self.stage.outcome(format!(
            "{}, client certificate {}",
            text(&member, "id"),
            text(&member, "serial")
        ));
        self.context(context, &format!("{out}/chain.pem"), &format!("{out}/key.pem"))
    }

    fn register(&mut self) -> Result<Registered, ServiceError> {
        self.stage.chapter("3. An officer registers whom and what certificates are for");
        let organisation = self.add(
            "An agency.",
            &[
                "organisation",
                "--name",
                "Revenue Services Lesotho",
                "--identifier",
                "GO:LS-RSL",
                "--locality",
                "Maseru",
            ],
        )?;
        let person = self.add(
            "A person.",
            &[
                "person",
                "--surname",
                "MOKOENA",
                "--given-name",
                "TŠEPO",
                "--identifier",
                "PNOLS-012345678901",
            ],
        )?;
        let device = self.add(
            "A device of the agency, with a person who answers for it.",
            &[
                "device",
                "--organisation",
                &organisation,
                "--sponsor",
                &person,
                "--asset-tag",
                "RSL-GATE-0042",
            ],
        )?;
        let application = self.add(
            "An application of the agency.",
            &[
                "application",
                "--organisation",
                &organisation,
                "--sponsor",
                &person,
                "--name",
                "Tax Portal",
                "--environment",
                "production",
                "--dns-name",
                "tax.rsl.example",
            ],
        )?;
        Ok(Registered { organisation, person, device, application })
    }

    fn add(&mut self, title: &str, what: &[&str]) -> Result<String, ServiceError> {
        let mut arguments = vec!["--context", "officer", "registry", "add"];
        arguments.extend(what);
        let identity = self.stage.run(title, Expected::Done, &arguments)?;
        let id = text(&identity, "id");
        self.stage.outcome(format!("registered as {id}"));
        Ok(id)
    }

    fn appoint_agency(&mut self, registered: &Registered) -> Result<(), ServiceError> {
        self.stage.chapter("4. The agency gets an operator of its own");
        self.appoint_one("agency", "Mpho Nthunya", "agency-operator", Some(&registered.organisation))
    }

    fn request_for_things(&mut self, registered: &Registered) -> Result<(), ServiceError> {
        self.stage.chapter("5. The agency asks for certificates for its things: issued at once");
        for (profile, identity) in [("device", &registered.device), ("application", &registered.application)]
        {
            let out = self.path(profile);
            let arguments = [
                "--context",
                "agency",
                "cert",
                "request",
                "--profile",
                profile,
                "--identity",
                identity,
                "--generate",
                "--out",
                &out,
            ];
            let answer = self.stage.run(&format!("For the {profile}."), Expected::Done, &arguments)?;
            self.stage.outcome(format!("issued: serial {}, in {out}", text(request_of(&answer), "serial")));
        }
        Ok(())
    }

    fn request_seal(&mut self, registered: &Registered) -> Result<(), ServiceError> {
        self.stage.chapter("6. The agency asks for its seal: two officers must approve");
        let out = self.path("organisation-seal");
        let id = self.ask("agency", "organisation-seal", &registered.organisation, &out)?;
        let queue = self.stage.run(
            "It stands in the officers' queue.",
            Expected::Done,
            &["--context", "officer", "queue", "list"],
        )?;
        let waiting = queue.get("items").and_then(Value::as_array).map_or(0, Vec::len);
        self.stage.outcome(format!("{waiting} request waits"));
        self.approve("officer", "The first officer approves.", &id)?;
        self.approve("second-officer", "The second officer approves: now it is issued.", &id)?;
        self.download("agency", &id, &out)
    }

    fn request_signature(&mut self, registered: &Registered) -> Result<String, ServiceError> {
        self.stage.chapter("7. A person's signature certificate: one officer asks, another approves");
        let out = self.path("person-signature");
        let id = self.ask("officer", "person-signature", &registered.person, &out)?;
        let serial = self.approve("second-officer", "The second officer approves.", &id)?;
        self.download("officer", &id, &out)?;
        Ok(serial)
    }

    fn ask(
        &mut self,
        context: &str,
        profile: &str,
        identity: &str,
        out: &str,
    ) -> Result<String, ServiceError> {
        let arguments = [
            "--context",
            context,
            "cert",
            "request",
            "--profile",
            profile,
            "--identity",
            identity,
            "--generate",
            "--out",
            out,
        ];
        let answer = self.stage.run("The request.", Expected::Waiting, &arguments)?;
        let request = request_of(&answer);
        let id = text(request, "id");
        self.stage.outcome(format!("{id} waits for {} approval(s)", number(request, "approvals_needed")));
        Ok(id)
    }

    fn approve(&mut self, context: &str, title: &str, id: &str) -> Result<String, ServiceError> {
        let arguments = ["--context", context, "vet", "approve", id];
        let request = self.stage.run(title, Expected::Done, &arguments)?;
        let serial = text(&request, "serial");
        if serial.is_empty() {
            self.stage.outcome("approved; one more approval is needed");
        } else {
            self.stage.outcome(format!("issued: serial {serial}"));
        }
        Ok(serial)
    }

    fn download(&mut self, context: &str, id: &str, out: &str) -> Result<(), ServiceError> {
        let arguments = ["--context", context, "request", "download", id, "--out", out];
        self.stage.run("The certificate is fetched.", Expected::Done, &arguments)?;
        self.stage.outcome(format!("in {out}"));
        Ok(())
    }

    fn sign_and_verify(&mut self) -> Result<(), ServiceError> {
        self.stage.chapter("8. The person signs a file; a relying party checks it");
        let file = self.path("contract.txt");
        std::fs::write(&file, "The parties agree that this contract is binding.\n")
            .map_err(files::at(Path::new(&file)))?;
        let (certificate, key) =
            (self.path("person-signature/chain.pem"), self.path("person-signature/key.pem"));
        let arguments = ["sign", &file, "--cert", &certificate, "--key", &key];
        self.stage.run("A detached signature (CMS, CAdES baseline).", Expected::Done, &arguments)?;
        self.stage.outcome(format!("signature in {file}.p7s"));
        self.verify("The relying party trusts the root alone, and asks OCSP and CRL.", Expected::Done)
    }

    fn verify(&mut self, title: &str, expected: Expected) -> Result<(), ServiceError> {
        let (file, root) = (self.path("contract.txt"), self.path("data/certificates/root.pem"));
        let signature = format!("{file}.p7s");
        let arguments = ["verify", &file, "--signature", &signature, "--trust", &root];
        let verdict = self.stage.run(title, expected, &arguments)?;
        self.stage.outcome(verdict_in_words(&verdict));
        Ok(())
    }

    fn revoke(&mut self, serial: &str) -> Result<(), ServiceError> {
        self.stage.chapter("9. The key is stolen: the administrator revokes");
        let confirm = serial.get(serial.len().saturating_sub(4)..).unwrap_or_default();
        let arguments = [
            "--context",
            "administrator",
            "revoke",
            serial,
            "--reason",
            "key-compromise",
            "--confirm",
            confirm,
        ];
        self.stage.run("The last four digits of the serial confirm it.", Expected::Done, &arguments)?;
        self.stage.outcome("revoked");
        Ok(())
    }

    fn see_everywhere(&mut self, serial: &str) -> Result<(), ServiceError> {
        self.stage.chapter("10. Everyone sees it");
        self.wait_for_crl(serial)?;
        let arguments = ["--context", "officer", "status", serial];
        let status = self.stage.run("What OCSP and the CRL say.", Expected::NotAccepted, &arguments)?;
        self.stage.outcome(format!("status: {}", text(&status, "status")));
        self.verify("The same signature, checked again.", Expected::NotAccepted)?;
        let arguments = ["--context", "administrator", "audit", "list", "--limit", "500"];
        let events = self.stage.run("Every step stands in the ledger.", Expected::Done, &arguments)?;
        let count = events.get("items").and_then(Value::as_array).map_or(0, Vec::len);
        self.stage.outcome(format!("{count} events"));
        Ok(())
    }

    /// OCSP shows a revocation at once, the CRL when the next one is signed: wait for it, and say how long it took.
    fn wait_for_crl(&mut self, serial: &str) -> Result<(), ServiceError> {
        let begun = std::time::Instant::now();
        let arguments = ["--context", "officer", "crl", "show", "--ca", "issuing"];
        loop {
            let crl = self.stage.run_quietly(&arguments)?;
            let listed = crl.get("revoked").and_then(Value::as_array).is_some_and(|revoked| {
                revoked.iter().any(|entry| entry.get("serial").and_then(Value::as_str) == Some(serial))
            });
            if listed {
                self.stage.say(&format!("  The new CRL lists it after {} ms.", begun.elapsed().as_millis()));
                return Ok(());
            }
            if begun.elapsed() > std::time::Duration::from_secs(5) {
                return Err(ServiceError::Refused(
                    "the CRL does not list the revoked certificate after 5 s".into(),
                ));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

/// The request in the answer of a command that also wrote files.
fn request_of(answer: &Value) -> &Value {
    answer.get("request").unwrap_or(answer)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or_default()
}

fn role_in_words(role: &str) -> &str {
    match role {
        "officer" => "a registration officer",
        "agency-operator" => "the agency's operator",
        other => other,
    }
}

fn verdict_in_words(verdict: &Value) -> String {
    let word = match text(verdict, "verdict").as_str() {
        "valid" => "VALID",
        "invalid" => "NOT VALID",
        // ETSI EN 319 102-1: without a timestamp nothing proves that the signature is older than the revocation.
        _ => "NOT ACCEPTED",
    };
    format!("{word}: {}", text(verdict, "summary"))
}
