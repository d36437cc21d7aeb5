//! Points in time: UTC, whole seconds, RFC 3339 with `Z`. Finer parts are cut off, since PSAs keep whole seconds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, in whole seconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since 1970; `None` beyond the years 1 to 9998.
    pub fn from_seconds(seconds: i64) -> Option<Timestamp> {
        let fits = (-62_135_596_800..253_370_764_800).contains(&seconds);
        fits.then_some(Timestamp(seconds))
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// This time less so many seconds, no earlier than the first that can be written.
    pub fn minus_seconds(self, seconds: u64) -> Timestamp {
        let earlier = self.0.saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX));
        Timestamp(earlier.max(-62_135_596_800))
    }

    /// This time and so many seconds more, no later than the last that can be written.
    pub fn plus_seconds(self, seconds: u64) -> Timestamp {
        let later = self.0.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
        Timestamp(later.min(253_370_764_799))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time =
            jiff::Timestamp::from_second(self.0).expect("the constructor admits only times jiff can hold");
        write!(f, "{time}")
    }
}

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write it as 2026-11-01T09:30:00Z")]
pub struct NotATime(pub String);

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .and_then(|time| Timestamp::from_seconds(time.as_second()))
            .ok_or_else(|| NotATime(text.to_owned()))
    }
}

// As text where people read it, as a number in the store.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?
                .parse()
                .map_err(D::Error::custom)
        } else {
            let seconds = i64::deserialize(deserializer)?;
            Timestamp::from_seconds(seconds).ok_or_else(|| D::Error::custom("a time out of range"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_seconds_in_utc() {
        let time: Timestamp = "2026-11-01T09:30:00.75+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-01T08:30:00Z");
        assert_eq!(time.minus_seconds(30).to_string(), "2026-11-01T08:29:30Z");
    }

    #[test]
    fn extremes_hold() {
        let first = Timestamp::from_seconds(0).unwrap().minus_seconds(u64::MAX);
        assert_eq!(first.to_string().parse(), Ok(first));
        let last = first.plus_seconds(u64::MAX);
        assert_eq!(last.to_string().parse(), Ok(last));
        assert!(Timestamp::from_seconds(i64::MAX).is_none());
    }
}
