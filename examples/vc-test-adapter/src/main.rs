//! Serves the adapter on a loopback port: `vc-test-adapter [PORT [SECONDS]]`. Port 0, the default, is
//! any free one; the address is printed. It stops by itself after SECONDS, an hour if not given.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use tokio::net::TcpListener;
use vc_test_adapter::{Adapter, router};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |name: &str, default: u64| match arguments.next() {
        Some(text) => text.parse().with_context(|| format!("{name} is no number: {text:?}")),
        None => Ok(default),
    };
    let port = u16::try_from(number("PORT", 0)?).context("PORT is at most 65535")?;
    let seconds = number("SECONDS", 3_600)?;
    let adapter = Adapter::new(clock);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.context("cannot listen")?;
    announce(&adapter, &listener.local_addr()?.to_string(), seconds);
    tokio::select! {
        served = async { axum::serve(listener, router(adapter)).await } => served.context("the server failed"),
        () = tokio::time::sleep(Duration::from_secs(seconds)) => Ok(()),
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "whoever starts the adapter reads its address here")]
fn announce(adapter: &Adapter, address: &str, seconds: u64) {
    println!("listening on http://{address} for {seconds} s");
    println!("issuer {}", adapter.issuer());
    println!(
        "A signing oracle for tests: it signs what anybody sends, with a public seed. Trust nothing it signs."
    );
}

#[expect(clippy::disallowed_methods, reason = "the one clock of this binary")]
fn clock() -> Timestamp {
    Timestamp::now()
}
