//! A registry in memory: enough to issue lineages for tests, with the library's own admission.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;
use ytterby::carried::Carried;
use ytterby::did::Did;
use ytterby::digest::Digest;
use ytterby::key::SigningKey;
use ytterby::{Authority, Certificate, Draft, Home, InputLot, Inputs, Issue, Refusal, admit};

/// Issues certificates and keeps them.
pub struct Book {
    inputs: Inputs,
    home: Home,
    series: u64,
    issued: u64,
    /// Everything issued, in order.
    pub certificates: Vec<Certificate<'static>>,
    keys: HashMap<String, SigningKey>,
    titles: HashMap<String, String>,
}

impl Default for Book {
    fn default() -> Self {
        Book::new("registry.example/ree", 0)
    }
}

impl Book {
    /// A registry whose log has this origin. Books of different series give different labels.
    pub fn new(origin: &str, series: u64) -> Self {
        Book {
            inputs: Inputs::default(),
            home: home(origin),
            series,
            issued: 0,
            certificates: Vec::new(),
            keys: HashMap::new(),
            titles: HashMap::new(),
        }
    }

    /// The signing key of a company: a test key, made from its name.
    pub fn key(&mut self, company: &str) -> SigningKey {
        let seed = *Digest::of(format!("test key of {company}").as_bytes()).as_bytes();
        self.keys.entry(company.to_owned()).or_insert_with(|| SigningKey::from_seed(&seed)).clone()
    }

    /// The DID of a company.
    pub fn did(company: &str) -> Did {
        Did::parse(&format!("did:web:{company}.example")).expect("a company's name is a host name")
    }

    /// Issues a draft for a company; its lot can then be an input under its label.
    pub fn issue(
        &mut self,
        company: &str,
        draft: &Draft,
        at: Timestamp,
    ) -> Result<Certificate<'static>, Refusal> {
        let (certificate, carried) = self.certify(company, draft, at)?;
        self.inputs.take(&certificate);
        let lot = InputLot {
            certificate: certificate.clone(),
            carried,
            drawn: Default::default(),
            closed: false,
            status: None,
        };
        self.inputs.add(lot, None);
        self.certificates.push(certificate.clone());
        Ok(certificate)
    }

    /// Issues a draft that makes no lot. It is not kept.
    pub fn state(
        &mut self,
        company: &str,
        draft: &Draft,
        at: Timestamp,
    ) -> Result<Certificate<'static>, Refusal> {
        self.certify(company, draft, at).map(|(certificate, _)| certificate)
    }

    /// What a company calls itself in what it issues from now on: its short name, until it is told.
    pub fn call(&mut self, company: &str, title: &str) {
        self.titles.insert(company.to_owned(), title.to_owned());
    }

    fn certify(
        &mut self,
        company: &str,
        draft: &Draft,
        at: Timestamp,
    ) -> Result<(Certificate<'static>, Carried), Refusal> {
        let key = self.key(company);
        let authority = self.authority(company, &key);
        let issue = Issue { id: self.next_id(), at };
        let unsigned = admit(draft, &self.inputs, &authority, issue)?;
        Ok((unsigned.sign(&key), unsigned.carried().clone()))
    }

    /// What stands against a draft of a company that has issued before; nothing is issued.
    pub fn refusal(&self, company: &str, draft: &Draft, at: Timestamp) -> Refusal {
        let Some(key) = self.keys.get(company) else { return Refusal::new() };
        let issue = Issue { id: uuid::Builder::from_random_bytes([0xff; 16]).into_uuid(), at };
        admit(draft, &self.inputs, &self.authority(company, key), issue).err().unwrap_or_default()
    }

    fn authority(&self, company: &str, key: &SigningKey) -> Authority {
        Authority {
            issuer: Self::did(company),
            name: Some(self.titles.get(company).map_or(company, String::as_str).to_owned()),
            key: key.public(),
            home: self.home.clone(),
            scope: None,
        }
    }

    /// What is known of the lots.
    pub fn inputs(&mut self) -> &mut Inputs {
        &mut self.inputs
    }

    /// A trust file that pins every company that has issued, and says who the reader is.
    pub fn trust_file(&self, holder: Option<&str>) -> String {
        let mut text = "version = 1\nname = \"test\"\n".to_owned();
        if let Some(holder) = holder {
            text += &format!("holder = [\"{}\"]\n", Self::did(holder));
        }
        let mut companies: Vec<_> = self.keys.iter().collect();
        companies.sort_by_key(|(name, _)| name.as_str());
        for (company, key) in companies {
            text += &format!("[[issuer]]\ndid = \"{}\"\nkeys = [\"{}\"]\n", Self::did(company), key.public());
        }
        text + "[require]\nregistration = false\nstatus = false\n"
    }

    /// Labels that repeat from run to run.
    fn next_id(&mut self) -> Uuid {
        self.issued += 1;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.series.to_be_bytes());
        bytes[8..].copy_from_slice(&self.issued.to_be_bytes());
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// A log origin.
pub fn home(origin: &str) -> Home {
    Home::parse(origin).expect("a log origin")
}

/// A UTC time.
pub fn time(text: &str) -> Timestamp {
    ytterby::time::parse_time(text).expect("a time")
}
