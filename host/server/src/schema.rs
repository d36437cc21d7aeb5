//! A configuration held against a mapping's JSON Schema: the part of the language that configurations need. Words
//! outside of it are not checked, as the language asks of validators that do not know them.
//!
//! Known are `type`, `enum`, `const`, `properties`, `required`, `additionalProperties`, `items`, `minItems`, `maxItems`,
//! `minLength`, `maxLength`, `minimum` and `maximum`.

use serde_json::{Map, Value as Json};

/// How deep a schema is followed.
const DEPTH: usize = 32;

/// Says what of a configuration does not fit. A mapping without a schema takes no configuration.
pub(crate) fn check(schema: &str, config: &Json) -> Result<(), String> {
    if schema.trim().is_empty() {
        let empty = config.as_object().is_some_and(Map::is_empty);
        return if empty {
            Ok(())
        } else {
            Err("it takes no configuration".to_owned())
        };
    }
    let schema: Json =
        serde_json::from_str(schema).map_err(|error| format!("its own schema is no JSON ({error})"))?;
    value(&schema, config, "the configuration", DEPTH)
}

fn value(schema: &Json, config: &Json, at: &str, depth: usize) -> Result<(), String> {
    let rules = match schema {
        Json::Bool(false) => return Err(format!("{at} must not be there")),
        Json::Object(rules) if depth > 0 => rules,
        _ => return Ok(()),
    };
    if let Some(types) = rules.get("type") {
        let wanted: Vec<&str> = match types {
            Json::Array(types) => types.iter().filter_map(Json::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        if !wanted.iter().any(|wanted| is(config, wanted)) {
            return Err(format!("{at} has to be {}", wanted.join(" or ")));
        }
    }
    if let Some(Json::Array(choices)) = rules.get("enum")
        && !choices.contains(config)
    {
        let choices: Vec<String> = choices.iter().map(ToString::to_string).collect();
        return Err(format!("{at} has to be one of {}", choices.join(", ")));
    }
    if let Some(only) = rules.get("const")
        && only != config
    {
        return Err(format!("{at} has to be {only}"));
    }
    match config {
        Json::Object(map) => object(rules, map, at, depth),
        Json::Array(items) => {
            within(
                rules,
                "minItems",
                "maxItems",
                items.len() as f64,
                &format!("the number of items of {at}"),
            )?;
            let rule = rules.get("items").unwrap_or(&Json::Null);
            items
                .iter()
                .enumerate()
                .try_for_each(|(place, item)| value(rule, item, &format!("{at}[{place}]"), depth - 1))
        }
        Json::String(text) => within(
            rules,
            "minLength",
            "maxLength",
            text.chars().count() as f64,
            &format!("the length of {at}"),
        ),
        Json::Number(number) => match number.as_f64() {
            Some(number) => within(rules, "minimum", "maximum", number, at),
            None => Ok(()),
        },
        Json::Null | Json::Bool(_) => Ok(()),
    }
}

fn object(rules: &Map<String, Json>, map: &Map<String, Json>, at: &str, depth: usize) -> Result<(), String> {
    for name in rules
        .get("required")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
    {
        if !map.contains_key(name) {
            return Err(format!("{at} lacks `{name}`"));
        }
    }
    let known = rules.get("properties").and_then(Json::as_object);
    for (name, item) in map {
        let here = format!("`{name}`");
        match (
            known.and_then(|known| known.get(name)),
            rules.get("additionalProperties"),
        ) {
            (Some(rule), _) => value(rule, item, &here, depth - 1)?,
            (None, Some(Json::Bool(false))) => return Err(format!("{at} has no `{name}`")),
            (None, Some(rule)) => value(rule, item, &here, depth - 1)?,
            (None, None) => {}
        }
    }
    Ok(())
}

fn within(rules: &Map<String, Json>, least: &str, most: &str, found: f64, what: &str) -> Result<(), String> {
    let bound = |name: &str| rules.get(name).and_then(Json::as_f64);
    match (bound(least), bound(most)) {
        (Some(least), _) if found < least => Err(format!("{what} has to be at least {least}")),
        (_, Some(most)) if found > most => Err(format!("{what} has to be at most {most}")),
        _ => Ok(()),
    }
}

fn is(config: &Json, wanted: &str) -> bool {
    match wanted {
        "object" => config.is_object(),
        "array" => config.is_array(),
        "string" => config.is_string(),
        "number" => config.is_number(),
        "integer" => {
            config.is_i64() || config.is_u64() || config.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        "boolean" => config.is_boolean(),
        "null" => config.is_null(),
        // A type nobody knows refuses nothing.
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_fits_and_what_does_not() {
        let schema = json!({
            "type": "object", "required": ["prefix"], "additionalProperties": false,
            "properties": {
                "prefix": {"type": "string", "minLength": 1, "maxLength": 5},
                "mode": {"enum": ["a", "b"]},
                "count": {"type": "integer", "minimum": 1},
                "names": {"type": "array", "maxItems": 2, "items": {"type": ["string", "null"]}},
            }
        })
        .to_string();
        for good in [
            json!({"prefix": "x"}),
            json!({"prefix": "x", "mode": "a", "count": 3, "names": ["y", null]}),
        ] {
            assert_eq!(check(&schema, &good), Ok(()), "{good}");
        }
        for (bad, words) in [
            (json!({}), "lacks `prefix`"),
            (json!({"prefix": 1}), "`prefix` has to be string"),
            (json!({"prefix": ""}), "length of `prefix` has to be at least 1"),
            (json!({"prefix": "abcdef"}), "at most 5"),
            (json!({"prefix": "x", "mode": "c"}), "one of \"a\", \"b\""),
            (json!({"prefix": "x", "count": 0}), "at least 1"),
            (json!({"prefix": "x", "count": 1.5}), "integer"),
            (json!({"prefix": "x", "names": ["a", "b", "c"]}), "at most 2"),
            (
                json!({"prefix": "x", "names": [1]}),
                "`names`[0] has to be string or null",
            ),
            (json!({"prefix": "x", "other": 1}), "has no `other`"),
        ] {
            let said = check(&schema, &bad).unwrap_err();
            assert!(said.contains(words), "{bad}: {said}");
        }
    }

    #[test]
    fn without_a_schema_nothing_is_taken() {
        assert!(check("", &json!({})).is_ok());
        assert!(check("", &json!({"a": 1})).is_err());
        assert!(check("no json", &json!({})).is_err());
    }
}
