//! Writes ConnectWise's conditions: comparisons joined by `and`. Only numbers, flags and times occur, all made by this
//! connector, so nothing a person or a server wrote can change what an expression means.

/// The longest list of ids in one condition, in characters. Two such lists and the rest stay under
/// [`crate::api::LONGEST_URL`].
const LONGEST_LIST: usize = 600;

/// Comparisons that all have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions(Vec<String>);

impl Conditions {
    /// No condition yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The field is this flag.
    pub(crate) fn is(mut self, field: &str, flag: bool) -> Self {
        self.0
            .push(format!("{field}={}", if flag { "True" } else { "False" }));
        self
    }

    /// The field is one of these ids; no list is no condition.
    pub(crate) fn one_of(mut self, field: &str, ids: Option<&[u64]>) -> Self {
        match ids {
            None => {}
            Some([id]) => self.0.push(format!("{field}={id}")),
            Some(ids) => self.0.push(format!("{field} in ({})", join(ids))),
        }
        self
    }

    /// The field is greater than this number.
    pub(crate) fn above(mut self, field: &str, number: u64) -> Self {
        self.0.push(format!("{field}>{number}"));
        self
    }

    /// The field is at most this number; none is no condition.
    pub(crate) fn at_most(mut self, field: &str, number: Option<u64>) -> Self {
        if let Some(number) = number {
            self.0.push(format!("{field}<={number}"));
        }
        self
    }

    /// The field is this time or later. The time is RFC 3339 in UTC with whole seconds; none is no condition.
    pub(crate) fn since(mut self, field: &str, time: Option<&str>) -> Self {
        if let Some(time) = time {
            self.0.push(format!("{field}>=[{time}]"));
        }
        self
    }

    /// The expression; none where there is no condition.
    pub(crate) fn text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(" and "))
    }
}

fn join(ids: &[u64]) -> String {
    let mut out = String::new();
    for id in ids {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(&id.to_string());
    }
    out
}

/// Whether a list is short enough to stand in one condition.
pub(crate) fn fits(ids: &[u64]) -> bool {
    join(ids).len() <= LONGEST_LIST
}

/// Cuts a list into lists short enough to stand in one condition each.
pub(crate) fn cut(ids: &[u64]) -> Vec<Vec<u64>> {
    let mut lists = Vec::new();
    let mut list: Vec<u64> = Vec::new();
    let mut length = 0;
    for id in ids {
        let more = id.to_string().len() + 1;
        if length + more > LONGEST_LIST && !list.is_empty() {
            lists.push(std::mem::take(&mut list));
            length = 0;
        }
        list.push(*id);
        length += more;
    }
    lists.push(list);
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_written_as_the_grammar_wants() {
        let text = Conditions::new()
            .is("deletedFlag", false)
            .one_of("status/id", Some(&[1, 2]))
            .one_of("board/id", Some(&[7]))
            .one_of("type/id", None)
            .above("id", 10)
            .at_most("id", Some(20))
            .since("lastUpdated", Some("2026-01-01T00:00:00Z"))
            .text();
        assert_eq!(
            text.unwrap(),
            "deletedFlag=False and status/id in (1,2) and board/id=7 and id>10 and id<=20 and lastUpdated>=[2026-01-01T00:00:00Z]"
        );
        assert_eq!(Conditions::new().text(), None);
    }

    #[test]
    fn long_lists_are_cut_without_loss() {
        let ids: Vec<u64> = (99_000..100_500).collect();
        let lists = cut(&ids);
        assert!(lists.len() > 1 && lists.iter().all(|list| fits(list)));
        assert_eq!(lists.concat(), ids);
        assert!(!fits(&ids));
    }
}
