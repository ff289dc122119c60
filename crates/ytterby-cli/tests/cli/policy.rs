//! `ytterby trust` with logs, witnesses and quorum: from a policy, published, private, frozen.

use super::run::Folder;

const LOG: &str = "registry.example/ree+c265d31c+Aceg+8nmkeNSNCR2d/MjgVc0lHKjs5zThOOyjba/z0Tt";
const WITNESSES: &str = "\
witness w1 witness.example/1+6ea274b4+BIWkZuIS0dtkZKzU2FVgs26S43YjZCBDKEvowstxCzX3
witness w2 witness.example/2+76ece3fe+BPxMIqyD7erB27shhMpKLcQTOU6PzwnAnaPtpNs1/bOa
";

fn policy(need: u32) -> String {
    format!("# \"the alliance\", C:\\policies\nlog {LOG}\n{WITNESSES}group g {need} w1 w2\nquorum g\n")
}

#[test]
fn a_policy_becomes_the_log_part() {
    let folder = Folder::new();
    folder.write("alliance.policy", policy(2));
    folder.run(&["trust", "init", "-o", "acme.toml", "--policy", "alliance.policy"]).exits(0);
    let said = folder.run(&["trust", "check", "acme.toml"]).exits(0).out;
    let own = "Receipts of registry.example/ree count when 2 of the 2 witnesses that audit it cosigned; \
               one of them may lie. The quorum is your own: another buyer's need not share an honest \
               witness with it.";
    assert!(said.contains(own), "{said}");
    // What the same file says of the log, its quorum as published and its end.
    let text = folder.read("acme.toml");
    let more = "frozen = { last_size = \"5\", root = \"fKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\" }";
    let published = format!(
        "\n[[registry]]\norigin = \"registry.example/ree\"\n{more}\n[registry.published]\n\
         by = \"did:web:alliance.example\"\npolicy = '''\n{}'''\n",
        policy(2)
    );
    folder.write("acme.toml", text.clone() + &published);
    let said = folder.run(&["trust", "check", "acme.toml"]).exits(0).out;
    let of_all = "may lie. This is the quorum that did:web:alliance.example publishes. The log is frozen at 5 \
                  entries: nothing after that is accepted.";
    assert!(said.contains(of_all), "{said}");
    // The same a second time, in tables, is refused where it stands.
    folder.write("acme.toml", format!("{text}[quorum]\nneed = 2\ndishonest = 1\n"));
    let line = text.lines().count() + 1;
    let ran = folder.run(&["trust", "check", "acme.toml"]).exits(4);
    assert!(
        ran.err.contains("acme.toml") && ran.err.contains(&format!("line {line}, column 1: ")),
        "{}",
        ran.err
    );
}

#[test]
fn a_quorum_that_outvotes_nobody_is_pinned_nowhere() {
    let folder = Folder::new();
    folder.write("alliance.policy", policy(1));
    let ran = folder.run(&["trust", "init", "-o", "acme.toml", "--policy", "alliance.policy"]).exits(4);
    assert!(ran.err.contains("1 of 2 witnesses are no quorum"), "{}", ran.err);
    folder.run(&["trust", "check", "acme.toml"]).exits(4);
    folder.write("acme.toml", format!("version = 1\npolicy = '''\n{}'''\n", policy(1)));
    let ran = folder.run(&["trust", "check", "acme.toml"]).exits(4);
    assert!(ran.err.contains("policy: 1 of 2 witnesses are no quorum"), "{}", ran.err);
    let tables = |need: u32, dishonest: u32| {
        let witness = |line: &str| {
            let key = line.rsplit(' ').next().unwrap_or_default();
            format!("[[witness]]\nkey = \"{key}\"\naudits = [\"registry.example/ree\"]\n")
        };
        let witnesses: String = WITNESSES.lines().map(witness).collect();
        format!(
            "version = 1\n[[registry]]\norigin = \"registry.example/ree\"\nkey = \"{LOG}\"\n{witnesses}\
             [quorum]\nneed = {need}\ndishonest = {dishonest}\n"
        )
    };
    for (need, dishonest, code) in [(2, 1, 0), (2, 0, 0), (2, 2, 4), (1, 0, 4), (3, 0, 4)] {
        folder.write("acme.toml", tables(need, dishonest));
        let ran = folder.run(&["trust", "check", "acme.toml"]).exits(code);
        let said = match (need, dishonest) {
            (3, _) => "it needs 3 witnesses that audit registry.example/ree, and 2 are pinned",
            (1, _) => "set need = 2",
            (_, 2) => "pin more witnesses that audit it",
            _ => "",
        };
        let words = ran.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(said), "{need} {dishonest}: {words}");
    }
}
