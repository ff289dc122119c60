//! The examples in `proto-docs/log.md` are what the code makes, and they verify.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::convert::Infallible;

use ytterby_tlog::{
    AddCheckpoint, Checkpoint, Cosigner, Frontier, Hash, KeyName, NoteSigner, Policy, Receipt,
    SignedCheckpoint, Tile, TileTree, VerifierKey, grow, print_cosignatures,
};

const LOG: &str = include_str!("../../../proto-docs/log.md");

/// A test key, made from its name: nobody may trust it.
fn seed(name: &KeyName) -> [u8; 32] {
    *Hash::of_leaf(name.as_str().as_bytes()).as_bytes()
}

struct Example {
    log: NoteSigner,
    witness: Cosigner,
    policy: Policy,
    tiles: BTreeMap<Tile, Vec<u8>>,
    checkpoint: SignedCheckpoint,
}

/// A log of five entries, "entry 0" to "entry 4", and one of two witnesses.
fn example() -> Example {
    let [origin, w1, w2] = ["registry.example/ree", "witness.example/1", "witness.example/2"]
        .map(|name| KeyName::parse(name).unwrap());
    let log = NoteSigner::from_seed(origin.clone(), &seed(&origin));
    let [witness, other] = [w1, w2].map(|name| Cosigner::from_seed(name.clone(), &seed(&name)));
    let leaves: Vec<Hash> = (0..5).map(|index| Hash::of_leaf(format!("entry {index}").as_bytes())).collect();
    let growth = grow(&Frontier::new(), &leaves, |_| Ok::<_, Infallible>(None)).unwrap();
    let checkpoint = Checkpoint::new(origin, growth.frontier.head());
    let cosignature = witness.cosign(&checkpoint, 1_790_000_000).unwrap();
    let mut checkpoint = checkpoint.sign(&log).unwrap();
    checkpoint.add(cosignature).unwrap();
    let key = |cosigner: &Cosigner| cosigner.verifier_key().clone();
    let policy = Policy::k_of_n([log.verifier_key().clone()], [key(&witness), key(&other)], 1).unwrap();
    Example { log, witness, policy, tiles: growth.tiles.into_iter().collect(), checkpoint }
}

fn assert_shown(text: &str) {
    assert!(LOG.contains(&format!("```\n{text}```\n")), "proto-docs/log.md does not show\n{text}");
}

#[test]
fn the_receipt_of_the_specification_verifies() {
    let Example { log, witness, policy, tiles, checkpoint } = example();
    let head = checkpoint.open(log.verifier_key()).unwrap().head();
    let mut tree = TileTree::new(head, |tile| Ok::<_, Infallible>(tiles.get(&tile).cloned()));
    let (_, proof) = tree.prove_inclusion(2).unwrap();
    let receipt = Receipt::new(2, proof, checkpoint);
    assert_shown(&receipt.to_string());
    let included = receipt.verify(b"entry 2", log.verifier_key().name(), &policy).unwrap();
    assert_eq!(included.witnessed().time(), Some(1_790_000_000));
    assert_eq!(included.witnessed().cosignatures()[0].key, *witness.verifier_key());
}

#[test]
fn the_policy_of_the_specification_is_read() {
    let text = String::from_utf8(example().policy.to_bytes()).unwrap();
    assert_shown(&text);
    for word in text.split_whitespace().filter(|word| word.contains('+')) {
        assert_eq!(VerifierKey::parse(word).unwrap().to_string(), word);
    }
}

#[test]
fn the_request_of_the_specification_is_answered() {
    let Example { log, witness, tiles, checkpoint, .. } = example();
    let mut tree =
        TileTree::new(checkpoint.unverified().head(), |tile| Ok::<_, Infallible>(tiles.get(&tile).cloned()));
    let (seen, proof) = tree.prove_consistency(3).unwrap();
    let signed = checkpoint.unverified().clone().sign(&log).unwrap();
    let request = AddCheckpoint::new(seen.size, proof, signed);
    assert_shown(&request.to_string());
    let accepted = request.judge([log.verifier_key()], &seen).unwrap();
    let answer = print_cosignatures(&[witness.cosign(accepted, 1_790_000_000).unwrap()]);
    assert!(LOG.contains(&format!("{answer}```\n")));
}
