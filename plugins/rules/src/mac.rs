//! A MAC address as `AA:BB:CC:DD:EE:FF`, however it was written; other texts stay as they are.

/// The address; nothing where the text is none.
pub(crate) fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    let separator = text.chars().find(|c| !c.is_ascii_hexdigit());
    if !matches!(separator, None | Some(':' | '-' | '.' | ' ')) {
        return None;
    }
    let groups: Vec<&str> = text.split(|c| Some(c) == separator).collect();
    let length = groups.first().map_or(0, |group| group.len());
    let alike = groups.iter().all(|group| group.len() == length);
    let digits = groups.concat();
    if !alike || !matches!(length, 2 | 4 | 6 | 12) || digits.len() != 12 {
        return None;
    }
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
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
            " 001A2B3C4D5E ",
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
