//! JSON that guests hand over. A trait's is small and read whole; a source record's is looked at from outside only,
//! because there are a hundred thousand of them and only their mapping reads what is inside.

use crate::checked::{Checked, no};
use crate::limits::{SOURCE_JSON, TRAIT_DEPTH, TRAIT_JSON};

/// A trait's JSON: one valid value of at most 16 KiB and 8 levels, without the white space between its parts. The
/// digits of numbers stay as they are.
pub fn trait_value(json: impl Into<String>) -> Checked<String> {
    let json: String = json.into();
    if json.len() > TRAIT_JSON {
        return no(format!("JSON of {} bytes; {TRAIT_JSON} are allowed", json.len()));
    }
    let has_parts = json.contains(['{', '[']);
    let valid = match has_parts {
        true => serde_json::from_str::<serde_json::Value>(&json).map(drop),
        // Nearly all are one text, number or word, which can be looked at where it stands.
        false => serde_json::from_str::<Single>(&json).map(drop),
    };
    if let Err(why) = valid {
        return no(format!("it is no JSON: {why}"));
    }
    let plain = |byte: u8| !byte.is_ascii_whitespace();
    match json.as_bytes() {
        [first, .., last] if !has_parts && plain(*first) && plain(*last) => Ok(json),
        [only] if plain(*only) => Ok(json),
        _ => compact(&json),
    }
}

/// A JSON value without parts, of which nothing is kept.
struct Single;

impl<'de> serde::Deserialize<'de> for Single {
    fn deserialize<D: serde::Deserializer<'de>>(value: D) -> Result<Single, D::Error> {
        value.deserialize_any(Single)
    }
}

impl serde::de::Visitor<'_> for Single {
    type Value = Single;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Single, E> {
        Ok(Single)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Single, E> {
        Ok(Single)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Single, E> {
        Ok(Single)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Single, E> {
        Ok(Single)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Single, E> {
        Ok(Single)
    }

    fn visit_str<E>(self, _: &str) -> Result<Single, E> {
        Ok(Single)
    }
}

/// Takes white space out of JSON that is known to be valid, and counts how deep it is.
fn compact(json: &str) -> Checked<String> {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped, mut depth) = (false, false, 0_usize);
    for c in json.chars() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            out.push(c);
            continue;
        }
        match c {
            ' ' | '\t' | '\n' | '\r' => continue,
            '"' => in_text = true,
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > TRAIT_DEPTH {
            return no(format!("JSON nested deeper than {TRAIT_DEPTH}"));
        }
        out.push(c);
    }
    Ok(out)
}

/// A source record's JSON: at most 1 MiB, of the outward form of an object, without NUL. It is not parsed: a mapping
/// that cannot read it says so of this record.
pub(crate) fn source_object(json: String) -> Checked<String> {
    if json.len() > SOURCE_JSON {
        return no(format!(
            "its JSON has {} bytes; {SOURCE_JSON} are allowed",
            json.len()
        ));
    }
    let bytes = json.trim_ascii().as_bytes();
    if bytes.len() < 2 || bytes.first() != Some(&b'{') || bytes.last() != Some(&b'}') || bytes.contains(&0) {
        return no("its JSON is no object");
    }
    Ok(json)
}

/// A patch's JSON: a valid object of at most 1 MiB.
pub(crate) fn object(json: String) -> Checked<String> {
    let json = source_object(json)?;
    match serde_json::from_str::<serde::de::IgnoredAny>(&json) {
        Ok(_) => Ok(json),
        Err(why) => no(format!("it is no JSON: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traits_become_compact_and_keep_their_digits() {
        for (given, kept) in [
            (
                " { \"a b\" : [ 1.10 , \"x \\\" y\" ] } ",
                "{\"a b\":[1.10,\"x \\\" y\"]}",
            ),
            ("null", "null"),
            ("\"\\\\\"", "\"\\\\\""),
            ("1e3", "1e3"),
        ] {
            assert_eq!(trait_value(given).unwrap(), kept);
        }
        for bad in ["", "{", "1 2", "nul", "\"\\ud800\"", "[1,]"] {
            assert!(trait_value(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn traits_are_eight_deep_at_most() {
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(trait_value(nested(TRAIT_DEPTH)).is_ok());
        assert!(trait_value(nested(TRAIT_DEPTH + 1)).is_err());
        assert!(
            trait_value("\"[[[[[[[[[[[[\"").is_ok(),
            "brackets in a text are no depth"
        );
        let long = |size: usize| format!("\"{}\"", "x".repeat(size - 2));
        assert!(trait_value(long(TRAIT_JSON)).is_ok());
        assert!(trait_value(long(TRAIT_JSON + 1)).is_err());
    }

    #[test]
    fn source_records_are_objects_from_outside() {
        assert!(source_object(" {\"id\":1}\n".to_owned()).is_ok());
        for bad in ["", "{", "[]", "null", "{\0}"] {
            assert!(source_object(bad.to_owned()).is_err(), "{bad}");
        }
        let long = |size: usize| format!("{{{}}}", " ".repeat(size - 2));
        assert!(source_object(long(SOURCE_JSON)).is_ok());
        assert!(source_object(long(SOURCE_JSON + 1)).is_err());
        assert!(object("{\"a\":}".to_owned()).is_err());
    }
}
