//! The command line, as `--help` shows it.

mod logs;
mod rules;
mod walks;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use logs::{Log, LogKeys, LogMonitor, LogVerify, Witness};

pub(crate) use rules::Rules;
pub(crate) use walks::{Diff, Trace};

use crate::input::MAX_BYTES;
use crate::output::Color;

const EXIT_CODES: &str = "\
Exit codes:
  0   every input verified, and there was one
  1   something is proven wrong
  2   the command line makes no sense
  3   sound, but not from anybody trusted, not yours, or a rule denies it
  4   cannot decide: unreadable, no bundle, incomplete, nothing given
  70  a bug in this program
With several inputs 1 beats 4 beats 3 beats 0.";

/// Certificates for rare-earth lots: verify, read, issue.
#[derive(Debug, Parser)]
#[command(name = "ytterby", version, after_help = EXIT_CODES, max_term_width = 110, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// When to use colour; NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Show no progress bar.
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check certificates and everything behind them, without any network.
    #[command(after_help = format!("Examples:\n  ytterby verify delivery.json --trust acme.toml\n  ytterby verify received/ --trust acme.toml --rules eu-crma-5 --portfolio\n\n{EXIT_CODES}"))]
    Verify(Verify),
    /// Show one certificate or a bundle, for people or as JSON. Nothing is judged.
    #[command(
        after_help = "Example:\n  ytterby show delivery.json\n\nExit codes: 0 shown, 2 usage, 4 unreadable"
    )]
    Show(Show),
    /// Show what a lot was made from, back to its origins.
    #[command(
        after_help = "Example:\n  ytterby tree delivery.json --format dot | dot -Tsvg -o tree.svg\n\nExit codes: 0 shown, 2 usage, 4 unreadable"
    )]
    Tree(Tree),
    /// Balance every account and element: opening, in, gain, out, residue, lost, still open.
    #[command(
        after_help = "Example:\n  ytterby balance delivery.json --element Nd\n\nOpening, in and gain together are out, residue, lost and open together. Draws that are not in the file are not in the balance.\n\nExit codes: 0 shown, 2 usage, 4 unreadable"
    )]
    Balance(Balance),
    /// Say where each element was mined, separated, melted: for what share at least and at most. Nothing is judged.
    #[command(
        after_help = "Example:\n  ytterby profile delivery.json --element Dy\n\nShares are as good as the certificates: `ytterby verify` judges these.\n\nExit codes: 0 shown, 2 usage, 4 unreadable, or too large"
    )]
    Profile(Profile),
    /// Walk from a lot to what it was made from, and to what was made from it. Nothing is judged.
    #[command(after_help = walks::TRACE)]
    Trace(Trace),
    /// Say what changed from one bundle to another.
    #[command(after_help = walks::DIFF)]
    Diff(Diff),
    /// Fetch, make and take apart bundles.
    #[command(subcommand)]
    Bundle(Bundle),
    /// Make a certificate from a draft: offline with a key, or by a registry.
    Issue(Issue),
    /// Make and read signing keys.
    #[command(subcommand)]
    Key(Key),
    /// Make and read trust files.
    #[command(subcommand)]
    Trust(Trust),
    /// List, explain, check and test rule packs. They are no legal advice.
    #[command(subcommand)]
    Rules(Rules),
    /// Audit logs and cosign their checkpoints. This serves on the network until it is told to stop.
    #[command(after_help = logs::WITNESS)]
    Witness(Witness),
    /// Verify and follow the logs of registries, and judge evidence against them.
    #[command(subcommand)]
    Log(Log),
    /// Explain a finding's code.
    #[command(
        after_help = "Examples:\n  ytterby explain conservation.overdrawn\n  ytterby explain --list\n\nExit codes: 0 explained, 2 no such code"
    )]
    Explain(Explain),
    /// Print a completion script for a shell.
    #[command(
        after_help = "Example:\n  ytterby completions bash > ~/.local/share/bash-completion/completions/ytterby\n\nExit codes: 0 printed, 2 usage"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page of the program or of a command, or write them all.
    #[command(
        after_help = "Examples:\n  ytterby man bundle fetch | man -l -\n  ytterby man --directory ~/.local/share/man/man1\n\nExit codes: 0 printed, 2 usage, 4 not written"
    )]
    Man {
        /// The command, such as `verify` or `bundle fetch` [default: the program].
        command: Vec<String>,
        /// Write every page into this directory.
        #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
        directory: Option<PathBuf>,
    },
}

/// Reading one file.
#[derive(Debug, Args)]
pub(crate) struct OneFile {
    /// A bundle, certificate, list of certificates or presentation; `-` is standard input.
    pub(crate) file: PathBuf,
    /// Largest input, in bytes.
    #[arg(long, value_name = "N", default_value_t = MAX_BYTES)]
    pub(crate) max_bytes: u64,
}

/// `verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Bundles, certificates, lists of certificates; a directory is every *.json in it; `-` is standard input.
    #[arg(value_name = "FILE|DIR|-")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Whom to believe [default: $XDG_CONFIG_HOME/ytterby/trust.toml; with none the best verdict is untrusted].
    #[arg(long, value_name = "FILE")]
    pub(crate) trust: Option<PathBuf>,
    /// Ask a rule pack too: the name of a shipped one (`ytterby rules list`), or a file.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) rules: Vec<String>,
    /// A list of parties for rules that screen: a file.
    #[arg(long = "list", value_name = "FILE", requires = "rules")]
    pub(crate) lists: Vec<PathBuf>,
    /// The lot that was delivered: its number, label or digest.
    #[arg(long, value_name = "LOT")]
    pub(crate) lot: Option<String>,
    /// Judge all inputs together too, each lot once: what every rule, element, step and country has over them.
    #[arg(long, conflicts_with_all = ["lot", "mass"])]
    pub(crate) portfolio: bool,
    /// The mass that was delivered, to be covered: 500kg, 0.5t, 500.
    #[arg(long, value_name = "MASS", value_parser = crate::mass::parse)]
    pub(crate) mass: Option<ytterby::decimal::Mass>,
    /// Judge as of this time: 2026-08-30T12:00:00Z, or 2026-08-30 for the end of that day.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<jiff::Timestamp>,
    /// How old status lists may be: 7d, 12h, 30m.
    #[arg(long, value_name = "AGE", value_parser = age, default_value = "7d")]
    pub(crate) max_status_age: ytterby::StatusAge,
    /// Ask the registries that the trust file has a `url` of for newer status lists and checkpoints, and
    /// issuers (did:web) for the keys they publish. Nothing else of `verify` opens a socket.
    #[arg(long)]
    pub(crate) online: bool,
    /// Record the lots that were verified in this file, and refuse one that is in it already.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// How to report.
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(crate) format: ReportFormat,
    /// Write the report to this file.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Report the verdict and what decides it only.
    ///
    /// For people that is the last line. Of json and jsonl the certificates, the provenance, warnings and rules
    /// that are met are left out; of sarif the notes. Junit has one case for each input. Markdown and html keep
    /// the verdict, the problems, what was not checked and what is not shown.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print every certificate and each of its checks.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Largest input, in bytes.
    #[arg(long, value_name = "N", default_value_t = MAX_BYTES)]
    pub(crate) max_bytes: u64,
}

/// How `verify` reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    Human,
    /// One JSON object; with several inputs, one that holds their reports.
    Json,
    /// One JSON object on a line per input.
    Jsonl,
    /// SARIF 2.1.0, for code scanning: a result per problem.
    Sarif,
    /// JUnit XML: a case per certificate and step, and per rule.
    Junit,
    /// Markdown, for pull requests and mails.
    Markdown,
    /// One page that needs nothing else, to be read, printed and filed.
    Html,
}

/// For people or programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// `show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) input: OneFile,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// `tree`.
#[derive(Debug, Args)]
pub(crate) struct Tree {
    #[command(flatten)]
    pub(crate) input: OneFile,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = TreeFormat::Text)]
    pub(crate) format: TreeFormat,
}

/// How `tree` shows a lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TreeFormat {
    /// Indented text.
    Text,
    /// Graphviz.
    Dot,
    /// Mermaid.
    Mermaid,
    /// Nodes and edges.
    Json,
}

/// `balance`.
#[derive(Debug, Args)]
pub(crate) struct Balance {
    #[command(flatten)]
    pub(crate) input: OneFile,
    /// Only this element.
    #[arg(long, value_name = "SYMBOL", value_parser = element)]
    pub(crate) element: Option<ytterby::element::Element>,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// `profile`.
#[derive(Debug, Args)]
pub(crate) struct Profile {
    #[command(flatten)]
    pub(crate) input: OneFile,
    /// Only this element.
    #[arg(long, value_name = "SYMBOL", value_parser = element)]
    pub(crate) element: Option<ytterby::element::Element>,
    /// Name facilities and issuers too.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// How to show it.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// `bundle`.
#[derive(Debug, Subcommand)]
pub(crate) enum Bundle {
    /// Download a bundle. This opens a network connection.
    #[command(
        after_help = "Example:\n  ytterby bundle fetch https://registry.example/v1/certificates/ID/bundle -o delivery.json\n\nExit codes: 0 written, 2 usage, 4 not to be had, or no bundle"
    )]
    Fetch {
        /// Where it is: https, or http on this machine.
        url: String,
        /// Where to write it [default: stdout].
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// The file that holds the registry's API key, if it asks for one.
        #[arg(long, value_name = "FILE")]
        api_key_file: Option<PathBuf>,
        /// Largest download, in bytes.
        #[arg(long, value_name = "N", default_value_t = MAX_BYTES)]
        max_bytes: u64,
        /// Give up after so many seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        timeout: u64,
    },
    /// Put certificates and bundles together into one bundle.
    #[command(
        after_help = "Example:\n  ytterby bundle create oxide.json metal.json magnet.json -o delivery.json\n\nExit codes: 0 written, 1 a certificate breaks form, 2 usage, 4 unreadable"
    )]
    Create {
        /// Certificates, lists of them, bundles; a directory is every *.json in it.
        #[arg(required = true, value_name = "CERT")]
        inputs: Vec<PathBuf>,
        /// Where to write it [default: stdout].
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write every certificate of a bundle into a file of its own.
    #[command(
        after_help = "Example:\n  ytterby bundle extract delivery.json -d certificates\n\nExit codes: 0 written, 2 usage, 4 unreadable, or a file is in the way"
    )]
    Extract {
        #[command(flatten)]
        input: OneFile,
        /// The directory; it is made if it is not there.
        #[arg(short, long, value_name = "DIR")]
        directory: PathBuf,
    },
}

/// `issue`.
#[derive(Debug, Args)]
#[command(after_help = "\
A draft is JSON: what stands on the paper, `type` beside the members of the
certificate's subject. A .csv file has a row per lot. Its header names members
by dotted paths; under `assay`, an element or oxide is a row of the assay, and
a value that begins with < is a detection limit. `inputs` are separated by
semicolons. These columns, with such cells, make an oxide:

  type                 ProcessingCertificate
  step                 separation
  lotNumber            ND-1
  product              Nd oxide
  form                 oxide
  netMass              40
  assay.massBasis      as-received
  assay.percentBasis   of-mass
  assay.Nd2O3          99.5
  assay.Dy2O3          <0.005
  facility.id          urn:gln:9521321000010
  facility.name        Example Refinery
  facility.country     MY
  period.from          2026-06-15
  period.to            2026-06-30
  custodyModel         segregated
  inputs               urn:uuid:...

An input of a row may be the lot number of a row before it.

Examples:
  ytterby issue oxide.json --key refiner.key --home registry.example/ree \\
      --issuer did:web:refinery.example --input ore.json -o oxide-1.json
  ytterby issue oxide.csv --registry https://registry.example \\
      --api-key-file api.key

Offline, draws are held against the inputs as their files have them: a
registry knows what others drew since.

Exit codes: 0 issued, 1 refused, 2 usage, 4 unreadable, or no registry there")]
pub(crate) struct Issue {
    /// The draft: JSON, or CSV with a row per lot; `-` is standard input.
    pub(crate) draft: PathBuf,
    /// The signing key, as `ytterby key generate` wrote it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// A bundle or certificate with lots that are drawn on.
    #[arg(long, value_name = "PARENT")]
    pub(crate) input: Vec<PathBuf>,
    /// The log origin of the registry that records draws on the lot: host and path.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) home: Option<String>,
    /// Who issues it [default: the key's did:key].
    #[arg(long, value_name = "DID")]
    pub(crate) issuer: Option<String>,
    /// The name the issuer gives itself.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Judge it, write nothing, and print what would be certified.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where to write the certificate, or a bundle of several [default: stdout].
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Let this registry issue it. This opens a network connection.
    #[arg(long, value_name = "URL", requires = "api_key_file", conflicts_with_all = ["key", "input", "home", "issuer", "name"])]
    pub(crate) registry: Option<String>,
    /// The file that holds the registry's API key.
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub(crate) api_key_file: Option<PathBuf>,
}

/// `key`.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a signing key, in a file that only its owner can read.
    #[command(
        after_help = "Examples:\n  ytterby key generate -o refiner.key\n  ytterby key generate --witness witness.example/1 -o witness.key\n\nExit codes: 0 made, 2 usage, 4 the file is there already, or cannot be written"
    )]
    Generate {
        /// Make the key of a witness of this name, for `ytterby witness`: a host and path without a scheme.
        #[arg(long, value_name = "NAME")]
        witness: Option<String>,
        /// Where to write it [default: stdout].
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Print the public key (z6Mk...), as a trust file pins it.
    #[command(
        after_help = "Example:\n  ytterby key public refiner.key\n\nExit codes: 0 printed, 2 usage, 4 no key"
    )]
    Public {
        /// The signing key.
        file: PathBuf,
    },
    /// Print the key's did:key.
    #[command(
        after_help = "Example:\n  ytterby key did refiner.key\n\nExit codes: 0 printed, 2 usage, 4 no key"
    )]
    Did {
        /// The signing key.
        file: PathBuf,
    },
}

/// `trust`.
#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// Write a commented trust file to fill in.
    #[command(
        after_help = "Examples:\n  ytterby trust init -o acme.toml\n  ytterby trust init -o acme.toml --policy alliance.policy\n\nExit codes: 0 written, 2 usage, 4 the file is there already or cannot be written, or the policy is none that can be pinned"
    )]
    Init {
        /// Where to write it [default: $XDG_CONFIG_HOME/ytterby/trust.toml; `-` is stdout].
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// A C2SP tlog-policy file that states the logs, their witnesses and the quorum.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
    },
    /// Say in sentences what a trust file means.
    #[command(
        after_help = "Example:\n  ytterby trust check acme.toml\n\nExit codes: 0 it is one, 2 usage, 4 it is none, or has expired"
    )]
    Check(TrustFile),
    /// List the anchors and issuers that a trust file pins.
    #[command(
        after_help = "Example:\n  ytterby trust list acme.toml\n\nExit codes: 0 listed, 2 usage, 4 no trust file"
    )]
    List(TrustFile),
    /// Pin an issuer, or an anchor whose accreditations are believed.
    #[command(
        after_help = "Example:\n  ytterby trust add acme.toml --did did:web:refinery.example --key z6Mk... --name 'Example Refinery' --steps separation,transfer\n\nExit codes: 0 pinned, 2 usage, 4 no trust file, or the issuer is pinned already"
    )]
    Add(TrustAdd),
}

/// Which trust file.
#[derive(Debug, Args)]
pub(crate) struct TrustFile {
    /// The trust file [default: $XDG_CONFIG_HOME/ytterby/trust.toml].
    pub(crate) file: Option<PathBuf>,
}

/// `trust add`.
#[derive(Debug, Args)]
pub(crate) struct TrustAdd {
    #[command(flatten)]
    pub(crate) file: TrustFile,
    /// The issuer, or the anchor.
    #[arg(long)]
    pub(crate) did: String,
    /// Pin it as an anchor: whom it accredits is accepted for what the accreditation says.
    #[arg(long, conflicts_with_all = ["steps", "countries"])]
    pub(crate) anchor: bool,
    /// How many of its keys must have accredited an issuer [default: 1].
    #[arg(long, requires = "anchor", value_name = "COUNT")]
    pub(crate) need: Option<u8>,
    /// A key of it (z6Mk...), learnt over a channel that you know; repeatable.
    #[arg(long, required_unless_present = "online", value_name = "KEY")]
    pub(crate) key: Vec<String>,
    /// Pin the keys that its did:web document publishes now: you believe its domain today.
    #[arg(long, conflicts_with = "key")]
    pub(crate) online: bool,
    /// The name to show.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Steps it may certify, and `origin`, `transfer`, `attestation` [default: any].
    #[arg(long, value_delimiter = ',')]
    pub(crate) steps: Vec<String>,
    /// Countries its facilities may be in [default: any].
    #[arg(long, value_delimiter = ',')]
    pub(crate) countries: Vec<String>,
}

/// `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code, such as conservation.overdrawn.
    #[arg(required_unless_present = "list")]
    pub(crate) code: Option<String>,
    /// List every code.
    #[arg(long)]
    pub(crate) list: bool,
}

fn time(text: &str) -> Result<jiff::Timestamp, String> {
    let text = if text.len() == 10 { format!("{text}T23:59:59Z") } else { text.to_owned() };
    ytterby::time::parse_time(&text).map_err(|error| error.to_string())
}

fn age(text: &str) -> Result<ytterby::StatusAge, String> {
    let wrong = || "not an age such as 7d, 12h or 30m".to_owned();
    let (count, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let minutes = match unit {
        "d" => 24 * 60,
        "h" => 60,
        "m" => 1,
        _ => return Err(wrong()),
    };
    let count: u32 = count.parse().map_err(|_| wrong())?;
    Ok(ytterby::StatusAge(jiff::SignedDuration::from_mins(i64::from(count) * minutes)))
}

fn element(symbol: &str) -> Result<ytterby::element::Element, String> {
    ytterby::element::Element::parse(symbol)
        .ok_or_else(|| "not the symbol of an element, such as Nd".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound_and_every_command_has_an_example_and_exit_codes() {
        fn walk(command: &clap::Command) {
            let children: Vec<_> = command.get_subcommands().collect();
            if children.is_empty() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example") && help.contains("Exit codes"), "{}", command.get_name());
            }
            children.into_iter().for_each(walk);
        }
        Cli::command().debug_assert();
        walk(&Cli::command());
    }

    #[test]
    fn ages_have_a_unit() {
        assert_eq!(age("7d"), Ok(ytterby::StatusAge::default()));
        assert_eq!(age("168h"), age("7d"));
        for wrong in ["", "7", "d", "-1d", "7 d", "1.5h", "7é"] {
            assert!(age(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn times_are_days_or_seconds() {
        assert_eq!(time("2026-08-30"), time("2026-08-30T23:59:59Z"));
        assert!(time("2026-08-30T12:00:00+02:00").is_err() && time("yesterday").is_err());
    }
}
