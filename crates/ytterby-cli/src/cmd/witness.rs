//! `ytterby witness`: audits logs and cosigns their checkpoints.

use crate::args;
use crate::failure::Failure;
use crate::output::Output;
use crate::witness::{Config, State, serve};

/// Runs until it is told to stop.
pub(crate) fn run(args: &args::Witness, output: Output) -> Result<u8, Failure> {
    let config = Config::read(&args.config)?;
    let state = State::open(&config, args.new)?;
    for keeper in state.logs() {
        keeper.cosign_again(state.cosigner()).map_err(|error| Failure::undecided(error.to_string()))?;
    }
    serve(&config, state, output, args.verbose)
}
