//! Every text under mutation: nothing panics, and what is still read prints as it stands.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use proptest::prelude::*;
use proptest::sample::Index;
use ytterby_tlog::{
    AddCheckpoint, Bundle, Checkpoint, Cosigner, Frontier, Hash, KeyName, NoteSigner, Policy, Receipt,
    SignedCheckpoint, SignedNote, Tile, TreeHead, VerifierKey, parse_cosignatures, print_cosignatures,
};

fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

fn log() -> NoteSigner {
    NoteSigner::from_seed(name("log.example/1"), &[1; 32])
}

fn witness(seed: u8) -> Cosigner {
    Cosigner::from_seed(name("w.example"), &[seed; 32])
}

fn checkpoint(head: TreeHead) -> SignedCheckpoint {
    let checkpoint = Checkpoint::new(name("log.example/1"), head);
    let cosignatures = [2, 3].map(|seed| witness(seed).cosign(&checkpoint, 1_790_000_000).unwrap());
    let mut signed = checkpoint.sign(&log()).unwrap();
    cosignatures.into_iter().for_each(|line| signed.add(line).unwrap());
    signed
}

fn policy() -> Policy {
    let text = format!(
        "# comment\nlog {} url\nwitness a {}\nwitness b {} url\ngroup g any a b\nquorum g\n",
        log().verifier_key(),
        witness(2).verifier_key(),
        witness(3).verifier_key()
    );
    Policy::parse(text.as_bytes()).unwrap()
}

/// One text of each format, and what reading and printing makes of a text.
type Format = (&'static str, Vec<u8>, fn(&[u8]) -> Option<Vec<u8>>);

fn formats() -> Vec<Format> {
    fn text(bytes: &[u8]) -> Option<&str> {
        std::str::from_utf8(bytes).ok()
    }
    let mut frontier = Frontier::new();
    (0u8..5).for_each(|index| frontier.append(Hash::of_leaf(&[index])).map(drop).unwrap());
    let signed = checkpoint(frontier.head());
    let proof = vec![Hash::EMPTY_ROOT; 3];
    let receipt = Receipt::new(3, proof.clone(), signed.clone()).with_extra(b"extra".to_vec()).unwrap();
    let answer = print_cosignatures(&signed.note().signatures()[1..]);
    let bundle = Bundle::new(0, 3).unwrap().encode([&b"one"[..], b"", b"three"]).unwrap();
    vec![
        ("note", signed.to_string().into(), |b| Some(SignedNote::parse(b).ok()?.to_string().into())),
        ("checkpoint", signed.to_string().into(), |b| {
            Some(SignedCheckpoint::parse(b).ok()?.to_string().into())
        }),
        ("receipt", receipt.to_string().into(), |b| Some(Receipt::parse(b).ok()?.to_string().into())),
        ("request", AddCheckpoint::new(3, proof, signed).to_string().into(), |b| {
            Some(AddCheckpoint::parse(b).ok()?.to_string().into())
        }),
        ("answer", answer.into(), |b| Some(print_cosignatures(&parse_cosignatures(b).ok()?).into())),
        ("key", log().verifier_key().to_string().into(), |b| {
            Some(VerifierKey::parse(text(b)?).ok()?.to_string().into())
        }),
        ("secret", log().to_secret().into(), |b| {
            Some(NoteSigner::parse_secret(text(b)?).ok()?.to_secret().into())
        }),
        ("tile", b"tile/1/x123/456.p/78".to_vec(), |b| Some(Tile::parse(text(b)?)?.to_string().into())),
        ("entries", b"tile/entries/x123/456.p/78".to_vec(), |b| {
            Some(Bundle::parse(text(b)?)?.to_string().into())
        }),
        ("bundle", bundle, |b| {
            let place = Bundle::new(0, 3).unwrap();
            Some(place.encode(place.decode(b).ok()?).unwrap())
        }),
        ("frontier", frontier.to_bytes(), |b| Some(Frontier::from_bytes(b).ok()?.to_bytes())),
    ]
}

#[derive(Debug, Clone)]
enum Mutation {
    Replace(Index, u8),
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Repeat(Index, Index),
    SwapLines(Index, Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    // Bytes that mean something in one of the formats come up more often than others.
    let byte = prop_oneof![prop::sample::select(&b"\n \t+=/#.px0129AZ\xe2\x80\x94\0"[..]), any::<u8>()];
    let index = any::<Index>;
    prop_oneof![
        (index(), byte.clone()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (index(), 0u8..8).prop_map(|(at, bit)| Mutation::Flip(at, bit)),
        (index(), prop::collection::vec(byte, 1..4)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        (index(), index()).prop_map(|(from, to)| Mutation::Remove(from, to)),
        (index(), index()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
        (index(), index()).prop_map(|(a, b)| Mutation::SwapLines(a, b)),
    ]
}

fn mutate(mut bytes: Vec<u8>, mutation: &Mutation) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let length = bytes.len();
    let range = |a: &Index, b: &Index| {
        let (a, b) = (a.index(length), b.index(length));
        a.min(b)..a.max(b)
    };
    match mutation {
        Mutation::Replace(at, byte) => bytes[at.index(length)] = *byte,
        Mutation::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Mutation::Insert(at, more) => {
            let at = at.index(length);
            bytes.splice(at..at, more.iter().copied());
        }
        Mutation::Remove(from, to) => drop(bytes.drain(range(from, to))),
        Mutation::Repeat(from, to) => {
            let more = bytes[range(from, to)].to_vec();
            bytes.splice(range(from, to).start..range(from, to).start, more);
        }
        Mutation::SwapLines(a, b) => {
            let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
            bytes = lines.concat();
        }
    }
    bytes
}

#[test]
fn what_is_printed_is_read() {
    for (format, bytes, again) in formats() {
        assert_eq!(again(&bytes), Some(bytes), "{format}");
    }
    let policy = policy();
    assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
}

/// Every text cut short at every byte, and every byte of it replaced by some others.
#[test]
fn each_byte_counts() {
    for (format, bytes, again) in formats() {
        for at in 0..bytes.len() {
            if let Some(printed) = again(&bytes[..at]) {
                assert_eq!(printed, bytes[..at], "{format} cut at {at}");
            }
            for byte in b"\n +=0Az\xff\0" {
                let mut changed = bytes.clone();
                changed[at] = *byte;
                if let Some(printed) = again(&changed) {
                    assert_eq!(printed, changed, "{format} with {byte} at {at}");
                }
            }
        }
    }
}

/// No receipt that differs in one bit shows anything: it is no receipt, or it does not verify.
#[test]
fn no_flipped_bit_of_a_receipt_verifies() {
    let entries = [b"a", b"b", b"c"].map(|entry| Hash::of_leaf(entry));
    let mut frontier = Frontier::new();
    entries.iter().for_each(|leaf| frontier.append(*leaf).map(drop).unwrap());
    let receipt = Receipt::new(1, vec![entries[0], entries[2]], checkpoint(frontier.head()));
    let keys = [2, 3].map(|seed| witness(seed).verifier_key().clone());
    let policy = Policy::k_of_n([log().verifier_key().clone()], keys, 2).unwrap();
    let origin = name("log.example/1");
    receipt.verify(b"b", &origin, &policy).unwrap();
    let text = receipt.to_string().into_bytes();
    let mut read = 0;
    for bit in 0..8 * text.len() {
        let mut flipped = text.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Receipt::parse(&flipped) {
            read += 1;
            assert!(other.verify(b"b", &origin, &policy).is_err(), "bit {bit}");
        }
    }
    assert!(read > 1000, "only {read} were receipts");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn mutated_texts_print_as_they_are_read(mutations in prop::collection::vec(mutation(), 1..5)) {
        for (format, bytes, again) in formats() {
            let mutated = mutations.iter().fold(bytes, mutate);
            if let Some(printed) = again(&mutated) {
                prop_assert_eq!(printed, mutated, "{}", format);
            }
        }
    }

    /// A policy file has comments and spaces, so its text may change; its meaning may not.
    #[test]
    fn mutated_policies_keep_their_meaning(mutations in prop::collection::vec(mutation(), 1..4)) {
        let mutated = mutations.iter().fold(policy().to_bytes(), mutate);
        if let Ok(policy) = Policy::parse(&mutated) {
            prop_assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
        }
    }

    #[test]
    fn anything_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, _, again) in formats() {
            if let Some(printed) = again(&bytes) {
                prop_assert_eq!(&printed, &bytes);
            }
        }
        let _ = Policy::parse(&bytes);
    }

    /// Any head, index and proof: what is made can be read.
    #[test]
    fn made_texts_are_read(size in 1u64.., root in any::<[u8; 32]>(), index in any::<u64>(), hashes in 0usize..=63) {
        let signed = checkpoint(TreeHead { size, root: Hash::from_bytes(root) });
        let proof = vec![Hash::from_bytes(root); hashes];
        let receipt = Receipt::new(index, proof.clone(), signed.clone());
        prop_assert_eq!(Receipt::parse(receipt.to_string().as_bytes()), Ok(receipt));
        let request = AddCheckpoint::new(index, proof, signed);
        prop_assert_eq!(AddCheckpoint::parse(request.to_string().as_bytes()), Ok(request));
    }
}
