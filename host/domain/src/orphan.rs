//! When so many records would be orphaned that a person is asked first. Pure.

/// So few never stop a run.
pub const FEW: u64 = 10;

/// So small a part of a kind never stops a run, in percent.
pub const SMALL_PART: u64 = 2;

/// Whether `inferred` orphans among `enabled` records of a kind need a person's yes: more than [`FEW`] and more than
/// [`SMALL_PART`] of them. Only what the program infers counts; what a person deselected does not.
pub fn brakes(inferred: u64, enabled: u64) -> bool {
    inferred > FEW && u128::from(inferred) * 100 > u128::from(enabled) * u128::from(SMALL_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_and_a_large_part_need_a_yes() {
        for (inferred, enabled, wanted) in [
            (0, 0, false),
            (10, 10, false),
            (11, 11, true),
            (11, 549, true),
            (11, 550, false),
            (20, 1_000, false),
            (21, 1_000, true),
            (u64::MAX, u64::MAX, true),
        ] {
            assert_eq!(brakes(inferred, enabled), wanted, "{inferred} of {enabled}");
        }
    }
}
