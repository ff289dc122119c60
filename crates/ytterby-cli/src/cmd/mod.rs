//! One command, one file.

mod balance;
mod bundle;
mod completions;
mod diff;
mod draft;
mod explain;
mod issue;
mod key;
mod log;
mod profile;
mod rules;
mod show;
mod trace;
mod tree;
mod trust;
mod verify;
mod witness;

pub(crate) use bundle::agent;

use crate::args::{self, Cli, Command, OneFile};
use crate::failure::Failure;
use crate::input::Source;
use crate::output::Output;

/// Does what the command line asks, and gives the exit code.
pub(crate) fn run(cli: Cli) -> u8 {
    let output = Output::new(cli.color);
    let color = cli.color;
    let result = match cli.command {
        Command::Verify(args) => verify::run(&args, output, !cli.no_progress),
        Command::Show(args) => show::run(&args, output),
        Command::Tree(args) => tree::run(&args, output),
        Command::Balance(args) => balance::run(&args, output),
        Command::Profile(args) => profile::run(&args, output),
        Command::Trace(args) => trace::run(&args, output),
        Command::Diff(args) => diff::run(&args, output),
        Command::Rules(command) => rules::run(&command, output),
        Command::Bundle(args) => bundle::run(args, output),
        Command::Issue(args) => issue::run(&args, output),
        Command::Key(args) => key::run(args, output),
        Command::Trust(args) => trust::run(args, output),
        Command::Log(args::Log::Verify(args)) => log::verify(&args, output),
        Command::Log(args::Log::Monitor(args)) => log::monitor(&args, output),
        Command::Witness(args) => witness::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Completions { shell } => completions::shell(shell, output),
        Command::Man { command, directory } => completions::man(&command, directory.as_deref(), output),
    };
    result.unwrap_or_else(|failure| {
        Output::new(color).failure(&failure);
        failure.code
    })
}

/// All bytes of the one file of a command.
fn read(input: &OneFile) -> Result<Vec<u8>, Failure> {
    let source = Source::of(&input.file);
    source.read(input.max_bytes).map_err(|text| Failure::undecided(format!("{}: {text}", source.name())))
}

/// The bundle in them.
fn parse<'a>(input: &OneFile, bytes: &'a [u8], output: &Output) -> Result<ytterby::Bundle<'a>, Failure> {
    let name = Source::of(&input.file).name();
    let bundle =
        ytterby::Bundle::parse(bytes).map_err(|error| Failure::undecided(format!("{name}: {error}")))?;
    if bundle.certificates().is_empty() {
        return Err(Failure::undecided(format!("{name}: there is no certificate of sound form in it")));
    }
    let broken = broken(&bundle);
    if broken > 0 {
        output.note(&format!("left out: {broken} of its certificates break form; `ytterby verify` says how"));
    }
    Ok(bundle)
}

/// How many certificates of a bundle break form. Asked with a budget of nothing, so that nothing else is
/// looked at.
fn broken(bundle: &ytterby::Bundle<'_>) -> usize {
    let budget = ytterby::budget::Budget { certificates: 0, ..Default::default() };
    let question = ytterby::Question { budget, ..ytterby::Question::default() };
    let nobody = ytterby::Trust::nobody();
    ytterby::verify_with(bundle, &nobody, jiff::Timestamp::MAX, &question, &mut |_, _| {}).broken
}
