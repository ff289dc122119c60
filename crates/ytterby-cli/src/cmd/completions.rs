//! `ytterby completions` and `ytterby man`, from the one description of the command line.

use clap::CommandFactory as _;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Output;

/// A completion script.
pub(crate) fn shell(shell: clap_complete::Shell, mut output: Output) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "ytterby", &mut script);
    output.raw(&script)?;
    Ok(0)
}

/// The manual page of the program; each command has its own `--help`.
pub(crate) fn man(mut output: Output) -> Result<u8, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|error| Failure::undecided(format!("cannot make the manual page: {error}")))?;
    output.raw(&page)?;
    Ok(0)
}
