//! `ytterby verify --format sarif|junit|markdown`, and `--quiet` in every format.

use super::delivery::{Delivery, Party, VERIFY, bundle, origin};
use super::run::Folder;

/// A delivery in order, one that was forged, one that names things badly, and no bundle at all.
fn folder() -> Folder {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    let text = String::from_utf8(delivery.bundle()).unwrap();
    folder.write("delivery.json", &text).write("junk <&.json", "{");
    folder.write("forged.json", text.replace("\"Nd oxide\"", "\"Dy oxide\""));
    let mut draft = origin("<script>\"'|*x*");
    draft["product"] = "a&b [x](http://evil.example) @all".into();
    let mine = Party::new("mine", 1).issue(77, "2026-06-01T08:00:00Z", draft, &[]);
    folder.write("evil.json", bundle(&[&mine])).write("acme.toml", delivery.trust(None));
    folder
}

fn verify(folder: &Folder, format: &str) -> String {
    let inputs = ["delivery.json", "forged.json", "evil.json", "junk <&.json"];
    let options = ["--trust", "acme.toml", "--at", "2026-08-01", "--format", format, "-o", "report"];
    let ran = folder.run(&[&["verify"], &inputs[..], &options[..]].concat()).exits(1);
    assert!(ran.out.is_empty(), "{}", ran.out);
    folder.read("report")
}

#[test]
fn sarif_has_a_result_for_each_problem() {
    let report: serde_json::Value = serde_json::from_str(&verify(&folder(), "sarif")).unwrap();
    let run = &report["runs"][0];
    assert_eq!((&report["version"], &run["invocations"][0]["exitCode"]), (&"2.1.0".into(), &1.into()));
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.iter().any(|own| own["ruleId"] == "proof.signature" && own["level"] == "error"));
    assert!(results.iter().any(|own| own["ruleId"] == "custody.unusual-step" && own["level"] == "note"));
    for own in results {
        let at = usize::try_from(own["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], own["ruleId"]);
        assert!(own["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string(), "{own}");
    }
    let note = &run["invocations"][0]["toolExecutionNotifications"][0];
    let uri = &note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "junk%20%3C%26.json");
}

#[test]
fn junit_has_a_case_for_each_certificate_and_step() {
    let report = verify(&folder(), "junit");
    assert!(report.contains("<testsuite name=\"delivery.json\" tests=\"36\" failures=\"0\""), "{report}");
    assert!(report.contains("<failure type=\"proof.signature\""), "{report}");
    assert!(report.contains("name=\"junk &lt;&amp;.json\" tests=\"1\" failures=\"1\""), "{report}");
    assert!(report.contains("&lt;script&gt;&quot;&apos;|*x*") && !report.contains("<script"), "{report}");
    // Well-formed: every element is closed in its order.
    let mut open = Vec::new();
    for tag in report.split('<').skip(2).map(|rest| rest.split_once('>').unwrap().0) {
        let name = tag.split_whitespace().next().unwrap();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty());
}

#[test]
fn markdown_holds_no_markup_of_others() {
    let report = verify(&folder(), "markdown");
    assert!(report.contains("## delivery.json: verified"));
    assert!(report.contains("### Provenance") && report.contains("error proof.signature"), "{report}");
    assert!(report.contains("&#60;script&#62;&#34;'&#124;&#42;x&#42;"), "{report}");
    assert!(
        !report.contains("<script") && !report.contains("](http") && !report.contains("@all"),
        "{report}"
    );
    let last = "4 checked: 2 verified, 1 rejected, 1 undecided &#40;registration and status not checked&#41;";
    assert_eq!(report.lines().last(), Some(last));
}

/// With `-q` every format is the verdict and what decides it.
#[test]
fn quiet_leaves_the_verdict_and_what_decides_it() {
    let folder = folder();
    let quiet = |format: &str| {
        let head = [
            "verify",
            "delivery.json",
            "forged.json",
            "junk <&.json",
            "--trust",
            "acme.toml",
            "--at",
            "2026-08-01",
        ];
        folder.run(&[&head[..], &["-q", "--format", format]].concat()).exits(1).out
    };
    assert_eq!(quiet("human").lines().count(), 1);
    let json: serde_json::Value = serde_json::from_str(&quiet("json")).unwrap();
    let schemas = ytterby::published_schemas();
    let schema = schemas.iter().find(|(name, _)| name == "Report.schema.json").unwrap();
    let validator = jsonschema::validator_for(&schema.1).unwrap();
    assert!(validator.is_valid(&json), "{json:#}");
    for input in json["inputs"].as_array().unwrap() {
        assert!(input.get("certificates").is_none() && input.get("provenance").is_none(), "{input:#}");
        assert!(input["notShown"].as_array().unwrap().len() > 3);
        assert!(input["problems"].as_array().unwrap().iter().all(|own| own["effect"] != "warn"), "{input:#}");
    }
    assert_eq!(json["inputs"][0]["counts"]["warnings"], 1);
    assert!(
        json["inputs"][1]["problems"].as_array().unwrap().iter().any(|own| own["code"] == "proof.signature")
    );
    assert_eq!(quiet("jsonl").lines().count(), 3);
    let sarif: serde_json::Value = serde_json::from_str(&quiet("sarif")).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty() && results.iter().all(|own| own["level"] != "note"), "{sarif:#}");
    let junit = quiet("junit");
    assert_eq!((junit.matches("<testcase").count(), junit.matches("<failure").count()), (3, 2), "{junit}");
    assert!(junit.contains("<failure type=\"rejected\" message=\"rejected: proof.signature: "), "{junit}");
    for format in ["markdown", "html"] {
        let report = quiet(format);
        for words in ["rejected", "proof.signature", "Not checked", "Not shown by this", "OX-1"] {
            assert!(report.contains(words), "{format}: {words}: {report}");
        }
        for words in ["custody.unusual-step", "Provenance", "Certificates", "Balances"] {
            assert!(!report.contains(words), "{format}: {words}: {report}");
        }
    }
}

#[test]
fn quiet_keeps_a_rule_that_is_not_met() {
    let folder = folder();
    let verify = |rule: &str| {
        let head = [&VERIFY[..], &["-q", "--format", "json"]].concat();
        folder.run(&[&head[..], &["--rules", rule]].concat())
    };
    let open = verify("iso-23664-completeness");
    assert_ne!(open.code, 0, "{}", open.out);
    assert_eq!(open.json()["rules"].as_array().unwrap().len(), 1);
    assert!(verify("us-dfars-7052").exits(0).json().get("rules").is_none());
}
