//! A load generator: callers that each keep one connection and ask again as soon as they are answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ytterby::digest::Digest;

use super::Failure;
use super::clock::Wall;

/// How long each number of callers is measured.
pub(crate) const SECONDS: u64 = 2;

/// One connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Connection(BufReader::new(stream)))
    }

    /// Posts JSON; gives the body of an answer that is a success.
    pub(crate) fn post(&mut self, path: &str, key: &str, body: &str) -> Result<Vec<u8>, Failure> {
        let (length, once) = (body.len(), Digest::of(body.as_bytes()));
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
             idempotency-key: {once}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.0.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let success = line.split(' ').nth(1).is_some_and(|status| status.starts_with('2'));
        let mut length = 0;
        loop {
            let mut header = String::new();
            self.0.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer)?;
        if success { Ok(answer) } else { Err(format!("{line}{}", String::from_utf8_lossy(&answer)).into()) }
    }
}

/// What callers get done, and how long each waits.
#[derive(Default)]
pub(crate) struct Load {
    pub(crate) per_second: f64,
    /// Sorted.
    waited: Vec<Duration>,
    /// How often it was measured.
    rounds: u32,
}

impl Load {
    /// Takes another measurement of the same into the mean.
    pub(crate) fn add(&mut self, mut other: Load) {
        let (before, new) = (f64::from(self.rounds), f64::from(other.rounds));
        self.per_second = (self.per_second * before + other.per_second * new) / (before + new).max(1.0);
        self.waited.append(&mut other.waited);
        self.waited.sort_unstable();
        self.rounds += other.rounds;
    }

    /// How long all but so many per cent of the calls waited at most, in milliseconds.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let at = (self.waited.len() * percent / 100).min(self.waited.len().saturating_sub(1));
        self.waited.get(at).map_or(f64::NAN, |waited| waited.as_secs_f64() * 1e3)
    }
}

/// What `clients` callers get done in a second: `call` is given who asks, and which time.
pub(crate) fn per_second<C: FnMut(u64) -> Result<(), Failure>>(
    clients: usize,
    caller: impl Fn(usize) -> Result<C, Failure> + Sync,
) -> Result<Load, Failure> {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let waited = Mutex::new(Vec::new());
    let run = |client: usize| -> Result<(), String> {
        let mut own = Vec::new();
        let mut call = caller(client).map_err(|e| e.to_string())?;
        for n in 0.. {
            let watch = Wall::start();
            call(n).map_err(|e| e.to_string())?;
            own.push(watch.stop());
            if stop.load(Ordering::Relaxed) {
                break;
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
        waited.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
        Ok(())
    };
    thread::scope(|scope| {
        let callers: Vec<_> = (0..clients)
            .map(|client| {
                let run = &run;
                scope.spawn(move || run(client))
            })
            .collect();
        thread::sleep(Duration::from_secs(SECONDS));
        stop.store(true, Ordering::Relaxed);
        callers
            .into_iter()
            .try_for_each(|caller| caller.join().unwrap_or_else(|_| Err("a caller panicked".to_owned())))
    })?;
    let mut waited = waited.into_inner().unwrap_or_else(PoisonError::into_inner);
    waited.sort_unstable();
    Ok(Load { per_second: done.into_inner() as f64 / SECONDS as f64, waited, rounds: 1 })
}
