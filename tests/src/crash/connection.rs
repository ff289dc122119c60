//! A client that keeps its connection, and can be made to lose it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::random::Random;
use super::{Failure, must};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One caller.
pub struct Connection {
    address: SocketAddr,
    key: String,
    open: Option<BufReader<TcpStream>>,
}

/// A request that changes something.
pub struct Post<'r> {
    /// Where to.
    pub path: &'r str,
    /// Names of headers and what they say.
    pub headers: &'r [(&'r str, &'r str)],
    /// The document.
    pub body: &'r str,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Whether the registry says that it gave this answer before.
    pub replayed: bool,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body, if the status is this one.
    pub fn expect(self, status: u16) -> Result<Vec<u8>, Failure> {
        must(self.status == status, || format!("{} in the place of {status}: {}", self.status, self.text()))?;
        Ok(self.body)
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, Failure> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The body for people.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Connection {
    /// A caller with an API key; it connects when it first has something to say.
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Connection { address, key: key.to_owned(), open: None }
    }

    /// Reads.
    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        let text = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.address, self.key
        );
        self.exchange(text.as_bytes())
    }

    /// Sends and waits for the answer.
    pub fn post(&mut self, post: &Post<'_>) -> io::Result<Answer> {
        let text = self.text(post);
        self.exchange(text.as_bytes())
    }

    /// Issues a draft under an idempotency key.
    pub fn issue(&mut self, once: &str, draft: &str) -> io::Result<Answer> {
        self.post(&Post { path: "/v1/certificates", headers: &[("idempotency-key", once)], body: draft })
    }

    /// Sends, and is gone at a moment of chance: within the request, after it, or within the answer.
    pub fn post_and_vanish(&mut self, post: &Post<'_>, random: &mut Random) -> io::Result<()> {
        let text = self.text(post);
        let stream = self.stream()?.get_mut();
        let at = match random.below(4) {
            0 => usize::try_from(random.below(text.len() as u64)).unwrap_or(0),
            _ => text.len(),
        };
        stream.write_all(&text.as_bytes()[..at])?;
        match random.below(3) {
            0 => {}
            1 => std::thread::sleep(Duration::from_micros(random.below(6_000))),
            _ if at == text.len() => {
                let most = usize::try_from(1 + random.below(2_000)).unwrap_or(1);
                // What arrives is of no interest.
                let _ = stream.read(&mut vec![0; most])?;
            }
            _ => {}
        }
        self.open = None;
        Ok(())
    }

    fn text(&self, post: &Post<'_>) -> String {
        let headers: String =
            post.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             {headers}content-length: {}\r\n\r\n{}",
            post.path,
            self.address,
            self.key,
            post.body.len(),
            post.body
        )
    }

    fn stream(&mut self) -> io::Result<&mut BufReader<TcpStream>> {
        let stream = match self.open.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                BufReader::new(stream)
            }
        };
        Ok(self.open.insert(stream))
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        let stream = self.stream()?;
        let answer = stream.get_mut().write_all(request).and_then(|()| read(stream));
        match answer {
            Ok((answer, true)) => Ok(answer),
            Ok((answer, false)) => {
                self.open = None;
                Ok(answer)
            }
            Err(error) => {
                self.open = None;
                Err(error)
            }
        }
    }
}

/// An answer, and whether the connection stays.
fn read(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let mut line = String::new();
    let broken = |what: &str| io::Error::new(io::ErrorKind::UnexpectedEof, what.to_owned());
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| broken("no status line"))?;
    let (mut length, mut replayed, mut stays) = (None, false, true);
    loop {
        let mut header = String::new();
        if stream.read_line(&mut header)? == 0 {
            return Err(broken("cut within the head"));
        }
        if header.trim().is_empty() {
            break;
        }
        let Some((name, value)) = header.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok(),
            "idempotency-replayed" => replayed = value.trim() == "true",
            "connection" => stays = !value.trim().eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let mut body = vec![0; length.ok_or_else(|| broken("no length"))?];
    stream.read_exact(&mut body)?;
    Ok((Answer { status, replayed, body }, stays))
}
