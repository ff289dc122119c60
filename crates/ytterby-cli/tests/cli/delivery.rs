//! A delivery made with the library: ore from a mine, sold to a refinery, made into oxide, sold to Acme.

use ytterby::did::Did;
use ytterby::key::SigningKey;
use ytterby::time::parse_time;
use ytterby::{Authority, Bundle, Certificate, Draft, Home, Inputs, Issue, admit, lots_of};

/// Verifies the delivery, by a trust file beside it, as of a day after it was made.
pub(crate) const VERIFY: [&str; 6] =
    ["verify", "delivery.json", "--trust", "acme.toml", "--at", "2026-08-01"];

/// A company with one key.
pub(crate) struct Party {
    pub(crate) did: String,
    pub(crate) key: SigningKey,
}

impl Party {
    pub(crate) fn new(name: &str, seed: u8) -> Self {
        Party { did: format!("did:web:{name}.example"), key: SigningKey::from_seed(&[seed; 32]) }
    }

    /// Issues a certificate on top of others.
    pub(crate) fn issue(
        &self,
        number: u128,
        at: &str,
        draft: serde_json::Value,
        on: &[&Certificate<'static>],
    ) -> Certificate<'static> {
        let bundle = Bundle::of(Vec::new(), on.iter().map(|certificate| (*certificate).clone()).collect());
        let mut inputs = Inputs::default();
        for lot in lots_of(&bundle) {
            inputs.add(lot, None);
        }
        let authority = Authority {
            issuer: Did::parse(&self.did).unwrap(),
            name: None,
            key: self.key.public(),
            home: Home::parse("registry.example/ree").unwrap(),
            scope: None,
        };
        let id = uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid();
        let issue = Issue { id, at: parse_time(at).unwrap() };
        let draft = Draft::parse(draft.to_string().as_bytes()).unwrap();
        let unsigned = admit(&draft, &inputs, &authority, issue);
        unsigned.unwrap_or_else(|findings| panic!("{findings:?}")).sign(&self.key)
    }
}

/// Everything behind the oxide that Acme receives.
pub(crate) struct Delivery {
    pub(crate) mine: Party,
    pub(crate) refinery: Party,
    pub(crate) ore: Certificate<'static>,
    pub(crate) ore_sold: Certificate<'static>,
    pub(crate) oxide: Certificate<'static>,
    pub(crate) oxide_sold: Certificate<'static>,
}

impl Delivery {
    pub(crate) fn new() -> Self {
        let (mine, refinery) = (Party::new("mine", 1), Party::new("refinery", 2));
        let ore = mine.issue(1, "2026-06-01T08:00:00Z", origin("ORE-1"), &[]);
        let ore_sold =
            mine.issue(2, "2026-06-10T08:00:00Z", sale(&ore, "ORE-1", "1000", "refinery", "MY"), &[&ore]);
        let oxide = refinery.issue(3, "2026-07-01T08:00:00Z", oxide(&ore_sold, "OX-1"), &[&ore, &ore_sold]);
        let behind = [&ore, &ore_sold, &oxide];
        let sold = sale(&oxide, "OX-1", "100", "acme", "DE");
        let oxide_sold = refinery.issue(4, "2026-07-10T08:00:00Z", sold, &behind);
        Delivery { mine, refinery, ore, ore_sold, oxide, oxide_sold }
    }

    pub(crate) fn certificates(&self) -> [&Certificate<'static>; 4] {
        [&self.ore, &self.ore_sold, &self.oxide, &self.oxide_sold]
    }

    /// The bundle that comes with the drum.
    pub(crate) fn bundle(&self) -> Vec<u8> {
        bundle(&self.certificates())
    }

    /// A trust file that accepts both companies, and is somebody's.
    pub(crate) fn trust(&self, holder: Option<&str>) -> String {
        let holder = holder.map_or_else(String::new, |did| format!("holder = [{did:?}]\n"));
        let pin = |party: &Party| {
            format!("\n[[issuer]]\ndid = {:?}\nkeys = [\"{}\"]\n", party.did, party.key.public())
        };
        format!(
            "version = 1\nname = \"Acme\"\n{holder}{}{}\n[require]\nregistration = false\nstatus = false\n",
            pin(&self.mine),
            pin(&self.refinery)
        )
    }

    /// A second lot of oxide from the same ore: either is in order, both together are too much.
    pub(crate) fn oxide_again(&self) -> Certificate<'static> {
        let draft = oxide(&self.ore_sold, "OX-2");
        self.refinery.issue(5, "2026-07-02T08:00:00Z", draft, &[&self.ore, &self.ore_sold])
    }
}

/// A bundle of certificates, about those that no other draws on.
pub(crate) fn bundle(certificates: &[&Certificate<'static>]) -> Vec<u8> {
    let all: Vec<_> = certificates.iter().map(|certificate| certificate.bytes()).collect();
    let mut bytes = b"{\"bundle\":\"ytterby.bundle/1\",\"certificates\":[".to_vec();
    bytes.extend(all.join(&b','));
    bytes.extend_from_slice(b"]}");
    bytes
}

pub(crate) fn label(certificate: &Certificate<'_>) -> String {
    certificate.claims().id.urn().to_string()
}

pub(crate) fn origin(number: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "OriginCertificate", "source": "mined", "lotNumber": number, "product": "Monazite concentrate",
        "form": "concentrate", "netMass": "1000", "origin": { "country": "AU" },
        "assay": { "massBasis": "as-received", "percentBasis": "of-mass", "components": [
            { "oxide": "Nd2O3", "percent": "10" }, { "oxide": "CeO2", "percent": "25" } ] },
        "facility": { "id": "urn:gln:9521321000027", "name": "Example Mine", "country": "AU" },
        "period": { "from": "2026-05-01", "to": "2026-05-31" }, "custodyModel": "segregated",
    })
}

pub(crate) fn sale(
    of: &Certificate<'_>,
    number: &str,
    mass: &str,
    to: &str,
    country: &str,
) -> serde_json::Value {
    let lot = of.lot().unwrap();
    let day = if to == "acme" { "2026-07-10" } else { "2026-06-10" };
    serde_json::json!({
        "type": "TransferCertificate", "kind": "sale", "lotNumber": number, "product": lot.product,
        "form": lot.form.as_str(), "netMass": mass,
        "to": { "id": format!("did:web:{to}.example"), "name": to, "country": country },
        "dispatchDate": day, "destination": country, "inputs": [{ "lot": label(of) }],
    })
}

pub(crate) fn oxide(of: &Certificate<'_>, number: &str) -> serde_json::Value {
    serde_json::json!({
        "type": "ProcessingCertificate", "step": "separation", "lotNumber": number, "product": "Nd oxide",
        "form": "oxide", "netMass": "100",
        "assay": { "massBasis": "as-received", "percentBasis": "of-mass", "components": [
            { "oxide": "Nd2O3", "percent": "99" }] },
        "facility": { "id": "urn:gln:9521321000010", "name": "Example Refinery", "country": "MY" },
        "period": { "from": "2026-06-15", "to": "2026-06-30" }, "custodyModel": "segregated",
        "inputs": [{ "lot": label(of) }],
    })
}
