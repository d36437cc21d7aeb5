//! Which characters may be shown to people as they are. Texts come from PSAs, plugins and files, and what a terminal takes
//! for a command, or what turns the order of the letters, would show a person something else than is there.

/// Whether a character is no more than what it shows: no control character, line breaks among them, and none that turns
/// the direction of what follows.
pub fn is_showable(c: char) -> bool {
    let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    !c.is_control() && !turns && !breaks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_every_script_are_shown_and_commands_are_not() {
        assert!("aÄß日本 עברית\u{200f}🖨️".chars().all(is_showable));
        for c in [
            '\u{1b}', '\u{9b}', '\u{7f}', '\n', '\r', '\t', '\0', '\u{202e}', '\u{2066}', '\u{2028}',
        ] {
            assert!(!is_showable(c), "{c:?}");
        }
    }
}
