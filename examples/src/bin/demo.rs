//! The demonstration: a registry on loopback, the corridor over HTTP, the delivery verified offline,
//! forgeries refused. `demo FOLDER`; everything lies in FOLDER afterwards.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "the demonstration prints, and reads the clock"
)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use examples::client::Client;
use examples::corridor::{Corridor, Meaning, load};
use examples::erp;
use serde_json::{Value, json};
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::key::SigningKey;

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).context("usage: demo FOLDER")?;
    std::fs::create_dir_all(&folder)?;
    let corridor = load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corridor"))?;
    let registry = Registry::start(&folder)?;
    say(
        "1",
        &format!("a registry listens on {}, its SQLite file in {}", registry.url, registry.folder.display()),
    );

    let admin = Client::new(&registry.url, &registry.admin_key);
    let mut play = Play::register(&admin, &corridor)?;
    say(
        "2",
        &format!(
            "{} companies are registered, {} signs with a key of its own",
            corridor.companies.len(),
            play.own.len()
        ),
    );

    let delivery = play.issue(&corridor)?;
    say("3", &format!("{} certificates were issued over HTTP, and a lot was closed", play.lots.len()));

    let bundle = admin.get(&format!("/v1/certificates/{delivery}/bundle"))?;
    let (file, trust) = (folder.join("delivery.json"), folder.join("trust.toml"));
    std::fs::write(&file, &bundle)?;
    std::fs::write(&trust, play.trust_file(&admin, &corridor)?)?;
    registry.stop()?;
    say("4", "the registry is stopped; what follows needs no network");

    let verify = |file: &Path, more: &[&str]| {
        ytterby(&["verify"], file, &[&["--trust", &path(&trust)], more].concat())
    };
    println!("\n$ ytterby verify {} --trust {}", file.display(), trust.display());
    ensure!(verify(&file, &[])? == 0, "the delivery must verify");
    ensure!(verify(&file, &["--format", "json", "-q", "-o", &path(&folder.join("report.json"))])? == 0);
    println!("\n$ ytterby tree {}", file.display());
    ensure!(ytterby(&["tree"], &file, &[])? == 0);
    println!("\n$ ytterby balance {} --element Nd", file.display());
    ensure!(ytterby(&["balance"], &file, &["--element", "Nd"])? == 0);

    for forgery in play.forge(&bundle)? {
        let file = folder.join(format!("forged-{}.json", forgery.name));
        std::fs::write(&file, &forgery.bundle)?;
        println!(
            "\nforgery: {}\n$ ytterby verify {} --trust {}",
            forgery.what,
            file.display(),
            trust.display()
        );
        let exit = verify(&file, &[])?;
        ensure!(exit == forgery.exit, "{}: exit {exit}, expected {}", forgery.name, forgery.exit);
        let report = Command::new(binary("ytterby"))
            .args(["verify", &path(&file), "--trust", &path(&trust), "--format", "json"])
            .output()?;
        let report: Value = serde_json::from_slice(&report.stdout)?;
        let codes: Vec<_> =
            report["problems"].as_array().into_iter().flatten().filter_map(|p| p["code"].as_str()).collect();
        ensure!(codes.contains(&forgery.code), "{}: {codes:?} lacks {}", forgery.name, forgery.code);
        println!("refused with exit code {exit} and {}", forgery.code);
    }
    println!(
        "\nEverything lies in {}: delivery.json, trust.toml, report.json, forged-*.json",
        folder.display()
    );
    Ok(())
}

/// A registry process, ended when it is dropped.
struct Registry {
    child: Child,
    url: String,
    admin_key: String,
    folder: PathBuf,
}

impl Registry {
    fn start(folder: &Path) -> Result<Self> {
        let folder = folder.join("registry");
        let mut child = Command::new(binary("ytterby-registry"))
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--dir", &path(&folder)])
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(folder.with_extension("log"))?)
            .spawn()
            .context("the registry does not start: cargo build -p ytterby-registry")?;
        let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        let (mut url, mut admin_key) = (String::new(), String::new());
        for line in lines {
            let line = line?;
            for word in line.split_whitespace() {
                if word.starts_with("http://127.0.0.1") {
                    word.clone_into(&mut url);
                }
                if word.starts_with("ytb_") {
                    word.clone_into(&mut admin_key);
                }
            }
            if !url.is_empty() && !admin_key.is_empty() {
                return Ok(Registry { child, url, admin_key, folder });
            }
        }
        bail!("the registry stopped at once; its words are in {}", folder.with_extension("log").display())
    }

    /// Asks it to stop, as an operator would, and waits.
    fn stop(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The companies at work.
struct Play {
    clients: HashMap<String, Client>,
    own: HashMap<String, erp::Company>,
    dids: HashMap<String, String>,
    lots: HashMap<String, String>,
    home: String,
}

impl Play {
    fn register(admin: &Client, corridor: &Corridor) -> Result<Self> {
        let mut play = Play {
            clients: HashMap::new(),
            own: HashMap::new(),
            dids: HashMap::new(),
            lots: HashMap::new(),
            home: String::new(),
        };
        for company in &corridor.companies {
            let mut body = json!({ "name": company.name, "title": company.title });
            if company.own_key {
                // A demonstration's key, made from a fixed name; a company draws its own at random.
                let key = SigningKey::from_seed(
                    Digest::of(format!("demo key of {}", company.name).as_bytes()).as_bytes(),
                );
                let did = Did::parse(&format!("did:key:{}", key.public()))?;
                body["did"] = json!(did.as_str());
                body["publicKeyMultibase"] = json!(key.public().to_string());
                play.own.insert(company.name.clone(), erp::Company { did, name: company.title.clone(), key });
            }
            let made =
                admin.post("/v1/issuers", body.to_string().as_bytes(), None).context(company.name.clone())?;
            let did = made["did"].as_str().context("an issuer has a DID")?.to_owned();
            let scopes =
                json!({ "issuer": company.name, "scopes": ["read", "issue"], "label": company.title });
            let key = admin.post("/v1/api-keys", scopes.to_string().as_bytes(), None)?;
            let key = key["key"].as_str().context("a new API key is shown once")?;
            play.clients.insert(company.name.clone(), admin.with_key(key));
            play.dids.insert(company.name.clone(), did);
        }
        play.dids.insert(corridor.buyer.name.clone(), "did:web:rhein-motors.example".to_owned());
        play.home = serde_json::from_slice::<Value>(&admin.get("/version")?)?["origin"]
            .as_str()
            .context("the registry says its log origin")?
            .to_owned();
        Ok(play)
    }

    /// Issues every file in order; the last one is the delivery.
    fn issue(&mut self, corridor: &Corridor) -> Result<String> {
        let today = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now()).date();
        let mut last = String::new();
        for step in &corridor.steps {
            let meaning = Meaning { today, dids: &self.dids, lots: &self.lots };
            let client = &self.clients[&step.issuer];
            if let Some((lot, reason)) = &step.close {
                let path = format!("/v1/lots/{}/close", meaning.word(lot));
                client.post(&path, json!({ "reason": reason }).to_string().as_bytes(), Some(&step.name))?;
            }
            let Some(draft) = &step.draft else { continue };
            let draft = meaning.fill(draft);
            let label = match self.own.get(&step.issuer) {
                Some(company) => {
                    let certificate =
                        company.certify(client, &self.home, draft).with_context(|| step.name.clone())?;
                    company.register(client, &certificate).with_context(|| step.name.clone())?;
                    certificate.claims().id.urn().to_string()
                }
                None => {
                    let made =
                        client.post("/v1/certificates", draft.to_string().as_bytes(), Some(&step.name));
                    let made = made.with_context(|| step.name.clone())?;
                    made["certificate"]["id"].as_str().context("a certificate has an id")?.to_owned()
                }
            };
            println!("   {:<26} {:<11} {}", step.name, step.issuer, step.note);
            label.clone_into(&mut last);
            self.lots.insert(step.name.clone(), label);
        }
        Ok(last)
    }

    /// The buyer's trust file: each company pinned with its keys, for what it does.
    fn trust_file(&self, admin: &Client, corridor: &Corridor) -> Result<String> {
        let mut text = format!(
            "version = 1\nname = \"{} sourcing\"\nholder = [\"{}\"]\n",
            corridor.buyer.title, self.dids[&corridor.buyer.name]
        );
        for company in &corridor.companies {
            let keys: Value =
                serde_json::from_slice(&admin.get(&format!("/v1/issuers/{}/keys", company.name))?)?;
            let keys: Vec<_> = keys["keys"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|k| k["publicKeyMultibase"].as_str())
                .collect();
            let does = corridor
                .steps
                .iter()
                .filter(|step| step.issuer == company.name)
                .filter_map(|step| step.draft.as_ref());
            let mut steps: Vec<&str> = does
                .filter_map(|draft| match draft["type"].as_str()? {
                    "OriginCertificate" => Some("origin"),
                    "TransferCertificate" => Some("transfer"),
                    _ => draft["step"].as_str(),
                })
                .collect();
            steps.sort_unstable();
            steps.dedup();
            text += &format!(
                "\n[[issuer]]\ndid = \"{}\"\nname = \"{}\"\nkeys = {keys:?}\nsteps = {steps:?}\n",
                self.dids[&company.name], company.title
            );
        }
        Ok(
            text + "\n# No witness watches the registry of a demonstration, and status lists are not checked yet; this file accepts that.\n[require]\nregistration = false\nstatus = false\n"
        )
    }

    /// Deliveries that are not what they say.
    fn forge(&self, bundle: &[u8]) -> Result<Vec<Forgery>> {
        let honest: Value = serde_json::from_slice(bundle)?;
        let place = |number: &str, kind: &str| {
            let certificates = honest["certificates"].as_array()?;
            certificates
                .iter()
                .position(|c| c["credentialSubject"]["lotNumber"] == number && c["type"][1] == kind)
        };
        let mut altered = honest.clone();
        let alloy = place("ALLOY-0001", "ProcessingCertificate").context("the alloy is in the bundle")?;
        altered["certificates"][alloy]["credentialSubject"]["content"]["Dy"] = json!("2143");

        // The magnets before they were delivered: held by the magnet maker, shown to another buyer.
        let mut resold = honest.clone();
        let magnets = place("MAG-0002", "ProcessingCertificate").context("the magnets are in the bundle")?;
        let text = honest["certificates"][magnets].to_string();
        let digest = ytterby::Certificate::parse(text.as_bytes())?.digest().to_string();
        resold["subject"] = json!([digest]);

        Ok(vec![
            Forgery {
                name: "altered",
                what: "the alloy's dysprosium is raised by a thousand kilograms",
                code: "proof.signature",
                exit: 1,
                bundle: altered.to_string(),
            },
            self.inflated(&honest)?,
            Forgery {
                name: "resold",
                what: "the magnets as the maker held them, offered without a transfer to the buyer",
                code: "custody.not-your-lot",
                exit: 3,
                bundle: resold.to_string(),
            },
        ])
    }

    /// A dishonest issuer: the dysprosium company signs, with its true key, three times what it drew.
    fn inflated(&self, honest: &Value) -> Result<Forgery> {
        let company = self.own.values().next().context("one company has a key of its own")?;
        let mut forged = honest.clone();
        let certificates = forged["certificates"].as_array_mut().context("a list of certificates")?;
        let oxide = certificates.iter().find(|c| c["credentialSubject"]["lotNumber"] == "DY-OX-0007");
        let mut document = oxide.context("the dysprosium oxide is in the bundle")?.clone();
        let subject = &mut document["credentialSubject"];
        subject["netMass"] = json!("4176.000");
        subject["lotNumber"] = json!("DY-OX-0008");
        let dysprosium = 4_176_000_000_u128 * 99_600_000 * 99_900_000 * 871_321 / 10_u128.pow(22);
        subject["content"]["Dy"] = json!(ytterby::decimal::kilograms(u64::try_from(dysprosium)?));
        subject["inputs"][0]["draws"]["Dy"] = json!("1.5");
        subject["externalId"] = json!("forged");
        document["id"] = json!("urn:uuid:00000000-0000-4000-8000-00000000f09e");
        let created = document["proof"]["created"].clone();
        let config = json!({ "created": created, "proofPurpose": "assertionMethod",
            "verificationMethod": company.did.method(&company.key.public()) });
        let text = sign(&document, &config, &company.key)?;
        let digest = ytterby::Certificate::parse(text.as_bytes())?.digest().to_string();
        certificates.push(serde_json::from_str(&text)?);
        forged["subject"] = json!([digest]);
        Ok(Forgery {
            name: "inflated",
            what: "a pinned company signs, with its true key, dysprosium that it never drew",
            code: "conservation.exceeds-draws",
            exit: 1,
            bundle: forged.to_string(),
        })
    }
}

struct Forgery {
    name: &'static str,
    what: &'static str,
    code: &'static str,
    exit: i32,
    bundle: String,
}

/// Signs a document as it stands, without asking whether it is true.
fn sign(document: &Value, config: &Value, key: &SigningKey) -> Result<String> {
    use ytterby::json::{Value as Tree, canonical};
    let (document, config) = (document.to_string(), config.to_string());
    let (Tree::Object(document), Tree::Object(config)) =
        (Tree::parse(document.as_bytes())?, Tree::parse(config.as_bytes())?)
    else {
        bail!("documents are objects");
    };
    Ok(String::from_utf8(canonical(&Tree::Object(ytterby::proof::sign(document, config, key))))?)
}

/// Runs `ytterby` on a file with this terminal; its exit code.
fn ytterby(command: &[&str], file: &Path, more: &[&str]) -> Result<i32> {
    let status = Command::new(binary("ytterby")).args(command).arg(file).args(more).status()?;
    status.code().context("ended by a signal")
}

/// A binary of this workspace, beside this one.
fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.with_file_name(name)
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn say(number: &str, text: &str) {
    println!("\n{number}. {text}");
}
