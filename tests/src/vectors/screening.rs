//! One exchange with a screening service, and answers to it that are refused, each for one fault. The answers are
//! written out here: nothing of the registry's own signing is in them.

use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use ytterby::Home;
use ytterby::digest::Digest;
use ytterby::key::SigningKey;
use ytterby::time::parse_time;
use ytterby_registry::screening::{Answer, Question, ScreeningSetting, Transfer};

use super::Forge;

const AT: &str = "2026-09-21T08:00:00Z";
const STATUS: &str = "\"@status\"";
const TYPE: &str = "\"content-type\"";
const DIGEST: &str = "\"content-digest\"";
const QUESTION: &str = "\"signature\";req;key=\"ytterby\"";

/// The exchange that the vectors are about.
pub struct Exchange {
    /// How the service is asked.
    pub setting: ScreeningSetting,
    /// The question.
    pub question: Question,
    certificate: String,
}

/// An answer as it is put together: what a service sends, and what it signs.
struct Draft {
    headers: Vec<(&'static str, String)>,
    body: String,
    lines: Vec<(&'static str, String)>,
    parameters: String,
    label: &'static str,
    key: SigningKey,
    status: u16,
}

impl Exchange {
    /// The question about the transfer of the honest vector.
    pub fn new(nonce: u8) -> Self {
        let mut forge = Forge::default();
        let ore = forge.ore();
        let oxide = forge.oxide(&ore);
        let sold = forge.sale(&oxide).certificate();
        let setting = ScreeningSetting {
            url: "https://screening.example/v1/transfers".to_owned(),
            keys: vec![service().public(), SigningKey::from_seed(&[43; 32]).public()],
            key: SigningKey::from_seed(&[41; 32]),
            timeout: std::time::Duration::from_secs(5),
        };
        let transfer = Transfer { certificate: sold.digest(), bytes: sold.bytes(), rules: &[] };
        let home = Home::parse("registry.example/ree").expect("an origin");
        let at = parse_time(AT).expect("a time");
        let question = Question::new(&setting, &home, at, &[nonce; 32], &[transfer]);
        Exchange { setting, question, certificate: sold.digest().to_string() }
    }

    fn body(&self, decision: &str) -> String {
        let own = json!({ "certificate": self.certificate, "decision": decision, "reference": "case 4711" });
        json!({ "screening": "ytterby.screening/1", "answers": [own] }).to_string()
    }

    fn draft(&self, body: String) -> Draft {
        let digest = format!("sha-256={}", bytes(Digest::of(body.as_bytes()).as_bytes()));
        let key = service();
        let text = |text: &str| text.to_owned();
        Draft {
            headers: vec![("content-type", text("application/json")), ("content-digest", digest.clone())],
            body,
            lines: vec![
                (STATUS, text("200")),
                (TYPE, text("application/json")),
                (DIGEST, digest),
                (QUESTION, self.signature()),
            ],
            parameters: parameters(&key, "ytterby-screening"),
            label: "s",
            key,
            status: 200,
        }
    }

    /// The signature of the question, without its label.
    fn signature(&self) -> String {
        let (_, value) = &self.question.headers[3];
        value.trim_start_matches("ytterby=").to_owned()
    }
}

fn service() -> SigningKey {
    SigningKey::from_seed(&[42; 32])
}

fn parameters(key: &SigningKey, tag: &str) -> String {
    let created = parse_time(AT).expect("a time").as_second();
    format!(";created={created};keyid=\"{}\";alg=\"ed25519\";tag=\"{tag}\"", key.public())
}

fn bytes(bytes: &[u8]) -> String {
    format!(":{}:", BASE64.encode(bytes))
}

impl Draft {
    /// A line of the base gets another value; the headers stay.
    fn line(&mut self, component: &str, value: &str) {
        for line in self.lines.iter_mut().filter(|(own, _)| *own == component) {
            value.clone_into(&mut line.1);
        }
    }

    fn header(&mut self, name: &str, value: &str) {
        for header in self.headers.iter_mut().filter(|(own, _)| *own == name) {
            value.clone_into(&mut header.1);
        }
    }

    fn without(&mut self, component: &str) {
        self.lines.retain(|(own, _)| *own != component);
    }

    fn input(&self) -> String {
        let components: Vec<_> = self.lines.iter().map(|(component, _)| *component).collect();
        format!("({}){}", components.join(" "), self.parameters)
    }

    fn base(&self) -> String {
        let line = |(component, value): &(&str, String)| format!("{component}: {value}\n");
        let lines: String = self.lines.iter().map(line).collect();
        format!("{lines}\"@signature-params\": {}", self.input())
    }

    fn sign(self) -> Answer {
        let signature = bytes(&self.key.sign(self.base().as_bytes()));
        let own = [
            ("signature-input", format!("{}={}", self.label, self.input())),
            ("signature", format!("{}={signature}", self.label)),
        ];
        let headers = self.headers.into_iter().chain(own);
        Answer {
            status: self.status,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).collect(),
            body: self.body.into_bytes(),
        }
    }
}

type Row = (&'static str, u8, Answer);

/// Answers that are refused: what is wrong, the rule that it breaks, the answer.
fn refused(exchange: &Exchange) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |comment: &'static str, rule: u8, spoil: &dyn Fn(&mut Draft)| {
        let mut draft = exchange.draft(exchange.body("allow"));
        spoil(&mut draft);
        rows.push((comment, rule, draft.sign()));
    };
    add("another status, signed", 1, &|own| {
        own.status = 202;
        own.line(STATUS, "202");
    });
    add("a redirect", 1, &|own| own.status = 307);
    add("another type, signed", 3, &|own| {
        own.header("content-type", "text/json");
        own.line(TYPE, "text/json");
    });
    add("a type with a parameter, signed", 3, &|own| {
        own.header("content-type", "application/json; charset=utf-8");
        own.line(TYPE, "application/json; charset=utf-8");
    });
    add("the body was altered", 3, &|own| own.body = own.body.replace("4711", "4712"));
    add("the digest is another algorithm's alone", 3, &|own| {
        own.header("content-digest", "sha-512=:AA==:");
        own.line(DIGEST, "sha-512=:AA==:");
    });
    add("the digest stands there twice", 3, &|own| own.headers.push(own.headers[1].clone()));
    add("no tag", 4, &|own| own.parameters = own.parameters.replace(";tag=\"ytterby-screening\"", ""));
    add("the tag of something else", 4, &|own| own.parameters = parameters(&own.key, "webhook"));
    add("the status is not signed", 5, &|own| own.without(STATUS));
    add("the digest is not signed", 5, &|own| own.without(DIGEST));
    add("the question is not signed: it would fit any", 5, &|own| own.without(QUESTION));
    add("it signs a signature of its own in the place of the question's", 5, &|own| {
        own.lines[3].0 = "\"signature\";key=\"ytterby\"";
    });
    add("it signs another signature of the question", 5, &|own| {
        own.lines[3].0 = "\"signature\";req;key=\"other\"";
    });
    add("it signs more", 5, &|own| own.lines.push(("\"date\"", "Mon, 21 Sep 2026 08:00:00 GMT".to_owned())));
    add("it signs the type twice", 5, &|own| own.lines.push(own.lines[1].clone()));
    add("another algorithm", 6, &|own| own.parameters = own.parameters.replace("ed25519", "rsa-pss-sha512"));
    add("no time", 6, &|own| {
        own.parameters = format!(";keyid=\"{}\";tag=\"ytterby-screening\"", own.key.public());
    });
    add("a parameter that it may not have", 6, &|own| own.parameters.push_str(";expires=1"));
    add("a key that is not pinned", 6, &|own| {
        own.key = SigningKey::from_seed(&[44; 32]);
        own.parameters = parameters(&own.key, "ytterby-screening");
    });
    add("the registry's own key", 6, &|own| {
        own.key = SigningKey::from_seed(&[41; 32]);
        own.parameters = parameters(&own.key, "ytterby-screening");
    });
    add("signed with another pinned key than it names", 7, &|own| own.key = SigningKey::from_seed(&[43; 32]));
    add("the status was altered after it was signed", 7, &|own| own.line(STATUS, "403"));
    add("the digest was altered after it was signed", 7, &|own| own.line(DIGEST, "sha-256=:AA==:"));
    let other = Exchange::new(8);
    add("the answer to the same question with another nonce", 7, &|own| {
        own.line(QUESTION, &other.signature())
    });
    rows.extend(bodies(exchange));
    rows
}

/// Signed as they should be, and their bodies say something else than they may.
fn bodies(exchange: &Exchange) -> Vec<Row> {
    let good = exchange.body("allow");
    let other = Digest::of(b"another").to_string();

    let bodies = [
        ("another version", good.replace("screening/1", "screening/2")),
        ("no decision that there is", good.replace("\"allow\"", "\"perhaps\"")),
        ("a decision in capitals", good.replace("\"allow\"", "\"ALLOW\"")),
        ("about another certificate", good.replace(&exchange.certificate, &other)),
        ("no answer", json!({ "screening": "ytterby.screening/1", "answers": [] }).to_string()),
        ("an empty reference", good.replace("case 4711", "")),
        ("a reference of 201 characters", good.replace("case 4711", &"x".repeat(201))),
        ("a member that it does not have", good.replace("\"decision\"", "\"score\":\"1\",\"decision\"")),
        ("a member twice", good.replace("\"decision\"", "\"decision\":\"deny\",\"decision\"")),
        ("two documents", format!("{good}{good}")),
        ("no JSON", "allow".to_owned()),
    ];
    bodies.into_iter().map(|(comment, body)| (comment, 8, exchange.draft(body).sign())).collect()
}

/// Answers that are believed: what is particular, whether the transfer is allowed, the answer.
fn believed(exchange: &Exchange) -> Vec<(&'static str, bool, Answer)> {
    let mut turned = exchange.draft(exchange.body("allow"));
    turned.lines.reverse();
    turned.label = "other";
    turned.parameters = turned.parameters.replace(";alg=\"ed25519\"", "");
    let mut second = exchange.draft(exchange.body("allow"));
    second.key = SigningKey::from_seed(&[43; 32]);
    second.parameters = parameters(&second.key, "ytterby-screening");
    let deny = exchange.body("deny").replace("\"reference\"", "\"reason\":\"listed\",\"reference\"");
    vec![
        ("allowed", true, exchange.draft(exchange.body("allow")).sign()),
        ("denied", false, exchange.draft(deny).sign()),
        ("another order and label, no algorithm named", true, turned.sign()),
        ("by the other pinned key", true, second.sign()),
    ]
}

/// The exchange as a file.
pub fn screening() -> Value {
    let exchange = Exchange::new(7);
    let message = |headers: Map<String, Value>, body: &[u8]| json!({ "headers": headers, "body": String::from_utf8_lossy(body) });
    let mut question = message(
        exchange.question.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect(),
        &exchange.question.body,
    );
    question["method"] = json!("POST");
    question["target"] = json!(exchange.setting.url);
    question["signatureBase"] = json!(exchange.question.base);
    let answers = believed(&exchange).into_iter().map(|(comment, allowed, answer)| {
        let mut row = row(comment, &answer);
        row["allowed"] = json!(allowed);
        row
    });
    let bad = refused(&exchange).into_iter().map(|(comment, rule, answer)| {
        let mut row = row(comment, &answer);
        row["expect"] = json!(rule.to_string());
        row
    });
    json!({
        "comment": "proto-docs/gate.md, \"Screening\"; the keys are test keys. Headers stand in the order in which they were sent.",
        "registrySecretKeyMultibase": exchange.setting.key.to_secret_multikey(),
        "serviceSecretKeyMultibase": service().to_secret_multikey(),
        "pinnedKeys": exchange.setting.keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "question": question,
        "answerSignatureBase": exchange.draft(exchange.body("allow")).base(),
        "answers": answers.collect::<Vec<_>>(),
        "refused": bad.collect::<Vec<_>>(),
    })
}

fn row(comment: &str, answer: &Answer) -> Value {
    let headers: Vec<_> = answer.headers.iter().map(|(name, value)| json!([name, value])).collect();
    let body = String::from_utf8_lossy(&answer.body);
    json!({ "comment": comment, "status": answer.status.to_string(), "headers": headers, "body": body })
}
