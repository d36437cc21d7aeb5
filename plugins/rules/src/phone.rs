//! A phone number as `+15550100`: only where it is plain which number is meant, else the text stays as it is.

/// How a country writes its numbers: its code, what stands before the area code within the country, and how many
/// digits a number has without that.
struct Plan {
    country: &'static str,
    code: &'static str,
    trunk: &'static str,
    digits: (usize, usize),
}

const fn plan(
    country: &'static str,
    code: &'static str,
    trunk: &'static str,
    digits: (usize, usize),
) -> Plan {
    Plan {
        country,
        code,
        trunk,
        digits,
    }
}

const PLANS: [Plan; 21] = [
    plan("US", "1", "1", (10, 10)),
    plan("CA", "1", "1", (10, 10)),
    plan("GB", "44", "0", (9, 10)),
    plan("IE", "353", "0", (7, 9)),
    plan("DE", "49", "0", (5, 12)),
    plan("AT", "43", "0", (6, 13)),
    plan("CH", "41", "0", (9, 9)),
    plan("FR", "33", "0", (9, 9)),
    plan("BE", "32", "0", (8, 9)),
    plan("NL", "31", "0", (9, 9)),
    plan("SE", "46", "0", (7, 9)),
    plan("FI", "358", "0", (5, 11)),
    plan("AU", "61", "0", (9, 9)),
    plan("NZ", "64", "0", (8, 10)),
    plan("ZA", "27", "0", (9, 9)),
    plan("IN", "91", "0", (10, 10)),
    plan("PL", "48", "", (9, 9)),
    plan("ES", "34", "", (9, 9)),
    plan("PT", "351", "", (9, 9)),
    plan("DK", "45", "", (8, 8)),
    plan("NO", "47", "", (8, 8)),
];

/// The countries whose numbers are known.
pub(crate) fn countries() -> Vec<&'static str> {
    PLANS.iter().map(|plan| plan.country).collect()
}

/// The number as `+` and digits; nothing where it is not plain.
pub(crate) fn international(text: &str, country: Option<&str>) -> Option<String> {
    let text = text.trim();
    // `+44 (0)20 …`: the zero is dialled within the country only.
    let without = text.strip_prefix('+').map(|after| after.replacen("(0)", "", 1));
    let (plus, rest) = match &without {
        Some(after) => (true, after.as_str()),
        None => (false, text),
    };
    if !rest
        .chars()
        .all(|c| c.is_ascii_digit() || " -().\u{a0}/".contains(c))
    {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let whole = |digits: &str| {
        let plausible = (8..=15).contains(&digits.len()) && !digits.starts_with('0');
        plausible.then(|| format!("+{digits}"))
    };
    if plus {
        return whole(&digits);
    }
    let plan = PLANS.iter().find(|plan| Some(plan.country) == country)?;
    let abroad = if plan.code == "1" { "011" } else { "00" };
    if let Some(after) = digits.strip_prefix(abroad) {
        return whole(after);
    }
    let fits = |number: &str| {
        let area = plan.code != "1" || number.starts_with(|c: char| c > '1');
        (area && (plan.digits.0..=plan.digits.1).contains(&number.len()))
            .then(|| format!("+{}{number}", plan.code))
    };
    match (digits.strip_prefix(plan.trunk), plan.code) {
        // In North America the 1 may be left out.
        (None, "1") => fits(&digits),
        (None, _) => None,
        (Some(number), _) if number.starts_with('0') => None,
        (Some(number), _) => fits(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_normalised() {
        for (text, country, wanted) in [
            ("(813) 555-0100", Some("US"), Some("+18135550100")),
            ("1 813 555 0100", Some("US"), Some("+18135550100")),
            ("813.555.0100 x12", Some("US"), None),
            ("555-0100", Some("US"), None),
            ("011 44 20 7946 0000", Some("US"), Some("+442079460000")),
            ("+44 (0)20 7946 0000", None, Some("+442079460000")),
            ("020 7946 0000", Some("GB"), Some("+442079460000")),
            ("7946 0000", Some("GB"), None),
            ("030 123456", Some("DE"), Some("+4930123456")),
            ("0049 30 123456", Some("DE"), Some("+4930123456")),
            ("912 345 678", Some("ES"), Some("+34912345678")),
            ("(813) 555-0100", None, None),
            ("ask reception", Some("US"), None),
            ("+0 12345678", Some("US"), None),
            ("", Some("US"), None),
        ] {
            assert_eq!(international(text, country).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_normalised_number_stays() {
        for country in countries() {
            let number = Some("+442079460000".to_owned());
            assert_eq!(international("+442079460000", Some(country)), number);
        }
    }
}
