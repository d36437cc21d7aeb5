//! Dates between ConnectWise, which always writes a time of day, and the contract, which knows days too: midnight in
//! UTC is the day. Parts of a second are cut off; ConnectWise refuses them.

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

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// The time of day and its offset from UTC in seconds; without an offset it is UTC.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(place) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (clock, offset) = time.split_at(place);
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let seconds = number(hours, 2)? * 3600 + number(minutes, 2)? * 60;
    Some((
        clock,
        if offset.starts_with('-') {
            -seconds
        } else {
            seconds
        },
    ))
}

/// `HH:MM:SS` with or without a fraction, or `HH:MM`.
fn seconds_of_day(clock: &str) -> Option<i64> {
    let whole = match clock.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => whole,
        Some(_) => return None,
        None => clock,
    };
    let mut parts = whole.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| number(second, 2))?;
    let real = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    real.then_some(hour * 3600 + minute * 60 + second)
}

/// Days since 1970-01-01 of a day that exists.
fn day_number(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) = (
        number(parts.next()?, 4)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    );
    if parts.next().is_some() || year == 0 {
        return None;
    }
    // A year that begins in March has its leap day at the end; eras of 400 years are alike.
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    // Only a day that exists leads back to itself.
    (civil(days) == (year, month, day)).then_some(days)
}

/// Year, month and day of so many days since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
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
