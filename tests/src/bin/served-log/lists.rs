//! Status lists that are served, and with faults.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use ytterby::status_list::StatusList;

use super::Failure;
use super::registry::Registry;
use super::served::Served;

/// Purpose, action, path, and the indices that it is done to: edges of bytes among them.
const LISTS: [(&str, &str, &str, &[u64]); 2] = [
    ("revocation", "revoke", "/v1/status-lists/0", &[0, 7, 8, 255, 256, 514]),
    ("suspension", "suspend", "/v1/status-lists/0/suspension", &[1, 2, 3, 511]),
];

pub(crate) fn write(registry: &Registry, served: &Served, folder: &Path) -> Result<(), Failure> {
    fs::create_dir(folder.join("lists"))?;
    fs::create_dir(folder.join("lists-spoiled"))?;
    let (mut on, mut swapped) = (json!({}), json!({}));
    for (at, (purpose, action, _, indices)) in LISTS.into_iter().enumerate() {
        let ids: Vec<&str> = indices.iter().map(|index| served.ids[*index as usize].as_str()).collect();
        let form = json!({ "certificates": ids, "action": action, "reason": "for peers" }).to_string();
        registry.client.post("/v1/certificates/status", form.as_bytes(), None)?;
        on[purpose] = json!(indices);
        swapped[LISTS[1 - at].0] = json!(indices);
    }
    for (purpose, _, path, indices) in LISTS {
        let bytes = registry.client.get(path)?;
        let list = StatusList::parse(&bytes)?;
        let size = served.ids.len() as u64;
        let read: Vec<u64> = (0..size).filter(|index| list.get(*index) == Some(true)).collect();
        if read != indices {
            return Err(format!("the list of {purpose} says {read:?}, not {indices:?}").into());
        }
        fs::write(folder.join(format!("lists/{purpose}.json")), &bytes)?;
        for (fault, spoiled) in spoiled(&serde_json::from_slice(&bytes)?)? {
            let bytes = spoiled.to_string();
            if StatusList::parse(bytes.as_bytes()).is_ok() {
                return Err(format!("the list of {purpose}, {fault}: not refused").into());
            }
            fs::write(folder.join(format!("lists-spoiled/{purpose}-{fault}.json")), bytes)?;
        }
    }
    fs::write(folder.join("on.json"), on.to_string())?;
    Ok(fs::write(folder.join("on-swapped.json"), swapped.to_string())?)
}

/// A list with one thing in it changed, its signature left as it was.
fn spoiled(list: &Value) -> Result<Vec<(&'static str, Value)>, Failure> {
    let changed = |pointer: &str, change: &dyn Fn(&str) -> String| {
        let mut list = list.clone();
        let member = list.pointer_mut(pointer).ok_or_else(|| format!("no {pointer}"))?;
        *member = Value::String(change(member.as_str().ok_or("no text")?));
        Ok::<_, Failure>(list)
    };
    let last = |text: &str| {
        let end = if text.ends_with('2') { '3' } else { '2' };
        text[..text.len() - 1].to_owned() + &end.to_string()
    };
    Ok(vec![
        ("signature", changed("/proof/proofValue", &last)?),
        ("bits", changed("/credentialSubject/encodedList", &|text| text.replacen('A', "B", 1))?),
        ("size", changed("/credentialSubject/size", &|text| format!("{text}0"))?),
        ("purpose", changed("/credentialSubject/statusPurpose", &|_| "message".to_owned())?),
        ("time", changed("/validFrom", &|text| text.replacen("20", "19", 1))?),
    ])
}
