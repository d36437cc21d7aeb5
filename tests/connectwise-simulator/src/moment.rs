//! Moments in ConnectWise's form: whole seconds in UTC, written `2026-11-01T00:00:00Z`.

/// 2026-11-01T00:00:00Z, the base instant unless the configuration names another.
pub(crate) const DEFAULT_BASE: i64 = 1_793_491_200;

/// A day in seconds.
pub(crate) const DAY: i64 = 86_400;

/// Writes a moment (seconds since 1970) as 20 bytes of ASCII.
pub(crate) fn write(out: &mut Vec<u8>, seconds: i64) {
    let days = seconds.div_euclid(DAY);
    let rest = seconds.rem_euclid(DAY);
    let (year, month, day) = civil(days);
    digits(out, year as u64, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
    out.push(b'T');
    digits(out, (rest / 3_600) as u64, 2);
    out.push(b':');
    digits(out, (rest / 60 % 60) as u64, 2);
    out.push(b':');
    digits(out, (rest % 60) as u64, 2);
    out.push(b'Z');
}

/// The same as text.
pub(crate) fn text(seconds: i64) -> String {
    let mut out = Vec::with_capacity(20);
    write(&mut out, seconds);
    String::from_utf8(out).expect("digits and separators are ASCII")
}

/// Reads a date (`2026-11-01`) or a date with a time, with fractions of a second or without, with `Z` or
/// without (UTC either way). Offsets are refused, as they give trouble with ConnectWise.
pub(crate) fn read(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(place) => (text.get(..place)?, text.get(place + 1..)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let (year, month, day) = (
        number(parts.next()?, 4)?,
        number(parts.next()?, 2)?,
        number(parts.next()?, 2)?,
    );
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1753 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    if civil(days) != (year, month as u64, day as u64) {
        return None;
    }
    let mut seconds = days * DAY;
    if let Some(time) = time {
        let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
        if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut parts = clock.split(':');
        let hour = number(parts.next()?, 2)?;
        let minute = number(parts.next()?, 2)?;
        let second = parts.next().map_or(Some(0), |part| number(part, 2))?;
        if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        seconds += hour * 3_600 + minute * 60 + second;
    }
    Some(seconds)
}

fn number(text: &str, longest: usize) -> Option<i64> {
    let fits = !text.is_empty() && text.len() <= longest && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

fn digits(out: &mut Vec<u8>, mut value: u64, places: usize) {
    let start = out.len();
    out.resize(start + places, b'0');
    for slot in out.iter_mut().skip(start).rev() {
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Year, month and day of a day number since 1970 (the usual era arithmetic on a year that starts in March).
fn civil(days: i64) -> (i64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u64, day as u64)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (month + 9) % 12;
    let of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_back_as_written() {
        assert_eq!(text(DEFAULT_BASE), "2026-11-01T00:00:00Z");
        for seconds in [
            0,
            1,
            951_782_399,
            951_782_400,
            1_709_164_800,
            DEFAULT_BASE - 1,
            4_102_444_799,
        ] {
            assert_eq!(read(&text(seconds)), Some(seconds));
        }
    }

    #[test]
    fn forms_clients_send_are_read_and_others_refused() {
        let base = read("2026-11-23T14:59:31Z");
        assert!(base.is_some());
        for same in [
            "2026-11-23T14:59:31",
            "2026-11-23T14:59:31.938600",
            "2026-11-23 14:59:31",
            " 2026-11-23T14:59:31Z ",
        ] {
            assert_eq!(read(same), base, "{same}");
        }
        assert_eq!(read("2026-11-23"), read("2026-11-23T00:00:00Z"));
        for bad in [
            "2026-11-23T14:59:31+00:00",
            "2026-13-01",
            "2026-02-30",
            "yesterday",
            "",
            "2026-11",
            "2026-11-23T25:00:00Z",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
