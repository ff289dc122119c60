//! A service on loopback with a store of its own, a client for it, and drafts.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};
use ytterby::Home;
use ytterby::key::SigningKey;
use ytterby::time::parse_time;
use ytterby_registry::clock::Clock;
use ytterby_registry::config::{
    AdmissionConfig, Config, Entries, GateConfig, Limits, LogConfig, PeerConfig, Profile, SealConfig,
    StatusConfig, Storage, WitnessConfig,
};
use ytterby_registry::log::Log;
use ytterby_registry::{auth, server};
use ytterby_store::Scope;

/// When every service starts: two days after the example refinery's work.
pub(crate) const START: &str = "2026-09-01T08:00:00Z";

/// The log of every service here.
pub(crate) const ORIGIN: &str = "registry.example/log";

pub(crate) struct Service {
    pub(crate) client: Client,
    /// An administrator's key.
    pub(crate) admin: String,
    pub(crate) clock: Clock,
    setting: Setting,
    folder: Arc<TempDir>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

/// What a test may configure.
#[derive(Clone, Default)]
pub(crate) struct Setting {
    pub(crate) limits: Limits,
    pub(crate) quorum: Option<usize>,
    pub(crate) witness: Vec<WitnessConfig>,
    pub(crate) entries: Entries,
    pub(crate) admission: Option<PathBuf>,
    pub(crate) peer: Vec<PeerConfig>,
    pub(crate) gate: Option<GateConfig>,
    /// Another origin than that of every service here.
    pub(crate) origin: Option<&'static str>,
}

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    agent: Agent,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }

    /// The `id` of the certificate that was made.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.json()["certificate"]["id"].as_str().unwrap_or_else(|| panic!("{}", self.text())).to_owned()
    }
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::set(Setting::default())
    }

    pub(crate) fn start_with(limits: Limits) -> Self {
        Self::set(Setting { limits, ..Setting::default() })
    }

    pub(crate) fn set(setting: Setting) -> Self {
        Self::again_with(Arc::new(tempfile::tempdir().unwrap()), setting)
    }

    /// Stops it and starts it again over the same store, at the same address.
    pub(crate) fn restart(mut self) -> Self {
        self.end();
        Self::run(self.folder.clone(), self.address, self.setting.clone())
    }

    fn run(folder: Arc<TempDir>, address: SocketAddr, setting: Setting) -> Self {
        let clock = Clock::standing(parse_time(START).unwrap());
        let (stop, told) = watch::channel(false);
        let (ready, started) = std::sync::mpsc::channel();
        let (own, path, set) = (clock.clone(), folder.path().to_owned(), setting.clone());
        let thread = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_multi_thread();
            runtime.worker_threads(2).enable_all().build().unwrap().block_on(async move {
                let listener = server::listen(address).await.unwrap();
                let address = listener.local_addr().unwrap();
                let app = server::open(&config(path, address, set), own).unwrap();
                let (text, key) = auth::new_key(None, vec![Scope::Admin], "test".to_owned(), app.now(), None);
                app.store().add_api_key(key).await.unwrap();
                ready.send((address, text.expose_secret().to_owned())).unwrap();
                server::serve(app, listener, told).await.unwrap();
            });
        });
        let (address, admin) = started.recv().unwrap();
        let client = Client::new(format!("http://{address}"));
        Service { client, admin, clock, setting, folder, address, stop, thread: Some(thread) }
    }

    /// Where it keeps everything.
    pub(crate) fn path(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Stops it: what it leaves behind.
    pub(crate) fn stop(mut self) -> Arc<TempDir> {
        self.end();
        self.folder.clone()
    }

    /// A service over what another one left behind.
    pub(crate) fn again(folder: Arc<TempDir>) -> Self {
        Self::again_with(folder, Setting::default())
    }

    pub(crate) fn again_with(folder: Arc<TempDir>, setting: Setting) -> Self {
        Self::run(folder, SocketAddr::from(([127, 0, 0, 1], 0)), setting)
    }

    /// Why nothing is served from what another one left behind.
    pub(crate) fn refused(folder: Arc<TempDir>) -> String {
        Self::refused_with(folder, Setting::default())
    }

    pub(crate) fn refused_with(folder: Arc<TempDir>, setting: Setting) -> String {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = server::listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
            let config = config(folder.path().to_owned(), listener.local_addr().unwrap(), setting);
            let app = server::open(&config, Clock::standing(parse_time(START).unwrap())).unwrap();
            let (_stop, told) = watch::channel(false);
            server::serve(app, listener, told).await.unwrap_err().to_string()
        })
    }

    fn end(&mut self) {
        self.stop.send(true).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    /// Adds a custodial issuer: its DID, and a key of it that issues and manages.
    pub(crate) fn issuer(&self, name: &str) -> (String, String) {
        let body = json!({ "name": name, "title": format!("The {name}") });
        let did = self.client.post("/v1/issuers", &self.admin, &body).expect(201).json();
        (did["did"].as_str().unwrap().to_owned(), self.key(Some(name), &["issue", "manage"]))
    }

    pub(crate) fn key(&self, issuer: Option<&str>, scopes: &[&str]) -> String {
        let mut body = json!({ "scopes": scopes, "label": "test" });
        if let Some(issuer) = issuer {
            body["issuer"] = issuer.into();
        }
        let made = self.client.post("/v1/api-keys", &self.admin, &body).expect(201).json();
        made["key"].as_str().unwrap().to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}

impl Client {
    pub(crate) fn new(url: String) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let config = config.timeout_global(Some(std::time::Duration::from_secs(60)));
        Client { url, agent: config.build().into() }
    }

    /// One request; an error is one of the connection.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body.to_vec()).unwrap())?,
            None => self.agent.run(request.body(()).unwrap())?,
        };
        let (parts, mut body) = answer.into_parts();
        let bytes = body.with_config().limit(64 * 1024 * 1024).read_to_vec()?;
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, bytes })
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        self.try_send(method, path, headers, body).unwrap()
    }

    pub(crate) fn get(&self, path: &str, key: &str) -> Answer {
        self.send("GET", path, &[("authorization", &bearer(key))], None)
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Answer {
        let headers = [("authorization", bearer(key)), ("content-type", "application/json".to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.send("POST", path, &headers, Some(body.to_string().as_bytes()))
    }

    /// A request with an idempotency key.
    pub(crate) fn try_make(
        &self,
        path: &str,
        key: &str,
        once: &str,
        body: &Value,
    ) -> Result<Answer, ureq::Error> {
        let bearer = bearer(key);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", once),
        ];
        self.try_send("POST", path, &headers, Some(body.to_string().as_bytes()))
    }

    pub(crate) fn make(&self, path: &str, key: &str, once: &str, body: &Value) -> Answer {
        self.try_make(path, key, once, body).unwrap()
    }

    /// Issues a draft, its lot number as the idempotency key.
    #[track_caller]
    pub(crate) fn issue(&self, key: &str, draft: &Value) -> Answer {
        self.make("/v1/certificates", key, draft["lotNumber"].as_str().unwrap(), draft).expect(201)
    }

    /// A lot's balance.
    #[track_caller]
    pub(crate) fn lot(&self, key: &str, id: &str) -> Value {
        self.get(&format!("/v1/lots/{id}"), key).expect(200).json()
    }
}

pub(crate) fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

pub(crate) fn config(folder: PathBuf, address: SocketAddr, setting: Setting) -> Config {
    let (secret_file, key_file) = (folder.join("secret"), folder.join("log.key"));
    std::fs::write(&secret_file, "a secret for tests alone").unwrap();
    let origin = setting.origin.unwrap_or(ORIGIN);
    let (key, _) = Log::new_key(&Home::parse(origin).unwrap(), &[7; 32]).unwrap();
    std::fs::write(&key_file, key).unwrap();
    let status_file = folder.join("status.key");
    std::fs::write(&status_file, SigningKey::from_seed(&[9; 32]).to_secret_multikey()).unwrap();
    Config {
        profile: Profile::Development,
        listen: address,
        public_url: format!("http://{address}").try_into().unwrap(),
        origin: Some(origin.to_owned()),
        metrics_listen: None,
        storage: Storage::sqlite(folder.join("registry.db")),
        seal: SealConfig { secret_file },
        log: LogConfig {
            refresh_seconds: 3600,
            key_file,
            mark_file: folder.join("log.mark"),
            quorum: setting.quorum,
            entries: setting.entries,
        },
        witness: setting.witness,
        status: StatusConfig { key_file: status_file },
        admission: setting.admission.map(|trust_file| AdmissionConfig { trust_file }),
        gate: setting.gate,
        peer: setting.peer,
        limits: setting.limits,
    }
}

/// 710 t of mixed carbonate: 50,691.9 kg Nd, 14,073.4 kg Pr, and the rest.
pub(crate) fn origin(number: &str) -> Value {
    json!({
        "type": "OriginCertificate", "source": "mined", "origin": { "country": "AU" },
        "lotNumber": number, "product": "Mixed rare-earth carbonate", "form": "mixed-compound",
        "netMass": "710222.000",
        "assay": {
            "massBasis": "as-received", "percentBasis": "of-treo", "treo": "45.0",
            "components": [
                { "oxide": "La2O3", "percent": "25.5" }, { "oxide": "CeO2", "percent": "46.74" },
                { "oxide": "Pr6O11", "percent": "5.32" }, { "oxide": "Nd2O3", "percent": "18.5" },
            ],
        },
        "facility": { "id": "urn:gln:9521321000003", "name": "Example Mine", "country": "AU" },
        "period": { "from": "2026-07-01", "to": "2026-07-31" }, "custodyModel": "segregated",
    })
}

/// The example of the interface document: 73 t of NdPr oxide from one lot.
pub(crate) fn separation(number: &str, input: &str) -> Value {
    json!({
        "type": "ProcessingCertificate", "step": "separation", "lotNumber": number,
        "product": "NdPr oxide", "form": "oxide", "netMass": "73450.900",
        "externalId": format!("9521/NDPR/{number}/2026"),
        "assay": {
            "massBasis": "ignited", "lossOnIgnition": "0.00", "percentBasis": "of-mass",
            "components": [
                { "oxide": "Nd2O3", "percent": "77.278" }, { "oxide": "Pr6O11", "percent": "22.222" },
                { "oxide": "Dy2O3", "below": "0.005" },
            ],
            "impurities": [{ "species": "Fe2O3", "ppm": "35" }],
            "method": "ICP-OES", "laboratory": "Example Lab", "sampleId": "S-881", "date": "2026-08-30",
        },
        "facility": { "id": "urn:gln:9521321000010", "name": "Example Refinery", "country": "MY" },
        "period": { "from": "2026-08-01", "to": "2026-08-30" }, "custodyModel": "segregated",
        "inputs": [{ "lot": input }],
        "hsCodes": [{ "nomenclature": "HS 2022", "code": "2846.90" }],
    })
}

/// Something that draws so many kilograms of neodymium, and contains them.
pub(crate) fn draw(number: &str, input: &str, kg: &str) -> Value {
    let mut draft = separation(number, input);
    let members = draft.as_object_mut().unwrap();
    for assayed in ["assay", "netMass", "externalId"] {
        members.remove(assayed);
    }
    draft["contentFrom"] = "draws".into();
    draft["inputs"] = json!([{ "lot": input, "draws": { "Nd": kg } }]);
    draft
}

pub(crate) fn transfer(number: &str, input: &str, to: &str) -> Value {
    json!({
        "type": "TransferCertificate", "kind": "sale", "lotNumber": number, "product": "NdPr oxide",
        "form": "oxide", "to": { "id": to, "name": "The buyer" }, "dispatchDate": "2026-08-31",
        "destination": "VN", "inputs": [{ "lot": input }], "netMass": "73450.900",
    })
}

/// A trust file of all issuers of a service, for a holder.
pub(crate) fn trust(service: &Service, holder: &str) -> String {
    let all = service.client.get("/v1/issuers", &service.admin).expect(200).json();
    let mut text =
        format!("version = 1\nholder = [\"{holder}\"]\n[require]\nregistration = false\nstatus = false\n");
    for issuer in all["issuers"].as_array().unwrap() {
        let keys: Vec<_> =
            issuer["keys"].as_array().unwrap().iter().map(|k| k["publicKeyMultibase"].to_string()).collect();
        text.push_str(&format!("[[issuer]]\ndid = {}\nkeys = [{}]\n", issuer["did"], keys.join(", ")));
    }
    text
}

/// A request of which half the body is sent, and the body: who calls is asked for meanwhile.
pub(crate) fn begun(client: &Client, key: &str, once: &str, draft: &Value) -> (TcpStream, Vec<u8>) {
    let body = draft.to_string().into_bytes();
    let mut stream = TcpStream::connect(client.url.strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "POST /v1/certificates HTTP/1.1\r\nhost: here\r\nauthorization: Bearer {key}\r\nidempotency-key: {once}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body[..body.len() / 2]).unwrap();
    (stream, body)
}
