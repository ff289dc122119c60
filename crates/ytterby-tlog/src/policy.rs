//! Policies: which logs a verifier knows, and how many of which witnesses must have seen a
//! checkpoint. Implements proto-docs/log.md, "Quorum and time" (C2SP tlog-policy); the file is read
//! and written in `policy_text`.

use crate::checkpoint::{Checkpoint, OpenError, SignedCheckpoint};
use crate::key::{KeyName, VerifierKey};

/// Logs, witnesses, and the quorum that makes a checkpoint count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(crate) logs: Vec<Log>,
    pub(crate) witnesses: Vec<Witness>,
    /// In an order in which each names only witnesses and groups before it.
    pub(crate) groups: Vec<Group>,
    /// `None` asks for no witness at all.
    pub(crate) quorum: Option<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) key: VerifierKey,
    pub(crate) url: Option<Vec<u8>>,
}

/// A witness of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    pub(crate) name: Vec<u8>,
    pub(crate) key: VerifierKey,
    pub(crate) url: Option<Vec<u8>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) name: Vec<u8>,
    pub(crate) threshold: usize,
    pub(crate) members: Vec<Member>,
}

/// A witness or a group, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Witness(usize),
    Group(usize),
}

/// A checkpoint that satisfies a policy: holding one is the proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    checkpoint: Checkpoint,
    log_keys: Vec<VerifierKey>,
    cosignatures: Vec<Cosignature>,
    time: Option<u64>,
}

/// A verified cosignature by a witness of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness's key.
    pub key: VerifierKey,
    /// When the witness saw the checkpoint, in seconds since 1970; of several times, the earliest.
    pub time: u64,
}

/// Why a checkpoint does not satisfy a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The policy lists no key of this log.
    #[error("the policy knows no log {0}")]
    UnknownLog(KeyName),
    /// It is another log's, or a signature is missing or bad.
    #[error(transparent)]
    Checkpoint(#[from] OpenError),
    /// Too few of the witnesses have cosigned.
    #[error("{cosigned} of the policy's witnesses have cosigned, which is no quorum")]
    Quorum {
        /// How many of them have.
        cosigned: usize,
    },
}

impl Policy {
    /// Opens a checkpoint of a log: the log has signed it, so has a quorum of witnesses, and no known
    /// key's signature is bad. Each witness counts once, however often it signed.
    pub fn open(&self, origin: &KeyName, checkpoint: &SignedCheckpoint) -> Result<Witnessed, PolicyError> {
        let logs: Vec<&VerifierKey> = self.logs().filter(|key| key.name() == origin).collect();
        if logs.is_empty() {
            return Err(PolicyError::UnknownLog(origin.clone()));
        }
        let witnesses = self.witnesses.iter().map(|witness| &witness.key);
        let verified = checkpoint.open_with(origin, &logs, witnesses)?;
        let earliest = |witness: &Witness| {
            verified.iter().filter(|signature| *signature.key == witness.key).filter_map(|s| s.time).min()
        };
        let times: Vec<Option<u64>> = self.witnesses.iter().map(earliest).collect();
        let cosignatures: Vec<Cosignature> = (self.witnesses.iter().zip(&times))
            .filter_map(|(witness, time)| Some(Cosignature { key: witness.key.clone(), time: (*time)? }))
            .collect();
        let time = match self.quorum {
            None => None,
            Some(member) => {
                let cosigned = cosignatures.len();
                Some(self.met_at(member, &times).ok_or(PolicyError::Quorum { cosigned })?)
            }
        };
        let signed = |key: &&VerifierKey| verified.iter().any(|signature| signature.key == *key);
        let log_keys = logs.into_iter().filter(signed).cloned().collect();
        Ok(Witnessed { checkpoint: checkpoint.unverified().clone(), log_keys, cosignatures, time })
    }

    /// The keys of the logs it knows.
    pub fn logs(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter().map(|log| &log.key)
    }

    /// The witnesses it knows, those that the quorum does not ask for included.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The quorum as `(k, n)`, if it is any k of n witnesses; `(0, 0)` asks for none.
    pub fn flat_quorum(&self) -> Option<(usize, usize)> {
        match self.quorum {
            None => Some((0, 0)),
            Some(Member::Witness(_)) => Some((1, 1)),
            Some(Member::Group(group)) => {
                let group = &self.groups[group];
                let flat = group.members.iter().all(|member| matches!(member, Member::Witness(_)));
                flat.then_some((group.threshold, group.members.len()))
            }
        }
    }

    /// The keys of the n witnesses of which a quorum of [`Policy::flat_quorum`] asks for k.
    pub fn flat_witnesses(&self) -> Option<Vec<&VerifierKey>> {
        let key = |member: &Member| match member {
            Member::Witness(at) => Some(&self.witnesses[*at].key),
            Member::Group(_) => None,
        };
        match self.quorum {
            None => Some(Vec::new()),
            Some(Member::Group(group)) => self.groups[group].members.iter().map(key).collect(),
            Some(witness) => Some(key(&witness).into_iter().collect()),
        }
    }

    /// When a member had witnessed: a witness when it cosigned, a group when as many of its members
    /// had as it asks for. For k of n that is the k-th smallest time.
    fn met_at(&self, member: Member, witnesses: &[Option<u64>]) -> Option<u64> {
        let mut groups: Vec<Option<u64>> = Vec::new();
        let at = |member: Member, groups: &[Option<u64>]| match member {
            Member::Witness(at) => witnesses[at],
            Member::Group(at) => groups[at],
        };
        for group in &self.groups {
            let mut times: Vec<u64> =
                group.members.iter().filter_map(|member| at(*member, &groups)).collect();
            times.sort_unstable();
            groups.push(times.get(group.threshold - 1).copied());
        }
        at(member, &groups)
    }
}

impl Witness {
    /// Its name in the policy, which is no more than that.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where it takes checkpoints, if the policy says.
    pub fn url(&self) -> Option<&[u8]> {
        self.url.as_deref()
    }
}

impl Witnessed {
    /// The checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log's keys that have signed: more than one during rotation.
    pub fn log_keys(&self) -> &[VerifierKey] {
        &self.log_keys
    }

    /// One cosignature of each of the policy's witnesses that cosigned.
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosignatures
    }

    /// The earliest time at which a quorum had cosigned, in seconds since 1970: by then the
    /// checkpoint existed. None if the policy asks for no witness.
    pub fn time(&self) -> Option<u64> {
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::TreeHead;
    use crate::note::SignatureError;
    use crate::signer::{Cosigner, NoteSigner};

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn log() -> NoteSigner {
        NoteSigner::from_seed(name("log.example"), &[100; 32])
    }

    fn witness(seed: u8) -> Cosigner {
        Cosigner::from_seed(name(&format!("w{seed}.example")), &[seed; 32])
    }

    fn policy(rest: &str) -> Policy {
        let mut text = format!("log {}\n", log().verifier_key());
        for seed in 1..=6 {
            text += &format!("witness w{seed} {}\n", witness(seed).verifier_key());
        }
        Policy::parse((text + rest).as_bytes()).unwrap()
    }

    fn checkpoint(cosigned: &[(u8, u64)]) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(name("log.example"), TreeHead::EMPTY);
        let mut signed = checkpoint.clone().sign(&log()).unwrap();
        for (seed, time) in cosigned {
            signed.add(witness(*seed).cosign(&checkpoint, *time).unwrap()).unwrap();
        }
        signed
    }

    fn time(policy: &Policy, cosigned: &[(u8, u64)]) -> Result<Option<u64>, PolicyError> {
        policy.open(&name("log.example"), &checkpoint(cosigned)).map(|witnessed| witnessed.time())
    }

    #[test]
    fn the_time_of_k_of_n_is_the_kth_smallest() {
        let two = policy("group g 2 w1 w2 w3\nquorum g\n");
        assert_eq!(two.flat_quorum(), Some((2, 3)));
        let three = [1, 2, 3].map(witness);
        let keys: Vec<_> = three.iter().map(Cosigner::verifier_key).collect();
        assert_eq!(two.flat_witnesses(), Some(keys), "those that the quorum asks for");
        assert_eq!(time(&two, &[(1, 30), (2, 10), (3, 20)]), Ok(Some(20)));
        assert_eq!(time(&two, &[(3, 7), (1, 5)]), Ok(Some(7)));
        assert_eq!(time(&two, &[(1, 5)]), Err(PolicyError::Quorum { cosigned: 1 }));
        // Witnesses that the quorum does not name do not count.
        assert_eq!(time(&two, &[(1, 5), (4, 5), (5, 5)]), Err(PolicyError::Quorum { cosigned: 3 }));
        // A witness counts once, with its earliest time.
        assert_eq!(time(&two, &[(1, 5), (1, 6), (1, 7)]), Err(PolicyError::Quorum { cosigned: 1 }));
        assert_eq!(time(&two, &[(1, 9), (1, 6), (2, 3)]), Ok(Some(6)));
    }

    #[test]
    fn nested_quorums_are_met_when_their_groups_are() {
        let nested = policy("group x 2 w1 w2 w3\ngroup y any w4 w5\ngroup all all x y w6\nquorum all\n");
        assert_eq!((nested.flat_quorum(), nested.flat_witnesses()), (None, None));
        let all = [(1, 10), (2, 20), (3, 30), (4, 40), (5, 5), (6, 1)];
        assert_eq!(time(&nested, &all), Ok(Some(20)));
        assert_eq!(time(&nested, &all[..4]), Err(PolicyError::Quorum { cosigned: 4 }));
        assert_eq!(time(&nested, &[(1, 1), (3, 2), (4, 50), (6, 60)]), Ok(Some(60)));
        assert_eq!(
            time(&nested, &[(1, 1), (4, 2), (5, 3), (6, 4)]),
            Err(PolicyError::Quorum { cosigned: 4 })
        );
        let any = policy("group x all w1 w2\ngroup y any x w3\nquorum y\n");
        assert_eq!(time(&any, &[(1, 5), (2, 6), (3, 9)]), Ok(Some(6)));
        let one = policy("quorum w3\n");
        assert_eq!((one.flat_quorum(), one.flat_witnesses().map(|keys| keys.len())), (Some((1, 1)), Some(1)));
        assert_eq!(time(&one, &[(3, 9)]), Ok(Some(9)));
        assert_eq!(time(&one, &[(1, 9)]), Err(PolicyError::Quorum { cosigned: 1 }));
        let none = policy("quorum none\n");
        assert_eq!((none.flat_quorum(), none.flat_witnesses()), (Some((0, 0)), Some(vec![])));
        assert_eq!(time(&none, &[]), Ok(None));
    }

    #[test]
    fn a_quorum_does_not_make_up_for_the_log() {
        let one = policy("quorum w1\n");
        let origin = name("log.example");
        let body = Checkpoint::new(origin.clone(), TreeHead::EMPTY);
        let same_name = NoteSigner::from_seed(origin.clone(), &[101; 32]);
        let mut signed = body.clone().sign(&same_name).unwrap();
        signed.add(witness(1).cosign(&body, 5).unwrap()).unwrap();
        let missing = PolicyError::Checkpoint(OpenError::Signature(SignatureError::Missing));
        assert_eq!(one.open(&origin, &signed), Err(missing));
        signed.add(log().sign(&body.to_string())).unwrap();
        let witnessed = one.open(&origin, &signed).unwrap();
        assert_eq!(witnessed.log_keys(), [log().verifier_key().clone()]);
        assert_eq!(
            witnessed.cosignatures(),
            [Cosignature { key: witness(1).verifier_key().clone(), time: 5 }]
        );

        let other = name("other.example");
        assert_eq!(one.open(&other, &signed), Err(PolicyError::UnknownLog(other)));
    }

    #[test]
    fn a_cosignature_is_for_its_own_time_and_checkpoint() {
        let one = policy("quorum w1\n");
        let origin = name("log.example");
        let good = checkpoint(&[(1, 5), (2, 5)]).to_string();
        let parse = |text: &str| SignedCheckpoint::parse(text.as_bytes()).unwrap();
        assert!(one.open(&origin, &parse(&good)).is_ok());
        let body = Checkpoint::new(origin.clone(), TreeHead::EMPTY);
        let line = |seed, time| witness(seed).cosign(&body, time).unwrap().to_string();
        for seed in [1, 2] {
            // The time of one cosignature over the signature of another: eight bytes after the ID. A
            // witness that the quorum does not ask for refuses the note as well.
            let base64 = |time| line(seed, time).rsplit_once(' ').map(|(_, text)| text.to_owned()).unwrap();
            let [mut altered, later] =
                [base64(5), base64(9)].map(|text| data_encoding::BASE64.decode(text.as_bytes()).unwrap());
            altered[4..12].copy_from_slice(&later[4..12]);
            let altered = good.replace(&base64(5), &data_encoding::BASE64.encode(&altered));
            let invalid = SignatureError::Invalid(witness(seed).verifier_key().name().clone());
            assert_eq!(
                one.open(&origin, &parse(&altered)),
                Err(PolicyError::Checkpoint(OpenError::Signature(invalid)))
            );
        }
        let unlisted = witness(9).cosign(&body, 5).unwrap();
        let mut more = parse(&good);
        more.add(unlisted).unwrap();
        assert_eq!(one.open(&origin, &more), one.open(&origin, &parse(&good)));
    }
}
