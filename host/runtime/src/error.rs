//! What goes wrong with plugins, as an interface: each error names the plugin and its version, the function it was in
//! and the limit it ran over, and says what to do.

use std::borrow::Cow;
use std::path::PathBuf;

use dovetail_domain::{Code, Explained, Fault};
use wasmtime::{Trap, WasmBacktrace};

use crate::checked::words;
use crate::limits::{Limit, Limits, Over};

/// A plugin failed, or was refused before it ran. `plugin` reads `plugin NAME VERSION`, or `component DIGEST` while its
/// name is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginError {
    /// It was refused before anything of it ran.
    #[error("{plugin} was refused: {why}")]
    Refused {
        /// Which plugin.
        plugin: String,
        /// What is wrong with it.
        why: String,
        /// What its author can do.
        hint: String,
    },
    /// The host could not compile it or keep what it compiled: the plugin may be fine.
    #[error("{plugin} could not be made ready in {}: {why}", folder.display())]
    NotReady {
        /// Which plugin.
        plugin: String,
        /// The folder of compiled plugins.
        folder: PathBuf,
        /// What happened.
        why: String,
    },
    /// It trapped.
    #[error("{plugin} trapped in `{function}`: {words}")]
    Trapped {
        /// Which plugin.
        plugin: String,
        /// The exported function that was called.
        function: &'static str,
        /// The trap, where it happened and what the plugin said last.
        words: String,
    },
    /// It ran over a limit.
    #[error("{plugin} ran over a limit in `{function}`; it may use {limit}")]
    Over {
        /// Which plugin.
        plugin: String,
        /// The exported function that was called, or `compile`.
        function: &'static str,
        /// The limit.
        limit: Limit,
    },
    /// Its answer as a whole is not acceptable.
    #[error("{plugin} gave an answer in `{function}` that is not acceptable: {what}")]
    Answer {
        /// Which plugin.
        plugin: String,
        /// The exported function that was called.
        function: &'static str,
        /// What is wrong.
        what: String,
    },
    /// So many records made it fail that the plugin is at fault and not the records.
    #[error("{plugin} is at fault and not its records: {why}. The last failure: {last}")]
    AtFault {
        /// Which plugin.
        plugin: String,
        /// What was counted.
        why: String,
        /// The last failure.
        last: Box<PluginError>,
    },
}

impl Explained for PluginError {
    fn code(&self) -> Code {
        match self {
            PluginError::Refused { .. } => Code::PluginRefused,
            PluginError::NotReady { .. } => Code::Internal,
            PluginError::Trapped { .. } => Code::PluginTrapped,
            PluginError::Over { .. } => Code::PluginLimit,
            PluginError::Answer { .. } => Code::PluginAnswer,
            PluginError::AtFault { last, .. } => last.code(),
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        match self {
            PluginError::Refused { hint, .. } => Cow::Owned(hint.clone()),
            PluginError::NotReady { .. } => Cow::Borrowed(
                "Make sure that the folder is yours and has room, or name another with DOVETAIL_CACHE",
            ),
            PluginError::Trapped { .. } => Cow::Borrowed("Tell the plugin's makers; another version may do"),
            PluginError::Over {
                limit: Limit::Memory(_),
                ..
            } => Cow::Borrowed(
                "Tell the plugin's makers: it takes more than its task needs; `dovetail plugin grant NAME --memory MIB` \
                 gives it more",
            ),
            PluginError::Over { .. } => Cow::Borrowed(
                "Tell the plugin's makers: it computes, allocates or calls more than its task needs",
            ),
            PluginError::Answer { .. } => Cow::Borrowed("Tell the plugin's makers; another version may do"),
            PluginError::AtFault { .. } => Cow::Borrowed(
                "The run ended where it was and can be taken up again with a mended or another version",
            ),
        }
    }
}

/// Why a connector's call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The plugin failed.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The plugin works and tells of a trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why one record of a batch was not mapped; the others were.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The mapping says so.
    #[error("{}", .0.message)]
    Fault(Fault),
    /// What the mapping made of it is not acceptable.
    #[error("{0}")]
    Unacceptable(String),
    /// The mapping fails whenever it is given this record.
    #[error("{0}")]
    Isolated(PluginError),
}

impl Explained for RecordError {
    fn code(&self) -> Code {
        match self {
            RecordError::Fault(_) | RecordError::Unacceptable(_) => Code::RecordInvalid,
            RecordError::Isolated(_) => Code::RecordTrapped,
        }
    }

    fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            RecordError::Fault(_) => "Correct the record in the PSA; the next run takes it up again",
            RecordError::Unacceptable(_) => "Tell the mapping's makers, or correct the record in the PSA",
            RecordError::Isolated(_) => {
                "Tell the mapping's makers; the record stays as it is until they mend it"
            }
        })
    }
}

/// Turns what wasmtime says about a failed call into an error of ours. `said` is what the plugin logged last.
pub(crate) fn failed(
    plugin: &str,
    function: &'static str,
    error: &wasmtime::Error,
    limits: &Limits,
    said: Option<&str>,
) -> PluginError {
    let plugin = plugin.to_owned();
    let over = |limit| PluginError::Over {
        plugin: plugin.clone(),
        function,
        limit,
    };
    if let Some(Over(limit)) = error.downcast_ref::<Over>() {
        return over(*limit);
    }
    if matches!(error.downcast_ref::<Trap>(), Some(Trap::StackOverflow)) {
        return over(Limit::Stack(limits.stack));
    }
    // Types are compared when an instance is made, before anything of the plugin runs.
    let ran = error.is::<Trap>() || error.is::<WasmBacktrace>();
    if function == "instantiate" && !ran && mismatch(error) {
        return PluginError::Refused {
            plugin,
            why: format!(
                "a function it exports has another type than in the contract: {}",
                words(&format!("{error:#}"), 300)
            ),
            hint: "Build it against the contract of this version: `dovetail plugin new` writes it to `vendor/wit`".to_owned(),
        };
    }
    // Wasmtime shows no types for these; tests hold the words.
    let cause = error.root_cause().to_string();
    for (sign, limit) in [
        (
            "fuel allocated for hostcalls has been exhausted",
            Limit::Crossing(limits.crossing),
        ),
        ("resource limit exceeded", Limit::Instances(limits.instances)),
        ("store handle limit exceeded", Limit::Handles(limits.handles)),
    ] {
        if cause.contains(sign) {
            return over(limit);
        }
    }
    let mut text = words(cause.trim_start_matches("wasm trap: "), 500);
    if let Some(place) = error.downcast_ref::<WasmBacktrace>().and_then(place) {
        text = format!("{text}, at {place}");
    }
    if let Some(said) = said {
        text = format!("{text}. It said: {said}");
    }
    PluginError::Trapped {
        plugin,
        function,
        words: text,
    }
}

/// Whether wasmtime speaks of types; it has no type of its own for that.
fn mismatch(error: &wasmtime::Error) -> bool {
    let text = format!("{error:#}");
    ["type mismatch", "expected ", "mismatched"]
        .iter()
        .any(|sign| text.contains(sign))
}

/// The plugin's own functions, the innermost first: those of the language's panic machinery and of the bindings say
/// nothing.
fn place(backtrace: &WasmBacktrace) -> Option<String> {
    const MACHINERY: [&str; 6] = ["core::", "std::", "alloc::", "__rust", "rust_", "abort"];
    const BINDINGS: [&str; 3] = ["dovetail_sdk::", "dovetail:", "wit_bindgen"];
    // `<` opens a type's own function, `<dyn core::…>` among them.
    let is_of = |name: &str, list: &[&str]| {
        let bare = name.trim_start_matches('<').trim_start_matches("dyn ");
        list.iter().any(|prefix| bare.starts_with(prefix))
    };
    let shown = backtrace.to_string();
    let mut names: Vec<String> = shown
        .lines()
        .filter_map(|line| line.split_once('!').map(|(_, name)| name.trim()))
        .map(without_hash)
        .filter(|name| !is_of(name, &MACHINERY))
        .collect();
    let innermost = names.first().cloned();
    // The SDK's macro makes a type that hands on to the author's.
    names.retain(|name| !name.contains("::DovetailOverlay"));
    names.retain(|name| !is_of(name, &BINDINGS) && !name.contains("::_export_"));
    names.dedup();
    names.truncate(3);
    // Where nothing but bindings is left, they are better than nothing.
    let shown = match names.as_slice() {
        [] => innermost?,
        names => names
            .iter()
            .map(|name| without_trait(name))
            .collect::<Vec<_>>()
            .join(" in "),
    };
    Some(format!("`{}`", words(&shown, 300)))
}

/// `<crate::Type as other::Trait>::method` as `crate::Type::method`.
fn without_trait(name: &str) -> String {
    let parts = name.strip_prefix('<').and_then(|rest| rest.split_once(" as "));
    match parts.and_then(|(own, rest)| Some((own, rest.rsplit_once(">::")?.1))) {
        Some((own, method)) => format!("{own}::{method}"),
        None => name.to_owned(),
    }
}

/// A name without the hashes that compilers put at its end, or behind a crate's name.
fn without_hash(name: &str) -> String {
    let name = match name.rsplit_once("::h") {
        Some((front, hash)) if hash.len() == 16 => front,
        _ => name,
    };
    let mut parts = name.split('[');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(']') {
            Some((hash, rest)) if hash.len() >= 12 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
                out.push_str(rest);
            }
            _ => {
                out.push('[');
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_hashes() {
        for (name, shown) in [
            ("hostile[a543996e6e7dbf1e]::rack_of", "hostile::rack_of"),
            ("hostile::rack_of::h0123456789abcdef", "hostile::rack_of"),
            (
                "<a[a543996e6e7dbf1e]::B as c[0543996e6e7dbf1e]::D>::e",
                "<a::B as c::D>::e",
            ),
            ("plain[1]::x", "plain[1]::x"),
        ] {
            assert_eq!(without_hash(name), shown);
        }
        assert_eq!(without_trait("<a::B as c::D<e::F>>::g"), "a::B::g");
        assert_eq!(without_trait("a::g"), "a::g");
    }
}
