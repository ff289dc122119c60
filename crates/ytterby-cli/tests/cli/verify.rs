//! `ytterby verify`: every exit code, every way in, and the words on the screen.

use super::delivery::{Delivery, bundle, oxide};
use super::run::{BINARY, Folder};

const AT: &str = "2026-08-01T00:00:00Z";

/// A folder with the delivery and Acme's trust file.
fn delivered() -> (Folder, Delivery) {
    let (folder, delivery) = (Folder::new(), Delivery::new());
    folder.write("delivery.json", delivery.bundle());
    folder.write("acme.toml", delivery.trust(Some("did:web:acme.example")));
    (folder, delivery)
}

#[test]
fn a_verified_delivery_on_the_screen() {
    let (folder, _) = delivered();
    let ran = folder.run(&["verify", "delivery.json", "--trust", "acme.toml", "--at", AT]).exits(0);
    let wanted = "  ✓ OX-1   Nd oxide   100.000 kg   did:web:refinery.example
    proof          4 certificates, 4 signatures good
    lineage        every link matches its parent's digest · back to 1 origin, mined in AU
    content        4 of 4 follow from mass, assay and draws
    conservation   84.878 kg Nd certified, 84.878 kg drawn for it · no step gives more than it took
    custody        every draw was its holder's · held by did:web:acme.example, which is you
    registration   not checked
    authority      4 of 4 accepted by Acme
    status         not checked
    time           4 of 4 possible in time · as of 2026-08-01T00:00:00Z
  not shown by this: that the metal in the drum is this metal, and that the assays are true; that the same ore was not registered under another lot elsewhere; what happened after the time asked about: later draws, transfers and pledges; that the certificates are registered: not every one has a receipt that was checked; that the certificates are unrevoked: not every one has status lists that were checked; that issuers whose keys a registry keeps signed themselves

warning[custody.unusual-step]: the step does not usually turn such an input into such an output
  --> delivery.json  certificate urn:uuid:00000000-0000-4000-8000-000000000003 (OX-1)  /credentialSubject/step
   |  separation of concentrate into oxide
   = help: ask the issuer if it is not obvious

1 checked: 1 verified (registration and status not checked)
";
    assert_eq!(ran.out, wanted);
    assert_eq!(ran.err, "");
}

#[test]
fn without_a_trust_file_nobody_is_believed() {
    let (folder, _) = delivered();
    let ran = folder.run(&["verify", "delivery.json"]).exits(3);
    assert!(ran.out.contains("untrusted[authority.no-trust-file]"));
    assert_eq!(ran.last_line(), "1 checked: 1 untrusted (registration and status not checked)");
}

#[test]
fn the_default_trust_file_is_found() {
    let (folder, delivery) = delivered();
    folder.write("config/ytterby/trust.toml", delivery.trust(None));
    let ran = folder.run(&["verify", "delivery.json"]).exits(0);
    assert!(ran.out.contains("held by did:web:acme.example: is that you?"), "{}", ran.out);
}

#[test]
fn a_lot_of_somebody_else_is_not_verified_for_you() {
    let (folder, delivery) = delivered();
    folder.write("other.toml", delivery.trust(Some("did:web:other.example")));
    let ran = folder.run(&["verify", "delivery.json", "--trust", "other.toml"]).exits(3);
    assert!(ran.out.contains("untrusted[custody.not-your-lot]"));
    assert!(ran.out.contains("held by did:web:acme.example, not by you"));
}

#[test]
fn a_changed_certificate_is_rejected() {
    let (folder, delivery) = delivered();
    let text = String::from_utf8(delivery.bundle()).unwrap();
    folder.write("forged.json", text.replace("\"product\":\"Nd oxide\"", "\"product\":\"Dy oxide\""));
    let ran = folder.run(&["verify", "forged.json", "--trust", "acme.toml"]).exits(1);
    assert!(ran.out.contains(
        "error[proof.signature]: the signature does not verify\n  --> forged.json  certificate urn:uuid:"
    ));
    assert!(ran.out.contains("2 of 4 signatures good"));
    assert_eq!(ran.last_line(), "1 checked: 1 rejected (registration and status not checked)");
}

#[test]
fn a_missing_parent_is_undecided() {
    let (folder, delivery) = delivered();
    folder.write("part.json", bundle(&[&delivery.ore_sold, &delivery.oxide, &delivery.oxide_sold]));
    let ran = folder.run(&["verify", "part.json", "--trust", "acme.toml"]).exits(4);
    assert!(ran.out.contains("undecided[lineage.missing-parent]"));
}

#[test]
fn what_cannot_be_read_is_undecided() {
    let (folder, _) = delivered();
    folder.write("list.json", "[]").write("text.json", "hello").write("empty.json", "");
    folder.write(
        "twice.json",
        r#"{"bundle":"ytterby.bundle/1","bundle":"ytterby.bundle/1","certificates":[]}"#,
    );
    folder.write("other.json", r#"{"hello":"world"}"#).write("bad.toml", "version = 1\ncolour = 2");
    std::fs::create_dir(folder.path("nothing")).unwrap();
    for (args, word) in [
        (vec!["verify"], "nothing was given"),
        (vec!["verify", "absent.json"], "cannot read it"),
        (vec!["verify", "https://registry.example/bundle"], "ytterby bundle fetch"),
        (vec!["verify", "text.json"], "1 undecided"),
        (vec!["verify", "empty.json"], "the input is empty"),
        (vec!["verify", "other.json"], "neither a bundle"),
        (vec!["verify", "list.json"], "lineage.subject-missing"),
        (vec!["verify", "twice.json"], "stands twice"),
        (vec!["verify", "nothing"], "a directory without a .json file in it"),
        (vec!["verify", "delivery.json", "--max-bytes", "100"], "larger than 100 bytes"),
    ] {
        let ran = folder.run(&args).exits(4);
        assert!(ran.out.contains(word), "{args:?}: {}", ran.out);
    }
    let ran = folder.run(&["verify", "delivery.json", "--trust", "bad.toml"]).exits(4);
    assert!(ran.err.contains("bad.toml is no trust file, nothing was verified") && ran.out.is_empty());
    folder.run(&["verify", "delivery.json", "--trust", "absent.toml"]).exits(4);
}

#[test]
fn usage_errors() {
    let (folder, _) = delivered();
    for args in [
        vec!["verify", "delivery.json", "--list", "without-rules.toml"],
        vec!["verify", "delivery.json", "--format", "pdf"],
        vec!["verify", "delivery.json", "--mass", "much"],
        vec!["verify", "delivery.json", "--at", "yesterday"],
        vec!["verify", "-q", "-v", "delivery.json"],
        vec!["explain", "conservation.overdrwan"],
        vec!["frobnicate"],
        vec![],
    ] {
        let ran = folder.run(&args).exits(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn the_worst_of_several_inputs_decides() {
    let (folder, delivery) = delivered();
    folder.write("junk.json", "{");
    folder.write(
        "stranger.json",
        bundle(&[&super::delivery::Party::new("stranger", 9).issue(
            90,
            "2026-06-01T08:00:00Z",
            super::delivery::origin("S-1"),
            &[],
        )]),
    );
    let text = String::from_utf8(delivery.bundle()).unwrap();
    folder.write("forged.json", text.replace("\"Nd oxide\"", "\"Dy oxide\""));
    folder.write("any.toml", delivery.trust(None));
    let run = |inputs: &[&str]| {
        let mut args = vec!["verify", "--trust", "any.toml"];
        args.extend(inputs);
        folder.run(&args)
    };
    let twice = run(&["delivery.json", "delivery.json"]).exits(0);
    assert!(twice.err.contains("delivery.json and delivery.json deliver the same lot OX-1"), "{}", twice.err);
    run(&["delivery.json", "stranger.json"]).exits(3);
    run(&["delivery.json", "stranger.json", "junk.json"]).exits(4);
    let ran = run(&["delivery.json", "stranger.json", "junk.json", "forged.json"]).exits(1);
    let line =
        "4 checked: 1 verified, 1 rejected, 1 untrusted, 1 undecided (registration and status not checked)";
    assert_eq!(ran.last_line(), line);
}

#[test]
fn two_files_that_draw_too_much_together() {
    let (folder, delivery) = delivered();
    let again = delivery.oxide_again();
    folder.write("any.toml", delivery.trust(None));
    folder.write("again.json", bundle(&[&delivery.ore, &delivery.ore_sold, &again]));
    folder.run(&["verify", "again.json", "--trust", "any.toml"]).exits(0);
    let args = ["verify", "delivery.json", "again.json", "--trust", "any.toml", "--record", "received"];
    let ran = folder.run(&args).exits(1);
    let text =
        "all inputs together draw 169.756488 kg Nd from ORE-1, which holds 85.7356 kg: over by 84.020888 kg";
    assert!(ran.out.contains("error[conservation.overdrawn]") && ran.out.contains(text), "{}", ran.out);
    assert!(!folder.path("received").exists(), "what does not stand is not recorded");
    let report = folder.run(&[&args[..5], &["--format", "json"]].concat()).exits(1).json();
    assert_eq!(report["report"], "ytterby.run/1");
    assert_eq!((&report["exitCode"], &report["problems"][0]["lot"]), (&1.into(), &"ORE-1".into()));
    // In one file it is that file's own fault, and said once.
    let all = [&delivery.ore, &delivery.ore_sold, &delivery.oxide, &again];
    folder.write("both.json", bundle(&all));
    let ran = folder.run(&["verify", "both.json", "delivery.json", "--trust", "any.toml"]).exits(1);
    assert_eq!(ran.out.matches("error[conservation.overdrawn]").count(), 1);
}

#[test]
fn draws_of_a_forged_certificate_do_not_count_against_others() {
    let (folder, delivery) = delivered();
    let all = [&delivery.ore, &delivery.ore_sold, &delivery.oxide_again()];
    let text = String::from_utf8(bundle(&all)).unwrap();
    folder.write("forged.json", text.replace("\"OX-2\"", "\"OX-3\""));
    let ran = folder.run(&["verify", "delivery.json", "forged.json", "--trust", "acme.toml"]).exits(1);
    assert!(ran.out.contains("proof.signature") && !ran.out.contains("overdrawn"), "{}", ran.out);
}

#[test]
fn standard_input_and_directories() {
    let (folder, delivery) = delivered();
    let ran = folder.run_with(&["verify", "-", "--trust", "acme.toml"], &delivery.bundle()).exits(0);
    assert!(ran.out.contains("--> standard input"));
    folder.write("in/b.json", delivery.bundle()).write("in/a.json", delivery.bundle());
    folder.write("in/notes.txt", "not looked at");
    let ran = folder.run(&["verify", "in", "--trust", "acme.toml"]).exits(0);
    assert!(ran.out.find("in/a.json").unwrap() < ran.out.find("in/b.json").unwrap());
    assert_eq!(ran.last_line(), "2 checked: 2 verified (registration and status not checked)");
}

#[test]
fn the_time_asked_about_is_honoured() {
    let (folder, _) = delivered();
    let run = |at: &str| folder.run(&["verify", "delivery.json", "--trust", "acme.toml", "--at", at]);
    run("2026-07-10T08:00:00Z").exits(0);
    assert!(run("2026-07-10T07:59:59Z").exits(4).out.contains("undecided[time.not-yet]"));
    run("2026-07-10").exits(0);
    run("2026-07-09").exits(4);
}

#[test]
fn the_delivery_asked_about() {
    let (folder, _) = delivered();
    let run =
        |more: &[&str]| folder.run(&[&["verify", "delivery.json", "--trust", "acme.toml"], more].concat());
    run(&["--lot", "OX-1", "--mass", "100kg"]).exits(0);
    run(&["--lot", "OX-1", "--mass", "0.1 t"]).exits(0);
    let ran = run(&["--lot", "OX-1", "--mass", "100.000001"]).exits(3);
    assert!(ran.out.contains("untrusted[custody.mass-not-covered]"));
    assert!(run(&["--lot", "OX-9"]).exits(3).out.contains("untrusted[custody.lot-not-found]"));
}

#[test]
fn formats_and_files() {
    let (folder, _) = delivered();
    let args = ["verify", "delivery.json", "--trust", "acme.toml", "--at", AT, "--format"];
    let report = folder.run(&[&args[..], &["json"]].concat()).exits(0).json();
    assert_eq!(report["report"], "ytterby.report/1");
    assert_eq!((&report["verdict"], &report["exitCode"]), (&"verified".into(), &0.into()));
    assert_eq!((&report["at"], &report["network"]), (&AT.into(), &"none".into()));
    assert_eq!(report["input"]["file"], "delivery.json");
    let ran = folder.run(&["verify", "delivery.json", "absent.json", "--format", "jsonl"]).exits(4);
    let lines: Vec<serde_json::Value> = ran.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["verdict"], &lines[1]["verdict"]), (&"untrusted".into(), &"undecided".into()));
    assert!(lines[1]["unreadable"].as_str().unwrap().contains("cannot read it"));
    let ran = folder.run(&[&args[..], &["json", "-o", "report.json"]].concat()).exits(0);
    assert_eq!(ran.out, "");
    let written: serde_json::Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    assert_eq!(written, report);
    let ran = folder.run(&["verify", "delivery.json", "-q"]).exits(3);
    assert_eq!(ran.out, "1 checked: 1 untrusted (registration and status not checked)\n");
    let ran = folder.run(&["verify", "delivery.json", "-v"]).exits(3);
    assert_eq!(ran.out.matches("proof pass").count(), 4);
}

/// One input, several, what cannot be read, and a run whose inputs overdraw a lot together.
#[test]
fn every_json_report_fits_the_published_schema() {
    let (folder, delivery) = delivered();
    folder.write("any.toml", delivery.trust(None)).write("junk.json", "{");
    folder.write("again.json", bundle(&[&delivery.ore, &delivery.ore_sold, &delivery.oxide_again()]));
    let schemas = ytterby::published_schemas();
    let schema = schemas.iter().find(|(name, _)| name == "Report.schema.json").unwrap();
    let validator = jsonschema::validator_for(&schema.1).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for inputs in [
        &["delivery.json"][..],
        &["junk.json"],
        &["absent.json"],
        &[],
        &["delivery.json", "junk.json", "absent.json"],
        &["delivery.json", "again.json"],
    ] {
        for format in ["json", "jsonl"] {
            let args = [&["verify", "--trust", "any.toml", "--format", format], inputs].concat();
            let out = folder.run(&args).out;
            let documents: Vec<serde_json::Value> = match format {
                "json" => vec![serde_json::from_str(&out).unwrap()],
                _ => out.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
            };
            for document in documents {
                let errors: Vec<_> = validator.iter_errors(&document).map(|e| e.to_string()).collect();
                assert_eq!(errors, Vec::<String>::new(), "{args:?} {document:#}");
                seen.insert(document["report"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    let bent = serde_json::json!({ "report": "ytterby.report/1", "verdict": "fine" });
    assert!(!validator.is_valid(&bent));
}

#[test]
fn custody_that_could_not_be_looked_at_is_not_passed() {
    let (folder, delivery) = delivered();
    folder.write("part.json", bundle(&[&delivery.ore_sold, &delivery.oxide, &delivery.oxide_sold]));
    let args = ["verify", "part.json", "--trust", "acme.toml"];
    let ran = folder.run(&args).exits(4);
    let wanted = "2 of 3 in order · 1 could not be looked at · held by";
    assert!(ran.out.contains(wanted), "{}", ran.out);
    let report = folder.run(&[&args[..], &["--format", "json"]].concat()).json();
    let outcomes: Vec<_> = report["certificates"].as_array().unwrap().iter().collect();
    let outcomes: Vec<_> = outcomes.iter().map(|own| &own["checks"]["custody"]["outcome"]).collect();
    assert_eq!(outcomes, ["skipped", "warn", "pass"]);
}

/// Without a terminal, 80 columns: only a word that is longer than that stands alone on its line.
#[test]
fn nothing_is_wider_than_the_terminal() {
    let (folder, _) = delivered();
    for (columns, width) in [(None, 80), (Some("60"), 60)] {
        for args in [
            &["verify", "delivery.json", "--trust", "acme.toml"][..],
            &["show", "delivery.json"],
            &["tree", "delivery.json"],
        ] {
            let mut command = folder.command(super::run::BINARY);
            command.env_remove("COLUMNS").args(args);
            if let Some(columns) = columns {
                command.env("COLUMNS", columns);
            }
            let ran = super::run::Ran::of(command.output().unwrap());
            let prose = |line: &&str| !line.contains("kg element") && !line.starts_with("                ");
            let wide = |line: &&str| line.chars().count() > width && line.split_whitespace().count() > 4;
            let wide: Vec<&str> = ran.out.lines().filter(prose).filter(wide).collect();
            assert_eq!(wide, Vec::<&str>::new(), "{args:?}");
        }
    }
}

#[test]
fn colour_only_where_it_is_wanted() {
    let (folder, _) = delivered();
    let colour = |args: &[&str]| folder.run(args).out.contains('\u{1b}');
    assert!(!colour(&["verify", "delivery.json"]));
    assert!(colour(&["verify", "delivery.json", "--color", "always"]));
    assert!(!colour(&["verify", "delivery.json", "--color", "never"]));
    folder.run(&["verify", "delivery.json", "--color", "always", "-o", "report.txt"]);
    assert!(!folder.read("report.txt").contains('\u{1b}'));
}

/// Escape sequences may stand in a file's name, in JSON keys and in texts; none reaches the terminal.
#[test]
fn escape_sequences_stay_in_their_files() {
    let (folder, delivery) = delivered();
    let text = String::from_utf8(delivery.bundle()).unwrap();
    let escaped = text.replace("\"OX-1\"", "\"OX\\u001b]0;owned\\u0007\\u009b31m\\u202e\"");
    assert_ne!(escaped, text);
    folder.write("evil\u{1b}[2J\u{202e}.json", escaped.as_bytes());
    folder.write("key.json", r#"{"bundle":"ytterby.bundle/1","\u001b[2J":1,"\u001b[2J":1}"#);
    folder.write("dup.json", "{\"bundle\":{\"\\u001b[31m\":1,\"\\u001b[31m\":2}}");
    let evil = "evil\u{1b}[2J\u{202e}.json";
    for args in [
        vec!["verify", evil, "key.json", "dup.json"],
        vec!["verify", evil, "key.json", "dup.json", "--format", "json"],
        vec!["verify", evil, "dup.json", "--format", "jsonl"],
        vec!["show", evil],
        vec!["tree", evil],
        vec!["balance", evil],
        vec!["show", "dup.json"],
        vec!["verify", "delivery.json", "--trust", evil],
        vec!["verify", "delivery.json", "--lot", "\u{1b}[2J\u{9b}31m"],
        vec!["explain", "\u{1b}[2J"],
        vec!["key", "public", evil],
        vec!["verify", "--mass", "\u{1b}[2J"],
        vec!["\u{1b}[2J"],
    ] {
        let ran = folder.run(&args);
        assert!(!(ran.out.is_empty() && ran.err.is_empty()), "{args:?}");
        for c in ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'] {
            assert!(!ran.out.contains(c) && !ran.err.contains(c), "{args:?}\n{}\n{}", ran.out, ran.err);
        }
    }
}

#[test]
fn many_problems_of_one_kind_are_folded() {
    let folder = Folder::new();
    let stranger = super::delivery::Party::new("stranger", 9);
    let lots: Vec<_> = (0..25)
        .map(|n| {
            let draft = super::delivery::origin(&format!("S-{n}"));
            stranger.issue(100 + n, "2026-06-01T08:00:00Z", draft, &[])
        })
        .collect();
    folder.write("many.json", bundle(&lots.iter().collect::<Vec<_>>()));
    folder.write("acme.toml", Delivery::new().trust(None));
    let ran = folder.run(&["verify", "many.json", "--trust", "acme.toml"]).exits(3);
    let code = "untrusted[authority.unknown-issuer]";
    assert_eq!(ran.out.matches(code).count(), 21);
    assert!(ran.out.contains(&format!("{code}: 5 more like this")));
    assert!(ran.out.contains("and 5 more lots"));
}

#[test]
fn a_trust_file_that_asks_for_registration_is_never_satisfied() {
    let (folder, delivery) = delivered();
    let strict = delivery.trust(None).replace("registration = false", "registration = true");
    folder.write("strict.toml", strict);
    let ran = folder.run(&["verify", "delivery.json", "--trust", "strict.toml"]).exits(4);
    assert!(ran.out.contains("undecided[registration.not-checked]"));
}

#[test]
fn a_key_that_is_not_pinned_is_not_believed() {
    let (folder, delivery) = delivered();
    let did = delivery.refinery.did.clone();
    let impostor = super::delivery::Party { did, ..super::delivery::Party::new("x", 7) };
    let behind = [&delivery.ore, &delivery.ore_sold];
    let false_oxide = impostor.issue(70, "2026-07-03T08:00:00Z", oxide(&delivery.ore_sold, "OX-7"), &behind);
    folder.write("false.json", bundle(&[&delivery.ore, &delivery.ore_sold, &false_oxide]));
    folder.write("any.toml", delivery.trust(None));
    let ran = folder.run(&["verify", "false.json", "--trust", "any.toml"]).exits(3);
    assert!(
        ran.out.contains("untrusted[authority.unknown-key]") && ran.out.contains("2 of 3 accepted by Acme")
    );
}

#[cfg(unix)]
#[test]
fn pipes_and_sockets_in_a_directory_are_skipped() {
    let (folder, delivery) = delivered();
    folder.write("in/a.json", delivery.bundle());
    let made = folder.command("mkfifo").arg("in/pipe.json").status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is needed");
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("in/socket.json")).unwrap();
    let ran = folder.run(&["verify", "in", "--trust", "acme.toml"]).exits(0);
    assert!(ran.err.contains("skipped: in/pipe.json") && ran.err.contains("skipped: in/socket.json"));
    assert_eq!(ran.last_line(), "1 checked: 1 verified (registration and status not checked)");
    // A link to nowhere is not passed over: there was something to be said of it.
    std::os::unix::fs::symlink("nowhere", folder.path("in/link.json")).unwrap();
    folder.run(&["verify", "in", "--trust", "acme.toml"]).exits(4);
}

/// Inputs made to need many times their size in memory: each within an address space of a quarter of a
/// gibibyte, the program's own 100 MB included.
#[cfg(target_os = "linux")]
#[test]
fn what_is_made_to_exhaust_is_read_in_little_memory() {
    const SIZE: usize = 16 << 20;
    let folder = Folder::new();
    let many = |item: &str| item.repeat(SIZE / item.len());
    let numbered = |before: &str, after: &str, size: usize| {
        (0..size / 16).map(|at| format!("{before}{at:x}{after}")).collect::<String>()
    };
    let bundle = "{\"bundle\":\"ytterby.bundle/1\",\"certificates\":[";
    let kind = "\"type\":[\"VerifiableCredential\",\"OriginCertificate\"]";
    for (name, text, code) in [
        ("a context", format!("{bundle}{{\"@context\":[{}\"\"],{kind}}}]}}", many("\"\",")), 4),
        ("numbers", format!("{{\"credentialSubject\":[{}0]}}", many("0,")), 4),
        ("objects", format!("{{\"credentialSubject\":[{}0]}}", many("{\"a\":0},")), 4),
        ("presented", format!("{{\"verifiableCredential\":[{}{{}}]}}", many("{\"a\":0},")), 1),
        ("broken", format!("[{}{{}}]", numbered("{\"a\":\"", "\"},", SIZE / 4)), 1),
    ] {
        folder.write("in.json", &text);
        let mut command = folder.command("sh");
        let limited = format!("ulimit -v 262144; exec '{BINARY}' verify in.json --format jsonl");
        let output = command.arg("-c").arg(limited).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
