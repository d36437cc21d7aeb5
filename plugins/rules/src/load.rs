//! From a layer's configuration to its rules, read once and kept for as long as the same configuration comes: an
//! instance answers for many pages of records. A file that has something wrong, or a test of which fails, gives no rules
//! at all.

use std::cell::RefCell;
use std::rc::Rc;

use dovetail_sdk::mapping::types::Fault;
use serde_json::{Map, Value as Json};

use crate::place::told;
use crate::rule::RuleBook;

type Loaded = Result<Rc<RuleBook>, Fault>;

thread_local! {
    static KEPT: RefCell<Option<(String, Loaded)>> = const { RefCell::new(None) };
}

/// The rules of a configuration.
///
/// # Errors
/// `invalid-config` with all that is wrong.
pub(crate) fn rules(config: &str) -> Loaded {
    KEPT.with_borrow_mut(|kept| match kept {
        Some((of, loaded)) if of == config => loaded.clone(),
        _ => {
            let loaded = read(config)
                .map(Rc::new)
                .map_err(|words| Fault::invalid_config("rules", words));
            *kept = Some((config.to_owned(), loaded.clone()));
            loaded
        }
    })
}

fn read(config: &str) -> Result<RuleBook, String> {
    let config: Map<String, Json> = serde_json::from_str(config)
        .map_err(|error| format!("the configuration has to be a JSON object: {error}"))?;
    if let Some(other) = config.keys().find(|key| *key != "rules") {
        return Err(format!(
            "the configuration has no `{other}`; it has `rules`, the text of a TOML file"
        ));
    }
    let Some(Json::String(file)) = config.get("rules") else {
        return Err("the configuration lacks `rules`, the text of a TOML file".to_owned());
    };
    let book = RuleBook::read(file)?;
    let failures = book.run_trials();
    if failures.is_empty() {
        Ok(book)
    } else {
        Err(told(failures.iter().map(ToString::to_string)))
    }
}
