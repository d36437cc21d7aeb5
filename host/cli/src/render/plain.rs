//! Text on its way to a terminal. What is shown comes from PSAs, plugins and files: whatever a terminal would take for a
//! command becomes a mark in its place. Everything for people goes through here, and nothing for programs.

use dovetail_domain::showable::is_showable;

/// Stands where a character was that is not shown.
const MARK: char = '\u{fffd}';

/// The text with line breaks and tabs kept and marks in place of what cannot be shown.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' | '\t' => shown.push(letter),
            _ => shown.push(if is_showable(letter) { letter } else { MARK }),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_a_terminal_become_marks() {
        assert_eq!(plain("a\u{1b}[2Jb\u{9b}1mc\u{202e}d\re"), "a�[2Jb�1mc�d�e");
        assert_eq!(plain("Ä\tb\r\nc\n日本"), "Ä\tb\nc\n日本");
    }
}
