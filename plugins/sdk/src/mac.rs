//! MAC addresses, in whatever spelling monitoring tools and people write them.
//!
//! ```
//! assert_eq!(dovetail_sdk::mac::canonical("001a.2b3c.4d5e").as_deref(), Some("00:1A:2B:3C:4D:5E"));
//! assert_eq!(dovetail_sdk::mac::canonical("n/a"), None);
//! ```

/// One address as `AA:BB:CC:DD:EE:FF`. It may be written in one piece or in groups of 2, 4 or 6 digits with `:`, `-`,
/// `.` or blanks between them; nothing where the text is none.
pub fn canonical(text: &str) -> Option<String> {
    let separator = text.chars().find(|c| !c.is_ascii_hexdigit());
    if !matches!(separator, None | Some(':' | '-' | '.' | ' ')) {
        return None;
    }
    let mut digits = String::with_capacity(12);
    let mut group_length = None;
    for group in text.split(|c| Some(c) == separator) {
        let alike = *group_length.get_or_insert(group.len()) == group.len();
        if !alike || !matches!(group.len(), 2 | 4 | 6 | 12) || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        digits.push_str(group);
    }
    if digits.len() != 12 {
        return None;
    }
    let mut address = String::with_capacity(17);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 2 == 0 {
            address.push(':');
        }
        address.push(digit.to_ascii_uppercase());
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_address() {
        for text in [
            "00:1a:2B:3c:4d:5e",
            "00-1A-2B-3C-4D-5E",
            "001a.2b3c.4d5e",
            "001A2B3C4D5E",
            "001A2B-3C4D5E",
        ] {
            assert_eq!(canonical(text).as_deref(), Some("00:1A:2B:3C:4D:5E"), "{text}");
        }
        for text in [
            "",
            "n/a",
            "00:1a:2B:3c:4d",
            "00:1a-2B:3c:4d:5e",
            "0:1a:2B:3c:4d:5e",
            "001A2B3C4D5EFF",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
