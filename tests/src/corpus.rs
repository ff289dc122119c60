//! Inputs to start from: the corpus of each fuzz target, and what the project's vectors hold for it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use ytterby::RulePack;

/// Every input of a target.
///
/// # Errors
///
/// When a folder or file cannot be read, or a vector is no JSON.
pub fn of(target: &str) -> std::io::Result<Vec<Vec<u8>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut inputs = Vec::new();
    for file in files(&root.join("fuzz/corpus").join(target))? {
        inputs.push(std::fs::read(file)?);
    }
    for file in files(&root.join("proto-docs/vectors"))? {
        let vector: Value = serde_json::from_slice(&std::fs::read(file)?)?;
        inputs.extend(from_vector(target, &vector));
    }
    if target == "rules" {
        let shipped = RulePack::shipped_names().filter_map(RulePack::shipped);
        inputs.extend(shipped.map(|text| text.as_bytes().to_vec()));
        inputs.push(std::fs::read(root.join("examples/rules/house.toml"))?);
    }
    if target == "draft_admit" {
        for folder in crate::corridor::FOLDERS {
            let steps = examples::corridor::load(&root.join("examples").join(folder))?.steps;
            let drafts = steps.into_iter().filter_map(|step| step.draft);
            inputs.extend(drafts.map(|draft| draft.to_string().into_bytes()));
        }
    }
    Ok(inputs)
}

/// What a vector holds for a target.
fn from_vector(target: &str, vector: &Value) -> Vec<Vec<u8>> {
    let bundle = &vector["bundle"];
    match target {
        "json" => vec![vector.to_string().into_bytes()],
        "bundle_verify" => vec![bundle.to_string().into_bytes()],
        "certificate" => {
            let all = bundle["certificates"].as_array().into_iter().flatten();
            all.map(|certificate| certificate.to_string().into_bytes()).collect()
        }
        "log" => {
            let receipts = bundle["receipts"].as_object().into_iter().flatten();
            receipts.flat_map(|(_, receipt)| texts(receipt)).collect()
        }
        "trust" => vector["trust"].as_str().map(|text| text.as_bytes().to_vec()).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The texts in a receipt: its entry, its proof, the checkpoint in that, and the newer one if there is one.
fn texts(receipt: &Value) -> Vec<Vec<u8>> {
    let proof = receipt["proof"].as_str().unwrap_or_default();
    let checkpoint = proof.split_once("\n\n").map_or("", |(_, checkpoint)| checkpoint);
    let entry = receipt["entry"].to_string();
    let fresh = receipt["fresh"]["checkpoint"].as_str();
    [Some(&*entry), Some(proof), Some(checkpoint), fresh]
        .into_iter()
        .flatten()
        .map(|text| text.as_bytes().to_vec())
        .collect()
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}
