//! What reading a file of rules is held to, for any text at all. The fuzzer calls it (`cargo xtask fuzz`), and the tests
//! below do with what it has found and with texts by chance.

/// A file is read or refused in words, and its own tests end the same way each time.
pub fn rules(bytes: &[u8]) {
    let Ok(file) = std::str::from_utf8(bytes) else {
        return;
    };
    let once = crate::run_tests(file);
    assert_eq!(once, crate::run_tests(file), "the same file, the same answer");
    if let Err(words) = once {
        assert!(!words.trim().is_empty(), "refused without a word");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn corpus() -> Vec<Vec<u8>> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/rules");
        let files = std::fs::read_dir(folder).expect("the corpus");
        files
            .map(|file| std::fs::read(file.expect("an entry").path()).expect("a file"))
            .collect()
    }

    #[test]
    fn the_corpus_of_rules_holds() {
        let corpus = corpus();
        assert!(!corpus.is_empty());
        corpus.iter().for_each(|bytes| rules(bytes));
    }

    proptest! {
        #[test]
        fn files_that_are_cut_and_patched_hold(
            which: proptest::sample::Index, at: proptest::sample::Index, with in "\\PC{0,8}", gone in 0_usize..12,
        ) {
            let corpus = corpus();
            let mut bytes = which.get(&corpus).clone();
            let at = if bytes.is_empty() { 0 } else { at.index(bytes.len()) };
            let end = at.saturating_add(gone).min(bytes.len());
            bytes.splice(at..end, with.bytes());
            rules(&bytes);
        }
    }
}
