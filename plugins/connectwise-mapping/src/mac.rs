//! The one text in which ConnectWise keeps MAC addresses, as monitoring tools fill it: one address in any spelling,
//! several with something between them, or words. Nothing of it is lost: the first address is the field, further ones
//! and a text that is not addresses alone become traits.

pub(crate) use dovetail_sdk::mac::canonical;

/// What stands in the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Macs {
    /// The addresses in their order, each once, as `AA:BB:CC:DD:EE:FF`.
    pub(crate) addresses: Vec<String>,
    /// Whether there are words beside addresses, or words only.
    pub(crate) has_words: bool,
}

/// Reads the text.
pub(crate) fn read(text: &str) -> Macs {
    let mut macs = Macs::default();
    // Pairs with blanks between them are one address, not six words.
    if let Some(address) = canonical(text.trim()) {
        macs.addresses.push(address);
        return macs;
    }
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/' | '&' | '+'));
    for part in parts.filter(|part| !part.is_empty()) {
        match canonical(part) {
            Some(address) if macs.addresses.contains(&address) => {}
            Some(address) => macs.addresses.push(address),
            None => macs.has_words = true,
        }
    }
    macs
}

/// Addresses as the text holds them: one as everybody writes it, several without colons, because the text takes 25
/// characters, which is two addresses and what stands between them.
pub(crate) fn joined(addresses: &[String]) -> String {
    match addresses {
        [one] => one.clone(),
        several => several.join(",").replace(':', ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_addresses_fit_into_the_text_and_lead_back() {
        let addresses = ["00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5F"].map(str::to_owned);
        let text = joined(&addresses);
        assert_eq!((text.as_str(), text.len()), ("001A2B3C4D5E,001A2B3C4D5F", 25));
        assert_eq!(read(&text).addresses, addresses);
        assert_eq!(joined(&addresses[..1]), "00:1A:2B:3C:4D:5E");
        assert_eq!(joined(&[]), "");
    }

    #[test]
    fn every_spelling_is_one_address() {
        for text in [
            "00:1a:2B:3c:4d:5e",
            "00-1A-2B-3C-4D-5E",
            "001a.2b3c.4d5e",
            "001A2B3C4D5E",
            "001A2B-3C4D5E",
            "00 1a 2b 3c 4d 5e",
            "  00:1A:2B:3C:4D:5E ",
        ] {
            let macs = read(text);
            assert_eq!(macs.addresses, ["00:1A:2B:3C:4D:5E"], "{text}");
            assert!(!macs.has_words);
        }
    }

    #[test]
    fn several_are_split_and_each_stands_once() {
        for between in [",", ", ", ";", " ", "|", " / ", "\r\n"] {
            let text = format!("001A2B3C4D5E{between}00:1A:2B:3C:4D:5F{between}00-1a-2b-3c-4d-5e");
            let macs = read(&text);
            assert_eq!(
                macs.addresses,
                ["00:1A:2B:3C:4D:5E", "00:1A:2B:3C:4D:5F"],
                "{text}"
            );
            assert!(!macs.has_words);
        }
    }

    #[test]
    fn words_are_noticed() {
        assert_eq!(
            read("n/a"),
            Macs {
                addresses: vec![],
                has_words: true
            }
        );
        let mixed = read("001A2B3C4D5E (eth0)");
        assert_eq!(mixed.addresses, ["00:1A:2B:3C:4D:5E"]);
        assert!(mixed.has_words);
        assert_eq!(read(""), Macs::default());
    }

    #[test]
    fn what_only_looks_like_one() {
        for text in [
            "00:1A:2B:3C:4D",
            "00:1A:2B:3C:4D:5E:6F:70",
            "0:1A:2B:3C:4D:5E",
            "00:1A-2B:3C:4D:5E",
            "001A2B3C4D5G",
            "::",
            "é",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
