//! Dates as the contract writes them: a day, or RFC 3339 in UTC with whole seconds. Midnight in UTC is the day, as PSAs
//! write days.

/// A date as it stands in a PSA's record; nothing where the text is none.
pub(crate) fn inward(text: &str) -> Option<String> {
    let (day, time) = text
        .trim()
        .split_once(['T', 't', ' '])
        .unwrap_or((text.trim(), "00:00:00"));
    let days = day_number(day)?;
    let (clock, offset) = split_offset(time)?;
    let seconds = days * 86_400 + seconds_of_day(clock)? - offset;
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    if !(1..=9999).contains(&year) {
        return None;
    }
    let of_day = seconds.rem_euclid(86_400);
    let date = format!("{year:04}-{month:02}-{day:02}");
    Some(match of_day {
        0 => date,
        _ => format!(
            "{date}T{:02}:{:02}:{:02}Z",
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60
        ),
    })
}

/// A date as the PSA writes them at this place: where it has a day only, so; else with a time of day.
pub(crate) fn outward(date: &str, was: Option<&str>) -> String {
    let days_only = was.is_some_and(|was| day_number(was.trim()).is_some());
    if days_only || date.len() != 10 {
        date.to_owned()
    } else {
        format!("{date}T00:00:00Z")
    }
}

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
    let (clock, offset) = time.split_at_checked(place)?;
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

/// Parts of a second are cut off.
fn seconds_of_day(clock: &str) -> Option<i64> {
    let whole = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut parts = whole.split(':');
    let hour = number(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = number(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = parts.next().map_or(Some(0), |second| number(second, 2));
    let second = second.filter(|second| *second < 60)?;
    parts
        .next()
        .is_none()
        .then_some(hour * 3600 + minute * 60 + second)
}

/// The days since 1970-01-01 of a real day.
fn day_number(day: &str) -> Option<i64> {
    let mut parts = day.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let of_month = number(parts.next()?, 2)?;
    if parts.next().is_some() || !(1..=12).contains(&month) {
        return None;
    }
    // Years begin in March here, so that the leap day is their last.
    let (shifted, of_year) = (year - i64::from(month <= 2), (month + 9) % 12);
    let days = 365 * shifted + shifted.div_euclid(4) - shifted.div_euclid(100)
        + shifted.div_euclid(400)
        + (153 * of_year + 2) / 5
        + of_month
        - 1
        - 719_468;
    (civil(days) == (year, month, of_month)).then_some(days)
}

/// Year, month and day of a number of days since 1970-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_psas_write_them() {
        for (text, wanted) in [
            ("2026-11-01", Some("2026-11-01")),
            ("2026-11-01T00:00:00Z", Some("2026-11-01")),
            ("2026-11-01T09:30:00Z", Some("2026-11-01T09:30:00Z")),
            ("2026-11-01 09:30", Some("2026-11-01T09:30:00Z")),
            ("2026-11-01T00:30:00.5+01:00", Some("2026-10-31T23:30:00Z")),
            ("2024-02-29", Some("2024-02-29")),
            ("2025-02-29", None),
            ("2025-13-01", None),
            ("11/01/2026", None),
            ("soon", None),
        ] {
            assert_eq!(inward(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn a_date_goes_out_as_the_psa_writes_it() {
        assert_eq!(outward("2026-11-01", None), "2026-11-01T00:00:00Z");
        assert_eq!(outward("2026-11-01", Some("2020-01-01")), "2026-11-01");
        assert_eq!(
            outward("2026-11-01", Some("2020-01-01T00:00:00Z")),
            "2026-11-01T00:00:00Z"
        );
        assert_eq!(outward("2026-11-01T09:30:00Z", None), "2026-11-01T09:30:00Z");
    }
}
