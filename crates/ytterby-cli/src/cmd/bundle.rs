//! `ytterby bundle`: fetching, making and taking apart the one file an offline verifier needs.

use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ytterby::{Bundle, Certificate, Receipt, Trust};

use crate::args::{self, OneFile};
use crate::failure::Failure;
use crate::output::Output;
use crate::render::report::plural;
use crate::{file, input};

/// Runs one of the commands.
pub(crate) fn run(args: args::Bundle, output: Output) -> Result<u8, Failure> {
    match args {
        args::Bundle::Create { inputs, output: path } => create(&inputs, output.into_file(path)),
        args::Bundle::Extract { input, directory } => extract(&input, &directory, &output),
        args::Bundle::Fetch { url, output: path, api_key_file, max_bytes, timeout } => {
            let secret = api_key_file.as_deref().map(input::read_api_key).transpose()?;
            let timeout = Duration::from_secs(timeout);
            fetch(&url, secret.as_deref(), max_bytes, timeout, output.into_file(path))
        }
    }
}

fn create(inputs: &[PathBuf], mut output: Output) -> Result<u8, Failure> {
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    let mut receipts: HashMap<ytterby::digest::Digest, Receipt<'static>> = HashMap::new();
    let mut seen = HashSet::new();
    let (sources, skipped) = input::expand(inputs);
    for name in skipped {
        output.note(&input::why_skipped(&name));
    }
    for source in sources {
        let source = source.map_err(|(name, text)| Failure::undecided(format!("{name}: {text}")))?;
        let name = source.name();
        let failed = |text: String| Failure::undecided(format!("{name}: {text}"));
        let bytes = source.read(input::MAX_BYTES).map_err(failed)?;
        let bundle = Bundle::parse(&bytes).map_err(|error| failed(error.to_string()))?;
        refuse_broken(&name, &bundle)?;
        for certificate in bundle.certificates() {
            if seen.insert(certificate.digest()) {
                certificates.push(certificate.clone().into_owned());
            }
        }
        for (digest, receipt) in bundle.receipts() {
            receipts.entry(digest).or_insert_with(|| receipt.clone().into_owned());
        }
    }
    receipts.retain(|digest, _| seen.contains(digest));
    let bundle = Bundle::of(sinks(&certificates), certificates).with_receipts(receipts);
    output.raw(&bundle.to_bytes())?;
    let all = plural(seen.len(), "certificate");
    output.note(&format!("{all}, about {} of them", bundle.subject().len()));
    output.finish()?;
    Ok(0)
}

/// Certificates that no other draws on: what the bundle is about.
pub(crate) fn sinks(certificates: &[Certificate<'_>]) -> Vec<ytterby::digest::Digest> {
    let drawn = super::show::drawn(certificates);
    let lots = certificates.iter().filter(|certificate| certificate.lot().is_some());
    lots.map(Certificate::digest).filter(|digest| !drawn.contains_key(digest)).collect()
}

/// A certificate that breaks form would be lost in a bundle: it is refused by name instead.
fn refuse_broken(name: &str, bundle: &Bundle<'_>) -> Result<(), Failure> {
    if super::broken(bundle) == 0 {
        return Ok(());
    }
    let report = ytterby::verify(bundle, &Trust::nobody(), &ytterby::Rules::default(), jiff::Timestamp::MAX);
    let finding = report.findings.iter().find(|finding| finding.code.as_str().starts_with("malformed."));
    let text = finding.map(ToString::to_string).unwrap_or_default();
    Err(Failure::rejected(format!("{name}: a certificate breaks form: {text}")))
}

fn extract(input: &OneFile, directory: &Path, output: &Output) -> Result<u8, Failure> {
    let bytes = super::read(input)?;
    let bundle = super::parse(input, &bytes, output)?;
    refuse_broken(&crate::input::Source::of(&input.file).name(), &bundle)?;
    std::fs::create_dir_all(directory).map_err(|error| Failure::file("make", directory, &error))?;
    let mut labels = HashSet::new();
    for certificate in bundle.certificates() {
        let label = certificate.claims().id;
        // A label is a name, not an identity: a second certificate of it gets its digest beside it.
        let name = match labels.insert(label) {
            true => format!("{label}.json"),
            false => format!("{label}-{}.json", certificate.digest()),
        };
        file::create(&directory.join(name), certificate.bytes(), false)?;
    }
    if bundle.receipts().len() > 0 {
        // A bundle of receipts alone: `create` puts them back beside their certificates.
        let receipts = bundle.receipts().map(|(digest, receipt)| (digest, receipt.clone()));
        let alone = Bundle::of(Vec::new(), Vec::new()).with_receipts(receipts);
        file::create(&directory.join("receipts.json"), &alone.to_bytes(), false)?;
    }
    let receipts = match bundle.receipts().len() {
        0 => String::new(),
        count => format!(" and {}", plural(count, "receipt")),
    };
    output.note(&format!("wrote {}{receipts}", plural(bundle.certificates().len(), "certificate")));
    Ok(0)
}

fn fetch(
    url: &str,
    secret: Option<&str>,
    max: u64,
    timeout: Duration,
    mut output: Output,
) -> Result<u8, Failure> {
    let agent = agent(url, timeout)?;
    output.asks(url);
    let mut request = agent.get(url);
    if let Some(secret) = secret {
        request = request.header("Authorization", format!("Bearer {secret}"));
    }
    let mut response = request.call().map_err(|error| unavailable(url, &error))?;
    let mut bytes = Vec::new();
    let mut reader = response.body_mut().as_reader().take(max.saturating_add(1));
    reader
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::undecided(format!("{url}: the answer broke off: {error}")))?;
    if bytes.len() as u64 > max {
        return Err(Failure::undecided(format!(
            "{url}: larger than {max} bytes; --max-bytes raises the limit"
        )));
    }
    Bundle::parse(&bytes).map_err(|error| Failure::undecided(format!("{url}: {error}")))?;
    output.raw(&bytes)?;
    output.finish_saying()?;
    Ok(0)
}

/// A client for one URL: https, or http to this machine; no other scheme is ever followed to.
pub(crate) fn agent(url: &str, timeout: Duration) -> Result<ureq::Agent, Failure> {
    let uri: ureq::http::Uri =
        url.parse().map_err(|error| Failure::usage(format!("{url:?} is no URL: {error}")))?;
    let host = uri.host().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let secure = match uri.scheme_str() {
        Some("https") => true,
        Some("http") if local => false,
        Some("http") => {
            return Err(Failure::usage("http is only for this machine: what is sent over it can be changed"));
        }
        _ => return Err(Failure::usage("the URL must begin with https://")),
    };
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .https_only(secure)
        // A redirect of an http URL could lead off this machine.
        .max_redirects(if secure { 5 } else { 0 })
        .http_status_as_error(true)
        .user_agent(concat!("ytterby/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}

/// The network's failure, or the server's refusal.
pub(crate) fn unavailable(url: &str, error: &ureq::Error) -> Failure {
    let text = match error {
        ureq::Error::StatusCode(401) => "401: an API key is needed, in a file: --api-key-file".to_owned(),
        ureq::Error::StatusCode(403) => "403: the API key does not let you have it".to_owned(),
        ureq::Error::StatusCode(404) => "404: there is nothing of that name".to_owned(),
        ureq::Error::Io(error) => format!("no connection, or it broke off: {error}"),
        error => error.to_string(),
    };
    Failure::undecided(format!("{url}: {text}"))
}
