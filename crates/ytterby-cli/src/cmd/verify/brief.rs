//! What `--quiet` leaves of a JSON report.

use serde_json::Value;

/// Leaves the verdict and what decides it: no certificates, lots and metal, no warnings, no rule that is met.
pub(crate) fn shorten(report: &mut Value) {
    let Some(members) = report.as_object_mut() else { return };
    members.remove("certificates");
    members.remove("provenance");
    members.remove("lots");
    members.remove("elements");
    if let Some(Value::Array(problems)) = members.get_mut("problems") {
        problems.retain(|own| own.get("effect").is_none_or(|effect| effect != "warn"));
    }
    let is_open =
        |own: &Value| own.get("answer").is_none_or(|answer| answer != "pass" && answer != "not-applicable");
    if let Some(Value::Array(rules)) = members.get_mut("rules") {
        rules.retain(is_open);
    }
    if members.get("rules").is_some_and(|rules| rules.as_array().is_some_and(Vec::is_empty)) {
        members.remove("rules");
    }
}
