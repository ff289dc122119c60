//! From bytes to an entry, and the rules of form that the wire structs cannot state.

use std::collections::HashSet;

use super::{
    Admission, CertificateEntry, Closing, Draw, Entry, EntryError, LotEntry, MAX_DRAWS, MAX_ENTRY,
    StatusChange,
};
use crate::form::{CloseReason, EntryKind, Kind};
use crate::json::{Members, Misfit, MisfitKind, Plain, Value, canonical};
use crate::wire;

impl Entry {
    /// Reads an entry. There is one text for each entry, and any other is refused: the log is hashed
    /// over these bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        if bytes.len() > MAX_ENTRY {
            return Err(EntryError::TooLarge(bytes.len()));
        }
        if let Some(entry) = str::from_utf8(bytes).ok().and_then(plain) {
            return Ok(entry);
        }
        let value = Value::parse(bytes)?;
        let Value::Object(object) = &value else {
            return Err(Misfit::new(MisfitKind::WrongType, "an entry is an object").into());
        };
        let Some(kind) = object.get("kind").and_then(Value::as_str).and_then(EntryKind::parse) else {
            let known: Vec<_> = EntryKind::ALL.iter().map(|kind| kind.as_str()).collect();
            let text = format!("it must be one of {}", known.join(", "));
            return Err(Misfit::new(MisfitKind::Value, text).under("kind").into());
        };
        let entry = decode(kind, Members::decoder(object))?;
        if canonical(&value) == bytes { Ok(entry) } else { Err(EntryError::NotCanonical) }
    }
}

/// Reads an entry as it stands, which it does in every sound log. Whatever is wrong, the tree tells.
fn plain(text: &str) -> Option<Entry> {
    const KIND: &str = "\"kind\":\"";
    let at = memchr::memmem::find(text.as_bytes(), KIND.as_bytes())?;
    let kind = EntryKind::parse(text.get(at + KIND.len()..)?.split('"').next()?)?;
    let mut plain = Plain::new(text);
    let entry = decode(kind, &mut plain).ok()?;
    (plain.offset() == text.len()).then_some(entry)
}

fn decode<'t, D>(kind: EntryKind, from: D) -> Result<Entry, Misfit>
where
    D: serde::Deserializer<'t, Error = Misfit>,
{
    let (read, entry) = match kind {
        EntryKind::Certificate => {
            let wire: wire::CertificateEntry = serde::Deserialize::deserialize(from)?;
            (wire.kind, Entry::Certificate(certificate(wire)?))
        }
        EntryKind::Admission => {
            let wire: wire::AdmissionEntry = serde::Deserialize::deserialize(from)?;
            (wire.kind, Entry::Admission(admission(wire)))
        }
        EntryKind::Closing => {
            let wire: wire::ClosingEntry = serde::Deserialize::deserialize(from)?;
            (wire.kind, Entry::Closing(Closing { certificate: wire.certificate.0, reason: wire.reason }))
        }
        EntryKind::Status => {
            let wire: wire::StatusEntry = serde::Deserialize::deserialize(from)?;
            let (certificate, value) = (wire.certificate.0, wire.value == wire::StatusValue::Set);
            (wire.kind, Entry::Status(StatusChange { certificate, purpose: wire.purpose, value }))
        }
    };
    // The caller looked for the first such member anywhere; here it is the entry's own.
    if read == kind { Ok(entry) } else { Err(combination("another kind").under("kind")) }
}

fn certificate(wire: wire::CertificateEntry) -> Result<CertificateEntry, Misfit> {
    let kind = wire.r#type;
    match &wire.closed {
        Some(CloseReason::Delivered) if kind == Kind::Transfer => {}
        Some(_) => {
            let misfit = combination("only a transfer to a recipient without a DID is closed from the start");
            return Err(misfit.under("closed"));
        }
        None => {}
    }
    let lot = match (kind.creates_lot(), wire.amounts) {
        (true, Some(amounts)) => Some(lot(kind, amounts, wire.closed.is_some())?),
        (false, None) => None,
        (true, None) => {
            return Err(Misfit::new(MisfitKind::MissingField, "amounts is missing").under("amounts"));
        }
        (false, Some(_)) => return Err(combination("there is no lot to hold them").under("amounts")),
    };
    Ok(CertificateEntry { certificate: wire.certificate.0, kind, home: wire.home.0, lot })
}

fn lot(kind: Kind, amounts: wire::CertificateAmounts, delivered: bool) -> Result<LotEntry, Misfit> {
    let draws = amounts.draws.as_deref();
    let fits = match kind {
        Kind::Origin => draws.is_none(),
        Kind::Transfer => draws.is_some_and(|draws| draws.len() == 1),
        Kind::Processing => draws.is_some_and(|draws| (1..=MAX_DRAWS).contains(&draws.len())),
        Kind::Attestation | Kind::Accreditation => false,
    };
    if !fits {
        let text = "an origin draws on no lot, a transfer on one, a processing on one to 64";
        return Err(combination(text).under("draws").under("amounts"));
    }
    let mut lots = HashSet::new();
    for (at, draw) in draws.iter().copied().flatten().enumerate() {
        if !lots.insert(draw.lot.0) {
            let misfit = combination("it is drawn on twice");
            return Err(misfit.under("lot").under(at.to_string()).under("draws").under("amounts"));
        }
    }
    let draws = amounts.draws.into_iter().flatten().map(draw).collect();
    Ok(LotEntry { content: amounts.content.0, draws, delivered })
}

fn draw(wire: wire::Draw) -> Draw {
    Draw { lot: wire.lot.0, seq: wire.seq.0.0, amount: wire.amount.0, cumulative: wire.cumulative.0 }
}

fn admission(wire: wire::AdmissionEntry) -> Admission {
    Admission {
        certificate: wire.certificate.0,
        home: wire.home.0,
        content: wire.amounts.content.0,
        from: wire.from.origin.0,
        index: wire.from.index.0.0,
    }
}

fn combination(text: &str) -> Misfit {
    Misfit::new(MisfitKind::Combination, text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::decimal::Mass;
    use crate::digest::Digest;
    use crate::element::Element;

    fn digest(name: &str) -> String {
        Digest::of(name.as_bytes()).to_string()
    }

    /// The bytes of an entry, by another writer than ours.
    fn bytes(entry: &Value) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(entry).unwrap()
    }

    fn parse(entry: &Value) -> Result<Entry, EntryError> {
        Entry::parse(&bytes(entry))
    }

    fn draw(lot: &str, seq: &str) -> Value {
        let amount = json!({ "Nd": "0.5", "Y": "1" });
        json!({ "lot": digest(lot), "seq": seq, "amount": amount, "cumulative": { "Nd": "0.5", "Y": "2" } })
    }

    fn processing() -> Value {
        json!({
            "version": "1", "kind": "certificate", "certificate": digest("oxide"),
            "type": "ProcessingCertificate", "home": "registry.example/ree",
            "amounts": { "content": { "Nd": "1.5", "Dy": "0.000001" }, "draws": [draw("a", "7"), draw("b", "1")] },
        })
    }

    fn origin() -> Value {
        let mut entry = processing();
        entry["type"] = "OriginCertificate".into();
        entry["amounts"].as_object_mut().unwrap().remove("draws");
        entry
    }

    fn transfer() -> Value {
        let mut entry = processing();
        entry["type"] = "TransferCertificate".into();
        entry["amounts"]["draws"] = json!([draw("a", "7")]);
        entry["closed"] = "delivered".into();
        entry
    }

    fn attestation() -> Value {
        let mut entry = processing();
        entry["type"] = "AttestationCertificate".into();
        entry.as_object_mut().unwrap().remove("amounts");
        entry
    }

    fn admission() -> Value {
        json!({
            "version": "1", "kind": "admission", "certificate": digest("oxide"), "home": "other.example/ree",
            "amounts": { "content": { "Nd": "999999999.999999" } },
            "from": { "origin": "registry.example/ree", "index": "0" },
        })
    }

    fn closing() -> Value {
        json!({ "version": "1", "kind": "closing", "certificate": digest("oxide"), "reason": "stocktake" })
    }

    fn status() -> Value {
        json!({
            "version": "1", "kind": "status", "certificate": digest("oxide"), "purpose": "revocation",
            "value": "1",
        })
    }

    fn every_kind() -> [Value; 7] {
        [processing(), origin(), transfer(), attestation(), admission(), closing(), status()]
    }

    #[test]
    fn entries_are_read_and_written_in_the_same_bytes() {
        for entry in every_kind() {
            let read = parse(&entry).unwrap();
            assert_eq!(String::from_utf8(read.to_bytes()), String::from_utf8(bytes(&entry)));
            assert_eq!(read.certificate().to_string(), digest("oxide"));
            assert_eq!(read.kind().as_str(), entry["kind"].as_str().unwrap());
        }
        let Entry::Certificate(read) = parse(&processing()).unwrap() else { panic!("another kind") };
        assert_eq!(read.draws().iter().map(Draw::seq).collect::<Vec<_>>(), [7, 1]);
        assert_eq!(
            Entry::Certificate(read).names().collect::<Vec<_>>(),
            ["oxide", "a", "b"].map(|name| Digest::of(name.as_bytes()))
        );
    }

    #[test]
    fn every_member_is_needed_and_no_other_is_known() {
        for entry in every_kind() {
            for name in entry.as_object().unwrap().keys().filter(|name| *name != "closed") {
                let mut less = entry.clone();
                less.as_object_mut().unwrap().remove(name);
                assert!(matches!(parse(&less), Err(EntryError::Form(_))), "{name} of {entry}");
            }
            let objects = ["", "/amounts", "/amounts/draws/0", "/from"];
            for place in objects.iter().filter(|place| entry.pointer(place).is_some_and(Value::is_object)) {
                let mut more = entry.clone();
                more.pointer_mut(place).unwrap()["note"] = "x".into();
                let Err(EntryError::Form(misfit)) = parse(&more) else { panic!("{more} is read") };
                assert_eq!(misfit.kind, MisfitKind::UnknownField);
                assert_eq!(misfit.pointer(), format!("{place}/note"));
            }
        }
    }

    fn place_of_misfit(entry: &Value) -> String {
        match parse(entry) {
            Err(EntryError::Form(misfit)) => misfit.pointer(),
            other => panic!("{entry}: {other:?}"),
        }
    }

    #[test]
    fn values_that_may_not_stand_where_they_stand() {
        for (entry, place, value) in [
            (processing(), "/version", json!("2")),
            (processing(), "/version", json!(1)),
            (processing(), "/kind", json!("event")),
            (processing(), "/certificate", json!("uEi")),
            (processing(), "/type", json!("AccreditationCertificates")),
            (processing(), "/home", json!("https://registry.example")),
            (processing(), "/amounts/content", json!({})),
            (processing(), "/amounts/content/Nd", json!("0")),
            (processing(), "/amounts/content/Nd", json!("1.50")),
            (processing(), "/amounts/content/Nd", json!("-1")),
            (processing(), "/amounts/content/Nd", json!("1000000000")),
            (processing(), "/amounts/content/Nd", json!(1)),
            (processing(), "/amounts/content/Pm", json!("1")),
            (processing(), "/amounts/draws/1/seq", json!("0")),
            (processing(), "/amounts/draws/1/seq", json!("01")),
            (processing(), "/amounts/draws/1/seq", json!("18446744073709551616")),
            (processing(), "/amounts/draws/1/amount", json!({})),
            (processing(), "/amounts/draws/1/cumulative", json!({})),
            (processing(), "/amounts/draws/1/lot", digest("a").into()),
            (processing(), "/amounts/draws", json!([])),
            (processing(), "/amounts/draws", Value::Null),
            (processing(), "/closed", json!("delivered")),
            (origin(), "/amounts/draws", json!([])),
            (origin(), "/amounts/draws", json!([draw("a", "1")])),
            (transfer(), "/amounts/draws", json!([draw("a", "1"), draw("b", "1")])),
            (transfer(), "/closed", json!("lost")),
            (attestation(), "/amounts", origin()["amounts"].clone()),
            (attestation(), "/closed", json!("delivered")),
            (admission(), "/from/index", json!("00")),
            (admission(), "/from/origin", json!("")),
            (closing(), "/reason", json!("sold")),
            (status(), "/purpose", json!("refresh")),
            (status(), "/value", json!("2")),
        ] {
            let mut wrong = entry;
            let (object, name) = place.rsplit_once('/').unwrap();
            match wrong.pointer_mut(object).unwrap() {
                Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
                object => object[name] = value,
            }
            assert_eq!(place_of_misfit(&wrong), place);
        }
        for other in [json!([]), json!("entry"), Value::Null] {
            assert_eq!(place_of_misfit(&other), "");
        }
    }

    #[test]
    fn there_is_one_text_for_each_entry() {
        let text = String::from_utf8(bytes(&closing())).unwrap();
        for other in [
            format!(" {text}"),
            format!("{text}\n"),
            text.replace("\",\"", "\", \""),
            text.replace("stocktake", "stock\\u0074ake"),
            text.replace("\"kind\":\"closing\",", "").replace('{', "{\"kind\":\"closing\","),
        ] {
            assert_ne!(other, text);
            assert_eq!(Entry::parse(other.as_bytes()), Err(EntryError::NotCanonical), "{other}");
        }
        let twice = text.replace('{', "{\"kind\":\"closing\",");
        assert!(matches!(Entry::parse(twice.as_bytes()), Err(EntryError::Json(_))));
        assert!(matches!(Entry::parse(b"\xff"), Err(EntryError::Json(_))));
    }

    #[test]
    fn sizes_are_bounded() {
        let draws = |count: usize| {
            let mut entry = processing();
            entry["amounts"]["draws"] = (0..count).map(|at| draw(&at.to_string(), "1")).collect();
            entry
        };
        assert!(parse(&draws(MAX_DRAWS)).is_ok());
        assert_eq!(place_of_misfit(&draws(MAX_DRAWS + 1)), "/amounts/draws");
        let long = vec![b'['; MAX_ENTRY + 1];
        assert_eq!(Entry::parse(&long), Err(EntryError::TooLarge(MAX_ENTRY + 1)));
    }

    proptest! {
        #[test]
        fn no_changed_byte_panics_or_has_two_readings(
            which in 0..7_usize,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = bytes(&every_kind()[which]);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(entry) = Entry::parse(&bytes) {
                prop_assert_eq!(entry.to_bytes(), bytes);
            }
        }

        #[test]
        fn entries_of_any_numbers_are_read_as_they_are_written(
            index in any::<u64>(),
            seq in 1..=u64::MAX,
            nd in 1..1_000_000_000_000_000_u64,
        ) {
            let mut entry = transfer();
            entry["amounts"]["draws"][0]["seq"] = seq.to_string().into();
            entry["amounts"]["content"]["Nd"] = Mass::from_mg(nd).unwrap().to_string().into();
            let Entry::Certificate(read) = parse(&entry).unwrap() else { panic!("another kind") };
            prop_assert_eq!(read.draws()[0].seq(), seq);
            prop_assert_eq!(read.content().unwrap().get(Element::parse("Nd").unwrap()), nd);
            let mut entry = admission();
            entry["from"]["index"] = index.to_string().into();
            let Entry::Admission(read) = parse(&entry).unwrap() else { panic!("another kind") };
            prop_assert_eq!(read.index(), index);
        }
    }
}
