//! Dates between ConnectWise, which always writes a time of day, and the contract, which knows days too: midnight in
//! UTC is the day. Parts of a second are cut off; ConnectWise refuses them.

use dovetail_sdk::calendar::{civil, day_number, seconds_of_day, split_offset};

/// A date of ConnectWise's as the contract writes it: `YYYY-MM-DD` at midnight, else RFC 3339 in UTC with whole
/// seconds. Nothing where the text is no date.
pub(crate) fn inward(text: &str) -> Option<String> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00:00"),
    };
    let days = day_number(date)?;
    let (clock, offset) = split_offset(time)?;
    let seconds = seconds_of_day(clock)? - offset;
    if seconds == 0 {
        return Some(date.to_owned());
    }
    let (days, seconds) = (days + seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    if !(1..=9999).contains(&year) {
        return None;
    }
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    // Another time zone's midnight may have become a day of ours.
    Some(match seconds {
        0 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"),
    })
}

/// A date of the contract's as ConnectWise takes it. Nothing where the text is no date.
pub(crate) fn outward(text: &str) -> Option<String> {
    let date = inward(text)?;
    Some(if date.len() == 10 {
        date + "T00:00:00Z"
    } else {
        date
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_the_day() {
        for (source, date) in [
            ("2026-11-01T00:00:00Z", "2026-11-01"),
            ("2026-11-01T00:00:00.000Z", "2026-11-01"),
            ("2026-11-01", "2026-11-01"),
            ("2026-11-01T00:00:00", "2026-11-01"),
            ("2026-11-01T09:30:00Z", "2026-11-01T09:30:00Z"),
            ("2026-11-01T09:30:00.75Z", "2026-11-01T09:30:00Z"),
            ("2026-11-01T01:00:00+01:00", "2026-11-01"),
            ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29"),
            ("0001-01-01T00:00:00Z", "0001-01-01"),
        ] {
            assert_eq!(inward(source).as_deref(), Some(date), "{source}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "soon",
            "2026-02-29T00:00:00Z",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "2026-01-32",
            "26-01-01",
            "2026-01-01T24:00:00Z",
            "2026-01-01T10:61:00Z",
            "2026-01-01T",
            "2026-01-01T10:00:00.xZ",
            "01/02/2026",
            "9999-12-31T23:59:59-01:00",
            "+026-01-01",
        ] {
            assert_eq!(inward(text), None, "{text}");
        }
    }

    #[test]
    fn days_lead_back_over_eight_centuries() {
        for days in (-200_000..100_000).step_by(17) {
            let (year, month, day) = civil(days);
            assert_eq!(day_number(&format!("{year:04}-{month:02}-{day:02}")), Some(days));
        }
    }

    #[test]
    fn days_become_midnight() {
        assert_eq!(outward("2026-11-01").as_deref(), Some("2026-11-01T00:00:00Z"));
        assert_eq!(
            outward("2026-11-01T09:30:00Z").as_deref(),
            Some("2026-11-01T09:30:00Z")
        );
        assert_eq!(outward("tomorrow"), None);
    }
}
