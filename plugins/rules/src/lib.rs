//! A mapping overlay driven by a small TOML file: what a person wants done differently for one PSA or one customer,
//! without writing a plugin.
//!
//! # The file
//!
//! ```
//! # let file = r##"
//! version = 1
//! country = "US"        # optional: whose phone numbers come without a country code
//!
//! [[rule]]
//! name = "Configurations carry our prefix"      # optional, for messages
//! kind = "configuration"                        # or a list of kinds
//! when = "organization == 'Northwind'"          # optional; without it the rule always applies
//! field = "name"                                # what is set
//! template = "HD {{ value }}"                   # to what
//!
//! [[rule]]
//! kind = "configuration"
//! field = "asset_tag"
//! copy = "traits['custom_fields.Rack position']"
//! then = ["trim", "upper"]
//! overwrite = "empty"                           # only where nothing is there yet
//!
//! [[rule]]
//! kind = "configuration"
//! when = "source.status.name == 'Retired'"
//! skip = "{{ fields.name }} is retired"
//!
//! [[test]]
//! name = "a server of Northwind"
//! kind = "configuration"
//! organization = "Northwind"
//! source = { status = { name = "Active" } }
//! fields = { name = "DC-01" }
//! traits = { "custom_fields.Rack position" = " a3 " }
//! expect = { fields = { name = "HD DC-01", asset_tag = "A3" } }
//! # "##;
//! # assert_eq!(dovetail_rules::run_tests(file), Ok(vec![]));
//! ```
//!
//! Rules apply in the order of the file; each sees what the ones before it made. A rule sets one of
//!
//! - `field = "NAME"`: a standard field of the kind,
//! - `trait = "NAME"`: a trait, of any name,
//! - `skip = "REASON"`: nothing; the record is left out, for a reason that is a template,
//!
//! to one of
//!
//! - `constant = …`: a text, a number, yes or no, a date, a list,
//! - `template = "HD {{ fields.name }}"`,
//! - `copy = "source.type.name"`: any expression. Custom fields of ConnectWise are the traits `custom_fields.CAPTION`,
//!   questions `questions.QUESTION`. With `move = true` the trait that was copied is emptied,
//! - `lookup = { of = "source.type.name", table = { Srv = "Server" }, otherwise = "Other" }`: without `otherwise` a text
//!   that the table does not have leaves the target alone,
//! - `pick = [{ when = "…", value = … }, { when = "…", template = "…" }, { copy = "…" }]`: the first whose condition
//!   holds; where none does, the target is left alone,
//! - `split = { of = "fields.notes", at = ",", take = 1 }`: one part of a text, counted from 1 or, with -1, from the
//!   end; without `take` a list of all parts.
//!
//! What a rule sets, it sets also where the value is empty: the target is emptied then. `then` lists steps for texts:
//! `trim`, `collapse-space`, `upper`, `lower`, `title`, `phone` (to `+18135550100`, where the number is plain), `mac`
//! (to `AA:BB:CC:DD:EE:FF`).
//!
//! # Expressions
//!
//! Expressions are Jinja. They see `source` (the PSA's record), `fields` and `traits` (so far), `value` (what the target
//! holds so far), `kind`, `id`, `organization` (the name, where the layer was set for one) and `country`. What is
//! missing is empty. Why Jinja stands in the module that reads it.
//!
//! # Both ways
//!
//! A rule goes inward: edits of what it makes are refused. With `direction = "both"` they are brought back, which is
//! granted only where it can be done for every value: `copy` of a path in `source`; a `lookup` of such a path whose
//! table is one to one; a template that is one such path with fixed text around it. Anything else is an error when the
//! file is read, with the reason.
//!
//! `policy` says who wins where the target differs on the two sides, until a person sets something else: `from-psa`,
//! `fill-empty`, `manual` and, for a rule that goes both ways, `both` or `from-local`, which are `from-psa` while edits are
//! not sent. Without it that follows from the direction: `from-psa` inward, `both` both ways.
//!
//! # Tests
//!
//! A `[[test]]` has a `name`, a `kind`, optionally `id`, `organization`, `source`, `fields` and `traits` as the layers
//! before made them, and one of `expect = { fields = { … }, traits = { … } }` (what stands there afterwards; what is not
//! named is not looked at, `{ absent = true }` is nothing), `skipped = "part of the reason"`, `error = "part of the message"`. A file one of
//! whose tests fails does not take effect.

mod applying;
mod bringing_back;
mod dates;
mod document;
mod expression;
mod fit;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod literal;
mod load;
mod path;
mod phone;
mod place;
mod reading_file;
mod reading_origin;
mod reading_rule;
mod rows;
mod rule;
mod scope;
mod shape;
mod steps;
mod template;
mod trial;
mod way_back;
mod words;

#[cfg(test)]
mod actions_tests;
#[cfg(test)]
mod documents_tests;
#[cfg(test)]
mod errors_tests;
#[cfg(test)]
mod examples_tests;
#[cfg(test)]
mod there_and_back;

use dovetail_sdk::Mapping;
use dovetail_sdk::mapping::exports::{Context, Description, Edit, Input, Outcome, Patch, TableRow};
use dovetail_sdk::mapping::types::Fault;

use crate::rule::RuleBook;
pub use crate::trial::Failure;

/// Runs the tests of a file of rules, and gives those that failed.
///
/// # Errors
/// All that is wrong with the file, each with its place.
pub fn run_tests(file: &str) -> Result<Vec<Failure>, String> {
    Ok(RuleBook::read(file)?.run_trials())
}

/// The overlay as a plugin.
pub struct RulesFromAFile;

impl Mapping for RulesFromAFile {
    fn describe() -> Description {
        Description {
            name: "rules".to_owned(),
            title: "Rules from a file".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            connectors: vec![],
            overlay: true,
            // What it maps stands in its configuration.
            table: vec![],
            config_schema: include_str!("config.schema.json").to_owned(),
        }
    }

    fn configure(context: Context) -> Result<Vec<TableRow>, Fault> {
        Ok(load::rules(&context.config)?.rows())
    }

    fn convert(context: Context, records: Vec<Input>) -> Vec<Result<Outcome, Fault>> {
        match load::rules(&context.config) {
            Ok(book) => records
                .iter()
                .map(|input| book.convert(input, context.organization.as_deref()))
                .collect(),
            Err(fault) => records.iter().map(|_| Err(fault.clone())).collect(),
        }
    }

    fn to_source(context: Context, edits: Vec<Edit>) -> Vec<Result<Patch, Fault>> {
        match load::rules(&context.config) {
            Ok(book) => edits
                .iter()
                .map(|edit| book.bring_back(edit, context.organization.as_deref()))
                .collect(),
            Err(fault) => edits.iter().map(|_| Err(fault.clone())).collect(),
        }
    }
}

dovetail_sdk::export_mapping!(RulesFromAFile);
