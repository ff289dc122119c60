//! The published JSON Schemas: made from the wire structs, so that they cannot say something else.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

use super::accreditation::AccreditationSubject;
use super::credential::{Credential, DraftInput};
use super::report::AnyReport;
use super::subject::{AttestationSubject, OriginSubject, ProcessingSubject, TransferSubject};
use crate::form::Kind;

/// Every published schema: file name and document.
pub fn published_schemas() -> Vec<(String, Value)> {
    let mut schemas: Vec<(String, Value)> = Kind::ALL
        .iter()
        .map(|kind| {
            let mut schema = match kind {
                Kind::Origin => generate::<Credential<'static, OriginSubject<'static>>>(),
                Kind::Processing => generate::<Credential<'static, ProcessingSubject<'static>>>(),
                Kind::Transfer => generate::<Credential<'static, TransferSubject<'static>>>(),
                Kind::Attestation => generate::<Credential<'static, AttestationSubject<'static>>>(),
                Kind::Accreditation => generate::<Credential<'static, AccreditationSubject<'static>>>(),
            };
            schema["properties"]["type"] = json!({ "const": ["VerifiableCredential", kind.as_str()] });
            if kind.creates_lot()
                && let Some(properties) = schema["properties"].as_object_mut()
            {
                properties.remove("validUntil");
            }
            if let Some(required) = schema["required"].as_array_mut() {
                required.push("proof".into());
                if *kind == Kind::Accreditation {
                    required.push("validUntil".into());
                }
            }
            schema["title"] = kind.as_str().into();
            schema["$id"] = format!("https://w3id.org/ytterby/v1/{kind}.schema.json").into();
            (format!("{kind}.schema.json"), schema)
        })
        .collect();
    let mut report = generate::<AnyReport>();
    report["title"] = "Report".into();
    schemas.push(("Report.schema.json".to_owned(), report));
    schemas
}

/// The schema of a draft of each type, by name: its subject as a clerk types it, `type` beside the members.
pub fn draft_schemas() -> Vec<(String, Value)> {
    let draft = |kind: &Kind| {
        let mut schema = match kind {
            Kind::Origin => generate::<OriginSubject<'static>>(),
            Kind::Processing => generate::<ProcessingSubject<'static>>(),
            Kind::Transfer => generate::<TransferSubject<'static>>(),
            Kind::Attestation => generate::<AttestationSubject<'static>>(),
            Kind::Accreditation => generate::<AccreditationSubject<'static>>(),
        };
        schema["description"] = format!("A draft of {kind}: what stands on the paper.").into();
        if let Some(required) = schema["required"].as_array_mut() {
            let computed = ["home", "content", "contentFrom"];
            required.retain(|name| !computed.iter().any(|computed| name == computed));
            required.push("type".into());
            if *kind == Kind::Accreditation {
                required.push("validUntil".into());
            }
        }
        if let Some(members) = schema["properties"].as_object_mut() {
            let moves = *kind == Kind::Transfer;
            members.retain(|name, _| (moves || name != "home") && name != "content");
            members.insert("type".to_owned(), json!({ "const": kind.as_str() }));
            if let Some(inputs) = members.get_mut("inputs") {
                inputs["items"] = json!({ "$ref": "#/$defs/DraftInput" });
            }
            if members.contains_key("corrects") {
                members.insert("corrects".to_owned(), json!({ "$ref": "#/$defs/DraftCorrects" }));
            }
            let time = |what: &str| json!({ "type": "string", "description": what });
            if !kind.creates_lot() {
                members.insert("validUntil".to_owned(), time("Until when it holds, UTC."));
            }
            if *kind == Kind::Accreditation {
                let from = "From when on it holds, UTC; without it, from when it is issued.";
                members.insert("validFrom".to_owned(), time(from));
            }
        }
        if let Some(defs) = schema["$defs"].as_object_mut() {
            defs.remove("Amounts");
            if defs.remove("Input").is_some() {
                defs.insert("DraftInput".to_owned(), generate::<DraftInput<'static>>());
            }
            // What is corrected is the one input: its digest is filled in.
            if let Some(mut corrects) = defs.remove("Corrects") {
                corrects["required"] = json!(["reason"]);
                defs.insert("DraftCorrects".to_owned(), corrects);
            }
        }
        (format!("{}Draft", kind.as_str().trim_end_matches("Certificate")), schema)
    };
    Kind::ALL.iter().map(draft).collect()
}

fn generate<T: JsonSchema>() -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut value = schema.to_value();
    without_null(&mut value);
    value
}

/// An optional member is absent or has its type; it is never null.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(words)) = object.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type") != Some(&json!("null")));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
