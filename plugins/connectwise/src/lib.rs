//! The ConnectWise connector: the knowledge of ConnectWise PSA's REST API, as a component that may send requests and
//! write log lines and nothing else.
//!
//! [`ConnectWise`] is what the host calls. The work is done by [`Connection`], which takes any [`Transport`]: inside a
//! component the host's `http`, in tests a stand-in. `api` knows addresses and headers, `refusal` what a failure means,
//! `paging` how lists are read; each kind has a file of its own; `eligibility` decides who comes in; `record` makes
//! source records of ConnectWise's JSON; `push` takes changes back.

mod api;
mod associations;
mod check;
mod choices;
mod companies;
mod conditions;
mod configurations;
mod contacts;
mod describe;
mod eligibility;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod guide;
mod listing;
mod loose;
mod members;
mod memory;
mod options;
mod paging;
mod push;
mod record;
mod refusal;
mod sites;
#[cfg(test)]
mod tests;
mod tickets;
mod transport;

use std::cell::RefCell;

use dovetail_sdk::Connector;
use dovetail_sdk::connector::exports::{
    Change, CheckLine, Context, Description, Event, EventSubject, GroupOption, IdPage, Listing, MemberPage,
    Page, Pulled, PushOutcome, WantedRecord,
};
use dovetail_sdk::connector::types::{Cause, Fault, SourceRecord};

use crate::api::Api;
use crate::memory::Memory;
use crate::refusal::fault;
pub use crate::transport::Transport;

/// One run's worth of questions to ConnectWise through a transport. What it remembers belongs to one integration.
pub struct Connection<T> {
    transport: T,
    memory: Memory,
}

impl<T: Transport> Connection<T> {
    /// A connection that remembers nothing yet.
    pub fn new(transport: T) -> Self {
        Connection {
            transport,
            memory: Memory::default(),
        }
    }

    fn api<'a>(&'a mut self, context: &'a Context) -> Api<'a> {
        Api {
            transport: &mut self.transport,
            memory: &mut self.memory,
            context,
        }
    }

    /// Checks company, credentials and permissions.
    pub fn check(&mut self, context: &Context) -> Vec<CheckLine> {
        check::check(&mut self.api(context))
    }

    /// All options of a group of settings.
    ///
    /// # Errors
    /// A fault where the setup table cannot be read.
    pub fn options(&mut self, context: &Context, group: &str) -> Result<Vec<GroupOption>, Fault> {
        options::options(&mut self.api(context), group)
    }

    /// One page of records.
    ///
    /// # Errors
    /// A fault where the page cannot be read.
    pub fn pull(&mut self, context: &Context, wanted: &Listing, cursor: Option<&str>) -> Result<Page, Fault> {
        listing::pull(&mut self.api(context), wanted, cursor)
    }

    /// How many records a listing has; none where the server cannot say.
    ///
    /// # Errors
    /// A fault where the server refuses the question.
    pub fn count(&mut self, context: &Context, wanted: &Listing) -> Result<Option<u64>, Fault> {
        listing::count(&mut self.api(context), wanted)
    }

    /// Single records, as many answers as ids, in their order.
    pub fn fetch(
        &mut self,
        context: &Context,
        kind: &str,
        wanted: &[WantedRecord],
    ) -> Vec<Result<Pulled, Fault>> {
        listing::fetch(&mut self.api(context), kind, wanted)
    }

    /// One page of ids.
    ///
    /// # Errors
    /// A fault where the page cannot be read.
    pub fn list_ids(
        &mut self,
        context: &Context,
        wanted: &Listing,
        cursor: Option<&str>,
    ) -> Result<IdPage, Fault> {
        listing::list_ids(&mut self.api(context), wanted, cursor)
    }

    /// One page of licensed, active members.
    ///
    /// # Errors
    /// A fault where the page cannot be read.
    pub fn members(&mut self, context: &Context, cursor: Option<&str>) -> Result<MemberPage, Fault> {
        members::page(&mut self.api(context), cursor)
    }

    /// Sends changes: as many answers as changes, in their order.
    pub fn push(&mut self, context: &Context, changes: &[Change]) -> Vec<Result<PushOutcome, Fault>> {
        push::push(&mut self.api(context), changes)
    }

    /// The records entered since a time that hold what identifies a new record whose answer was lost.
    ///
    /// # Errors
    /// A fault where the change is no create, or the server refuses the question.
    pub fn seek(
        &mut self,
        context: &Context,
        change: &Change,
        since: &str,
    ) -> Result<Vec<SourceRecord>, Fault> {
        push::seek(&mut self.api(context), change, since)
    }
}

thread_local! {
    /// A component's instance lives for one run, and so does what it remembers.
    static CONNECTION: RefCell<Connection<transport::Host>> = RefCell::new(Connection::new(transport::Host));
}

/// The connector as the host calls it.
#[derive(Debug)]
pub struct ConnectWise;

impl Connector for ConnectWise {
    fn describe() -> Description {
        describe::description()
    }

    fn check(context: Context) -> Vec<CheckLine> {
        CONNECTION.with_borrow_mut(|connection| connection.check(&context))
    }

    fn options(context: Context, group: String) -> Result<Vec<GroupOption>, Fault> {
        CONNECTION.with_borrow_mut(|connection| connection.options(&context, &group))
    }

    fn pull(context: Context, wanted: Listing, cursor: Option<String>) -> Result<Page, Fault> {
        CONNECTION.with_borrow_mut(|connection| connection.pull(&context, &wanted, cursor.as_deref()))
    }

    fn count(context: Context, wanted: Listing) -> Result<Option<u64>, Fault> {
        CONNECTION.with_borrow_mut(|connection| connection.count(&context, &wanted))
    }

    fn fetch(context: Context, kind: String, wanted: Vec<WantedRecord>) -> Vec<Result<Pulled, Fault>> {
        CONNECTION.with_borrow_mut(|connection| connection.fetch(&context, &kind, &wanted))
    }

    fn list_ids(context: Context, wanted: Listing, cursor: Option<String>) -> Result<IdPage, Fault> {
        CONNECTION.with_borrow_mut(|connection| connection.list_ids(&context, &wanted, cursor.as_deref()))
    }

    fn members(context: Context, cursor: Option<String>) -> Result<MemberPage, Fault> {
        CONNECTION.with_borrow_mut(|connection| connection.members(&context, cursor.as_deref()))
    }

    fn push(context: Context, changes: Vec<Change>) -> Vec<Result<PushOutcome, Fault>> {
        CONNECTION.with_borrow_mut(|connection| connection.push(&context, &changes))
    }

    fn seek(context: Context, change: Change, since: String) -> Result<Vec<SourceRecord>, Fault> {
        CONNECTION.with_borrow_mut(|connection| connection.seek(&context, &change, &since))
    }

    /// This version takes no events: its description names no signature by which one could be checked. A host that
    /// hands one in all the same is told so.
    fn parse_event(_: Context, _: Event) -> Result<Vec<EventSubject>, Fault> {
        Err(fault(
            Cause::Bug,
            "This version of the ConnectWise connector takes no events.",
        ))
    }
}

dovetail_sdk::export_connector!(ConnectWise);
