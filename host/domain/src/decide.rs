//! What happens with one part: out of what was agreed upon last, what the PSA says and what stands here. Pure, and by
//! meaning: two contents that mean the same are no difference.
//!
//! The tests hold this table and the ones for parts that come in only, that are held and that a person chose for, with
//! every pattern. `a` is what was agreed upon, `b` and `c` are other values, `-` is nothing, `?` is that nothing ever was
//! agreed upon; `!` says that somebody's change is overruled.
//!
//! | base | theirs | ours | both | from-psa | from-local | fill-empty | manual |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | a | a | a | still | still | still | still | still |
//! | a | b | b | agreed | agreed | agreed | agreed | agreed |
//! | a | b | a | take | take | send! | still | conflict |
//! | a | a | b | send | take! | send | still | conflict |
//! | a | b | c | merged or conflict | take! | send! | still | conflict |
//! | a | - | a | take | take | send! | send! | conflict |
//! | a | a | - | send | take! | send | take! | conflict |
//! | ? | b | - | take | take | take | take | conflict |
//! | ? | - | b | offer | take! | send | send | conflict |
//! | ? | b | c | conflict | take! | send! | apart | conflict |

use crate::content::Content;
use crate::policy::{Policy, Rule};

/// What happens with a part, and what was agreed upon afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<T> {
    /// Nothing moves.
    Still,
    /// Both came to mean the same: that is agreed upon now.
    Agreed,
    /// What the PSA says stands here from now on, and is agreed upon.
    Take {
        /// Whether what stood here was somebody's change, which is lost by it.
        overruled: bool,
    },
    /// What stands here is sent. The PSA's is what was agreed upon until it has arrived.
    Send {
        /// Whether what the PSA says was somebody's change, which is lost by it.
        overruled: bool,
    },
    /// What stands here could be sent, and is not unless a person says so: the PSA has nothing, and nothing was ever
    /// agreed upon.
    Offer,
    /// Both sides differ and stay so; nothing was ever agreed upon.
    Apart,
    /// Both changes together stand here from now on and are sent. The PSA's is what was agreed upon until it has arrived.
    Merged(T),
    /// A person has to choose. Meanwhile what the PSA says stands here and is agreed upon, except where the part is held:
    /// there what is held goes on standing, and the PSA's is agreed upon.
    Conflict,
}

/// Decides a part. `base` is what was agreed upon last; none where nothing ever was.
///
/// A part that is held stays still as long as the PSA says what was agreed upon. A part that comes in only is never sent,
/// offered or merged.
pub fn decide<T: Content>(rule: Rule, held: bool, base: Option<&T>, theirs: &T, ours: &T) -> Verdict<T> {
    if theirs.same(ours) {
        return match base {
            Some(base) if base.same(ours) => Verdict::Still,
            _ => Verdict::Agreed,
        };
    }
    let as_agreed = |side: &T| base.is_some_and(|base| base.same(side));
    if held {
        return if as_agreed(theirs) {
            Verdict::Still
        } else {
            Verdict::Conflict
        };
    }
    let changed = |side: &T| base.map_or(!side.is_empty(), |base| !base.same(side));
    let take = || Verdict::Take {
        overruled: changed(ours),
    };
    let send = || Verdict::Send {
        overruled: changed(theirs),
    };
    match rule.policy() {
        Policy::FromPsa => take(),
        Policy::FromLocal if base.is_none() && ours.is_empty() => take(),
        Policy::FromLocal => send(),
        Policy::FillEmpty if ours.is_empty() => take(),
        Policy::FillEmpty if theirs.is_empty() && rule.can_send() => send(),
        Policy::FillEmpty if base.is_none() => Verdict::Apart,
        Policy::FillEmpty => Verdict::Still,
        Policy::Manual if !rule.is_chosen() || !as_agreed(theirs) => Verdict::Conflict,
        Policy::Manual if rule.can_send() => send(),
        Policy::Manual => Verdict::Still,
        Policy::Both => match base {
            None if ours.is_empty() => take(),
            None if theirs.is_empty() => Verdict::Offer,
            None => Verdict::Conflict,
            Some(base) if base.same(theirs) => send(),
            Some(base) if base.same(ours) => take(),
            Some(base) => merge(base, theirs, ours),
        },
    }
}

/// Both sides changed.
fn merge<T: Content>(base: &T, theirs: &T, ours: &T) -> Verdict<T> {
    match T::merged(base, theirs, ours) {
        None => Verdict::Conflict,
        Some(merged) if merged.same(theirs) => Verdict::Take { overruled: false },
        Some(merged) if merged.same(ours) => Verdict::Send { overruled: false },
        Some(merged) => Verdict::Merged(merged),
    }
}

#[cfg(test)]
mod tests;
