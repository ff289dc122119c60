//! `ytterby trust`: making, reading and extending trust files.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use ytterby::Trust;
use ytterby::accreditation::{AccreditedKey, KeyWindow};
use ytterby::did::Did;
use ytterby::key::Multikey;
use ytterby::text::printable;
use ytterby::trust::{Anchor, PinnedIssuer, PinnedRegistry};

use crate::args::{self, TrustAdd};
use crate::failure::Failure;
use crate::online::Documents;
use crate::output::Output;
use crate::render::report::plural;
use crate::render::{accreditation, style};
use crate::{clock, editions, file, input};

const TEMPLATE: &str = "\
# Whom you believe, and for what. Unknown keys are refused.
version = 1
name = \"My sourcing\"

# Who you are: \"verified\" then means that the lot is held by you.
# holder = [\"did:web:acme.example\"]

# Count up with every change of this file: whoever has used a newer edition is warned of an older one.
# serial = 1

# When this file should have been reviewed.
# expires = \"2027-12-31\"

# One table for each issuer you know. Get its keys over a channel you trust, not from a bundle.
# A scope that is left out means any. `steps` also takes origin, transfer and attestation.
# [[issuer]]
# did = \"did:web:refinery.example\"
# name = \"Example Refinery\"
# keys = [\"z6Mk...\"]
# steps = [\"separation\", \"transfer\"]
# countries = [\"MY\"]
# elements = [\"Nd\", \"Pr\"]

# Anchors: whom one accredits, with the accreditation in the bundle, is accepted as an issuer for what it says.
# With `need` it takes accreditations by so many different of its keys.
# [[anchor]]
# did = \"did:web:critical-minerals.example\"
# keys = [\"z6Mk...\"]

# Whose logs you accept, and who must have watched them: 2k > n + f of the witnesses that audit each.
# Take the witnesses and the quorum that an anchor publishes for everybody, and state its policy in a
# table [registry.published]: any other quorum warns.
# [[registry]]
# origin = \"registry.example/ree\"
# key = \"registry.example/ree+c265d31c+Aceg+8nmkeNSNCR2d/MjgVc0lHKjs5zThOOyjba/z0Tt\"
# status_keys = [\"z6Mk...\"]
# url = \"https://registry.example\"
# [[witness]]
# key = \"witness.example/1+6ea274b4+BIWkZuIS0dtkZKzU2FVgs26S43YjZCBDKEvowstxCzX3\"
# audits = [\"registry.example/ree\"]
# [quorum]
# need = 1
# dishonest = 0

# What must be shown. If registration is required, every certificate needs a receipt of a registry
# that is pinned above. If status is required, it needs status lists by a key in `status_keys` of that
# registry as well. What is not required and was not checked is reported as such.
[require]
registration = false
status = false
";

/// Runs one of the commands.
pub(crate) fn run(args: args::Trust, output: Output) -> Result<u8, Failure> {
    match args {
        args::Trust::Init { output: path, policy } => init(path, policy.as_deref(), output),
        args::Trust::Check(file) => check(&path(file.file)?, output),
        args::Trust::List(file) => list(&path(file.file)?, output),
        args::Trust::Add(add) => add_issuer(&add, &output),
    }
}

/// The trust file to judge by: the one named, else the default one, else nobody is believed.
pub(crate) fn load(path: Option<&Path>) -> Result<Trust, Failure> {
    match path {
        Some(path) => read(path),
        None => match default_path().filter(|path| path.exists()) {
            Some(path) => read(&path),
            None => Ok(Trust::nobody()),
        },
    }
}

fn read(path: &Path) -> Result<Trust, Failure> {
    let bytes = input::read_small(path)?;
    Trust::parse(&bytes).map_err(|error| {
        let text = match bytes.trim_ascii_start().first() {
            // The excerpt would be the one line that a bundle is.
            Some(b'{') => "this is JSON, perhaps the bundle; a trust file is TOML".to_owned(),
            _ => excerpt(&error.to_string()),
        };
        let gap = if text.contains('\n') { "\n" } else { " " };
        Failure::undecided(format!("{} is no trust file, nothing was verified:{gap}{text}", path.display()))
    })
}

/// An error's text, its lines cut where they are longer than a screen is wide.
fn excerpt(text: &str) -> String {
    let cut = |line: &str| match line.char_indices().nth(LONGEST_LINE) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    };
    text.lines().take(12).map(cut).collect::<Vec<_>>().join("\n")
}

/// Longest line of an excerpt, in characters.
const LONGEST_LINE: usize = 160;

fn default_path() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")))?;
    Some(config.join("ytterby").join("trust.toml"))
}

fn path(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    given
        .or_else(default_path)
        .ok_or_else(|| Failure::usage("neither XDG_CONFIG_HOME nor HOME is set: name the trust file"))
}

fn init(given: Option<PathBuf>, policy: Option<&Path>, mut output: Output) -> Result<u8, Failure> {
    let path = path(given)?;
    let text = match policy {
        Some(policy) => with_policy(policy)?,
        None => TEMPLATE.to_owned(),
    };
    if path.as_os_str() == "-" {
        output.data(&text)?;
        return Ok(0);
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| Failure::file("make", parent, &error))?;
    }
    file::create(&path, text.as_bytes(), false)?;
    output.note(&format!("wrote {}: pin the issuers you know in it", printable(&path.display().to_string())));
    Ok(0)
}

/// The template with a C2SP policy in the place of tables of registries and witnesses.
fn with_policy(path: &Path) -> Result<String, Failure> {
    let bytes = input::read_small(path)?;
    let refused = |error: &dyn std::fmt::Display| {
        Failure::undecided(format!("{} is not to be pinned: {error}", path.display()))
    };
    let policy = String::from_utf8(bytes).map_err(|error| refused(&error))?;
    // A policy has no control characters but tabs and newlines; what else TOML would read is escaped.
    let escaped = policy.replace('\\', "\\\\").replace('"', "\\\"");
    let stated = format!(
        "# The logs you accept, their witnesses and the quorum, as published.\n\
                          policy = \"\"\"\n{escaped}\"\"\"\n\n# Who you are:"
    );
    let text = TEMPLATE.replacen("# Who you are:", &stated, 1);
    Trust::parse(text.as_bytes()).map_err(|error| refused(&error))?;
    Ok(text)
}

fn check(path: &Path, mut output: Output) -> Result<u8, Failure> {
    let trust = read(path)?;
    let today = jiff::tz::Offset::UTC.to_datetime(clock::now()).date();
    output.data(&sentences(&trust, today))?;
    if let Some(older) = editions::compare(&trust, &output) {
        output.note(&format!(
            "{}: {}: {}",
            style::doubtful("warning"),
            older.code.title(),
            printable(&older.text)
        ));
    }
    let Some(expires) = trust.expires.filter(|expires| *expires < today) else { return Ok(0) };
    let text = format!("it expired on {expires}: review it");
    if grace(expires) < today {
        return Err(Failure::undecided(text));
    }
    output.note(&format!("{}: {text}", style::doubtful("warning")));
    Ok(0)
}

/// The last day on which a file that has expired only warns.
fn grace(expires: Date) -> Date {
    expires.saturating_add(jiff::Span::new().days(30))
}

fn sentences(trust: &Trust, today: Date) -> String {
    let mut out = Vec::new();
    if !trust.name.is_empty() {
        out.push(format!("This is {:?}.", printable(&trust.name)));
    }
    if let Some(serial) = trust.serial {
        out.push(format!("It is edition {serial} of the file of that name: an older one warns from now on."));
    }
    let you: Vec<_> = trust.holder.iter().map(Did::as_str).collect();
    out.push(match you.is_empty() {
        true => "It names no holder: whether a lot is yours is left to you.".to_owned(),
        false => format!("You are {}: a lot held by anybody else is untrusted.", you.join(" or ")),
    });
    out.push(match trust.expires {
        Some(day) if grace(day) < today => {
            format!("It was good until {day}: nothing is decided by it any more.")
        }
        Some(day) if day < today => {
            format!("It was good until {day}: it only warns until {}, then decides nothing.", grace(day))
        }
        Some(day) => format!("It is good until {day}; 30 days later nothing is decided by it any more."),
        None => "It never expires.".to_owned(),
    });
    if trust.issuers.is_empty() && trust.anchors.is_empty() {
        out.push("It pins no issuer and no anchor: nothing can be verified by it.".to_owned());
    }
    for issuer in &trust.issuers {
        out.push(format!("{} may certify: {}.", who(issuer), scope(issuer)));
    }
    out.extend(trust.anchors.iter().map(anchored));
    out.extend(trust.registries.iter().map(|registry| watched(registry, trust)));
    out.push(registration(trust));
    out.push(
        match trust.require_status {
            true => "It requires status: every certificate needs current status lists, by a status key of its registry.",
            false => "It does without status, which is reported as not checked where no list shows it.",
        }
        .to_owned(),
    );
    out.join("\n") + "\n"
}

/// Who is believed about others, and how many of their keys it takes.
fn anchored(anchor: &Anchor) -> String {
    let keys = anchor.keys().count();
    let need = match (anchor.need, keys) {
        (1, _) => String::new(),
        (need, keys) => format!(", by {need} different keys of {keys}"),
    };
    let spoilt = |key: &&AccreditedKey| key.window != KeyWindow::default();
    let limited: String =
        anchor.keys().filter(spoilt).map(|key| format!(" Its key {}.", accreditation::key(key))).collect();
    format!(
        "{} is an anchor: whom it accredits{need} may certify what the accreditation says.{limited}",
        printable(&anchor.shown())
    )
}

fn watched(registry: &PinnedRegistry, trust: &Trust) -> String {
    let origin = &registry.origin;
    let (Some((need, all)), Some(quorum)) = (registry.quorum(), trust.quorum) else {
        return format!("Receipts of {origin} decide nothing: there is no quorum of witnesses.");
    };
    let liars = match quorum.dishonest {
        0 => "none of them may lie".to_owned(),
        1 => "one of them may lie".to_owned(),
        many => format!("{many} of them may lie"),
    };
    let published = match (registry.private_quorum(), &registry.published) {
        (None, Some(published)) => format!(" This is the quorum that {} publishes.", published.by),
        _ => " The quorum is your own: another buyer's need not share an honest witness with it.".to_owned(),
    };
    let frozen = registry
        .frozen
        .map(|last| format!(" The log is frozen at {} entries: nothing after that is accepted.", last.size));
    format!(
        "Receipts of {origin} count when {need} of the {all} witnesses that audit it cosigned; {liars}.\
         {published}{}",
        frozen.unwrap_or_default()
    )
}

fn registration(trust: &Trust) -> String {
    match (trust.require_registration, trust.registries.is_empty()) {
        (true, true) => "It requires registration and pins no registry: the best verdict is undecided.",
        (true, false) => "It requires registration: a certificate without a receipt is undecided.",
        (false, true) => "It does without registration, which is reported as not checked.",
        (false, false) => {
            "It does without registration: receipts are checked, what has none is reported as not checked."
        }
    }
    .to_owned()
}

fn who(issuer: &PinnedIssuer) -> String {
    let keys = issuer.keys.len();
    let keys = if keys == 1 { "1 key".to_owned() } else { format!("{keys} keys") };
    match &issuer.name {
        Some(name) => format!("{} ({}, {keys})", printable(name), issuer.did),
        None => format!("{} ({keys})", issuer.did),
    }
}

fn scope(issuer: &PinnedIssuer) -> String {
    accreditation::limits(&issuer.scope).join("; ")
}

fn list(path: &Path, mut output: Output) -> Result<u8, Failure> {
    let trust = read(path)?;
    for anchor in &trust.anchors {
        let keys: Vec<_> = anchor.keys().map(|own| own.key.to_string()).collect();
        output.data(&format!(
            "{}  anchor  need {}  {}\n",
            printable(&anchor.shown()),
            anchor.need,
            keys.join(" ")
        ))?;
    }
    for issuer in &trust.issuers {
        let keys: Vec<_> = issuer.keys.iter().map(Multikey::to_string).collect();
        let line =
            format!("{}  {}  {}  {}\n", issuer.did, printable(issuer.shown()), scope(issuer), keys.join(" "));
        output.data(&line)?;
    }
    Ok(0)
}

fn add_issuer(add: &TrustAdd, output: &Output) -> Result<u8, Failure> {
    let usage = |what: &str, error: &dyn std::fmt::Display| Failure::usage(format!("{what}: {error}"));
    let did = Did::parse(&add.did).map_err(|error| usage("--did", &error))?;
    for key in &add.key {
        let parsed = Multikey::parse(key).and_then(|key| key.verifying_key().map(|_| key));
        parsed.map_err(|error| usage("--key", &error))?;
    }
    let keys = if add.online { published(&did, output)? } else { add.key.clone() };
    let path = path(add.file.file.clone())?;
    let trust = read(&path)?;
    let anchors = || trust.anchors.iter().flat_map(|anchor| &anchor.members);
    if trust.issuer(&did).is_some() || (add.anchor && anchors().any(|member| member.did == did)) {
        return Err(Failure::undecided(format!("{did} is pinned already: edit {}", path.display())));
    }
    let bytes = input::read_small(&path)?;
    let mut text = String::from_utf8_lossy(&bytes).into_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&table(&did, &keys, add));
    // The library is the judge of what is a trust file, steps and countries included.
    Trust::parse(text.as_bytes()).map_err(|error| usage("not to be pinned like this", &error))?;
    file::replace(&path, text.as_bytes())?;
    output.note(&format!("pinned {did} in {}", printable(&path.display().to_string())));
    Ok(0)
}

/// The keys that an issuer publishes now.
fn published(did: &Did, output: &Output) -> Result<Vec<String>, Failure> {
    let keys = Documents::default().keys(did, &|url| output.asks(url));
    let keys = keys.map_err(|error| Failure::undecided(format!("{did}: {error}")))?;
    if keys.is_empty() {
        return Err(Failure::undecided(format!("{did} publishes no Ed25519 key for assertions")));
    }
    output.note(&format!("it publishes {}", plural(keys.len(), "key")));
    Ok(keys.iter().map(Multikey::to_string).collect())
}

fn table(did: &Did, keys: &[String], add: &TrustAdd) -> String {
    let list = |items: &[String]| items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ");
    let kind = if add.anchor { "anchor" } else { "issuer" };
    let mut out = format!("\n[[{kind}]]\ndid = {}\n", quoted(did.as_str()));
    if let Some(name) = &add.name {
        out.push_str(&format!("name = {}\n", quoted(name)));
    }
    out.push_str(&format!("keys = [{}]\n", list(keys)));
    if let Some(need) = add.need {
        out.push_str(&format!("need = {need}\n"));
    }
    for (name, items) in [("steps", &add.steps), ("countries", &add.countries)] {
        if !items.is_empty() {
            out.push_str(&format!("{name} = [{}]\n", list(items)));
        }
    }
    out
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_trust_file_also_with_its_examples() {
        assert!(Trust::parse(TEMPLATE.as_bytes()).is_ok());
        let key = ytterby::key::SigningKey::from_seed(&[1; 32]).public().to_string();
        let filled: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.contains(" = ") || rest.starts_with('[') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let trust = Trust::parse(filled.replace("z6Mk...", &key).as_bytes()).unwrap();
        assert_eq!((trust.issuers.len(), trust.anchors.len(), trust.holder.len()), (1, 1, 1));
    }
}
