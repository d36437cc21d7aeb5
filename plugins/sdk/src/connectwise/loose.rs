//! Values of which nothing is certain: each type says what it makes of a JSON value, and makes nothing of what it does
//! not know.

use serde_json::Value as Json;

/// A type that makes something of every JSON value.
pub trait Loose: Default {
    /// What it makes of one.
    fn of(json: &Json) -> Self;
}

impl Loose for Option<String> {
    fn of(json: &Json) -> Self {
        match json {
            Json::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            Json::Number(number) => Some(number.to_string()),
            Json::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }
}

impl Loose for Option<i64> {
    fn of(json: &Json) -> Self {
        match json {
            Json::Number(number) => number.as_i64(),
            Json::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

impl Loose for Option<bool> {
    fn of(json: &Json) -> Self {
        match json {
            Json::Bool(flag) => Some(*flag),
            Json::Number(number) => number.as_i64().map(|number| number != 0),
            Json::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Some(true),
                "false" | "no" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

impl<T: Loose> Loose for Vec<T> {
    fn of(json: &Json) -> Self {
        json.as_array().into_iter().flatten().map(T::of).collect()
    }
}

/// Whole values stay as they are.
impl Loose for Json {
    fn of(json: &Json) -> Self {
        json.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_fit_is_nothing() {
        for odd in [json!(null), json!({}), json!([]), json!("  ")] {
            assert_eq!(Option::<String>::of(&odd), None, "{odd}");
            assert_eq!(Option::<i64>::of(&odd), None, "{odd}");
            assert_eq!(Option::<bool>::of(&odd), None, "{odd}");
        }
        assert_eq!(Option::<String>::of(&json!(12.5)).as_deref(), Some("12.5"));
        assert_eq!(Option::<i64>::of(&json!(" 7 ")), Some(7));
        assert_eq!(Option::<bool>::of(&json!("True")), Some(true));
        assert_eq!(Option::<bool>::of(&json!(0)), Some(false));
        assert_eq!(
            Vec::<Option<i64>>::of(&json!([1, "2", {}])),
            [Some(1), Some(2), None]
        );
        assert!(Vec::<Option<i64>>::of(&json!("none")).is_empty());
    }
}
