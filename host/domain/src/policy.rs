//! Who wins where a part differs on the two sides: a policy, and the rule that pairs it with the way the mapping lets the
//! part go. A rule that would send what cannot be sent is not built. No policy looks at a clock.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::mapping::Direction;

/// What happens where a part differs on the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// A change on one side goes to the other; different changes on both are merged where the part is a list, and are a
    /// conflict where they cannot be. What a part that goes both ways has unless its mapping or a person says otherwise.
    Both,
    /// What the PSA says stands. What a part that comes in only has unless its mapping or a person says otherwise.
    FromPsa,
    /// What stands here is sent.
    FromLocal,
    /// A side that has nothing takes what the other has; two different values stay as they are. Nothing is ever emptied.
    FillEmpty,
    /// Every difference is a conflict until a person chooses.
    Manual,
}

impl Policy {
    /// Every policy.
    pub const ALL: [Policy; 5] = [
        Policy::Both,
        Policy::FromPsa,
        Policy::FromLocal,
        Policy::FillEmpty,
        Policy::Manual,
    ];

    /// The name used everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Policy::Both => "both",
            Policy::FromPsa => "from-psa",
            Policy::FromLocal => "from-local",
            Policy::FillEmpty => "fill-empty",
            Policy::Manual => "manual",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a policy: the policies are both, from-psa, from-local, fill-empty and manual")]
pub struct NotAPolicy(pub String);

impl FromStr for Policy {
    type Err = NotAPolicy;

    fn from_str(text: &str) -> Result<Self, NotAPolicy> {
        Policy::ALL
            .into_iter()
            .find(|policy| policy.as_str() == text)
            .ok_or_else(|| NotAPolicy(text.to_owned()))
    }
}

/// A policy that has to send, for a part that only comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is for what goes both ways, and this comes from the PSA only: choose from-psa, fill-empty or manual"
)]
pub struct CannotSend(pub Policy);

/// How a part is decided: the way it goes and the policy, in a pair that can be kept.
///
/// What comes in only is never sent, so for it a policy means:
///
/// | policy | for a part that comes in only |
/// | --- | --- |
/// | `both`, `from-local` | refused: both would have to send |
/// | `from-psa` | what the PSA says stands; a local edit lasts until the record is read again |
/// | `fill-empty` | what is empty here is filled from the PSA, and nothing else ever changes here |
/// | `manual` | every difference is a conflict; choosing the local value holds the part |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    direction: Direction,
    policy: Policy,
    chosen: bool,
}

impl Rule {
    /// What a part that comes in only has unless its mapping or a person says otherwise.
    pub const INWARD: Rule = Rule {
        direction: Direction::Inward,
        policy: Policy::FromPsa,
        chosen: false,
    };

    /// What a part that goes both ways has unless its mapping or a person says otherwise.
    pub const TWO_WAY: Rule = Rule {
        direction: Direction::Both,
        policy: Policy::Both,
        chosen: false,
    };

    /// A policy for a part that goes this way; refused where the policy has to send what only comes in.
    pub fn new(direction: Direction, policy: Policy) -> Result<Rule, CannotSend> {
        match (direction, policy) {
            (Direction::Inward, Policy::Both | Policy::FromLocal) => Err(CannotSend(policy)),
            (direction, policy) => Ok(Rule {
                direction,
                policy,
                chosen: false,
            }),
        }
    }

    /// The rule of a part about which nobody said anything: neither its mapping nor a person.
    pub fn of(direction: Direction) -> Rule {
        match direction {
            Direction::Inward => Rule::INWARD,
            Direction::Both => Rule::TWO_WAY,
        }
    }

    /// The policy.
    pub fn policy(self) -> Policy {
        self.policy
    }

    /// The way it goes.
    pub fn direction(self) -> Direction {
        self.direction
    }

    /// The rule while nothing is sent of the part, where nobody but its mapping said something: what cannot be kept then is
    /// what comes in only.
    #[must_use]
    pub fn inward(self) -> Rule {
        Rule::new(Direction::Inward, self.policy).unwrap_or(Rule::INWARD)
    }

    /// Whether it is what a part that goes this way has anyway.
    pub fn is_default(self) -> bool {
        self == Rule::of(self.direction)
    }

    /// Whether the part may be sent at all.
    pub fn can_send(self) -> bool {
        self.direction == Direction::Both
    }

    /// Whether [`Rule::chosen`] was said of it.
    pub fn is_chosen(self) -> bool {
        self.chosen
    }

    /// The rule while what a person chose is on its way to the PSA: under `manual` it is not asked about again unless the
    /// PSA's value moves too. It changes nothing about the other policies.
    #[must_use]
    pub fn chosen(self) -> Rule {
        Rule { chosen: true, ..self }
    }

    /// The nearest rule that sends nothing, where a person set one and two-way was switched off or the part turned out not
    /// to survive there and back: `both` becomes `from-psa`; `from-local` becomes `manual`, since who set it wants the local
    /// value not to be replaced unasked.
    #[must_use]
    pub fn without_sending(self) -> Rule {
        Rule {
            direction: Direction::Inward,
            policy: match self.policy {
                Policy::Both => Policy::FromPsa,
                Policy::FromLocal => Policy::Manual,
                policy => policy,
            },
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for policy in Policy::ALL {
            assert_eq!(policy.as_str().parse(), Ok(policy));
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(json, format!("\"{policy}\""));
            assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
        }
        for bad in ["", "Both", "from_psa", "newest"] {
            let refused = bad.parse::<Policy>().unwrap_err().to_string();
            assert_eq!(
                refused,
                format!(
                    "`{bad}` is not a policy: the policies are both, from-psa, from-local, fill-empty and manual"
                )
            );
        }
    }

    #[test]
    fn what_comes_in_only_is_never_sent() {
        for policy in Policy::ALL {
            let two_way = Rule::new(Direction::Both, policy).unwrap();
            assert!(two_way.can_send());
            let inward = Rule::new(Direction::Inward, policy);
            match policy {
                Policy::Both | Policy::FromLocal => {
                    assert_eq!(inward, Err(CannotSend(policy)));
                    assert!(
                        inward
                            .unwrap_err()
                            .to_string()
                            .starts_with(&format!("`{policy}` is for what goes both ways"))
                    );
                }
                _ => assert_eq!(inward, Ok(two_way.without_sending())),
            }
            let mapped = match policy {
                Policy::Both | Policy::FromLocal => Rule::INWARD,
                _ => two_way.without_sending(),
            };
            assert_eq!(two_way.inward(), mapped);
            let narrowed = two_way.without_sending();
            assert!(!narrowed.can_send());
            assert_eq!(Rule::new(narrowed.direction(), narrowed.policy()), Ok(narrowed));
        }
        assert_eq!(Rule::of(Direction::Inward), Rule::INWARD);
        assert_eq!(Rule::of(Direction::Both), Rule::TWO_WAY);
    }
}
