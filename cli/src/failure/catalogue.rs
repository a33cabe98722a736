//! The catalogue of everything that can go wrong here: what `npki help E-CODE` prints.

use super::Exit;
pub use super::entry::{Problem, entries};

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $exit:ident, $retry:literal, $title:literal, $cause:literal, $fix:literal;)+) => {
        $(
            $(#[$doc])*
            pub static $name: Problem = Problem {
                code: $code, title: $title, cause: $cause, fix: $fix, exit: Exit::$exit, retryable: $retry,
            };
        )+
        pub(super) static LOCAL: &[Problem] = &[$(Problem {
            code: $code, title: $title, cause: $cause, fix: $fix, exit: Exit::$exit, retryable: $retry,
        }),+];
    };
}

problems! {
    /// The command line could not be read.
    USAGE = "E-CLI-001", Usage, false,
        "the command line could not be read",
        "a command, flag or value is missing, misspelt or does not fit",
        "npki --help";
    /// A prompt would be needed, but nobody can answer it.
    NO_INPUT = "E-CLI-002", Usage, false,
        "this needs an answer, and input is off",
        "--no-input was given, NPKI_NO_INPUT is set, or standard input is no terminal",
        "give the answer as a flag";
    /// A typed confirmation does not match.
    NOT_CONFIRMED = "E-CLI-003", Usage, false,
        "the confirmation does not match",
        "an act that cannot be undone must be confirmed with the last four digits of the serial number",
        "read the serial number again: npki cert list";
    /// An environment variable has a value that does not fit.
    ENVIRONMENT = "E-CLI-004", Usage, false,
        "an environment variable has a value that does not fit",
        "it was set to something this program does not know",
        "npki help environment";
    /// No help under this name.
    NO_TOPIC = "E-CLI-005", NotFound, false,
        "there is no help under this name",
        "it is neither a topic, nor a code, nor a command",
        "npki help";
    /// An answer could not be written.
    OUTPUT = "E-CLI-006", Failed, false,
        "the answer could not be written",
        "standard output refused it",
        "check where the output goes: is the disk full?";
    /// The machine refused something every command needs.
    MACHINE = "E-CLI-008", Failed, true,
        "the machine refused a basic service",
        "the asynchronous runtime or the source of randomness could not be started",
        "check the limits on open files and processes: ulimit -a";
    /// A selection selects nothing.
    NOTHING_SELECTED = "E-CMP-017", Conflict, false,
        "nothing is selected",
        "no certificate in force is what the flags say",
        "see what there is: npki campaign plan, with fewer flags";
    /// A list in CSV cannot be used.
    LIST_UNFIT = "E-CMP-015", Usage, false,
        "the list cannot be used",
        "a column or a cell is missing, or is not what it should be",
        "correct it and run the command again: what was entered before stays so";
    /// A row of a fleet's list does not fit.
    FLEET_ROW = "E-FLT-001", Usage, false,
        "a row of the list does not fit",
        "it names no device, or holds no certification request, or repeats one",
        "mend it in LIST.refused.csv, and feed that list";
    /// A file is no fleet's.
    NO_FLEET = "E-FLT-002", Usage, false,
        "the file is no file of a fleet",
        "another file was given, or it was edited",
        "give LIST.fleet.jsonl, as npki fleet request wrote it";
    /// The fleet's file is of another list.
    OTHER_FLEET = "E-FLT-003", Conflict, false,
        "the fleet's file is of another list, profile or server",
        "the list or one of its requests was changed since it was begun",
        "put the list back as it was, or give the new one another name";
    /// A request is not what the fleet's file says.
    NOT_OF_FLEET = "E-FLT-004", Conflict, false,
        "the request is not what was asked for with the fleet",
        "the fleet's file was edited, or the registry changed since",
        "look at it by itself: npki vet show ID";
    /// The folder is not prepared for packets.
    NO_KIT = "E-PKT-101", NotFound, false,
        "the folder is not prepared to enrol without a network",
        "there is no kit.json in it, or it cannot be read",
        "while there is a network: npki packet begin --folder DIR --device NAME";
    /// There is no such entry.
    NO_ENTRY = "E-PKT-102", NotFound, false,
        "there is no such entry that waits to be sealed",
        "it was never made, was dropped, or is in a packet that was sealed",
        "see what waits: npki packet list";
    /// There is nothing to seal.
    NOTHING_TO_SEAL = "E-PKT-103", Conflict, false,
        "nothing waits to be sealed",
        "no person was enrolled since the packet before",
        "npki packet add";
    /// What is entered does not fit.
    ENTRY_UNFIT = "E-PKT-104", Usage, false,
        "what is entered does not fit",
        "the registry would refuse it",
        "correct it and enter it again: nothing was kept";
    /// The clocks differ.
    CLOCKS_DIFFER = "E-PKT-105", Conflict, true,
        "this machine's clock is not the registry's",
        "what is enrolled would seem to be of another time, and be refused",
        "set this machine's clock, then run the command again";
    /// The folder belongs to another machine or registry.
    OTHER_KIT = "E-PKT-106", Conflict, false,
        "the folder is prepared for another registry",
        "its packets are numbered for that registry",
        "take another folder: npki packet begin --folder DIR";
    /// A file is no packet.
    NO_PACKET = "E-PKT-107", Usage, false,
        "the file is no whole packet",
        "it was altered, cut short, or is another file",
        "give a file that npki packet seal wrote";
    /// The folder holds no installation.
    NO_INSTALLATION = "E-SRV-001", NotFound, false,
        "the folder holds no npki installation",
        "it has no npki.toml",
        "npki init --data DIR";
    /// The folder is taken.
    FOLDER_TAKEN = "E-SRV-002", Conflict, false,
        "the folder exists and is not empty",
        "npki writes into a folder of its own only, and replaces nothing",
        "give --data a new or an empty folder";
    /// A file of the installation could not be read or written.
    SERVICE_FILE = "E-SRV-003", Failed, false,
        "a file of the installation could not be read or written",
        "the system refused it",
        "check the folder's owner, its modes and the room on its disk";
    /// The settings cannot be used.
    SERVICE_SETTINGS = "E-SRV-004", Usage, false,
        "the installation's settings cannot be used",
        "a key is unknown, or a value breaks its bound",
        "correct npki.toml; every key stands in its comments";
    /// An address is taken.
    BIND = "E-SRV-005", Failed, true,
        "an address cannot be listened on",
        "another program listens there, or the address is not this machine's",
        "stop the other program, or change [listen] in npki.toml";
    /// The passphrase is missing.
    PASSPHRASE = "E-SRV-006", Usage, false,
        "the passphrase that opens the keys is not there",
        "neither the systemd credential npki-passphrase nor keys.passphrase_file can be read",
        "give the credential, or set keys.passphrase_file in npki.toml";
    /// A demonstration still runs.
    DEMO_RUNNING = "E-SRV-007", Conflict, false,
        "an earlier demo still serves from this folder",
        "it was started with --keep",
        "stop it with kill and the process number, or give --data another folder";
    /// A step of the demonstration failed.
    DEMO_STEP = "E-SRV-008", Failed, false,
        "a step of the demo ended otherwise than it should",
        "the command beside it printed why",
        "repeat the command by hand; the services' log is serve.log in the demo's folder";
    /// The service could not be founded or run.
    SERVICE = "E-SRV-009", Failed, false,
        "the service could not be founded or run",
        "a part of it refused to start",
        "read the cause; npki help security tells how keys and storage are kept";
    /// A ceremony's script is not one.
    CEREMONY_SCRIPT = "E-CER-001", Usage, false,
        "the script of the ceremony cannot be used",
        "a key is unknown, or it says something that cannot be done",
        "compare it with a sample: npki ceremony example KIND";
    /// Script and media do not fit together.
    CEREMONY_UNFIT = "E-CER-002", Conflict, false,
        "the script and what is on the media do not fit together; nothing was done",
        "a fingerprint, name, number or date is another one",
        "check it again: npki ceremony check SCRIPT --folder DIR --media DIR";
    /// A ceremony was begun.
    CEREMONY_BEGUN = "E-CER-003", Conflict, false,
        "a ceremony was begun and is not finished",
        "it was interrupted",
        "npki ceremony resume --folder DIR";
    /// A ceremony is finished.
    CEREMONY_FINISHED = "E-CER-004", Conflict, false,
        "a ceremony with this id was held already",
        "every ceremony has an id of its own",
        "give the script another id";
    /// No ceremony to resume.
    CEREMONY_NONE = "E-CER-005", NotFound, false,
        "there is no ceremony to resume",
        "none was begun on this medium, or all are finished",
        "begin one: npki ceremony run SCRIPT --folder DIR";
    /// Somebody did not confirm.
    CEREMONY_NOT_CONFIRMED = "E-CER-006", No, false,
        "somebody did not confirm the script",
        "what was typed is not how its fingerprint begins: it may be another script",
        "compare the printed page with npki ceremony check SCRIPT";
    /// A share was not accepted.
    CEREMONY_SHARE = "E-CER-007", No, false,
        "the shares do not open the key",
        "a share is missing, mistyped, altered or of another ceremony",
        "type it again, with fresh eyes: npki ceremony resume --folder DIR";
    /// Nobody answered.
    CEREMONY_STOPPED = "E-CER-008", Usage, true,
        "the ceremony stopped, and can be resumed",
        "a question was not answered",
        "npki ceremony resume --folder DIR";
    /// A journal cannot be used.
    CEREMONY_JOURNAL = "E-CER-009", Conflict, false,
        "the journal of the ceremony cannot be used",
        "it was altered, another process writes it, or the clock went back",
        "find out who changed it; set the clock right";
    /// A request or response is refused.
    CEREMONY_EXCHANGE = "E-CER-010", No, false,
        "a request or response is refused",
        "it was altered, expired, answered before, or belongs to another root or request",
        "make a new request: npki ca request";
    /// A transcript does not hold.
    CEREMONY_TRANSCRIPT = "E-CER-011", No, false,
        "the transcript does not hold",
        "it was altered, is of another root, or is not complete",
        "get it again from where it is kept, and find out who changed this one";
    /// A ceremony failed.
    CEREMONY_FAILED = "E-CER-012", Failed, false,
        "the ceremony could not go on",
        "a part of it failed; whatever was recorded stands",
        "read the cause, remove it, and resume: npki ceremony resume --folder DIR";
    /// The machine is on a network.
    CEREMONY_NETWORK = "E-CER-013", Conflict, false,
        "this machine is on a network",
        "a network interface is up",
        "pull the cable; for a rehearsal: --despite-network, which the transcript will say";
    /// Whose ledger it should be is not known.
    NO_LOG_KEY = "E-AUD-001", Usage, false,
        "the ledger's public key is not known",
        "it was not given, or is not one: what a ledger says about itself proves nothing",
        "give it: --log-key KEY (an installation keeps it in certificates/ledger.vkey)";
    /// A checkpoint is not to be trusted.
    CHECKPOINT = "E-AUD-002", No, false,
        "a checkpoint is not to be trusted",
        "the log or the witnesses did not sign it, or it is of another log",
        "compare the log's key, its name (--origin) and the witnesses' keys with those published";
    /// Nothing to compare events with.
    NO_CHECKPOINT = "E-AUD-003", Usage, false,
        "there is no checkpoint to compare the events with",
        "events alone prove nothing: a signed checkpoint says which they must be",
        "give one: --checkpoint FILE (curl -o FILE http://HOST/ledger/checkpoint)";
    /// An event has no receipt yet.
    NOT_SEALED = "E-AUD-004", Unavailable, true,
        "the event is recorded and not sealed yet",
        "the ledger is sealed once a second",
        "ask again in a second";
    /// The store could not be read.
    STORE = "E-AUD-005", Failed, true,
        "the store could not be read",
        "it is in use by another npki, damaged, or does not answer",
        "stop the service that uses it, or look at the cause";
    /// Another npki holds the store.
    STORE_HELD = "E-SRV-010", Conflict, true,
        "another npki holds the store",
        "the service runs, and an embedded store has one user at a time",
        "stop the service first, and start it again afterwards";
    /// The store is not the one whose history was signed.
    OTHER_HISTORY = "E-SRV-012", Conflict, false,
        "the store is not the one that this installation signed the history of",
        "another store was named, an old copy was put back, or history was rewritten; nothing was written to it",
        "name the right one, in [store] of npki.toml or with --store; if it is lost, npki restore puts the loss on record";
    /// Not a recipient.
    RECIPIENT = "E-BAK-001", Usage, false,
        "this is not a recipient of backups",
        "a recipient is a public key that begins with age1",
        "make a key pair, and give its recipient: npki backup key --out FILE";
    /// The identity cannot be used.
    IDENTITY = "E-BAK-002", Usage, false,
        "the identity that opens backups cannot be used",
        "the file is missing, open to others, or holds no line AGE-SECRET-KEY-1…",
        "give the file that npki backup key wrote, with mode 0600: --identity FILE";
    /// The identity does not open the backup.
    WRONG_IDENTITY = "E-BAK-003", CannotTell, false,
        "this identity does not open the backup",
        "it was made for other recipients, or its head was altered",
        "give the identity of one of the recipients: --identity FILE";
    /// The file is no backup.
    NO_BACKUP = "E-BAK-004", Usage, false,
        "the file is no backup",
        "it is no age file, or its head was altered",
        "give a file that npki backup create wrote";
    /// The backup is damaged.
    BACKUP_DAMAGED = "E-BAK-005", No, false,
        "the backup is not whole",
        "it was cut short or altered after it was made",
        "take another copy of it, or an earlier backup; nothing of this one was put into use";
    /// The backup is of a newer npki.
    BACKUP_NEWER = "E-BAK-006", CannotTell, false,
        "the backup was made by a newer npki",
        "it holds what this version does not know",
        "use the version that made it, or a later one: npki version";
    /// The backup could not be made or restored.
    BACKUP_FAILED = "E-BAK-007", Failed, false,
        "the backup could not be made or restored",
        "the store or a file stood in the way",
        "read the cause; nothing was put into use";
    /// The restore was refused.
    RESTORE_REFUSED = "E-BAK-008", Conflict, false,
        "the backup must not be put into use here",
        "the new store cannot be begun, or the installation would go back behind what witnesses have seen",
        "read the cause; nothing was put into use";
    /// A rotation ended early.
    ROTATION = "E-SRV-011", Failed, true,
        "the rotation of the master key ended early",
        "a key could not be re-wrapped, or another node still uses the former master key; the service's log tells which",
        "mend that and restart the service: it goes on where it ended; nothing is lost meanwhile";
    /// What was asked for was erased.
    ERASED = "E-CLI-009", NotFound, false,
        "the certificate's identity was erased",
        "nothing personal of it can be read any more, by nobody",
        "its status still stands: npki cert show SERIAL; OCSP and CRL tell it too";
    /// The folder holds no witness.
    NO_WITNESS = "E-WIT-001", NotFound, false,
        "the folder holds no witness",
        "it has no witness.toml",
        "npki witness init --data DIR --name NAME";
    /// Another process serves from the folder.
    WITNESS_RUNS = "E-WIT-002", Conflict, false,
        "another process serves this witness",
        "two processes must not share one memory of what was cosigned",
        "stop the other process, or give --data another folder";
    /// Not a log's key.
    LOG_KEY = "E-WIT-003", Usage, false,
        "this is not the public key of a log",
        "a log's key has the form NAME+ID+BASE64 (C2SP signed-note)",
        "ask the log's operator for certificates/ledger.vkey of the installation";
    /// The log is known by another key.
    LOG_KNOWN = "E-WIT-004", Conflict, false,
        "the log is known by another key",
        "whoever adds a second key to a log can show another history under it",
        "find out from the log's operator why; then add the key to keys of that log in witness.toml";
    /// The witness's settings cannot be used.
    WITNESS_SETTINGS = "E-WIT-005", Usage, false,
        "the witness's settings cannot be used",
        "a key is unknown, or a value breaks its bound",
        "correct witness.toml; every key stands in its comments";
    /// The witness's memory cannot be used.
    WITNESS_STATE = "E-WIT-006", Failed, false,
        "what the witness remembers cannot be used",
        "a file in its state folder cannot be read, or is not what it wrote",
        "find out who changed it; removing it lets the log show another history once";
    /// Not a feed's key.
    FEED_KEY = "E-FEED-001", Usage, false,
        "this is not the public key of a status feed",
        "a feed's key has the form NAME+ID+BASE64 (C2SP signed-note)",
        "ask the installation's operator for certificates/feed.vkey, or for what `npki feed key` shows";
    /// A feed's messages cannot be used.
    FEED_REFUSED = "E-FEED-002", No, false,
        "the status feed is refused",
        "it is damaged, of another installation, or does not continue what came before",
        "fetch it again; if it is refused again, compare the feed's key with its operator's";
    /// The folder holds no responder.
    NO_RESPONDER = "E-FEED-003", NotFound, false,
        "the folder holds no responder",
        "it has no responder.toml",
        "npki responder init --data DIR --name NAME --key KEY";
    /// Another process serves from the folder.
    RESPONDER_RUNS = "E-FEED-004", Conflict, false,
        "another process serves this responder",
        "two processes must not write one state",
        "stop the other process, or give --data another folder";
    /// The responder's settings cannot be used.
    RESPONDER_SETTINGS = "E-FEED-005", Usage, false,
        "the responder's settings cannot be used",
        "a key is unknown, or a value breaks its bound",
        "correct responder.toml; every key stands in its comments";
    /// No context is chosen.
    NO_CONTEXT = "E-CTX-001", Usage, false,
        "no context is chosen",
        "this command talks to a server, and none is known yet",
        "npki context add NAME --url https://HOST:8443 --fingerprint SHA256";
    /// No such context.
    UNKNOWN_CONTEXT = "E-CTX-002", NotFound, false,
        "there is no such context",
        "the name is not in the configuration file",
        "npki context list";
    /// The configuration cannot be read.
    CONFIGURATION = "E-CTX-003", Usage, false,
        "the configuration file cannot be read",
        "it is not valid TOML, or a key in it is unknown",
        "correct the file that `npki config path` names";
    /// The context exists.
    CONTEXT_EXISTS = "E-CTX-004", Conflict, false,
        "a context of this name exists",
        "contexts are never replaced silently",
        "npki context remove NAME";
    /// The fingerprint does not match.
    FINGERPRINT = "E-CTX-005", No, false,
        "no trust anchor of this server has this fingerprint",
        "the fingerprint was mistyped, or somebody stands between you and the server",
        "compare the fingerprint, character by character, with the one published by the operator";
    /// No trust anchor in what was given.
    NO_ANCHOR = "E-CTX-006", Usage, false,
        "no trust anchor can be read",
        "the file or the server's answer holds no certificate of a CA",
        "give the root certificate, PEM or DER: --trust FILE";
    /// The address is not one of a server.
    ADDRESS = "E-CTX-007", Usage, false,
        "this is not the address of a server",
        "the interface is spoken over HTTPS only, and its address has no path, query or credentials",
        "give an address such as https://pki.gov.ls:8443";
    /// The name is not one for a context.
    CONTEXT_NAME = "E-CTX-008", Usage, false,
        "this is not a name for a context",
        "a name has 1 to 64 letters, digits, hyphens, dots and underscores",
        "choose another name";
    /// Nobody knows where CRLs are published.
    NO_PUBLICATION = "E-CTX-009", Usage, false,
        "it is not known where this server publishes CRLs",
        "the context has neither a public address nor a certificate that names one",
        "give the address: --url http://HOST:8080";
    /// The server has no such profile.
    UNKNOWN_PROFILE = "E-CTX-010", NotFound, false,
        "there is no such profile",
        "the server does not issue under a profile of this name",
        "npki profile list";
    /// A file is not called as a profile's is.
    PROFILE_NAME = "E-PROF-101", Usage, false,
        "the file's name cannot be a profile's",
        "a profile is called as its file is: NAME.toml, of 1 to 64 lower-case letters, digits and hyphens",
        "rename the file: person-signature.toml is the profile person-signature";
    /// A profile's file cannot be read as one.
    PROFILE_TOML = "E-PROF-102", Usage, false,
        "the file is not the TOML of a profile",
        "it is not TOML, or a key is missing or of another type",
        "compare it with one that npki comes with: npki profile export --built-in --out DIR";
    /// A profile's file has an unknown key.
    PROFILE_KEY = "E-PROF-103", Usage, false,
        "profiles have no such key",
        "a key is misspelt, or stands in the wrong table",
        "every key is described at the top of person-signature.toml: npki profile export --built-in --out DIR";
    /// A key of a profile's file has an unknown value.
    PROFILE_VALUE = "E-PROF-104", Usage, false,
        "the key has no such value",
        "a word is misspelt, or belongs to another key",
        "every value is described at the top of person-signature.toml: npki profile export --built-in --out DIR";
    /// Certificates of a profile would break a rule.
    PROFILE_RULE = "E-PROF-105", Usage, false,
        "the profile breaks a rule",
        "certificates of it would not be what a standard demands, or what npki demands",
        "read the clause in the message: npki profile check FILE";
    /// Profiles do not make up an installation's.
    PROFILE_SET = "E-PROF-106", Usage, false,
        "the profiles are not all that an installation needs",
        "one that the service itself uses is missing or good for something else, or two have one name",
        "take those that are missing: npki profile export --built-in --out DIR";
    /// A hierarchy's file cannot be read as one.
    HIERARCHY_TEXT = "E-PROF-107", Usage, false,
        "the hierarchy's file is not understood",
        "it is not TOML, or a key is unknown, missing or of another type",
        "compare it with one that npki comes with: --hierarchy national";
    /// Profiles and the CAs of a hierarchy do not fit together.
    HIERARCHY_RULE = "E-PROF-108", Usage, false,
        "the CAs and the profiles do not fit together",
        "a policy, purpose, key or depth of what a CA issues is not within its own",
        "change the CA's profile, or let another CA issue under the profile";
    /// Something about a profile breaks no rule, and is worth a look.
    PROFILE_ADVICE = "E-PROF-109", Usage, false,
        "something about the profile is worth a look",
        "no rule is broken, and people may be surprised by what it says",
        "read the warning; npki profile check --fail-on warning makes it count";
    /// A name that no CA of the server has.
    UNKNOWN_CA = "E-CTX-011", NotFound, false,
        "there is no such CA",
        "no CA whose key the server has is called so",
        "npki ca list";
    /// The server refused the connection.
    REFUSED = "E-NET-001", Unavailable, true,
        "the server refused the connection",
        "nothing listens at this address and port",
        "check that the server runs, and its address: npki context show";
    /// The server did not answer in time.
    TIMEOUT = "E-NET-002", Unavailable, true,
        "the server did not answer in time",
        "the network or the server is slow or down",
        "try again, or wait longer: --timeout 120";
    /// The server could not be reached.
    UNREACHABLE = "E-NET-003", Unavailable, true,
        "the server could not be reached",
        "its name cannot be resolved, or the network is down",
        "check the network and the address: npki context show";
    /// The server's certificate is not trusted.
    SERVER_UNTRUSTED = "E-NET-004", Unavailable, false,
        "the server's certificate is not from this context's trust anchor",
        "the server has been set up anew, the context is another server's, or somebody stands in between",
        "compare the trust anchor with the operator's: npki context show";
    /// TLS failed.
    TLS = "E-NET-005", Unavailable, false,
        "no secure connection could be made",
        "the two sides do not agree on TLS",
        "check that this is an npki server: npki context show";
    /// The client certificate was refused.
    CLIENT_REFUSED = "E-NET-006", SignIn, false,
        "the server did not accept your certificate",
        "it is expired, revoked, from another installation, or missing",
        "npki context add NAME --url URL --trust FILE --cert FILE --key FILE";
    /// The answer cannot be read.
    ANSWER = "E-NET-007", Unavailable, false,
        "the server's answer cannot be read",
        "it is not an npki server, or one of another version",
        "compare the versions: npki version";
    /// The answer is too large.
    TOO_LARGE = "E-NET-008", Failed, false,
        "the server's answer is too large",
        "more was sent than this program is willing to keep in memory",
        "ask for fewer entries: --limit 100";
    /// The server failed without an npki problem document.
    SERVER_FAILED = "E-NET-009", Unavailable, true,
        "the server failed",
        "it, or a proxy before it, answered with an error and no explanation",
        "try again; if it stays, ask the operator";
    /// A published object cannot be fetched.
    PUBLICATION = "E-NET-010", Unavailable, true,
        "a published object cannot be fetched",
        "the public address does not answer, or does not have it",
        "check the address in the certificate: npki inspect FILE";
    /// A file cannot be read.
    UNREADABLE = "E-FILE-001", Usage, false,
        "the file cannot be read",
        "it does not exist, or you may not read it",
        "check the path and its permissions";
    /// A file cannot be written.
    UNWRITABLE = "E-FILE-002", Failed, false,
        "the file cannot be written",
        "the folder does not exist, is full, or you may not write there",
        "choose another place: --out";
    /// A file would be overwritten.
    EXISTS = "E-FILE-003", Conflict, false,
        "the file exists and is never overwritten",
        "it may be the only copy of a private key",
        "choose another place, or move the file away";
    /// A file is not what it should be.
    CONTENT = "E-FILE-004", Usage, false,
        "the file is not what this command needs",
        "its content is of another kind, or damaged",
        "look at it: npki inspect FILE";
    /// A file is too large.
    FILE_TOO_LARGE = "E-FILE-005", Usage, false,
        "the file is too large for this command",
        "it is larger than anything of its kind",
        "check that it is the right file";
    /// No public key was given.
    NO_KEY = "E-KEY-004", Usage, false,
        "there is no public key in what was given",
        "a certificate, certification request, public key or digest of a key is needed",
        "look at it: npki inspect FILE; npki key check FILE tells a key's digest";
    /// A private key cannot be used.
    KEY = "E-KEY-001", Usage, false,
        "the private key cannot be used",
        "it is not a PKCS#8 key of a kind npki knows",
        "give a PKCS#8 PEM file: openssl pkcs8 -topk8 -in KEY -out PKCS8";
    /// Key and certificate do not belong together.
    KEY_MISMATCH = "E-KEY-002", Usage, false,
        "the private key does not belong to the certificate",
        "two files of different pairs were given",
        "give the key that was made for this certificate";
    /// The certificate is for something else than what is done with it.
    OTHER_USE = "E-KEY-005", Usage, false,
        "the certificate is for something else",
        "persons sign, organisations seal, and keys for servers, sign-in or time stamps do neither",
        "look at it: npki inspect FILE; then npki sign, npki seal, or a certificate of a profile for either";
    /// A key could not be made.
    KEY_GENERATION = "E-KEY-003", Failed, true,
        "the key could not be made",
        "the operating system gave no randomness, or the key could not be encoded",
        "try again";
    /// Verification lacks trust.
    NO_TRUST = "E-VFY-001", Usage, false,
        "there is nothing to verify against",
        "no trust anchor was given and no context is chosen",
        "give the root certificate: --trust FILE";
    /// Verification cannot read its object.
    NOT_VERIFIABLE = "E-VFY-002", Usage, false,
        "this file cannot be verified",
        "it is no certificate, and no signature file stands beside it",
        "give the signature: --signature FILE.p7s";
    /// The issuer is missing.
    NO_ISSUER = "E-VFY-003", CannotTell, false,
        "the issuer's certificate is not at hand",
        "without it, no answer about the certificate can be checked",
        "give it together with the certificate, or its root: --trust FILE";
    /// The certificate names no source of status.
    NO_STATUS_ADDRESS = "E-VFY-004", CannotTell, false,
        "the certificate does not say where to ask for its status",
        "it has neither an OCSP address nor a CRL distribution point",
        "ask its issuer";
    /// A source's answer proves nothing.
    UNPROVEN = "E-VFY-006", CannotTell, true,
        "the answer about the status proves nothing",
        "its signature, its signer, its times or its subject do not hold",
        "try again; if it stays, tell the issuer";
    /// A signature could not be made.
    NOT_SIGNED = "E-VFY-005", Failed, false,
        "the signature could not be made",
        "key, certificate and file do not make a signature together",
        "check the certificate: npki inspect FILE";
    /// A trusted list is not believed.
    LIST_REFUSED = "E-TL-001", No, false,
        "the trusted list is refused",
        "it was altered, signed by somebody else, is older than the one before, or is no trusted list",
        "fetch it again; if it is refused again, ask its operator, another way than by the list's address";
    /// Nobody is trusted to sign a list.
    NO_LIST_SIGNER = "E-TL-002", Usage, false,
        "nobody is trusted to have signed the list",
        "no list was kept before, whose signer would be known",
        "give the signer's certificate, which came another way: --signer FILE";
    /// A list is signed by another than before.
    LIST_SIGNER = "E-TL-003", No, false,
        "the list is signed by another than the one before",
        "its signer is not one that this country's list was taken with",
        "ask its operator whether the signer changed, then: npki trust pull URL --signer FILE --replace-signer";
    /// The next list should be there.
    LIST_OVERDUE = "E-TL-004", CannotTell, true,
        "the next trusted list is overdue",
        "what this one says may not be so any more",
        "npki trust pull; where there is no newer one, ask its operator, or give --accept-overdue";
    /// No list is kept.
    NO_LIST_KEPT = "E-TL-005", NotFound, false,
        "no such trusted list is kept",
        "none was taken yet, or it is kept in another folder",
        "npki trust pull URL --signer FILE, or name the folder: --kept DIR";
    /// No such service.
    NO_SERVICE = "E-TL-006", NotFound, false,
        "there is no such service in the lists that are kept",
        "neither an identifier nor a name is this, or nothing is vouched for at that moment",
        "see what there is: npki trust list";
    /// The folder holds no time-stamping unit.
    NO_TSA = "E-TSA-001", NotFound, false,
        "the folder holds no time-stamping unit",
        "it has no tsa.toml",
        "npki tsa init --data DIR --name NAME";
    /// Another process serves from the folder.
    TSA_RUNS = "E-TSA-002", Conflict, false,
        "another process serves this time-stamping unit",
        "two processes must not count one unit's starts",
        "stop the other process, or give --data another folder";
    /// There is no time stamp.
    NO_TIMESTAMP = "E-TSA-003", Failed, true,
        "no time stamp was given",
        "the time-stamping unit refused, or its answer does not fit the question",
        "try again; if it goes on, ask the unit's operator, or give --tsa another address";
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::entries;

    #[test]
    fn codes_are_unique_and_complete() {
        let all = entries();
        for pair in all.windows(2) {
            assert_ne!(pair[0].code, pair[1].code, "a code is used twice");
        }
        for entry in all {
            for sentence in [&entry.title, &entry.cause, &entry.fix] {
                assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{}: {sentence:?}", entry.code);
            }
        }
    }
}
