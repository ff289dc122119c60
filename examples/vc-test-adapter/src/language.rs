//! Names and descriptions: a string, or language value objects (VCDM 2.0 sections 4.6 and 11.1).

use ytterby::json::{Object, Value};

use crate::place::Place;
use crate::problem::Problem;

/// Checks `name` and `description` of an object.
pub(crate) fn names(object: &Object<'_>, place: &Place) -> Result<(), Problem> {
    for name in ["name", "description"] {
        match object.get(name) {
            None => {}
            Some(Value::Array(items)) if !items.is_empty() => {
                for (at, item) in items.iter().enumerate() {
                    text(item, &place.member(name).item(at))?;
                }
            }
            Some(value) => text(value, &place.member(name))?,
        }
    }
    Ok(())
}

fn text(value: &Value<'_>, place: &Place) -> Result<(), Problem> {
    let object = match value {
        Value::String(_) => return Ok(()),
        Value::Object(object) => object,
        _ => return Err(Problem::malformed(place, "a string or a language value object is expected")),
    };
    if object.get("@value").and_then(Value::as_str).is_none() {
        return Err(Problem::malformed(&place.member("@value"), "a language value object has a string here"));
    }
    for (name, value) in object.iter() {
        let fits = match name {
            "@value" => true,
            "@language" => value.as_str().is_some_and(is_language_tag),
            "@direction" => matches!(value.as_str(), Some("ltr" | "rtl")),
            _ => false,
        };
        if !fits {
            return Err(Problem::malformed(&place.member(name), "not what a language value object may hold"));
        }
    }
    Ok(())
}

/// The outline of a BCP 47 tag: letters, then groups of letters and digits.
fn is_language_tag(tag: &str) -> bool {
    let mut groups = tag.split('-');
    let fits =
        |group: &str| (1..=8).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_alphanumeric());
    groups.next().is_some_and(|first| fits(first) && first.bytes().all(|b| b.is_ascii_alphabetic()))
        && groups.all(fits)
}
