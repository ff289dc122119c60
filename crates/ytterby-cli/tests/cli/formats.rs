//! `ytterby verify --format sarif|junit|markdown`.

use super::delivery::{Delivery, Party, bundle, origin};
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
    assert!(
        report.contains("## delivery.json&#58; verified") || report.contains("## delivery.json: verified")
    );
    assert!(report.contains("### Provenance") && report.contains("error proof.signature"), "{report}");
    assert!(report.contains("&#60;script&#62;&#34;'&#124;&#42;x&#42;"), "{report}");
    assert!(
        !report.contains("<script") && !report.contains("](http") && !report.contains("@all"),
        "{report}"
    );
    let last =
        "4 checked&#58; 2 verified, 1 rejected, 1 undecided &#40;registration and status not checked&#41;";
    assert_eq!(report.lines().last(), Some(last));
}
