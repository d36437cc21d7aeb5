//! An overlay in a few lines: a type that is the layer's configuration, and what it changes of a record. Everything
//! else of a mapping has a default.
//!
//! ```
//! use dovetail_sdk::overlay::*;
//!
//! #[derive(serde::Deserialize)]
//! struct Prefix {
//!     prefix: String,
//! }
//!
//! impl Overlay for Prefix {
//!     fn rows(&self) -> Vec<TableRow> {
//!         vec![row("configuration", "name", "name")]
//!     }
//!
//!     fn change(&self, record: &Record, change: &mut Change) -> Result<(), Fault> {
//!         if let Some(name) = record.text("name") {
//!             change.text("name", format!("{} {name}", self.prefix));
//!         }
//!         Ok(())
//!     }
//! }
//!
//! dovetail_sdk::overlay!(Prefix);
//! # fn main() { (|| {
//!
//! let record = Record::of("configuration").with(Field::text("name", "DC-01"));
//! let changed = changes_of::<Prefix>(r#"{"prefix": "HD"}"#, record)?;
//! assert_eq!(changed.text("name"), Some("HD DC-01"));
//! # Ok::<(), Fault>(()) })().unwrap() }
//! ```

mod change;
mod config;
mod record;

use serde::de::DeserializeOwned;

pub use change::Change;
pub use config::read as read_config;
pub use record::Record;

pub use crate::mapping::exports::{Direction, Draft, Edit, Patch, Policy, TableRow};
pub use crate::mapping::types::{Entry, Fault, Field, Reference, Supplement, Value};

use crate::mapping::exports::{Context, Description, Input, Outcome};

/// A layer over other mappings. The type itself is the layer's configuration, read from its JSON; a layer without one
/// is a struct without members.
///
/// `change` sees one record and says what is different; what it does not mention stays as it was.
pub trait Overlay: DeserializeOwned {
    /// The kinds of record it changes; none is every kind. Records of other kinds pass without `change` being called.
    const KINDS: &'static [&'static str] = &[];

    /// JSON Schema of the configuration. The host checks a configuration against it before the plugin sees it, and
    /// `dovetail plugin inspect` shows it. As it stands, any object goes through and the type decides; empty means that
    /// there is nothing to set.
    const SCHEMA: &'static str = r#"{"type":"object"}"#;

    /// The connectors whose records it understands; none is any.
    const CONNECTORS: &'static [&'static str] = &[];

    /// The fields it decides, under this configuration, for `dovetail mapping show`. An edit of a field that stands here
    /// as inward is refused with its reason, so name every field that `change` writes.
    fn rows(&self) -> Vec<TableRow> {
        Vec::new()
    }

    /// What is different in this record.
    fn change(&self, record: &Record, change: &mut Change) -> Result<(), Fault>;

    /// What an edit comes to in the PSA's record. As it stands: nothing, and the fields of [`Overlay::rows`] that go
    /// inward only are refused.
    fn bring_back(&self, edit: &Edit) -> Result<Patch, Fault> {
        let inward = |name: &str| {
            self.rows()
                .iter()
                .any(|row| row.kind == edit.kind && row.name == name && row.flow == Direction::Inward)
        };
        let fields = edit.wanted.iter().map(|field| field.name.clone());
        let traits = edit.traits.iter().map(|one| format!("traits.{}", one.name));
        Ok(Patch {
            json: "{}".into(),
            refused: fields.chain(traits).filter(|name| inward(name)).collect(),
        })
    }
}

/// A row of the table for a field that comes from the PSA only: the kind, the field, and where it comes from.
pub fn row(kind: &str, field: &str, path: &str) -> TableRow {
    TableRow {
        kind: kind.into(),
        name: field.into(),
        path: path.into(),
        flow: Direction::Inward,
        policy: None,
        identifies: false,
    }
}

/// What an overlay makes of a record under a configuration, as the host would ask it. For tests.
pub fn outcome_of<T: Overlay>(config: &str, record: Record) -> Result<Outcome, Fault> {
    outcome(&config::read::<T>(config)?, record)
}

/// What an overlay changes of a record under a configuration; a record it leaves out is an error here. For tests.
pub fn changes_of<T: Overlay>(config: &str, record: Record) -> Result<Draft, Fault> {
    match outcome_of::<T>(config, record)? {
        Outcome::Mapped(draft) => Ok(draft),
        Outcome::Skipped(reason) => Err(Fault::data("", format!("it is left out: {reason}"))),
    }
}

fn outcome<T: Overlay>(overlay: &T, record: Record) -> Result<Outcome, Fault> {
    let mut change = Change::default();
    if T::KINDS.is_empty() || T::KINDS.contains(&record.kind()) {
        overlay.change(&record, &mut change)?;
    }
    Ok(change.outcome())
}

#[doc(hidden)]
pub mod plumbing {
    //! What the macro's type answers with.

    use super::*;

    pub fn describe<T: Overlay>(name: &str, title: &str, version: &str) -> Description {
        Description {
            name: name.into(),
            title: if title.is_empty() { name } else { title }.into(),
            version: version.into(),
            connectors: T::CONNECTORS.iter().map(|&name| name.into()).collect(),
            overlay: true,
            // What takes effect hangs on the configuration, and an empty one need not be one.
            table: config::read::<T>("{}")
                .map(|overlay| overlay.rows())
                .unwrap_or_default(),
            config_schema: T::SCHEMA.into(),
        }
    }

    pub fn configure<T: Overlay>(context: Context) -> Result<Vec<TableRow>, Fault> {
        config::read::<T>(&context.config).map(|overlay| overlay.rows())
    }

    pub fn convert<T: Overlay>(context: Context, records: Vec<Input>) -> Vec<Result<Outcome, Fault>> {
        let organization = context.organization;
        let overlay = config::read::<T>(&context.config);
        let convert = |input| match &overlay {
            Ok(overlay) => outcome(overlay, Record::new(input, organization.clone())),
            Err(fault) => Err(fault.clone()),
        };
        records.into_iter().map(convert).collect()
    }

    pub fn to_source<T: Overlay>(context: Context, edits: Vec<Edit>) -> Vec<Result<Patch, Fault>> {
        let overlay = config::read::<T>(&context.config);
        let patch = |edit: Edit| match &overlay {
            Ok(overlay) => overlay.bring_back(&edit),
            Err(fault) => Err(fault.clone()),
        };
        edits.into_iter().map(patch).collect()
    }
}

/// Makes a component of a type that implements [`Overlay`](trait@crate::overlay::Overlay). The plugin's name, title and
/// version are those of the package: `name`, `description` and `version` in its Cargo.toml.
#[macro_export]
macro_rules! overlay {
    ($overlay:ty) => {
        #[doc(hidden)]
        struct DovetailOverlay;

        impl $crate::Mapping for DovetailOverlay {
            fn describe() -> $crate::mapping::exports::Description {
                $crate::overlay::plumbing::describe::<$overlay>(
                    env!("CARGO_PKG_NAME"),
                    env!("CARGO_PKG_DESCRIPTION"),
                    env!("CARGO_PKG_VERSION"),
                )
            }

            fn configure(
                context: $crate::mapping::exports::Context,
            ) -> Result<Vec<$crate::mapping::exports::TableRow>, $crate::mapping::types::Fault> {
                $crate::overlay::plumbing::configure::<$overlay>(context)
            }

            fn convert(
                context: $crate::mapping::exports::Context,
                records: Vec<$crate::mapping::exports::Input>,
            ) -> Vec<Result<$crate::mapping::exports::Outcome, $crate::mapping::types::Fault>> {
                $crate::overlay::plumbing::convert::<$overlay>(context, records)
            }

            fn to_source(
                context: $crate::mapping::exports::Context,
                edits: Vec<$crate::mapping::exports::Edit>,
            ) -> Vec<Result<$crate::mapping::exports::Patch, $crate::mapping::types::Fault>> {
                $crate::overlay::plumbing::to_source::<$overlay>(context, edits)
            }
        }

        $crate::export_mapping!(DovetailOverlay);
    };
}
