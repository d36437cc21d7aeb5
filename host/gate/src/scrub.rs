//! Blots secrets out of what comes back. A secret is recognised as it is and in the forms in which servers echo:
//! Base64 (padded or not, both alphabets, also in the midst of something larger), percent-escaped, JSON-escaped and
//! HTML-escaped, wholly, partly or several times over. It looks at whole texts only, never at pieces of them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use regex::bytes::{NoExpand, Regex, RegexBuilder};

use crate::GateError;

/// What stands where a secret stood.
const BLOT: &[u8] = b"[secret]";

/// Knows a set of secrets in all their forms.
pub(crate) struct Scrubber {
    anywhere: Option<Regex>,
    /// Header names lose their capitals on the way.
    in_names: Option<Regex>,
}

impl Scrubber {
    /// For these secrets; an assembled credential is one too.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self, GateError> {
        let mut secrets: Vec<&str> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        let plain: Vec<String> = secrets.iter().map(|secret| spelled(secret)).collect();
        let mut forms = plain.clone();
        forms.extend(secrets.iter().flat_map(|secret| in_base64(secret)));
        let build = |forms: &[String], any_case: bool| {
            if forms.is_empty() {
                return Ok(None);
            }
            RegexBuilder::new(&forms.join("|"))
                .unicode(false)
                .case_insensitive(any_case)
                .size_limit(256 << 20)
                .dfa_size_limit(16 << 20)
                .build()
                .map(Some)
                // The error would quote the pattern.
                .map_err(|_| GateError::Internal {
                    reason: "the secrets cannot be searched for".to_owned(),
                })
        };
        Ok(Scrubber {
            anywhere: build(&forms, false)?,
            in_names: build(&plain, true)?,
        })
    }

    /// Bytes without the secrets; the same bytes, not copied, where there are none.
    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.anywhere {
            Some(pattern) if pattern.is_match(&bytes) => {
                pattern.replace_all(&bytes, NoExpand(BLOT)).into_owned()
            }
            _ => bytes,
        }
    }

    /// A text without the secrets.
    pub(crate) fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes().to_vec())).into_owned()
    }

    /// Whether a header's name holds a secret.
    pub(crate) fn is_in_name(&self, name: &str) -> bool {
        self.in_names
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(name.as_bytes()))
    }
}

/// A pattern for a text in which each character may be escaped or not.
fn spelled(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        pattern.push_str("(?:");
        spell(c, &mut pattern);
        pattern.push(')');
    }
    pattern
}

fn spell(c: char, pattern: &mut String) {
    let mut bytes = [0; 4];
    let bytes = c.encode_utf8(&mut bytes).as_bytes();
    let mut add = |form: std::fmt::Arguments<'_>| {
        pattern.write_fmt(form).expect("a string takes every text");
    };
    // Escapes stand first: of `\\u005c` or `%25` the first character alone could be taken for the whole.
    bytes
        .iter()
        .for_each(|byte| add(format_args!("%(?:25)*{}", hex(u32::from(*byte), 2))));
    add(format_args!("|"));
    let mut units = [0; 2];
    c.encode_utf16(&mut units)
        .iter()
        .for_each(|unit| add(format_args!(r"\\+u{}", hex(u32::from(*unit), 4))));
    let number = u32::from(c);
    add(format_args!(
        "|&(?:amp;)*#(?:0*{number}|[xX]0*{});",
        hex(number, 1)
    ));
    match c {
        '&' => add(format_args!("|&(?:amp;)+")),
        '<' => add(format_args!("|&(?:amp;)*lt;")),
        '>' => add(format_args!("|&(?:amp;)*gt;")),
        '"' => add(format_args!("|&(?:amp;)*quot;")),
        '\'' => add(format_args!(r"|&(?:amp;)*apos;|\\+'")),
        _ => {}
    }
    add(format_args!("|"));
    match c {
        // In JSON these three may stand behind a backslash, and behind more of them in JSON within JSON.
        '\\' => add(format_args!(r"\\+")),
        '"' | '/' => add(format_args!(r"\\*{c}")),
        ' ' => add(format_args!(r"[ +]")),
        _ => bytes.iter().for_each(|byte| add(format_args!(r"\x{byte:02x}"))),
    }
}

/// A number in hexadecimal, of at least so many digits, in any case of letters.
fn hex(number: u32, digits: usize) -> String {
    format!("{number:0digits$x}")
        .chars()
        .map(|c| match c {
            'a'..='f' => format!("[{c}{}]", c.to_ascii_uppercase()),
            _ => c.to_string(),
        })
        .collect()
}

/// Patterns for a text inside Base64. What stands before it shifts it by 0, 1 or 2 bytes; the characters that hold
/// nothing but the text are the same for each shift, those at its edges are taken along.
fn in_base64(text: &str) -> Vec<String> {
    (0..3)
        .map(|shift| {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(text.as_bytes());
            let encoded = STANDARD_NO_PAD.encode(&shifted);
            let first = (shift * 8).div_ceil(6);
            let whole = shifted.len() * 8 / 6;
            let edge_before = if shift > 0 { "[A-Za-z0-9+/_-]?" } else { "" };
            let edge_after = if shifted.len() * 8 % 6 > 0 {
                "[A-Za-z0-9+/_-]?"
            } else {
                ""
            };
            let core: String = encoded
                .chars()
                .take(whole)
                .skip(first)
                .map(base64_letter)
                .collect();
            format!("{edge_before}{core}{edge_after}")
        })
        .collect()
}

/// A character of Base64: both alphabets, and `+` and `/` escaped.
fn base64_letter(c: char) -> String {
    let mut pattern = String::from("(?:");
    match c {
        '+' => pattern.push_str("-|"),
        '/' => pattern.push_str("_|"),
        _ => return c.to_string(),
    }
    spell(c, &mut pattern);
    pattern.push(')');
    pattern
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = r#"p4ss/W+rd "q\ü<&>'~?ÿ"#;

    fn scrub(secret: &str, text: impl Into<Vec<u8>>) -> String {
        let scrubber = Scrubber::new([secret]).expect("builds");
        String::from_utf8_lossy(&scrubber.bytes(text.into())).into_owned()
    }

    fn percent(text: &str, keep: impl Fn(u8) -> bool, upper: bool) -> String {
        text.bytes()
            .map(|b| match (keep(b), upper) {
                (true, _) => (b as char).to_string(),
                (false, true) => format!("%{b:02X}"),
                (false, false) => format!("%{b:02x}"),
            })
            .collect()
    }

    #[test]
    fn the_forms_in_which_servers_echo_are_blotted_out() {
        let json = r#"p4ss\/W+rd \"q\\ü<&>'~?ÿ"#;
        let dotnet = r#"p4ss/W\u002Brd \u0022q\\\u00fc\u003C\u0026\u003E\u0027~?\u00FF"#;
        let html = "p4ss/W+rd &quot;q\\ü&lt;&amp;&gt;&#39;~?&#xff;";
        for form in [
            SECRET.to_owned(),
            json.to_owned(),
            json.replace('\\', "\\\\").replace('"', "\\\""),
            dotnet.to_owned(),
            html.to_owned(),
            percent(SECRET, |b| b.is_ascii_alphanumeric(), true),
            percent(SECRET, |b| b.is_ascii_alphanumeric(), false),
            percent(SECRET, |b| b.is_ascii_alphanumeric() || b"~'/".contains(&b), true),
            percent(SECRET, |_| false, true),
            percent(SECRET, |b| b.is_ascii_alphanumeric(), true).replace("%20", "+"),
            percent(SECRET, |b| b.is_ascii_alphanumeric(), true).replace('%', "%25"),
        ] {
            assert_eq!(
                scrub(SECRET, format!("{{\"a\":\"{form}\"}}")),
                "{\"a\":\"[secret]\"}",
                "{form}"
            );
        }
    }

    #[test]
    fn base64_is_blotted_out_in_every_form_and_alignment() {
        for before in ["", "a", "ab", "abc", "company+key:"] {
            for after in ["", "x", "xy", "xyz"] {
                let whole = format!("{before}{SECRET}{after}");
                for encoded in [
                    STANDARD.encode(&whole),
                    STANDARD_NO_PAD.encode(&whole),
                    URL_SAFE.encode(&whole),
                    URL_SAFE_NO_PAD.encode(&whole),
                    STANDARD
                        .encode(&whole)
                        .replace('/', "\\/")
                        .replace('+', "\\u002B"),
                    STANDARD
                        .encode(&whole)
                        .replace('/', "%2F")
                        .replace('+', "%2b")
                        .replace('=', "%3D"),
                ] {
                    let scrubbed = scrub(SECRET, format!("\"{encoded}\""));
                    assert!(scrubbed.contains("[secret]"), "{before}|{after}: {encoded}");
                    // At most what stood before and after is left.
                    let left = scrubbed.replace("[secret]", "").len();
                    assert!(
                        left <= 2 + (before.len() + after.len()) * 4 / 3 + 12,
                        "{scrubbed}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is() {
        let binary: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        let scrubber = Scrubber::new([SECRET]).expect("builds");
        assert_eq!(scrubber.bytes(binary.clone()), binary);
        let none = Scrubber::new([]).expect("builds");
        assert_eq!(none.bytes(SECRET.as_bytes().to_vec()), SECRET.as_bytes());
        // Bytes that are no UTF-8 around a secret stay too.
        let mut mixed = vec![0xff, 0xfe];
        mixed.extend_from_slice(SECRET.as_bytes());
        mixed.push(0x80);
        assert_eq!(scrubber.bytes(mixed), [&[0xff, 0xfe][..], BLOT, &[0x80]].concat());
    }

    #[test]
    fn several_secrets_and_all_their_occurrences_go() {
        let scrubber =
            Scrubber::new(["first-secret-1", "acme+key:first-secret-1", "other-secret-2"]).expect("builds");
        assert_eq!(
            scrubber.text("first-secret-1first-secret-1 acme+key:first-secret-1, other-secret-2."),
            "[secret][secret] [secret], [secret]."
        );
        assert!(scrubber.is_in_name("x-FIRST-Secret-1"));
        assert!(!scrubber.is_in_name("content-type"));
    }

    #[test]
    fn a_page_of_records_is_left_alone() {
        let record = r#"{"id":250,"name":"Acme \u0026 Sons","types":[{"id":1,"name":"Client"}],"note":"aHR0cHM6Ly9leGFtcGxl%20+x"},"#;
        let page = record.repeat(2_500_000 / record.len()).into_bytes();
        let scrubber = Scrubber::new(["acme+public:AbCdEfGhIjKlMnOp", "AbCdEfGhIjKlMnOp"]).expect("builds");
        let scrubbed = scrubber.bytes(page.clone());
        assert!(scrubbed == page);
    }

    proptest! {
        // Each case builds its patterns anew, which takes its time.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_secret_survives_inside_base64(
            secret in "[ -~]{12,60}",
            before in proptest::collection::vec(any::<u8>(), 0..20),
            after in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut whole = before;
            whole.extend_from_slice(secret.as_bytes());
            whole.extend_from_slice(&after);
            let scrubber = Scrubber::new([secret.as_str()]).expect("builds");
            for encoded in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                let scrubbed = scrubber.text(&encoded);
                prop_assert!(scrubbed.contains("[secret]"), "{}", encoded);
            }
        }

        #[test]
        fn no_secret_survives_in_json(secret in "\\PC{12,40}") {
            let scrubber = Scrubber::new([secret.as_str()]).expect("builds");
            let plain = secret.replace('\\', "\\\\").replace('"', "\\\"");
            let escaped: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            prop_assert_eq!(scrubber.text(&plain), "[secret]");
            prop_assert_eq!(scrubber.text(&escaped), "[secret]");
        }
    }
}
