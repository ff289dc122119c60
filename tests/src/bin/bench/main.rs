//! Speed, as ratios to baselines measured in the same run: `bench [FIGURE...]`, all of them without arguments.
//!
//! Prints a table and writes `target/bench.json`. A figure that cannot be measured here says in one line what
//! it needs.

mod accreditations;
mod clock;
mod distinct;
mod figure;
mod http;
mod peers;
mod postgres;
mod replay;
mod rolling;
mod service;

use std::io::Write;
use std::path::PathBuf;

use figure::Figures;

type Failure = conformance::crash::Failure;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [rolling::CHILD, file] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return rolling::child(file.as_ref());
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|a| a == name);
    let mut figures = Figures::default();
    if wanted("distinct") {
        distinct::measure(&mut figures)?;
    }
    if wanted("rolling") {
        rolling::measure(&mut figures)?;
    }
    if wanted("accreditations") {
        accreditations::measure(&mut figures)?;
    }
    if wanted("replay") {
        replay::measure(&mut figures)?;
    }
    if wanted("service") {
        service::measure(&mut figures)?;
    }
    if wanted("peers") {
        peers::measure(&mut figures)?;
    }
    write!(std::io::stdout(), "{}", figures.table())?;
    let file = target().join("bench.json");
    std::fs::write(&file, figures.json())?;
    writeln!(std::io::stdout(), "\nwritten to {}", file.display())?;
    Ok(())
}

/// The folder that cargo builds into: this program stands in a profile's folder of it.
fn target() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    own.ancestors().nth(2).map_or_else(|| PathBuf::from("target"), PathBuf::from)
}
