//! Evidence as JSON.

use ytterby_tlog::{Hash, SignedCheckpoint};

use super::{Evidence, EvidenceError, Fork, Kind, Shown, SignedList, Statement};
use crate::entry::Entry;
use crate::json::{Misfit, MisfitKind, Object, Value, canonical};
use crate::status_list::StatusList;

/// Most statements in one file: what a suspension and the draw after it may have between them.
const MAX_STATEMENTS: usize = 100_000;
/// Most hashes in a consistency proof.
const MAX_PROOF: usize = 64;

/// Reads it.
pub(super) fn evidence(value: &Value<'_>) -> Result<Evidence, EvidenceError> {
    let object = object(value)?;
    if text(object, "version")? != "1" {
        return Err(Misfit::new(MisfitKind::Value, "this reads version 1").under("version").into());
    }
    let unknown = || Misfit::new(MisfitKind::Value, "no kind of evidence that is known").under("kind");
    let kind = Kind::parse(text(object, "kind")?).ok_or_else(unknown)?;
    let shown = if kind == Kind::SplitView {
        known_members(object, &["version", "kind", "checkpoints", "root", "consistency"])?;
        Shown::Fork(Box::new(fork(object)?))
    } else if kind == Kind::StatusList {
        known_members(object, &["version", "kind", "list", "statements"])?;
        let bytes = canonical(member(object, "list")?);
        let signed = SignedList { list: StatusList::parse(&bytes)?, bytes };
        Shown::List(Box::new(signed), statements(object)?)
    } else {
        known_members(object, &["version", "kind", "statements"])?;
        Shown::Statements(statements(object)?)
    };
    Ok(Evidence { kind, shown })
}

fn statements(object: &Object<'_>) -> Result<Vec<Statement>, EvidenceError> {
    list(object, "statements", MAX_STATEMENTS)?.iter().enumerate().map(statement).collect()
}

fn statement((at, value): (usize, &Value<'_>)) -> Result<Statement, EvidenceError> {
    let under = |misfit: Misfit| misfit.under(at.to_string()).under("statements");
    let object = object(value).map_err(under)?;
    known_members(object, &["entry", "proof"]).map_err(under)?;
    let bytes = canonical(member(object, "entry").map_err(under)?);
    let entry = Entry::parse(&bytes).map_err(|error| EvidenceError::Entry { at, error })?;
    let proof = ytterby_tlog::Receipt::parse(text(object, "proof").map_err(under)?.as_bytes())
        .map_err(|error| EvidenceError::Proof { at, error })?;
    Ok(Statement { entry, bytes, proof })
}

fn fork(object: &Object<'_>) -> Result<Fork, Misfit> {
    let checkpoint = |value: &Value<'_>| {
        let text = value.as_str().ok_or_else(|| wrong("it must be the text of a checkpoint"))?;
        SignedCheckpoint::parse(text.as_bytes()).map_err(|error| wrong(&error.to_string()))
    };
    let [first, second] = list(object, "checkpoints", 2)? else {
        return Err(wrong("two checkpoints are expected").under("checkpoints"));
    };
    let checkpoints = [
        checkpoint(first).map_err(|misfit| misfit.under("0").under("checkpoints"))?,
        checkpoint(second).map_err(|misfit| misfit.under("1").under("checkpoints"))?,
    ];
    if object.get("root").is_none() && object.get("consistency").is_none() {
        return Ok(Fork { checkpoints, grown: None });
    }
    let hash = |text: &str| Hash::parse(text).map_err(|error| wrong(&error.to_string()));
    let root = hash(text(object, "root")?).map_err(|misfit| misfit.under("root"))?;
    let hashes = list(object, "consistency", MAX_PROOF)?.iter();
    let hashes = hashes.map(|value| hash(value.as_str().ok_or_else(|| wrong("it must be a hash"))?));
    let hashes: Result<Vec<Hash>, Misfit> = hashes.collect();
    Ok(Fork { checkpoints, grown: Some((root, hashes.map_err(|misfit| misfit.under("consistency"))?)) })
}

/// Its JSON.
pub(super) fn value(evidence: &Evidence) -> Value<'static> {
    let string = |text: String| Value::String(text.into());
    let mut object = Object::default();
    object.insert("version", string("1".to_owned()));
    object.insert("kind", string(evidence.kind.to_string()));
    // It was read from these bytes.
    let read = |bytes: &[u8]| Value::parse(bytes).map_or(Value::Null, Value::into_owned);
    let stated = |statement: &Statement| {
        let mut object = Object::default();
        object.insert("entry", read(&statement.bytes));
        object.insert("proof", string(statement.proof.to_string()));
        Value::Object(object)
    };
    match &evidence.shown {
        Shown::Statements(statements) => {
            object.insert("statements", Value::Array(statements.iter().map(stated).collect()));
        }
        Shown::List(signed, statements) => {
            object.insert("list", read(&signed.bytes));
            object.insert("statements", Value::Array(statements.iter().map(stated).collect()));
        }
        Shown::Fork(fork) => {
            let checkpoints = fork.checkpoints.iter().map(|signed| string(signed.to_string()));
            object.insert("checkpoints", Value::Array(checkpoints.collect()));
            if let Some((root, proof)) = &fork.grown {
                object.insert("root", string(root.to_string()));
                let hashes = proof.iter().map(|hash| string(hash.to_string()));
                object.insert("consistency", Value::Array(hashes.collect()));
            }
        }
    }
    Value::Object(object)
}

fn object<'v, 'a>(value: &'v Value<'a>) -> Result<&'v Object<'a>, Misfit> {
    value.as_object().ok_or_else(|| wrong("it must be an object"))
}

fn member<'v, 'a>(object: &'v Object<'a>, name: &'static str) -> Result<&'v Value<'a>, Misfit> {
    let missing = || Misfit::new(MisfitKind::MissingField, format!("{name} is missing")).under(name);
    object.get(name).ok_or_else(missing)
}

fn text<'v>(object: &'v Object<'_>, name: &'static str) -> Result<&'v str, Misfit> {
    member(object, name)?.as_str().ok_or_else(|| wrong("it must be a string").under(name))
}

fn list<'v, 'a>(object: &'v Object<'a>, name: &'static str, most: usize) -> Result<&'v [Value<'a>], Misfit> {
    let list = member(object, name)?.as_array();
    list.filter(|list| list.len() <= most)
        .ok_or_else(|| wrong(&format!("it must be a list of at most {most}")).under(name))
}

fn known_members(object: &Object<'_>, known: &[&str]) -> Result<(), Misfit> {
    match object.iter().find(|(name, _)| !known.contains(name)) {
        Some((name, _)) => {
            let text = "a member that evidence of this kind does not have";
            Err(Misfit::new(MisfitKind::UnknownField, text).under(name.to_owned()))
        }
        None => Ok(()),
    }
}

fn wrong(text: &str) -> Misfit {
    Misfit::new(MisfitKind::WrongType, text)
}
