//! Faults: what goes wrong on the way, by a plan from a seed or aimed at a request.

use crate::dice::{mix, text_number};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Something that goes wrong with one request. With 429, the timeout, 502 and the reset nothing is done; a write
/// whose answer is slow, truncated or lost is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fault")]
pub enum Fault {
    /// 429 with `Retry-After`.
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// 500 with the timeout body.
    Timeout,
    /// 502 with a page of HTML.
    BadGateway,
    /// The connection is reset before any answer.
    Reset,
    /// The right answer, its body in ten pieces with a pause before each.
    Slow {
        /// Each pause in milliseconds.
        pause: u64,
    },
    /// The right answer's head and half of its body; then the connection is reset. A write is done.
    Truncated,
    /// 403, as if the role did not allow it. Nothing is done.
    Forbidden,
    /// A write is done, but its answer is lost.
    Lost {
        /// What arrives in its place.
        how: Loss,
    },
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The connection is reset.
    Reset,
    /// 500 with the timeout body.
    Timeout,
    /// 502 with a page of HTML.
    BadGateway,
    /// Nothing, on an open connection, for as long as the client waits.
    Silence,
}

/// A plan of faults. Whether a request is hit, by what and how often depends only on the seed and the
/// request's path and query (for a write, also its method and body), so the order of concurrent requests does not
/// matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FaultPlan {
    /// The seed.
    pub seed: u64,
    /// How many of 1,000 different requests are hit.
    pub per_thousand: u64,
    /// A hit request fails once to this many times, then goes through. At least 1.
    pub most: u64,
    /// The faults to choose from; none hits nothing.
    pub kinds: Vec<Fault>,
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self {
            seed: 1,
            per_thousand: 50,
            most: 2,
            kinds: vec![
                Fault::TooManyRequests { retry_after: 0 },
                Fault::TooManyRequests { retry_after: 1 },
                Fault::Timeout,
                Fault::BadGateway,
                Fault::Reset,
                Fault::Slow { pause: 10 },
                Fault::Truncated,
            ],
        }
    }
}

impl FaultPlan {
    /// The default plan with a seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// The fault of a request's `attempt`, counted from 0, if it has one. A read is named by its path and query.
    #[must_use]
    pub fn fault(&self, path_and_query: &str, attempt: u64) -> Option<Fault> {
        let draw = mix(self.seed, text_number(path_and_query));
        let hit = draw % 1_000 < self.per_thousand;
        let times = mix(draw, 1) % self.most.max(1) + 1;
        let kind = mix(draw, 2 + attempt) % (self.kinds.len().max(1) as u64);
        (hit && attempt < times)
            .then(|| self.kinds.get(kind as usize).copied())
            .flatten()
    }
}

/// A plan with the attempts seen so far.
#[derive(Default)]
pub(crate) struct PlanState {
    pub(crate) plan: Option<FaultPlan>,
    attempts: HashMap<String, u64>,
}

impl PlanState {
    pub(crate) fn new(plan: Option<FaultPlan>) -> Self {
        Self {
            plan,
            attempts: HashMap::new(),
        }
    }

    /// The fault of a request that arrives now.
    pub(crate) fn next(&mut self, request: String) -> Option<Fault> {
        let plan = self.plan.as_ref()?;
        let attempts = self.attempts.entry(request.clone()).or_default();
        let fault = plan.fault(&request, *attempts);
        *attempts += 1;
        fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_request_goes_through_in_the_end() {
        let plan = FaultPlan {
            per_thousand: 1_000,
            most: 3,
            ..FaultPlan::seeded(9)
        };
        for number in 0..200 {
            let path = format!("/company/companies/{number}");
            let failures = (0..10)
                .take_while(|attempt| plan.fault(&path, *attempt).is_some())
                .count();
            assert!((1..=3).contains(&failures), "{path}: {failures}");
            assert_eq!(plan.fault(&path, 3), None);
        }
    }

    #[test]
    fn about_the_planned_number_is_hit_and_by_every_kind() {
        let plan = FaultPlan {
            per_thousand: 100,
            ..FaultPlan::seeded(4)
        };
        let faults: Vec<Fault> = (0..2_000)
            .filter_map(|number| plan.fault(&format!("/x?page={number}"), 0))
            .collect();
        assert!((140..260).contains(&faults.len()), "{}", faults.len());
        assert!(plan.kinds.iter().all(|kind| faults.contains(kind)));
        let nothing = FaultPlan {
            kinds: Vec::new(),
            per_thousand: 1_000,
            ..plan
        };
        assert_eq!(nothing.fault("/x", 0), None);
    }
}
