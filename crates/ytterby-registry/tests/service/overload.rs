//! More than the service can do: the rest is refused at once, and what is accepted stays as quick.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ytterby_registry::clock::Stopwatch;
use ytterby_registry::config::Limits;
use ytterby_tlog::SignedCheckpoint;

use crate::make::{Answer, Service, origin};

/// Requests that may run at once. So many callers who ask again as soon as they are answered are the
/// capacity, and it is measured in the run that goes beyond it.
const PLACES: usize = 8;
/// Callers of the overload: enough that a request seldom waits for a caller.
const CALLERS: usize = 48;
const MEASURED: Duration = Duration::from_millis(1_500);
const PRESSED: Duration = Duration::from_millis(2_500);
/// What is asked for, in hundredths of the capacity.
const LOAD: u32 = 130;
/// The slowest hundredth of what is accepted may take so many times as long as at capacity: generous,
/// the callers share the processors with the service. A queue without a limit would be beyond it.
const SLOWER: u32 = 5;
const RECOVERED: Duration = Duration::from_secs(10);
/// A machine that has become faster since its capacity was measured is not overloaded: measured again.
const ROUNDS: usize = 3;

/// How long answers took.
#[derive(Default)]
struct Seen {
    accepted: Vec<Duration>,
    refused: Vec<Duration>,
}

impl Seen {
    /// Counts an answer; one that refuses says when to come back.
    fn note(&mut self, answer: &Answer, took: Duration) {
        if answer.status == 201 {
            self.accepted.push(took);
            return;
        }
        assert!(matches!(answer.status, 429 | 503), "{}: {}", answer.status, answer.text());
        let seconds = answer.header("retry-after").and_then(|after| after.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| (1..=60).contains(&seconds)), "{answer:?}");
        self.refused.push(took);
    }
}

/// A time that so many hundredths of them do not exceed.
fn hundredth(times: &[Duration], part: usize) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * part / 100).min(sorted.len() - 1)]
}

/// Callers that issue for a while: each as soon as it is answered, or all together one request in every
/// `pace`, whose time then counts from when it was due.
fn press(service: &Service, key: &str, name: &str, callers: usize, pace: Option<Duration>) -> Seen {
    let (seen, next, begun) = (Mutex::new(Seen::default()), AtomicU64::new(0), Stopwatch::start());
    let end = if pace.is_some() { PRESSED } else { MEASURED };
    std::thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let due = pace.map_or(begun.elapsed(), |pace| pace * u32::try_from(number).unwrap());
                    if due >= end {
                        return;
                    }
                    std::thread::sleep(due.saturating_sub(begun.elapsed()));
                    let number = format!("{name}-{number}");
                    let answer = service.client.make("/v1/certificates", key, &number, &origin(&number));
                    seen.lock().unwrap().note(&answer, begun.elapsed() - due);
                }
            });
        }
        // Whoever runs the service still sees that it lives.
        while begun.elapsed() < end {
            service.client.send("GET", "/livez", &[], None).expect(200);
            std::thread::sleep(end / 20);
        }
    });
    seen.into_inner().unwrap()
}

#[test]
fn beyond_capacity_the_rest_is_refused_and_what_is_accepted_stays_as_quick() {
    let service = Service::start_with(Limits { concurrent_requests: PLACES, ..Limits::default() });
    let (_, refinery) = service.issuer("refinery");
    let mut made = 0;
    for round in 1..=ROUNDS {
        let full = press(&service, &refinery, &format!("FULL-{round}"), PLACES, None);
        let capacity = u32::try_from(full.accepted.len()).unwrap();
        let pace = MEASURED * 100 / (capacity * LOAD);
        let over = press(&service, &refinery, &format!("OVER-{round}"), CALLERS, Some(pace));
        made += full.accepted.len() + over.accepted.len();
        if over.refused.is_empty() {
            continue;
        }
        let (before, during) = (hundredth(&full.accepted, 99), hundredth(&over.accepted, 99));
        println!(
            "{capacity} in {MEASURED:?}, p99 {before:?}; at {LOAD} %: {} accepted, p99 {during:?}, {} refused, half within {:?}",
            over.accepted.len(),
            over.refused.len(),
            hundredth(&over.refused, 50),
        );
        assert!(during <= before * SLOWER, "p99 {during:?}, at capacity {before:?}");
        assert!(hundredth(&over.refused, 50) < hundredth(&over.accepted, 50), "refusals are slow");
        // It does not do less because more is asked for: half as much would be a collapse.
        let (done, could) = (over.accepted.len() as u128, u128::from(capacity));
        assert!(done * 2 * MEASURED.as_millis() >= could * PRESSED.as_millis(), "only {done} accepted");
        made += recovers(&service, &refinery, before);
        let checkpoint = service.client.send("GET", "/log/checkpoint", &[], None).expect(200);
        let checkpoint = SignedCheckpoint::parse(&checkpoint.bytes).unwrap();
        assert_eq!(
            checkpoint.unverified().head().size,
            made as u64,
            "what was refused left something behind"
        );
        return;
    }
    panic!("{ROUNDS} times nothing was refused");
}

/// How many are made until ten in a row are accepted as quickly as at capacity.
fn recovers(service: &Service, key: &str, as_quick: Duration) -> usize {
    let (begun, mut made, mut in_row) = (Stopwatch::start(), 0, 0);
    for number in 0.. {
        assert!(begun.elapsed() < RECOVERED, "not as quick again within {RECOVERED:?}");
        let (asked, number) = (Stopwatch::start(), format!("AFTER-{number}"));
        let answer = service.client.make("/v1/certificates", key, &number, &origin(&number));
        let good = answer.status == 201;
        made += usize::from(good);
        in_row = if good && asked.elapsed() <= as_quick { in_row + 1 } else { 0 };
        if in_row == 10 {
            break;
        }
    }
    made
}

/// The head of a request that issues, and of how many bytes its body is.
fn head(key: &str, body: usize) -> String {
    format!(
        "POST /v1/certificates HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\nidempotency-key: k\r\ncontent-length: {body}\r\n\r\n"
    )
}

/// Whoever is refused while still sending gets to read why, and may go on with the same connection.
#[test]
fn a_refusal_is_read_by_whoever_is_still_sending() {
    let service = Service::start_with(Limits { concurrent_requests: 1, ..Limits::default() });
    let (_, refinery) = service.issuer("refinery");
    let host = service.client.url.strip_prefix("http://").unwrap();
    // Has the only place while its body does not come, unless the question was faster.
    let _slow = (0..50)
        .find_map(|_| {
            let mut slow = TcpStream::connect(host).unwrap();
            slow.write_all(head(&refinery, 10).as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            let is_full = service.client.send("GET", "/openapi.json", &[], None).status == 503;
            is_full.then_some(slow)
        })
        .expect("the place was never taken");
    let mut refused = TcpStream::connect(host).unwrap();
    refused.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut answers = BufReader::new(refused.try_clone().unwrap());
    refused.write_all(head(&refinery, 1_000).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    refused.write_all(&[b' '; 1_000]).unwrap();
    assert_eq!(status(&mut answers), 503);
    refused.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert_eq!(status(&mut answers), 200);
}

/// The status of the next answer; its body is read too.
fn status(answers: &mut impl BufRead) -> u16 {
    let mut line = String::new();
    answers.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap_or_default().parse().unwrap_or_default();
    let mut length = 0;
    loop {
        line.clear();
        answers.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
    }
    std::io::copy(&mut answers.take(length), &mut std::io::sink()).unwrap();
    status
}
