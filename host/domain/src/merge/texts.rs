//! Sets of texts. A text is either in or out, so two changes never contradict each other.

/// What two changes of a set make together.
pub(crate) fn merged<'a>(
    base: &'a [String],
    theirs: &'a [String],
    ours: &'a [String],
) -> impl Iterator<Item = String> + 'a {
    let kept = theirs
        .iter()
        .filter(move |text| ours.contains(text) || !base.contains(text));
    let added = ours
        .iter()
        .filter(move |text| !theirs.contains(text) && !base.contains(text));
    kept.chain(added).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn each_text_goes_its_own_way() {
        for (base, theirs, ours, wanted) in [
            ("ab", "ab", "ab", "ab"),
            ("ab", "a", "abc", "ac"),
            ("ab", "b", "a", ""),
            ("ab", "abc", "abd", "abcd"),
            ("ab", "abc", "abc", "abc"),
            ("a", "", "ab", "b"),
            ("", "a", "b", "ab"),
            ("abc", "ab", "bc", "b"),
        ] {
            let [base, theirs, ours] =
                [base, theirs, ours].map(|text| text.chars().map(String::from).collect::<Vec<_>>());
            let result = Value::texts(merged(&base, &theirs, &ours));
            let wanted = Value::texts(wanted.chars().map(String::from));
            assert_eq!(result, wanted, "{base:?} {theirs:?} {ours:?}");
            assert_eq!(Value::texts(merged(&base, &ours, &theirs)), wanted);
        }
    }
}
