//! Fetching from hosts that somebody else has named: the public network alone, and little of it.
//! Implements proto-docs/verification.md, "Asking over the network", rule 4.

use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// How long one answer may take, names and handshakes included.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer, in bytes.
const LARGEST: u64 = 64 * 1024;

/// A client that a bundle cannot send anywhere but to public hosts, by https.
#[derive(Debug)]
pub(crate) struct Web(ureq::Agent);

impl Web {
    /// A client of the public network.
    pub(crate) fn public() -> Self {
        Web::to(is_public, true)
    }

    fn to(allowed: fn(IpAddr) -> bool, https_only: bool) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .https_only(https_only)
            .max_redirects(0)
            // A proxy would look names up itself, and reach what we must not.
            .proxy(None)
            .user_agent(concat!("ytterby/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Allowed { inner: DefaultResolver::default(), allowed };
        Web(ureq::Agent::with_parts(config, DefaultConnector::default(), resolver))
    }

    /// What stands at a URL, or why it is not to be had.
    pub(crate) fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let mut answer = self.0.get(url).call().map_err(|error| match error {
            ureq::Error::Io(error) => error.to_string(),
            error => error.to_string(),
        })?;
        if answer.status() != 200 {
            return Err(format!("the answer is {}, and is not followed", answer.status()));
        }
        let mut bytes = Vec::new();
        let mut reader = answer.body_mut().as_reader().take(LARGEST + 1);
        reader.read_to_end(&mut bytes).map_err(|error| format!("the answer broke off: {error}"))?;
        if bytes.len() as u64 > LARGEST {
            return Err(format!("larger than {LARGEST} bytes"));
        }
        Ok(bytes)
    }
}

/// Looks names up once, and hands on none of their addresses if one of them is not allowed: what was
/// judged is what is connected to.
#[derive(Debug)]
struct Allowed {
    inner: DefaultResolver,
    allowed: fn(IpAddr) -> bool,
}

impl Resolver for Allowed {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        match found.iter().find(|address| !(self.allowed)(address.ip())) {
            None => Ok(found),
            Some(address) => {
                let text = format!("{} is not an address of the public network", address.ip());
                Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, text)))
            }
        }
    }
}

/// Whether an address is one that anybody reaches: by the registries of special purposes (RFC 6890),
/// what is not private, local, shared, reserved, for documentation, or a wrapping of another address.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast();
    let reserved = match address.octets() {
        [0 | 240.., ..] => true,
        [100, second, ..] => second & 0xC0 == 64,
        [192, 0, 0, _] | [192, 88, 99, _] => true,
        [198, 18 | 19, ..] => true,
        _ => false,
    };
    !special && !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Protocol assignments with Teredo, documentation, 6to4.
        [0x2001, second, ..] => second >= 0x200 && second != 0xDB8,
        [0x2002, ..] => false,
        [0x3FFF, second, ..] => second >= 0x1000,
        // Only this much is handed out as unicast addresses of the whole network.
        [first, ..] => first & 0xE000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// Serves one answer on loopback, and gives its URL.
    fn serve(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/did.json", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&answer);
        });
        url
    }

    fn anywhere() -> Web {
        Web::to(|_| true, false)
    }

    #[test]
    fn an_answer_is_taken_up_to_a_size() {
        let answer = |body: Vec<u8>| {
            [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes(), body].concat()
        };
        let fits = vec![b'a'; LARGEST as usize];
        assert_eq!(anywhere().get(&serve(answer(fits.clone()))), Ok(fits));
        let error = anywhere().get(&serve(answer(vec![b'a'; LARGEST as usize + 1]))).unwrap_err();
        assert_eq!(error, "larger than 65536 bytes");
        let endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nabc".to_vec();
        assert!(anywhere().get(&serve(endless)).unwrap_err().starts_with("the answer broke off"));
    }

    #[test]
    fn no_redirect_is_followed() {
        let aim = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec());
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {aim}\r\nContent-Length: 0\r\n\r\n");
        let error = anywhere().get(&serve(answer.into_bytes())).unwrap_err();
        assert_eq!(error, "the answer is 302 Found, and is not followed");
    }

    #[test]
    fn a_bundle_sends_nobody_into_a_private_network() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433"] {
            let error = Web::to(is_public, false).get(&format!("http://{host}:{port}/did.json")).unwrap_err();
            assert!(
                error.contains("public network") || error.contains("failed to lookup"),
                "{host}: {error}"
            );
            assert!(Web::public().get(&format!("http://{host}:{port}/did.json")).is_err(), "not by https");
        }
        assert!(listener.accept().is_err(), "nobody has connected");
    }

    #[test]
    fn public_addresses_are_those_that_everybody_reaches() {
        for public in
            ["1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "198.20.0.1", "223.0.0.1"]
                .into_iter()
                .chain(["2001:200::1", "2606:4700::1111", "2003::1", "3fff:1000::1"])
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!is_public(special.parse().unwrap()), "{special}");
        }
    }
}
