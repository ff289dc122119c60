//! Digests of related resources: `digestSRI` and `digestMultibase` (VCDM 2.0 section 5.3).

use data_encoding::{BASE64, BASE64URL_NOPAD};

/// Whether a text is one or more hash expressions of Subresource Integrity.
pub(crate) fn is_sri(text: &str) -> bool {
    let one = |expression: &str| {
        let (name, digest) = expression.split_once('-')?;
        let digest = digest.split('?').next()?;
        let length = match name {
            "sha256" => 32,
            "sha384" => 48,
            "sha512" => 64,
            _ => return None,
        };
        BASE64.decode(digest.as_bytes()).ok().filter(|bytes| bytes.len() == length)
    };
    let mut expressions = text.split_ascii_whitespace().peekable();
    expressions.peek().is_some() && expressions.all(|expression| one(expression).is_some())
}

/// Whether a text is a digest in base64url or base58btc. Whether it is a multihash is left open: the
/// public suites write plain SHA-256 digests as well.
pub(crate) fn is_digest(text: &str) -> bool {
    let bytes = match text.split_at_checked(1) {
        Some(("u", rest)) => BASE64URL_NOPAD.decode(rest.as_bytes()).ok(),
        // Sixty-four bytes and a prefix: longer base58 would cost more than it can be worth.
        Some(("z", rest)) if rest.len() <= 96 => bs58::decode(rest).into_vec().ok(),
        _ => None,
    };
    bytes.is_some_and(|bytes| bytes.len() >= 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests() {
        let sri = format!("sha256-{}", BASE64.encode(&[1; 32]));
        for good in [sri.clone(), format!("{sri} sha384-{}", BASE64.encode(&[1; 48]))] {
            assert!(is_sri(&good), "{good}");
        }
        for bad in ["", " ", "sha256-", "md5-AAAA", &sri[..20], &sri.replace("256", "512")] {
            assert!(!is_sri(bad), "{bad}");
        }
        assert!(is_digest(&format!("u{}", BASE64URL_NOPAD.encode(&[1; 32]))));
        assert!(is_digest(&format!("z{}", bs58::encode([1; 34]).into_string())));
        for bad in ["", "u", "z", "uAAAA", "zOOO", "é", &"z1".repeat(100)] {
            assert!(!is_digest(bad), "{bad}");
        }
    }
}
