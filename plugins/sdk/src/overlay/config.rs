//! A layer's configuration read into a type. What does not fit is told with the place it stands at, since JSON of one
//! line has no other: `at copy.to: invalid type: integer `7`, expected a string`.

use serde::de::DeserializeOwned;

use crate::mapping::types::Fault;

/// Reads a configuration.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|error| {
        let place = place(json, error.line(), error.column());
        let words = error.to_string();
        // Line and column of text that nobody wrote so.
        let words = words
            .rsplit_once(" at line ")
            .map_or(words.as_str(), |(words, _)| words);
        let at = if place.is_empty() {
            String::new()
        } else {
            format!("at {place}: ")
        };
        let key = if place.is_empty() { "config" } else { &place };
        Fault::invalid_config(key, format!("the configuration does not fit: {at}{words}"))
    })
}

/// The keys that lead to a place in JSON text: `copy.to`, `rules[2].when`.
fn place(json: &str, line: usize, column: usize) -> String {
    let before: usize = json
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let end = (before + column).min(json.len());
    // What ends here still belongs to where it is in.
    let text = json.as_bytes().get(..end.saturating_sub(1)).unwrap_or_default();
    let mut path: Vec<Step> = Vec::new();
    let mut bytes = text.iter().copied();
    let mut last = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                last.clear();
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => last.extend(bytes.next()),
                        byte => last.push(byte),
                    }
                }
            }
            b'{' => path.push(Step::Key(String::new())),
            b'[' => path.push(Step::Place(0)),
            b'}' | b']' => drop(path.pop()),
            b':' => {
                if let Some(Step::Key(key)) = path.last_mut() {
                    *key = String::from_utf8_lossy(&last).into_owned();
                }
            }
            b',' => match path.last_mut() {
                Some(Step::Place(place)) => *place += 1,
                Some(Step::Key(key)) => key.clear(),
                None => {}
            },
            _ => {}
        }
    }
    // An object that ends lacks something as a whole, and not in its last property.
    if json.as_bytes().get(end.saturating_sub(1)) == Some(&b'}')
        && let Some(Step::Key(key)) = path.last_mut()
    {
        key.clear();
    }
    let mut shown = String::new();
    for step in path {
        match step {
            Step::Key(key) if key.is_empty() => {}
            Step::Key(key) if shown.is_empty() => shown = key,
            Step::Key(key) => shown = format!("{shown}.{key}"),
            Step::Place(place) => shown = format!("{shown}[{place}]"),
        }
    }
    shown
}

enum Step {
    Key(String),
    Place(usize),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Config {
        prefix: Option<String>,
        #[serde(default)]
        rules: Vec<Rule>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Rule {
        from: String,
        to: u8,
    }

    fn told(json: &str) -> String {
        read::<Config>(json)
            .unwrap_err()
            .message
            .replace("the configuration does not fit: ", "")
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        for (json, expected) in [
            (
                r#"{"prefix": 7}"#,
                "at prefix: invalid type: integer `7`, expected a string",
            ),
            (
                r#"{"prefix": "x", "rules": [{"from": "a", "to": 1}, {"from": "a,{\"", "to": "b"}]}"#,
                "at rules[1].to: invalid type: string \"b\", expected u8",
            ),
            (r#"{"rules": [{"from": "a"}]}"#, "at rules[0]: missing field `to`"),
            (
                "{\n \"rules\": [\n  {\"from\": 1}]}",
                "at rules[0].from: invalid type: integer `1`, expected a string",
            ),
            ("7", "invalid type: integer `7`, expected struct Config"),
        ] {
            assert_eq!(told(json), expected, "{json}");
        }
        assert!(told(r#"{"prefx": "HD"}"#).contains("unknown field `prefx`"));
        assert!(told("prefix: HD").contains("expected"));
        assert!(read::<Config>("{}").is_ok());
    }
}
