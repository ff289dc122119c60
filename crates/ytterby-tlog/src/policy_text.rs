//! The policy file. What cannot be read exactly is refused with its line: a quorum that is smaller
//! than its author meant would be worse than none. Implements proto-docs/log.md, "Quorum and time"
//! (C2SP tlog-policy).
//!
//! ```text
//! log registry.example/ree+c265d31c+Aceg+8nmkeNSNCR2d/MjgVc0lHKjs5zThOOyjba/z0Tt
//! witness w1 witness.example/1+6ea274b4+BIWkZuIS0dtkZKzU2FVgs26S43YjZCBDKEvowstxCzX3
//! witness w2 witness.example/2+76ece3fe+BPxMIqyD7erB27shhMpKLcQTOU6PzwnAnaPtpNs1/bOa
//! group auditing any w1 w2
//! quorum auditing
//! ```

use crate::key::{KeyError, SignatureKind, VerifierKey};
use crate::line;
use crate::policy::{Group, Log, Member, Policy, Witness};

/// Most logs, witnesses and groups, each: twice what C2SP asks an implementation to take.
const MAX_DEFINITIONS: usize = 64;

/// Longest policy file in bytes: room for all definitions with long names and much comment.
const MAX_POLICY_BYTES: usize = 262_144;

/// A file is no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct PolicyTextError {
    /// Where, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: PolicyFault,
}

/// What can be wrong with a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// More bytes or definitions than a policy may have.
    #[error("the policy is too large")]
    Long,
    /// A control character other than tab and newline.
    #[error("holds a control character")]
    Octet,
    /// The last line does not end in a newline: the file may have been cut.
    #[error("does not end in a newline")]
    Unterminated,
    /// The first word is none of `log`, `witness`, `group` and `quorum`.
    #[error("neither log, witness, group nor quorum")]
    Keyword,
    /// Too few or too many words.
    #[error("too few or too many words")]
    Words,
    /// Not a key.
    #[error("{0}")]
    Key(KeyError),
    /// A log's key that makes cosignatures, or a witness's that does not.
    #[error("the key makes another kind of signatures")]
    Kind,
    /// Two logs or two witnesses have one public key, whatever its name.
    #[error("the public key is listed already")]
    DuplicateKey,
    /// A name is defined twice, or is `none`.
    #[error("the name is taken")]
    DuplicateName,
    /// A name that no line before defines.
    #[error("the name is not defined above")]
    UnknownName,
    /// A witness or group is a member of two groups, or twice of one.
    #[error("the name is a member already")]
    MemberTwice,
    /// Neither `any`, `all` nor a number from 1 to the number of members.
    #[error("the threshold is neither any, all nor a number of members")]
    Threshold,
    /// No quorum, or a second one.
    #[error("a policy has exactly one quorum")]
    Quorum,
}

impl Policy {
    /// Parses a policy file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyTextError> {
        if bytes.len() > MAX_POLICY_BYTES {
            return Err(PolicyTextError { line: 1, fault: PolicyFault::Long });
        }
        let mut reader = Reader::default();
        let mut number = 0;
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            number += 1;
            reader.line(line).map_err(|fault| PolicyTextError { line: number, fault })?;
        }
        let end = PolicyTextError { line: number + 1, fault: PolicyFault::Quorum };
        reader.finish().map_err(|fault| PolicyTextError { fault, ..end })
    }

    /// The policy that asks for any `k` of some witnesses; it must be at least one of them.
    pub fn k_of_n(
        logs: impl IntoIterator<Item = VerifierKey>,
        witnesses: impl IntoIterator<Item = VerifierKey>,
        k: usize,
    ) -> Result<Self, PolicyFault> {
        let mut reader = Reader::default();
        for key in logs {
            reader.log(key, None)?;
        }
        for (at, key) in witnesses.into_iter().enumerate() {
            reader.witness(format!("w{}", at + 1).as_bytes(), key, None)?;
        }
        let names: Vec<Vec<u8>> =
            reader.policy.witnesses.iter().map(|witness| witness.name.clone()).collect();
        let members: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        reader.group(b"quorum", k.to_string().as_bytes(), &members)?;
        reader.quorum(b"quorum")?;
        reader.finish()
    }

    /// The policy file, without comments and with thresholds as numbers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut lines: Vec<Vec<Vec<u8>>> = Vec::new();
        let word = |text: &str| text.as_bytes().to_vec();
        for Log { key, url } in &self.logs {
            lines.push([word("log"), word(&key.to_string())].into_iter().chain(url.clone()).collect());
        }
        for Witness { name, key, url } in &self.witnesses {
            let words = [word("witness"), name.clone(), word(&key.to_string())];
            lines.push(words.into_iter().chain(url.clone()).collect());
        }
        for Group { name, threshold, members } in &self.groups {
            let words = [word("group"), name.clone(), word(&threshold.to_string())];
            lines.push(words.into_iter().chain(members.iter().map(|m| self.name(*m).to_vec())).collect());
        }
        let quorum = self.quorum.map_or(NONE, |member| self.name(member));
        lines.push(vec![word("quorum"), quorum.to_vec()]);
        lines.into_iter().flat_map(|words| [words.join(&b' '), word("\n")].concat()).collect()
    }

    fn name(&self, member: Member) -> &[u8] {
        match member {
            Member::Witness(at) => &self.witnesses[at].name,
            Member::Group(at) => &self.groups[at].name,
        }
    }
}

/// The name of the quorum that asks for no witness.
const NONE: &[u8] = b"none";

/// A policy of which some lines were read.
struct Reader {
    policy: Policy,
    grouped: Vec<Member>,
    has_quorum: bool,
}

impl Default for Reader {
    fn default() -> Self {
        let policy = Policy { logs: Vec::new(), witnesses: Vec::new(), groups: Vec::new(), quorum: None };
        Reader { policy, grouped: Vec::new(), has_quorum: false }
    }
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyFault::Unterminated)?;
        if line.iter().any(|b| *b == 0x7f || (*b < 0x20 && *b != b'\t')) {
            return Err(PolicyFault::Octet);
        }
        let words: Vec<&[u8]> =
            line.split(|b| matches!(b, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match &words[..] {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key] => self.log(parse_key(key)?, None),
            [b"log", key, url] => self.log(parse_key(key)?, Some(url.to_vec())),
            [b"witness", name, key] => self.witness(name, parse_key(key)?, None),
            [b"witness", name, key, url] => self.witness(name, parse_key(key)?, Some(url.to_vec())),
            [b"group", name, threshold, members @ ..] if !members.is_empty() => {
                self.group(name, threshold, members)
            }
            [b"quorum", name] => self.quorum(name),
            [b"log" | b"witness" | b"group" | b"quorum", ..] => Err(PolicyFault::Words),
            _ => Err(PolicyFault::Keyword),
        }
    }

    fn log(&mut self, key: VerifierKey, url: Option<Vec<u8>>) -> Result<(), PolicyFault> {
        let logs = &mut self.policy.logs;
        fits(logs.iter().map(|log| &log.key), &key, SignatureKind::Note)?;
        logs.push(Log { key, url });
        Ok(())
    }

    fn witness(&mut self, name: &[u8], key: VerifierKey, url: Option<Vec<u8>>) -> Result<(), PolicyFault> {
        self.is_free(name)?;
        let witnesses = &mut self.policy.witnesses;
        fits(witnesses.iter().map(|witness| &witness.key), &key, SignatureKind::Cosignature)?;
        witnesses.push(Witness { name: name.to_vec(), key, url });
        Ok(())
    }

    fn group(&mut self, name: &[u8], threshold: &[u8], members: &[&[u8]]) -> Result<(), PolicyFault> {
        self.is_free(name)?;
        if self.policy.groups.len() == MAX_DEFINITIONS {
            return Err(PolicyFault::Long);
        }
        let mut found = Vec::new();
        for member in members {
            let member = self.find(member)?;
            // A member of two groups would count twice in what stands above them.
            if self.grouped.contains(&member) {
                return Err(PolicyFault::MemberTwice);
            }
            self.grouped.push(member);
            found.push(member);
        }
        let threshold = match threshold {
            b"any" => Some(1),
            b"all" => Some(found.len()),
            number => std::str::from_utf8(number).ok().and_then(line::decimal).map(|k| k as usize),
        };
        let threshold = threshold.filter(|k| (1..=found.len()).contains(k)).ok_or(PolicyFault::Threshold)?;
        self.policy.groups.push(Group { name: name.to_vec(), threshold, members: found });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyFault> {
        if self.has_quorum {
            return Err(PolicyFault::Quorum);
        }
        self.policy.quorum = if name == NONE { None } else { Some(self.find(name)?) };
        self.has_quorum = true;
        Ok(())
    }

    fn finish(self) -> Result<Policy, PolicyFault> {
        if self.has_quorum { Ok(self.policy) } else { Err(PolicyFault::Quorum) }
    }

    fn find(&self, name: &[u8]) -> Result<Member, PolicyFault> {
        let witness = self.policy.witnesses.iter().position(|w| w.name == name).map(Member::Witness);
        let group = || self.policy.groups.iter().position(|g| g.name == name).map(Member::Group);
        witness.or_else(group).ok_or(PolicyFault::UnknownName)
    }

    fn is_free(&self, name: &[u8]) -> Result<(), PolicyFault> {
        if name == NONE || self.find(name).is_ok() { Err(PolicyFault::DuplicateName) } else { Ok(()) }
    }
}

fn parse_key(word: &[u8]) -> Result<VerifierKey, PolicyFault> {
    let text = std::str::from_utf8(word).map_err(|_| PolicyFault::Key(KeyError::Form))?;
    VerifierKey::parse(text).map_err(PolicyFault::Key)
}

/// Whether one more key may join its like.
fn fits<'k>(
    mut listed: impl ExactSizeIterator<Item = &'k VerifierKey>,
    key: &VerifierKey,
    kind: SignatureKind,
) -> Result<(), PolicyFault> {
    if key.kind() != kind {
        return Err(PolicyFault::Kind);
    }
    if listed.len() == MAX_DEFINITIONS {
        return Err(PolicyFault::Long);
    }
    let duplicate = listed.any(|other| other.public_key() == key.public_key());
    if duplicate { Err(PolicyFault::DuplicateKey) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyName;
    use crate::signer::{Cosigner, NoteSigner};

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn log_key(seed: u8) -> VerifierKey {
        NoteSigner::from_seed(name("log.example"), &[seed; 32]).verifier_key().clone()
    }

    fn witness_key(seed: u8) -> VerifierKey {
        Cosigner::from_seed(name("w.example"), &[seed; 32]).verifier_key().clone()
    }

    #[test]
    fn policies_round_trip() {
        let text = format!(
            "# a comment\n\n \t# another\nlog {} https://log.example/\n\twitness  W\u{f6}1 {} https://w.example/ \n\
             witness 2 {}\nwitness any {}\ngroup all all W\u{f6}1 2\ngroup k 1 all any\nquorum k\nlog {}\n",
            log_key(1),
            witness_key(1),
            witness_key(2),
            witness_key(3),
            log_key(2),
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(policy.logs().count(), 2);
        assert_eq!(policy.witnesses()[0].name(), "W\u{f6}1".as_bytes());
        assert_eq!(policy.witnesses()[0].url(), Some(&b"https://w.example/"[..]));
        assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy.clone()));
        let printed = String::from_utf8(policy.to_bytes()).unwrap();
        assert!(printed.ends_with("group all 2 W\u{f6}1 2\ngroup k 1 all any\nquorum k\n"), "{printed}");
        let none = Policy::parse(b"quorum none\n").unwrap();
        assert_eq!(none.to_bytes(), b"quorum none\n");
    }

    #[test]
    fn k_of_n_is_a_policy_like_any_other() {
        let witnesses = || (1..=4).map(witness_key);
        let policy = Policy::k_of_n([log_key(1)], witnesses(), 3).unwrap();
        assert_eq!(policy.flat_quorum(), Some((3, 4)));
        assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
        for k in [0, 5] {
            assert_eq!(Policy::k_of_n([log_key(1)], witnesses(), k), Err(PolicyFault::Threshold));
        }
        let twice = witnesses().chain([witness_key(1)]);
        assert_eq!(Policy::k_of_n([log_key(1)], twice, 3), Err(PolicyFault::DuplicateKey));
        assert_eq!(Policy::k_of_n([log_key(1), log_key(1)], [], 1), Err(PolicyFault::DuplicateKey));
    }

    #[test]
    fn one_fault_each() {
        let (log, w1, w2) = (log_key(1), witness_key(1), witness_key(2));
        let other_name = Cosigner::from_seed(name("x.example"), &[1; 32]).verifier_key().clone();
        let head = format!("log {log}\nwitness a {w1}\nwitness b {w2}\n");
        for (rest, line, fault) in [
            (String::new(), 4, PolicyFault::Quorum),
            ("quorum a".into(), 4, PolicyFault::Unterminated),
            ("quorum a\nquorum b\n".into(), 5, PolicyFault::Quorum),
            ("quorum c\n".into(), 4, PolicyFault::UnknownName),
            ("quorum\n".into(), 4, PolicyFault::Words),
            ("quorum a b\n".into(), 4, PolicyFault::Words),
            ("quorum a # comment\n".into(), 4, PolicyFault::Words),
            ("Quorum a\n".into(), 4, PolicyFault::Keyword),
            ("quorum\u{a0}a\n".into(), 4, PolicyFault::Keyword),
            ("quorum a\r\n".into(), 4, PolicyFault::Octet),
            ("quorum a\u{7f}\n".into(), 4, PolicyFault::Octet),
            ("#\0\nquorum a\n".into(), 4, PolicyFault::Octet),
            ("quorum a\ngroup g any b".into(), 5, PolicyFault::Unterminated),
            ("group g any c\nquorum g\n".into(), 4, PolicyFault::UnknownName),
            ("group g any g\nquorum g\n".into(), 4, PolicyFault::UnknownName),
            ("group g any none\nquorum g\n".into(), 4, PolicyFault::UnknownName),
            ("quorum g\ngroup g any a\n".into(), 4, PolicyFault::UnknownName),
            ("group g any\nquorum g\n".into(), 4, PolicyFault::Words),
            ("group a any b\n".into(), 4, PolicyFault::DuplicateName),
            ("group none any b\n".into(), 4, PolicyFault::DuplicateName),
            ("group g 2 a a\n".into(), 4, PolicyFault::MemberTwice),
            ("group g any a\ngroup h any a b\n".into(), 5, PolicyFault::MemberTwice),
            ("group g 0 a b\n".into(), 4, PolicyFault::Threshold),
            ("group g 3 a b\n".into(), 4, PolicyFault::Threshold),
            ("group g 02 a b\n".into(), 4, PolicyFault::Threshold),
            ("group g some a b\n".into(), 4, PolicyFault::Threshold),
            ("log\n".into(), 4, PolicyFault::Words),
            (format!("log {} url more\n", log_key(2)), 4, PolicyFault::Words),
            (format!("log {log}\n"), 4, PolicyFault::DuplicateKey),
            (format!("log {w1}\n"), 4, PolicyFault::Kind),
            ("log log.example\n".into(), 4, PolicyFault::Key(KeyError::Form)),
            (format!("witness c {}\n", log_key(3)), 4, PolicyFault::Kind),
            (format!("witness c {other_name}\n"), 4, PolicyFault::DuplicateKey),
            (format!("witness a {}\n", witness_key(3)), 4, PolicyFault::DuplicateName),
            (format!("witness none {}\n", witness_key(3)), 4, PolicyFault::DuplicateName),
            (format!("witness {}\n", witness_key(3)), 4, PolicyFault::Words),
        ] {
            let error = Err(PolicyTextError { line, fault });
            assert_eq!(Policy::parse(format!("{head}{rest}").as_bytes()), error, "{rest:?}");
        }
        assert_eq!(Policy::parse(b"").unwrap_err().fault, PolicyFault::Quorum);
        assert_eq!(Policy::parse(&[b'\n'; MAX_POLICY_BYTES + 1]).unwrap_err().fault, PolicyFault::Long);
        let many: String = (0..65).map(|seed| format!("witness w{seed} {}\n", witness_key(seed))).collect();
        assert_eq!(
            Policy::parse(many.as_bytes()),
            Err(PolicyTextError { line: 65, fault: PolicyFault::Long })
        );
    }
}
