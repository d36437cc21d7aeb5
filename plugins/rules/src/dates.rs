//! Dates as the contract writes them: a day, or RFC 3339 in UTC with whole seconds. Midnight in UTC is the day, as PSAs
//! write days.

use dovetail_sdk::calendar::{civil, day_number, seconds_of_day, split_offset};

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
