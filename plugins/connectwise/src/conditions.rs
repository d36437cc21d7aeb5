//! Writes ConnectWise's conditions: comparisons joined by `and`. Numbers, flags and times are made by this connector; of
//! texts that a person wrote only letters, digits and a few harmless signs are let in, so that nothing anybody wrote can
//! change what an expression means. How a quote or a bracket is written inside a text no vendor says for certain.

/// The longest list of ids in one condition, in characters. Two such lists and the rest stay under
/// [`crate::api::LONGEST_URL`].
const LONGEST_LIST: usize = 600;

/// The longest text in one condition, in bytes. Four such texts, each letter encoded for an address, stay under
/// [`crate::api::LONGEST_URL`].
const LONGEST_TEXT: usize = 60;

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

    /// The field holds this text. A text with signs that mean something in conditions, or a long one, is looked for by
    /// its longest harmless piece, so that more may be found than is wanted and never less. An empty one is no condition.
    pub(crate) fn holds(mut self, field: &str, text: &str) -> Self {
        let piece = harmless_piece(text);
        if piece.is_empty() {
            return self;
        }
        let sign = if piece == text { "=" } else { " contains " };
        self.0.push(format!("{field}{sign}\"{piece}\""));
        self
    }

    /// The expression; none where there is no condition.
    pub(crate) fn text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(" and "))
    }
}

/// The longest piece of a text without signs that mean something in conditions, at most [`LONGEST_TEXT`] bytes.
fn harmless_piece(text: &str) -> &str {
    let harmless = |letter: char| letter.is_alphanumeric() || " -.,@/:#&+()".contains(letter);
    let pieces = text.split(|letter: char| !harmless(letter)).map(|piece| {
        let fits = |end: &usize| piece.is_char_boundary(*end);
        let end = (0..=piece.len().min(LONGEST_TEXT)).rev().find(fits);
        piece.get(..end.unwrap_or_default()).unwrap_or_default().trim()
    });
    pieces.fold("", |longest, piece| {
        if piece.len() > longest.len() {
            piece
        } else {
            longest
        }
    })
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
    fn texts_are_quoted_or_looked_for_by_a_harmless_piece() {
        let long = "\u{6f22}".repeat(80);
        let cut = format!("name contains \"{}\"", "\u{6f22}".repeat(20));
        for (text, wanted) in [
            ("Acme", Some("name=\"Acme\"")),
            ("Acme & Sons (UK)", Some("name=\"Acme & Sons (UK)\"")),
            (" Acme ", Some("name contains \"Acme\"")),
            ("O'Brien", Some("name contains \"Brien\"")),
            ("x\" or id>0 or name=\"", Some("name contains \"0 or name\"")),
            ("99% [wool]", Some("name contains \"wool\"")),
            ("a\\b", Some("name contains \"a\"")),
            ("SRV_01", Some("name contains \"SRV\"")),
            ("\"'\"", None),
            ("  ", None),
            (long.as_str(), Some(cut.as_str())),
        ] {
            assert_eq!(
                Conditions::new().holds("name", text).text().as_deref(),
                wanted,
                "{text}"
            );
        }
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
