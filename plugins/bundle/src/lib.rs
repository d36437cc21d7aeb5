//! The stock components as bytes inside the binary. They are built by `cargo xtask build`; a binary made without them
//! works for whoever brings plugins of their own, and says what is missing to everybody else.

use std::borrow::Cow;
use std::sync::OnceLock;

use dovetail_domain::{Code, Explained};

/// A component that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockPlugin {
    /// The plugin's name, as it describes itself.
    pub name: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

/// The binary was built without its stock plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bundle-missing: run cargo xtask build")]
pub struct BundleMissing;

impl Explained for BundleMissing {
    fn code(&self) -> Code {
        Code::BundleMissing
    }

    fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed("Run `cargo xtask build`, which builds the stock plugins and then this program")
    }
}

/// As the build found them.
const FOUND: &[(&str, Option<&[u8]>)] = include!(concat!(env!("OUT_DIR"), "/stock.rs"));

/// The stock plugins, all of them.
pub fn stock() -> Result<&'static [StockPlugin], BundleMissing> {
    static STOCK: OnceLock<Option<Vec<StockPlugin>>> = OnceLock::new();
    let whole = STOCK.get_or_init(|| whole(FOUND));
    whole.as_deref().ok_or(BundleMissing)
}

/// Half a bundle is none.
fn whole(found: &[(&'static str, Option<&'static [u8]>)]) -> Option<Vec<StockPlugin>> {
    found
        .iter()
        .map(|(name, bytes)| bytes.map(|bytes| StockPlugin { name, bytes }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_bundle_is_none() {
        assert_eq!(whole(&[("a", Some(b"x")), ("b", None)]), None);
        assert_eq!(
            whole(&[("a", Some(b"x"))]),
            Some(vec![StockPlugin {
                name: "a",
                bytes: b"x"
            }])
        );
    }

    #[test]
    fn what_is_there_are_components() {
        match stock() {
            Ok(plugins) => {
                assert_eq!(plugins.len(), FOUND.len());
                // The preamble of a component, not of a module.
                assert!(
                    plugins
                        .iter()
                        .all(|plugin| plugin.bytes.starts_with(b"\0asm\x0d\0\x01\0"))
                );
            }
            Err(missing) => assert_eq!(missing.to_string(), "bundle-missing: run cargo xtask build"),
        }
    }
}
