//! The findings document, made from the code table and the vectors.

use std::fmt::Write as _;

use ytterby::finding::{Code, Effect};

use super::all;

/// `proto-docs/findings.md`.
pub fn document() -> String {
    let vectors = all();
    let mut text = HEAD.to_owned();
    for code in Code::ALL {
        let effect = match code.effect() {
            Effect::Reject => "**rejected**: something is proven wrong",
            Effect::Undecided => "**undecided**: evidence is missing, too old, or a budget is spent",
            Effect::Untrusted => "**untrusted**: sound, but not accepted by this verifier",
            Effect::Warn => "none, a warning",
        };
        let _ = write!(
            text,
            "\n### {code}\n\n{}.\n\n- Verdict: {effect}.\n- What to do: {}.\n",
            sentence(code.title()),
            code.help()
        );
        for vector in vectors.iter().filter(|vector| vector.expect.contains(&code.as_str())) {
            let _ = writeln!(text, "- [`{0}`](vectors/{0}.json): {1}", vector.name, vector.comment);
        }
    }
    text
}

const HEAD: &str = "# Findings

A finding is one statement about a certificate or about the whole input: a code, the digest of the certificate, a JSON
pointer into it, and a sentence with its quantities. Its code decides what it does to the verdict. Codes are frozen: their
names do not change and are not used again for something else.

```
error[conservation.exceeds-draws]: this certificate promises more than was drawn for it
  --> delivery.json  certificate 0192f0c1… (NDPR-OX-0002)  /credentialSubject/content/Nd
   |  66 800.000 kg Nd certified, 50 691.900 kg drawn and declared: over by 16 108.100 kg (31.7 %)
   = help: ask the issuer for a corrected certificate; do not accept the lot under this one
```

The verdict of a report is the first of *rejected*, *undecided*, *untrusted* that any finding calls for, else *verified*.
This page is made from the code and its vectors (`make vectors`); every vector listed here shows exactly the codes it is
listed under.
";

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
        .unwrap_or_default()
}
