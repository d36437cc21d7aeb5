//! How long a run may stand still before it ends as stalled: a setting of the house.

use dovetail_domain::integration::Interval;
use dovetail_store::{Archive, table};

use crate::{Problem, problem::Result};

/// The setting's name.
pub(crate) const SETTING: &str = "run.stalled-after";

/// A value of it as it is kept.
pub(crate) fn setting(value: &str) -> Result<String> {
    match Interval::short(value) {
        Ok(interval) => Ok(interval.to_string()),
        Err(error) => Err(Problem::value(
            error,
            "Give such a length of time, longer than the PSA ever takes.",
        )),
    }
}

/// What holds in this home.
pub(crate) fn after(archive: &Archive) -> Result<Interval> {
    let set = archive.get(&table::CONFIG, &SETTING.to_owned())?;
    // What was set was checked; what another version set and this one cannot read counts for nothing.
    let set = set.and_then(|text| Interval::short(&text).ok());
    Ok(set.unwrap_or(Interval::QUARTER_HOUR))
}
