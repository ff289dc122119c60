//! Many independent lineages of three certificates each, parsed and verified, against the signatures alone.

use jiff::Timestamp;
use serde_json::{Value, json};
use ytterby::key::{SigningKey, verify_strict};
use ytterby::{Bundle, Certificate, Draft, Trust, Verdict};

use super::Failure;
use super::clock::Best;
use super::figure::Figures;
use conformance::book::{Book, time};
use conformance::log::TestLog;

/// Lineages, each an origin, a processing step and a sale.
const LINEAGES: usize = 7_000;
/// The companies that issue them.
const COMPANIES: usize = 24;
const ROUNDS: usize = 5;
const NOW: &str = "2026-11-24T12:00:00Z";

pub(crate) fn measure(figures: &mut Figures) -> Result<(), Failure> {
    let (bundle, trust, count) = bundle()?;
    let (registered, watching) = registered(&bundle, &trust)?;
    let trust = Trust::parse(trust.as_bytes())?;
    let raw = Raw::new(count)?;
    let (mut parsed, mut whole, mut alone) = (Best::NONE, Best::NONE, Best::NONE);
    let (mut parsed_too, mut whole_too) = (Best::NONE, Best::NONE);
    for _ in 0..ROUNDS {
        alone.time(|| raw.verify());
        parsed.time(|| Bundle::parse(&bundle).map(drop))?;
        let verdict = whole.time(|| verdict(&bundle, &trust, time(NOW)))?;
        if verdict != Verdict::Verified {
            return Err(format!("the lineages are {}", verdict.as_str()).into());
        }
        parsed_too.time(|| Bundle::parse(&registered).map(drop))?;
        let verdict = whole_too.time(|| self::verdict(&registered, &watching, time(NOW)))?;
        if verdict != Verdict::Verified {
            return Err(format!("the registered lineages are {}", verdict.as_str()).into());
        }
    }
    let each = |best: Best| best.0.as_secs_f64() * 1e6 / count as f64;
    let baseline = ("verify_strict alone", each(alone));
    figures.add(format!("verify, {count} distinct certificates"), each(whole), "µs each", baseline);
    figures.add("of which parse", each(parsed), "µs each", baseline);
    let more = |with: Best, without: Best| each(with) - each(without);
    figures.add("registration, receipts of one checkpoint", more(whole_too, whole), "µs each", baseline);
    figures.add("of which parse", more(parsed_too, parsed), "µs each", baseline);
    figures.add(
        "size of those receipts",
        (registered.len() - bundle.len()) as f64 / count as f64 / 1024.0,
        "KiB each",
        ("wanted", 3.0),
    );
    figures.add(
        "size of those certificates",
        bundle.len() as f64 / count as f64 / 1024.0,
        "KiB each",
        ("wanted", 3.0),
    );
    Ok(())
}

fn verdict(bundle: &[u8], trust: &Trust, at: Timestamp) -> Result<Verdict, Failure> {
    let bundle = Bundle::parse(bundle)?;
    Ok(ytterby::verify(&bundle, trust, &ytterby::Rules::default(), at).verdict())
}

/// The same with a receipt for each, and the trust file that requires them.
fn registered(bundle: &[u8], trust: &str) -> Result<(Vec<u8>, Trust), Failure> {
    let parsed = Bundle::parse(bundle)?;
    let certificates = parsed.certificates().iter().map(|c| c.clone().into_owned()).collect();
    let mut log = TestLog::new("registry.example/ree");
    log.cosigned_at = u64::try_from(time(NOW).as_second())? - 3600;
    let registered = log.register_all(Bundle::of(parsed.subject(), certificates)).to_bytes();
    let trust = trust.replace("registration = false", "registration = true") + &log.trusted();
    Ok((registered, Trust::parse(trust.as_bytes())?))
}

/// As many signatures over distinct messages, of as many keys as there are companies.
pub(crate) struct Raw {
    keys: Vec<ed25519_dalek::VerifyingKey>,
    signed: Vec<([u8; 64], [u8; 64])>,
}

impl Raw {
    pub(crate) fn new(count: usize) -> Result<Self, Failure> {
        let secret: Vec<SigningKey> =
            (0..COMPANIES).map(|n| SigningKey::from_seed(&[u8::try_from(n).unwrap_or(0); 32])).collect();
        let keys = secret.iter().map(|key| key.public().verifying_key()).collect::<Result<_, _>>()?;
        let message = |n: usize| {
            let mut message = [7; 64];
            message[..8].copy_from_slice(&n.to_be_bytes());
            message
        };
        let signed = (0..count).map(|n| (message(n), secret[n % COMPANIES].sign(&message(n)))).collect();
        Ok(Raw { keys, signed })
    }

    pub(crate) fn verify(&self) -> usize {
        let holds = |(n, (message, signature)): &(usize, &([u8; 64], [u8; 64]))| {
            verify_strict(&self.keys[n % COMPANIES], message, signature)
        };
        self.signed.iter().enumerate().filter(holds).count()
    }
}

/// The bundle, the trust file that pins its issuers, and how many certificates it has.
fn bundle() -> Result<(Vec<u8>, String, usize), Failure> {
    let mut book = Book::default();
    for n in 0..LINEAGES {
        lineage(&mut book, n)?;
    }
    let trust = book.trust_file(None);
    let count = book.certificates.len();
    let sold = book.certificates.iter().skip(2).step_by(3).map(Certificate::digest).collect();
    Ok((Bundle::of(sold, book.certificates).to_bytes(), trust, count))
}

fn lineage(book: &mut Book, n: usize) -> Result<(), Failure> {
    let company = format!("refinery-{}", n % COMPANIES);
    let buyer = Book::did(&format!("buyer-{}", n % COMPANIES));
    let mut issue = |draft: Value| -> Result<String, Failure> {
        let draft = Draft::parse(draft.to_string().as_bytes())?;
        let refused = |findings: Vec<_>| format!("refused: {findings:?}");
        let certificate = book.issue(&company, &draft, time(NOW)).map_err(refused)?;
        Ok(certificate.claims().id.urn().to_string())
    };
    let number = format!("SX-{n:05}");
    let feed = issue(origin(&number))?;
    let oxide = issue(separation(&number, &feed))?;
    issue(sale(&number, &oxide, buyer.as_str()))?;
    Ok(())
}

/// Shares of the rare-earth oxides of a carbonate, percent of their total.
const CARBONATE: [(&str, &str); 14] = [
    ("La2O3", "25.5"),
    ("CeO2", "46.1"),
    ("Pr6O11", "5.32"),
    ("Nd2O3", "18.5"),
    ("Sm2O3", "2.27"),
    ("Eu2O3", "0.44"),
    ("Gd2O3", "0.8"),
    ("Tb4O7", "0.07"),
    ("Dy2O3", "0.12"),
    ("Ho2O3", "0.02"),
    ("Er2O3", "0.03"),
    ("Yb2O3", "0.01"),
    ("Lu2O3", "0.004"),
    ("Y2O3", "0.24"),
];

fn origin(number: &str) -> Value {
    let components: Vec<Value> =
        CARBONATE.iter().map(|(oxide, percent)| json!({ "oxide": oxide, "percent": percent })).collect();
    json!({
        "type": "OriginCertificate", "source": "mined",
        "origin": { "country": "AU", "region": "Western Australia", "deposit": "Mount Wombat" },
        "lotNumber": format!("{number}-FEED"), "product": "Mixed rare-earth carbonate", "form": "mixed-compound",
        "netMass": "66000.000",
        "assay": {
            "massBasis": "as-received", "percentBasis": "of-treo", "treo": "45.0", "components": components,
            "impurities": [{ "species": "ThO2", "ppm": "12" }, { "species": "U3O8", "belowPpm": "2" }],
            "method": "ICP-OES", "laboratory": "Port Kelang laboratory", "sampleId": number, "date": "2026-10-20"
        },
        "facility": facility(), "custodyModel": "segregated",
        "period": { "from": "2026-10-18", "to": "2026-10-20" },
        "packages": packages(number, 2),
    })
}

fn separation(number: &str, feed: &str) -> Value {
    json!({
        "type": "ProcessingCertificate", "step": "separation",
        "lotNumber": number, "product": "NdPr oxide", "form": "oxide", "netMass": "6900.000",
        "assay": ndpr_assay(number), "facility": facility(), "custodyModel": "mass-balance",
        "period": { "from": "2026-10-21", "to": "2026-11-05" },
        "inputs": [{ "lot": feed }],
        "packages": packages(number, 7),
        "hsCodes": [{ "nomenclature": "HS 2022", "code": "2846.90" }],
    })
}

fn sale(number: &str, oxide: &str, buyer: &str) -> Value {
    json!({
        "type": "TransferCertificate", "kind": "sale",
        "lotNumber": number, "product": "NdPr oxide", "form": "oxide", "netMass": "6900.000",
        "to": { "id": buyer, "name": "Buyer of oxides" }, "dispatchDate": "2026-11-10", "destination": "JP",
        "inputs": [{ "lot": oxide }], "assay": ndpr_assay(number), "packages": packages(number, 7),
        "hsCodes": [{ "nomenclature": "HS 2022", "code": "2846.90" }],
    })
}

fn ndpr_assay(number: &str) -> Value {
    let mut components = vec![
        json!({ "oxide": "Nd2O3", "percent": "77.278" }),
        json!({ "oxide": "Pr6O11", "percent": "22.222" }),
    ];
    let limits =
        CARBONATE.iter().map(|(oxide, _)| *oxide).filter(|oxide| !["Nd2O3", "Pr6O11"].contains(oxide));
    components.extend(limits.map(|oxide| json!({ "oxide": oxide, "below": "0.005" })));
    json!({
        "massBasis": "ignited", "lossOnIgnition": "0.00", "percentBasis": "of-mass", "components": components,
        "impurities": [{ "species": "Fe2O3", "ppm": "35" }, { "species": "SiO2", "belowPpm": "50" }],
        "method": "ICP-OES", "laboratory": "Gebeng laboratory", "sampleId": number, "date": "2026-11-04"
    })
}

fn facility() -> Value {
    json!({ "id": "urn:gln:9521321000020", "name": "Gebeng separation plant", "country": "MY" })
}

fn packages(number: &str, count: usize) -> Vec<Value> {
    let drum = |n| json!({ "number": format!("{number}/{n}"), "packaging": "drum", "net": "985.714", "seal": format!("GB 8{n}{n}21") });
    (1..=count).map(drum).collect()
}
