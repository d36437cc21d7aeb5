//! From ConnectWise's JSON to a source record: the text as the server wrote it, without what would make equal records
//! look different (links in `_info`, null members, empty references, NUL characters) and without passwords.
//! It copies the text in one pass and builds no tree, because a full pass brings a hundred thousand records through
//! here. The text was read as JSON before; should it be none all the same, an empty object comes out.

use dovetail_sdk::connector::types::SourceRecord;

/// Deeper than this there is nothing to tidy: values are copied as they are. ConnectWise's records end at four.
const DEEPEST: u8 = 12;

/// What stands in `_info` and is no link.
const KEPT_INFO: [&str; 4] = ["lastUpdated", "updatedBy", "dateEntered", "enteredBy"];

/// Which members of a record are kept.
#[derive(Clone, Copy)]
pub(crate) enum Keep {
    /// All.
    All,
    /// Only those named.
    Only(&'static [&'static str]),
}

/// The record's JSON as it is handed on. `more` are members to add, as JSON texts.
pub(crate) fn tidy(json: &str, keep: Keep, more: &[(&str, String)]) -> String {
    let mut copy = Copy {
        text: json,
        at: 0,
        out: String::with_capacity(json.len()),
    };
    if copy.value(Place::Record(keep), 0) != Some(Wrote::Something) || !copy.out.starts_with('{') {
        copy.out.clear();
        copy.out.push_str("{}");
    }
    let mut out = copy.out;
    for (name, json) in more {
        out.pop();
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&format!("\"{name}\":{json}}}"));
    }
    out
}

/// Where in a record a value stands, as far as it matters.
#[derive(Clone, Copy)]
enum Place {
    Record(Keep),
    Info,
    /// `questions` or `customFields`, whose entries may be passwords.
    Answers,
    Answer,
    Inside,
}

impl Place {
    /// Where the member of that name stands; none where it is dropped.
    fn of_member(self, name: &str) -> Option<Place> {
        match self {
            Place::Record(Keep::Only(names)) if !names.contains(&name) => None,
            Place::Record(_) if names_password(name) => None,
            Place::Record(_) if name == "questions" || name == "customFields" => Some(Place::Answers),
            Place::Info => KEPT_INFO.contains(&name).then_some(Place::Inside),
            _ if name == "_info" => Some(Place::Info),
            _ => Some(Place::Inside),
        }
    }
}

fn names_password(name: &str) -> bool {
    name.as_bytes()
        .windows(8)
        .any(|eight| eight.eq_ignore_ascii_case(b"password"))
}

#[derive(PartialEq, Eq)]
enum Wrote {
    Something,
    Nothing,
}

/// The copy in the making. Its functions answer nothing where the text breaks off.
struct Copy<'t> {
    text: &'t str,
    at: usize,
    out: String,
}

impl<'t> Copy<'t> {
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over a byte that has to stand here.
    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// Steps over a string and gives it with its quotes.
    fn string(&mut self) -> Option<&'t str> {
        self.expect(b'"')?;
        let begin = self.at - 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let found = rest.iter().position(|byte| *byte == b'"' || *byte == b'\\')?;
            self.at += found + 1;
            match rest.get(found) {
                Some(b'"') => return self.text.get(begin..self.at),
                _ => self.at += 1,
            }
        }
    }

    /// Steps over a number or a word and gives it.
    fn plain(&mut self) -> Option<&'t str> {
        let begin = self.at;
        let rest = self.text.as_bytes().get(begin..)?;
        let end = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
        let length = rest.iter().position(end).unwrap_or(rest.len());
        self.at += length;
        self.text.get(begin..self.at).filter(|word| !word.is_empty())
    }

    /// Copies a value, or leaves the copy as it was where nothing of the value is left.
    fn value(&mut self, place: Place, depth: u8) -> Option<Wrote> {
        match self.peek()? {
            b'{' => self.object(place, depth),
            b'[' => self.list(place, depth),
            b'"' => {
                let string = self.string()?;
                push_string(&mut self.out, string);
                Some(Wrote::Something)
            }
            _ => match self.plain()? {
                "null" if depth < DEEPEST => Some(Wrote::Nothing),
                word => {
                    self.out.push_str(word);
                    Some(Wrote::Something)
                }
            },
        }
    }

    fn list(&mut self, place: Place, depth: u8) -> Option<Wrote> {
        if depth >= DEEPEST {
            return self.verbatim();
        }
        let place = if matches!(place, Place::Answers) {
            Place::Answer
        } else {
            Place::Inside
        };
        self.expect(b'[')?;
        self.out.push('[');
        let mut first = true;
        while self.peek()? != b']' {
            let before = self.out.len();
            if !first {
                self.out.push(',');
            }
            match self.value(place, depth + 1)? {
                Wrote::Something => first = false,
                Wrote::Nothing => self.out.truncate(before),
            }
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        self.out.push(']');
        Some(Wrote::Something)
    }

    fn object(&mut self, place: Place, depth: u8) -> Option<Wrote> {
        if depth >= DEEPEST {
            return self.verbatim();
        }
        self.expect(b'{')?;
        let start = self.out.len();
        self.out.push('{');
        // An answer is held back until the entry's type is known, which may stand behind it.
        let mut held = String::new();
        let mut password = false;
        while self.peek()? != b'}' {
            let key = self.string()?;
            self.expect(b':')?;
            let name = name_of(key);
            let Some(member) = place.of_member(&name) else {
                self.step_over()?;
                if self.peek()? == b',' {
                    self.at += 1;
                }
                continue;
            };
            let before = self.out.len();
            if before > start + 1 {
                self.out.push(',');
            }
            push_string(&mut self.out, key);
            self.out.push(':');
            let content = self.out.len();
            let wrote = self.value(member, depth + 1)?;
            if matches!(place, Place::Answer) && (name == "fieldType" || name == "type") {
                password |= is_password(self.out.get(content..).unwrap_or_default());
            }
            let answer = matches!(place, Place::Answer) && (name == "answer" || name == "value");
            if answer && wrote == Wrote::Something {
                held.push_str(self.out.get(before..).unwrap_or_default().trim_start_matches(','));
            }
            if answer || wrote == Wrote::Nothing {
                self.out.truncate(before);
            }
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        if !held.is_empty() && !password {
            if self.out.len() > start + 1 {
                self.out.push(',');
            }
            self.out.push_str(&held);
        }
        if self.out.len() == start + 1 {
            self.out.truncate(start);
            return Some(Wrote::Nothing);
        }
        self.out.push('}');
        Some(Wrote::Something)
    }

    /// Copies a list or object as it is, without going deeper into the stack.
    fn verbatim(&mut self) -> Option<Wrote> {
        let begin = self.at;
        self.step_over_nested()?;
        self.out.push_str(self.text.get(begin..self.at)?);
        Some(Wrote::Something)
    }

    /// Steps over a value without copying it.
    fn step_over(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' | b'[' => self.step_over_nested(),
            b'"' => self.string().map(drop),
            _ => self.plain().map(drop),
        }
    }

    /// Steps over a list or object, however deep.
    fn step_over_nested(&mut self) -> Option<()> {
        let mut open = 0_u32;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Some(());
            }
        }
    }
}

/// The name in a key; escapes are read where there are any.
fn name_of(key: &str) -> std::borrow::Cow<'_, str> {
    if key.contains('\\') {
        return serde_json::from_str::<String>(key).unwrap_or_default().into();
    }
    key.get(1..key.len().saturating_sub(1)).unwrap_or_default().into()
}

/// Whether an entry's type, as JSON, is Password. What cannot be told counts as one.
fn is_password(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("\"password\"") || kind.contains('\\') || kind.starts_with(['{', '['])
}

/// Copies a JSON string without the escape of NUL. `\\u0000` is a backslash and five letters, and stays.
fn push_string(out: &mut String, json: &str) {
    // Most texts hold no escape at all, and looking for one byte costs a fraction of looking for six.
    if !json.as_bytes().contains(&b'\\') || !json.contains("\\u0000") {
        out.push_str(json);
        return;
    }
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = escape.strip_prefix("\\u0000") {
            rest = after;
        } else {
            // An escape is a backslash and one character of one byte; the rest of \uXXXX are plain letters.
            let (pair, after) = escape.split_at_checked(2).unwrap_or((escape, ""));
            out.push_str(pair);
            rest = after;
        }
    }
    out.push_str(rest);
}

/// Takes the control characters out of a body that JSON does not allow unescaped: NUL goes, others become spaces.
pub(crate) fn without_control_characters(body: &str) -> String {
    body.chars()
        .filter(|letter| *letter != '\0')
        .map(|letter| if letter < ' ' { ' ' } else { letter })
        .collect()
}

/// A time of ConnectWise as RFC 3339 in UTC with whole seconds; empty where it is no such time. Times without a zone
/// are in UTC.
pub(crate) fn whole_seconds(time: &str) -> String {
    let Some((seconds, rest)) = time.split_at_checked(19) else {
        return String::new();
    };
    let pattern = "0000-00-00T00:00:00";
    let fits = seconds
        .bytes()
        .zip(pattern.bytes())
        .all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            _ => byte == wanted,
        });
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|letter: char| letter.is_ascii_digit()),
        None => rest,
    };
    if fits && matches!(zone, "" | "Z" | "+00:00") {
        format!("{seconds}Z")
    } else {
        String::new()
    }
}

/// Puts a source record together.
pub(crate) fn source(kind: &str, id: u64, last_updated: &str, name: &str, json: String) -> SourceRecord {
    SourceRecord {
        kind: kind.to_owned(),
        id: id.to_string(),
        version: whole_seconds(last_updated),
        name: name.trim().to_owned(),
        json,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(json: &str) -> String {
        let out = tidy(json, Keep::All, &[]);
        serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|trouble| panic!("{out}: {trouble}"));
        out
    }

    #[test]
    fn quirk_hrefs_are_dropped_and_times_kept() {
        let out = tidied(
            r#"{"id":1,"_info":{"lastUpdated":"2026-01-01T00:00:00Z","sites_href":"https://na.myconnectwise.net/v2025_1//apis"},
                "type":{"id":2,"name":"Server","_info":{"type_href":"https://elsewhere"}}}"#,
        );
        assert_eq!(
            out,
            r#"{"id":1,"_info":{"lastUpdated":"2026-01-01T00:00:00Z"},"type":{"id":2,"name":"Server"}}"#
        );
    }

    #[test]
    fn quirk_empty_references_and_nulls_look_alike() {
        let absent = tidied(r#"{"id":1}"#);
        for odd in [
            r#"{"id":1,"site":{}}"#,
            r#"{"site":null,"id":1}"#,
            r#"{"id":1,"site":{"_info":{"site_href":"x"}}}"#,
        ] {
            assert_eq!(tidied(odd), absent);
        }
        assert_eq!(tidied("null"), "{}");
    }

    #[test]
    fn quirk_nul_characters_are_removed_and_nothing_else() {
        assert_eq!(
            tidied(r#"{"name":"a\u0000b\\u0000c\"\u00e4","ä":[1.50,"\u0000"]}"#),
            r#"{"name":"ab\\u0000c\"\u00e4","ä":[1.50,""]}"#
        );
        assert_eq!(
            without_control_characters("{\"a\":\"x\0y\tz\"}"),
            "{\"a\":\"xy z\"}"
        );
    }

    #[test]
    fn passwords_are_never_kept() {
        let out = tidied(
            r#"{"questions":[{"answer":"hunter2","fieldType":"Password","question":"PIN"},{"question":"IP","answer":"10.0.0.1","fieldType":"IPAddress"}],
                "customFields":[{"id":1,"value":"secret","caption":"Key","type":"password"},{"id":2,"value":false,"type":"Checkbox"}],
                "portalPassword":"open sesame"}"#,
        );
        for secret in ["hunter2", "secret", "sesame"] {
            assert!(!out.contains(secret), "{out}");
        }
        assert!(
            out.contains("10.0.0.1") && out.contains(r#""value":false"#) && out.contains("PIN"),
            "{out}"
        );
    }

    #[test]
    fn members_are_chosen_and_added() {
        let json = r#"{"id":1,"summary":"x","notes":"y"}"#;
        let out = tidy(json, Keep::Only(&["id", "summary"]), &[("types", "[]".into())]);
        assert_eq!(out, r#"{"id":1,"summary":"x","types":[]}"#);
    }

    #[test]
    fn copies_hold_what_a_tree_would_hold() {
        // Any JSON without what is tidied away comes out as it went in, spaces aside.
        let odd = r#" { "a" : [ 1 , -2.50e3, true , "x\"y\\" , [ ] , [[ ]] ] , "b\"c" : { "d" : "\u00e4\ud83d\ude00" } , "e":"" } "#;
        let before: serde_json::Value = serde_json::from_str(odd).unwrap();
        let after: serde_json::Value = serde_json::from_str(&tidied(odd)).unwrap();
        assert_eq!(before, after);
    }

    #[test]
    fn texts_that_break_off_end_as_nothing() {
        let whole = r#"{"a":[1,{"b":"c\u0000"}],"questions":[{"answer":"x","fieldType":"Text"}],"n":null}"#;
        for end in 0..whole.len() {
            let out = tidy(&whole[..end], Keep::All, &[]);
            assert_eq!(out, "{}", "{end}");
        }
        assert_eq!(tidy("]", Keep::All, &[]), "{}");
        assert_eq!(tidy("[[[[", Keep::All, &[]), "{}");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(tidy(&deep, Keep::All, &[]), deep);
    }

    #[test]
    fn times_lose_their_fraction() {
        for (given, wanted) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.1", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05+02:00", ""),
            ("2026-01-02", ""),
            ("yesterday at ten past four", ""),
        ] {
            assert_eq!(whole_seconds(given), wanted, "{given}");
        }
    }
}
