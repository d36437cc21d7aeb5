//! From a place in a text's content back to the place in the file. A TOML string may be written with escapes, over
//! several lines and with continued lines, so the content's bytes are not the file's.

/// The byte in `raw`, a string literal as it stands in the file, where the byte `wanted` of its content is written.
pub(crate) fn place(raw: &str, wanted: usize) -> usize {
    let (quote, multi) = match raw.get(..3) {
        Some("\"\"\"" | "'''") => (raw.get(..1), true),
        _ => (raw.get(..1), false),
    };
    let escapes = quote == Some("\"");
    let mut at = if multi { 3 } else { 1 };
    if multi {
        // A line break right after the opening is not part of the content.
        at += leading(rest(raw, at), &["\r\n", "\n"]);
    }
    let mut content = 0;
    while content < wanted {
        let here = rest(raw, at);
        let Some(first) = here.chars().next() else { break };
        if escapes && first == '\\' {
            let (written, meant) = escape(here);
            at += written;
            content += meant;
        } else {
            at += first.len_utf8();
            content += first.len_utf8();
        }
    }
    // What stands here may be a continued line, which is nothing.
    while escapes && multi && rest(raw, at).starts_with('\\') {
        match escape(rest(raw, at)) {
            (written, 0) if written > 0 => at += written,
            _ => break,
        }
    }
    at
}

/// How many bytes an escape takes in the file and in the content.
fn escape(here: &str) -> (usize, usize) {
    let digits = match here.chars().nth(1) {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(c) if c.is_whitespace() => {
            let after = rest(here, 1);
            return (1 + after.len() - after.trim_start().len(), 0);
        }
        Some(c) => return (1 + c.len_utf8(), 1),
        None => return (1, 0),
    };
    let code = here
        .get(2..2 + digits)
        .and_then(|code| u32::from_str_radix(code, 16).ok());
    let meant = code.and_then(char::from_u32).map_or(1, char::len_utf8);
    (2 + digits, meant)
}

fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

fn leading(text: &str, ends: &[&str]) -> usize {
    let found = ends.iter().find(|end| text.starts_with(**end));
    found.map_or(0, |end| end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The raw text from where the content's `X` is written.
    fn at_x(raw: &str) -> &str {
        let parsed: toml::Table = format!("a = {raw}").parse().unwrap();
        let content = parsed["a"].as_str().unwrap();
        &raw[place(raw, content.find('X').unwrap())..]
    }

    #[test]
    fn content_leads_to_the_file() {
        assert_eq!(at_x("'aäXb'"), "Xb'");
        assert_eq!(at_x(r#""a\n\t\u00e4\U0001F600\x41Xb""#), "Xb\"");
        assert_eq!(at_x("'''\na\nX'''"), "X'''");
        assert_eq!(at_x("'''X'''"), "X'''");
        assert_eq!(at_x("\"\"\"\na \\\n   b \\\n X\"\"\""), "X\"\"\"");
        assert_eq!(at_x("''' \\ X'''"), "X'''");
    }
}
