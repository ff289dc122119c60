//! `ytterby completions` and `ytterby man`, from the one description of the command line.

use std::path::Path;

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

/// The manual page of the program or of a command, or every page into a directory.
pub(crate) fn man(names: &[String], directory: Option<&Path>, mut output: Output) -> Result<u8, Failure> {
    let mut command = Cli::command();
    if let Some(directory) = directory {
        let written = std::fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(command, directory))
            .map_err(|error| Failure::file("write into", directory, &error));
        return written.map(|()| 0);
    }
    command.build();
    for name in names {
        let sub = command.find_subcommand(name).cloned();
        command = sub.ok_or_else(|| Failure::usage(format!("there is no command {name:?}")))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::undecided(format!("cannot make the manual page: {error}")))?;
    output.raw(&page)?;
    Ok(0)
}
