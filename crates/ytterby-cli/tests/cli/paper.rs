//! `ytterby verify --format html|markdown`: what is filed. Everything that others wrote is text in it.

use serde_json::{Value, json};
use ytterby::json::{Value as Tree, canonical};
use ytterby::{Certificate, proof};

use super::delivery::{Delivery, Party, VERIFY, bundle, label, origin, oxide};
use super::run::Folder;

/// Markup of both formats, and what makes links and mentions.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'`|*x* [a](http://evil.example) @all &lt; -->";
/// How it stands in a page, and in Markdown.
const IN_HTML: &str =
    "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;`|*x* [a](http://evil.example) @all &amp;lt; --&gt;";
const IN_MARKDOWN: &str = "&#60;img src=x onerror=alert&#40;1&#41;&#62;&#34;'&#96;&#124;&#42;x&#42; &#91;a&#93;&#40;http&#58;//evil.example&#41; &#64;all &#38;lt; --&#62;";

/// Which of the hostile texts: each has its own number.
fn hostile(number: usize) -> String {
    format!("{number}{HOSTILE}")
}

/// Texts of certificates that a report shows, each hostile: how many.
const SHOWN: usize = 18;

/// A delivery whose every text that a report shows is hostile.
fn evil() -> (Vec<Certificate<'static>>, Delivery) {
    let delivery = Delivery::new();
    let mut ore = origin(&hostile(0));
    ore["product"] = hostile(1).into();
    ore["facility"] = json!({
        "id": "urn:gln:9521321000027", "name": hostile(2), "country": "AU" });
    ore["origin"] = json!({ "country": "AU", "region": hostile(4), "deposit": "D" });
    let ore = delivery.mine.issue(1, "2026-06-01T08:00:00Z", ore, &[]);
    let sold = delivery.mine.issue(2, "2026-06-10T08:00:00Z", export(&ore), &[&ore]);
    let mut made = oxide(&sold, &hostile(0));
    made["product"] = hostile(1).into();
    made["facility"]["region"] = hostile(3).into();
    let made = delivery.refinery.issue(3, "2026-07-01T08:00:00Z", made, &[&ore, &sold]);
    let audit = audit(&delivery.refinery, &made);
    (vec![ore, sold, made, audit], delivery)
}

/// A transfer with everything that export control asks.
fn export(ore: &Certificate<'_>) -> Value {
    json!({
        "type": "TransferCertificate", "kind": "sale", "lotNumber": hostile(0), "product": hostile(1),
        "form": "concentrate", "netMass": "1000",
        "to": { "id": "did:web:refinery.example", "name": hostile(5), "country": "MY" },
        "dispatchDate": "2026-06-10", "destination": "MY", "inputs": [{ "lot": label(ore) }],
        "hsCodes": [{ "nomenclature": hostile(6), "code": "2530.90" }],
        "endUser": { "name": hostile(7), "country": "MY" }, "endUse": hostile(8),
        "authorisations": [
            { "regime": hostile(9), "type": "single", "number": hostile(10), "scope": hostile(11), "holder": hostile(12),
              "customerCategory": hostile(13), "validity": { "from": "2026-01-01", "to": "2026-12-31" } },
            { "regime": hostile(9), "type": "not-required", "reason": hostile(14) },
        ],
    })
}

/// An attestation of the refinery about its oxide.
fn audit(refinery: &Party, of: &Certificate<'_>) -> Certificate<'static> {
    let did = ytterby::did::Did::parse(&refinery.did).unwrap();
    let object = |value: Value| match Tree::parse(value.to_string().as_bytes()).unwrap().into_owned() {
        Tree::Object(object) => object,
        _ => unreachable!("it is an object"),
    };
    let lots = json!([{ "lot": label(of), "digestMultibase": of.digest().to_string() }]);
    let document = object(json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://w3id.org/ytterby/v1"],
        "id": "urn:uuid:00000000-0000-4000-8000-000000000009",
        "type": ["VerifiableCredential", "AttestationCertificate"],
        "issuer": { "id": refinery.did, "name": hostile(99) }, "validFrom": "2026-07-05T08:00:00Z",
        "credentialSubject": { "home": "registry.example/ree", "kind": "audit", "about": { "lots": lots },
            "scheme": hostile(15), "schemeVersion": hostile(16), "result": hostile(17) },
    }));
    let config = object(json!({ "created": "2026-07-05T08:00:00Z", "proofPurpose": "assertionMethod",
        "verificationMethod": did.method(&refinery.key.public()) }));
    let bytes = canonical(&Tree::Object(proof::sign(document, config, &refinery.key)));
    let bytes: &'static [u8] = bytes.leak();
    Certificate::parse(bytes).unwrap()
}

/// The report on it, with a rule that is hostile too, in a format.
fn report(format: &str) -> String {
    let folder = Folder::new();
    let (certificates, delivery) = evil();
    folder.write("evil<b>.json", bundle(&certificates.iter().collect::<Vec<_>>()));
    let trust = delivery.trust(None).replace("\"Acme\"", &format!("{:?}", hostile(30)));
    let name = format!("did:web:refinery.example\"\nname = {:?}", hostile(40));
    folder.write("acme.toml", trust.replace("did:web:refinery.example\"", &name)).write("rule.toml", pack());
    let args = [
        "verify",
        "evil<b>.json",
        "--trust",
        "acme.toml",
        "--at",
        "2026-08-01",
        "--rules",
        "rule.toml",
        "--format",
        format,
    ];
    folder.run(&args).exits(3).out
}

/// A pack that fails, with hostile words in everything that it says.
fn pack() -> String {
    let text = |number: usize| format!("{:?}", hostile(number));
    format!(
        "pack = \"ytterby.rules/1\"\nid = \"ours\"\ntitle = {}\njurisdiction = \"INT\"\ninstrument = {}\n\
         as-of = \"2026-11-01\"\nconfidence = {}\nnotes = [{}]\n[[citation]]\ntitle = {}\nurl = {}\n\
         [[clause]]\nid = \"separation\"\ntitle = {}\n[[clause.state]]\nis = \"uncertain\"\nnote = {}\n\
         [[clause.ask]]\nthat = \"contribution\"\nelements = [\"Nd\"]\nstages = [\"separation\"]\ncountries = [\"MY\"]\n\
         [[clause.exception]]\nid = \"way\"\ntitle = {}\n",
        text(31),
        text(32),
        text(33),
        text(34),
        text(35),
        text(36),
        text(37),
        text(38),
        text(39)
    )
}

/// Every tag of a page: its name, and its attributes as they stand.
fn tags(page: &str) -> Vec<(&str, &str)> {
    let tags = page.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0);
    tags.map(|tag| tag.split_once(' ').unwrap_or((tag, ""))).collect()
}

#[test]
fn a_page_holds_no_markup_of_others() {
    let page = report("html");
    let known = [
        "!doctype", "html", "head", "meta", "title", "style", "body", "main", "p", "article", "h1", "strong",
        "br", "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "section", "span",
        "h2", "ul", "li", "code", "footer",
    ];
    for (name, attributes) in tags(&page) {
        assert!(known.contains(&name.trim_start_matches('/')), "{name}");
        let names = attributes.split('"').step_by(2).filter(|name| !name.is_empty());
        for name in names.map(|name| name.trim().trim_end_matches('=')) {
            let fine = ["html", "lang", "charset", "http-equiv", "content", "name", "class", "id", "scope"];
            assert!(fine.contains(&name), "{name} in {attributes}");
        }
    }
    for number in (0..SHOWN).chain(30..=40) {
        assert!(page.contains(&format!("{number}{IN_HTML}")), "{number} is missing");
    }
    assert!(!page.contains("99&lt;img"), "the name that an issuer gives itself is shown");
    assert!(!page.contains("<script") && !page.contains("href=\"h") && !page.contains("url("));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_element_of_a_page_is_closed() {
    let page = report("html");
    let mut open = Vec::new();
    for (name, _) in tags(&page) {
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if ["!doctype", "meta", "br"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn markdown_of_the_same_is_text() {
    let text = report("markdown");
    for number in (0..SHOWN).chain(30..=40) {
        assert!(text.contains(&format!("{number}{IN_MARKDOWN}")), "{number} is missing");
    }
    assert!(
        !text.contains('<') && !text.contains("](") && !text.contains('@') && !text.contains('`'),
        "{text}"
    );
    // A table's rows all have as many cells as its head.
    let mut cells = None;
    for line in text.lines() {
        let own = line.starts_with('|').then(|| line.matches('|').count());
        if let (Some(before), Some(own)) = (cells, own) {
            assert_eq!(before, own, "{line}");
        }
        cells = own;
    }
}

#[test]
fn a_report_is_complete() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle()).write("acme.toml", delivery.trust(None));
    let verify = |more: &[&str]| {
        let head = [&VERIFY[..], &["--rules", "us-ndaa-857"]].concat();
        folder.run(&[&head[..], more].concat()).exits(0).out
    };
    for format in ["html", "markdown"] {
        let report = verify(&["--format", format]).replace('\u{a0}', " ").replace("&#58;", ":");
        for words in [
            "verified",
            "2026-08-01T23:59:59Z",
            "Acme",
            "OX-1",
            "custody.unusual-step",
            "Not checked",
            "registration",
            "that the metal in the drum is this metal",
            "us-ndaa-857: not-applicable",
            "uncertain: the law says so",
            "https://admin.iea.org/policies/25125-national-defense-authorization-act",
            "Provenance",
            "Example Refinery",
            "urn:gln:9521321000010",
            "MY 100 %",
            "Transfers and authorisations",
            "acme, DE",
            "none stated",
            "Balances",
            "did:web:refinery.example at Example Refinery",
            "84.878",
            "Certificates",
            &delivery.ore.digest().to_string().replace('_', if format == "html" { "_" } else { "&#95;" }),
        ] {
            assert!(report.contains(words), "{format}: {words}: {report}");
        }
        // Verdict first, then what was found, then what was not looked at, then the rest.
        let places =
            ["verified", "custody.unusual-step", "Not shown by this", "Rules", "Provenance", "Balances"];
        let places: Vec<usize> = places.iter().map(|word| report.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{format}: {places:?}");
    }
}

/// What a verdict does not rest on stands beside it.
#[test]
fn what_was_not_checked_is_said_with_the_verdict() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle()).write("acme.toml", delivery.trust(None));
    let head = ["verify", "delivery.json", "--at", "2026-08-01", "--format", "html"];
    let page = folder.run(&[&head[..], &["--trust", "acme.toml"]].concat()).exits(0).out;
    let line = page.lines().find(|line| line.contains("class=\"verdict good\"")).unwrap();
    assert!(line.ends_with("<br>Not checked: registration and status.</p>"), "{line}");
    let page = folder.run(&head).exits(3).out;
    assert!(page.contains("<dt>Trust file</dt><dd>none: nobody&#39;s word is taken</dd>"), "{page}");
    let vector = include_str!("../../../../proto-docs/vectors/honest-status.json");
    let vector: Value = serde_json::from_str(vector).unwrap();
    folder
        .write("all.json", vector["bundle"].to_string())
        .write("all.toml", vector["trust"].as_str().unwrap());
    let args = [
        "verify",
        "all.json",
        "--trust",
        "all.toml",
        "--at",
        vector["at"].as_str().unwrap(),
        "--format",
        "html",
    ];
    let page = folder.run(&args).exits(0).out;
    assert!(
        page.contains("<li>nothing: every step was checked</li>") && !page.contains("Not checked: "),
        "{page}"
    );
}

/// The four steps of the law, as a table with a row for each element.
#[test]
fn what_is_to_be_disclosed_is_a_table() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let pack = pack().split("[[clause.ask]]").next().unwrap().replace("[[clause.state]]", "[[clause.ask]]\nthat = \"disclosed\"\n\
        groups = [{ name = \"1 mined\", stages = [\"mining\"] }, { name = \"2 refined\", stages = [\"separation\"] }, \
        { name = \"3 magnetized\", stages = [\"magnetization\"] }]\n[[clause.state]]");
    folder
        .write("delivery.json", delivery.bundle())
        .write("acme.toml", delivery.trust(None))
        .write("rule.toml", pack);
    let head = [&VERIFY[..], &["--rules", "rule.toml", "--format"]].concat();
    let text = folder.run(&[&head[..], &["markdown"]].concat()).exits(4).out;
    assert!(text.contains("| element | 1 mined | 2 refined | 3 magnetized |"), "{text}");
    assert!(text.contains("| Nd | AU 100 % | MY 100 % | not told |"), "{text}");
    let page = folder.run(&[&head[..], &["html"]].concat()).exits(4).out;
    let row = "<td class=\"plain\">Nd</td><td class=\"plain\">AU 100\u{a0}%</td><td class=\"plain\">MY 100\u{a0}%</td><td class=\"plain\">not told</td>";
    assert!(page.contains(row), "{page}");
}

#[test]
fn several_inputs_and_none() {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder
        .write("delivery.json", delivery.bundle())
        .write("acme.toml", delivery.trust(None))
        .write("junk.json", "{");
    folder.write("again.json", bundle(&[&delivery.ore, &delivery.ore_sold, &delivery.oxide_again()]));
    let args =
        ["verify", "delivery.json", "again.json", "junk.json", "--trust", "acme.toml", "--format", "html"];
    let page = folder.run(&args).exits(1).out;
    for words in [
        "<a href=\"#input-3\">junk.json</a> <strong class=\"doubtful\">undecided</strong>",
        "<article id=\"input-3\">",
        "All inputs together",
        "delivery.json, again.json",
        "together they draw more from a lot than it holds",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // What is not shown is said of what could not be read too.
    assert_eq!(page.matches("that the metal in the drum is this metal").count(), 3);
    let nothing = folder.run(&["verify", "--format", "html"]).exits(4).out;
    assert!(nothing.contains("<h1>0 checked: nothing was given"), "{nothing}");
    assert!(nothing.contains("without any network"), "{nothing}");
    let online = folder.run(&["verify", "--online", "--format", "html"]).exits(4).out;
    assert!(online.contains("answered over the network") && !online.contains("without any network"));
}
