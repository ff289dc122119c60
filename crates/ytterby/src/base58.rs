//! Base58btc of a known number of bytes: the key and the signature of every certificate.
//!
//! Why our own: the general decoder of `bs58`, which still encodes, takes a twentieth of a
//! verification. Implements proto-docs/certificate.md, "Keys" and "Proof".

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The digit of each byte; 58 for those that are none.
const DIGITS: [u8; 256] = {
    let mut digits = [58; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        digits[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

/// As many digits as a word holds: 58^10 is below 2^59.
const AT_ONCE: usize = 10;

/// The bytes of a text, as many as the caller wants, at most 64; none for a text of more or fewer.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    // 58^88 is above 2^512: a longer text has more bytes.
    let digits = Some(text.as_bytes()).filter(|digits| digits.len() <= 88)?;
    // The number, its lowest word first.
    let mut words = [0_u64; 8];
    for chunk in digits.chunks(AT_ONCE) {
        let (mut scale, mut carry) = (1_u64, 0_u64);
        for byte in chunk {
            let digit = DIGITS[usize::from(*byte)];
            if digit == 58 {
                return None;
            }
            (scale, carry) = (scale * 58, carry * 58 + u64::from(digit));
        }
        for word in &mut words {
            let product = u128::from(*word) * u128::from(scale) + u128::from(carry);
            (*word, carry) = (product as u64, (product >> 64) as u64);
        }
        if carry != 0 {
            return None;
        }
    }
    let mut all = [0; 64];
    for (place, word) in all.chunks_exact_mut(8).zip(words.iter().rev()) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    let (above, bytes) = all.split_last_chunk::<N>()?;
    // Each zero byte in front is written as a digit of its own.
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let ones = digits.iter().take_while(|digit| **digit == b'1').count();
    (zeros == ones && above.iter().all(|byte| *byte == 0)).then_some(*bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The crate's answer, for a number of bytes.
    fn oracle<const N: usize>(text: &str) -> Option<[u8; N]> {
        bs58::decode(text).into_vec().ok()?.try_into().ok()
    }

    #[test]
    fn borders() {
        let encoded = |bytes: &[u8]| bs58::encode(bytes).into_string();
        for length in [0, 1, 33, 34, 35, 63, 64, 65] {
            for fill in [0, 1, 0xff] {
                let mut bytes = vec![fill; length];
                let text = encoded(&bytes);
                assert_eq!(decode::<64>(&text).is_some(), length == 64, "{length} of {fill}");
                assert_eq!(decode::<34>(&text).is_some(), length == 34, "{length} of {fill}");
                if let Some(first) = bytes.first_mut() {
                    *first = 0;
                }
                assert_eq!(decode::<64>(&encoded(&bytes)), oracle(&encoded(&bytes)));
                assert_eq!(decode::<34>(&encoded(&bytes)), oracle(&encoded(&bytes)));
            }
        }
        for bad in ["0", "O", "I", "l", "é", "-", " "] {
            assert_eq!(decode::<64>(&format!("{}{bad}", &encoded(&[9; 64])[..87])), None);
        }
        assert_eq!(decode::<64>(&"z".repeat(88)), None, "more than 64 bytes hold");
    }

    proptest! {
        #[test]
        fn the_crate_says_the_same(bytes in prop::collection::vec(any::<u8>(), 30..68), zeros in 0_usize..8) {
            let bytes: Vec<u8> = bytes.iter().enumerate().map(|(at, b)| if at < zeros { 0 } else { *b }).collect();
            let text = bs58::encode(&bytes).into_string();
            prop_assert_eq!(decode::<64>(&text), oracle(&text));
            prop_assert_eq!(decode::<34>(&text), oracle(&text));
        }

        #[test]
        fn so_it_does_of_any_digits(text in "[1-9A-HJ-NP-Za-km-z]{40,92}") {
            prop_assert_eq!(decode::<64>(&text), oracle(&text));
            prop_assert_eq!(decode::<34>(&text), oracle(&text));
        }
    }
}
