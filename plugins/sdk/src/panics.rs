//! What stands between the host and a plugin's type: before each call it makes sure that a panic's message and place
//! go to the log, since all the host sees of a panic is a trap. The export macros put it there.

use std::marker::PhantomData;
use std::sync::Once;

use crate::connector::exports as connector;
use crate::mapping::exports as mapping;
use crate::{Connector, Mapping};

/// The plugin `T` with its panics logged.
pub struct Logged<T>(PhantomData<T>);

/// Lets panics be written by `write` from here on. Only the first call in an instance has an effect.
fn report_panics(write: fn(&str)) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(move |panic| write(&panic.to_string()))));
}

fn to_mapping_log(text: &str) {
    crate::mapping::log::write(crate::mapping::log::Level::Error, text);
}

fn to_connector_log(text: &str) {
    crate::connector::log::write(crate::connector::log::Level::Error, text);
}

impl<T: Mapping> Mapping for Logged<T> {
    fn describe() -> mapping::Description {
        report_panics(to_mapping_log);
        T::describe()
    }

    fn configure(context: mapping::Context) -> Result<Vec<mapping::TableRow>, mapping::Fault> {
        report_panics(to_mapping_log);
        T::configure(context)
    }

    fn convert(
        context: mapping::Context,
        records: Vec<mapping::Input>,
    ) -> Vec<Result<mapping::Outcome, mapping::Fault>> {
        report_panics(to_mapping_log);
        T::convert(context, records)
    }

    fn to_source(
        context: mapping::Context,
        edits: Vec<mapping::Edit>,
    ) -> Vec<Result<mapping::Patch, mapping::Fault>> {
        report_panics(to_mapping_log);
        T::to_source(context, edits)
    }
}

impl<T: Connector> Connector for Logged<T> {
    fn describe() -> connector::Description {
        report_panics(to_connector_log);
        T::describe()
    }

    fn check(context: connector::Context) -> Vec<connector::CheckLine> {
        report_panics(to_connector_log);
        T::check(context)
    }

    fn options(
        context: connector::Context,
        group: String,
    ) -> Result<Vec<connector::GroupOption>, connector::Fault> {
        report_panics(to_connector_log);
        T::options(context, group)
    }

    fn pull(
        context: connector::Context,
        wanted: connector::Listing,
        cursor: Option<String>,
    ) -> Result<connector::Page, connector::Fault> {
        report_panics(to_connector_log);
        T::pull(context, wanted, cursor)
    }

    fn count(
        context: connector::Context,
        wanted: connector::Listing,
    ) -> Result<Option<u64>, connector::Fault> {
        report_panics(to_connector_log);
        T::count(context, wanted)
    }

    fn fetch(
        context: connector::Context,
        kind: String,
        wanted: Vec<connector::WantedRecord>,
    ) -> Vec<Result<connector::Pulled, connector::Fault>> {
        report_panics(to_connector_log);
        T::fetch(context, kind, wanted)
    }

    fn list_ids(
        context: connector::Context,
        wanted: connector::Listing,
        cursor: Option<String>,
    ) -> Result<connector::IdPage, connector::Fault> {
        report_panics(to_connector_log);
        T::list_ids(context, wanted, cursor)
    }

    fn members(
        context: connector::Context,
        cursor: Option<String>,
    ) -> Result<connector::MemberPage, connector::Fault> {
        report_panics(to_connector_log);
        T::members(context, cursor)
    }

    fn push(
        context: connector::Context,
        changes: Vec<connector::Change>,
    ) -> Vec<Result<connector::PushOutcome, connector::Fault>> {
        report_panics(to_connector_log);
        T::push(context, changes)
    }

    fn seek(
        context: connector::Context,
        change: connector::Change,
        since: String,
    ) -> Result<Vec<connector::SourceRecord>, connector::Fault> {
        report_panics(to_connector_log);
        T::seek(context, change, since)
    }

    fn parse_event(
        context: connector::Context,
        incoming: connector::Event,
    ) -> Result<Vec<connector::EventSubject>, connector::Fault> {
        report_panics(to_connector_log);
        T::parse_event(context, incoming)
    }
}
