//! The PSA as a run sees it: the connector, the gate's session behind it, and what the connector is told. Every call of a
//! connector is made here, so that each failure is read the same way.

use std::sync::Arc;

use dovetail_domain::connector::{
    Change, CheckLine, ConnectorContext, GroupOption, Listing, MemberPage, Page, PushOutcome,
};
use dovetail_domain::{Fault, Kind, Pulled, SourceId, SourceRecord, Timestamp};
use dovetail_gate::{GateError, Session};
use dovetail_runtime::{CallError, ConnectorSession};

use crate::error::{SyncError, from_call};
use crate::setup::Setup;

/// A connector at work.
pub(crate) struct Psa {
    connector: ConnectorSession,
    session: Arc<Session>,
    context: ConnectorContext,
}

impl Psa {
    /// Makes a connector ready. Nothing is sent.
    pub(crate) fn of(setup: &Setup) -> Psa {
        let (connector, session) = setup.connect();
        Psa {
            connector,
            session,
            context: setup.context(),
        }
    }

    /// The gate's session behind it.
    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The gate's verdict on what failed last during the last call.
    pub(crate) fn last_failure(&self) -> Option<GateError> {
        self.session.last_failure()
    }

    /// One page of a listing; no cursor is the first.
    pub(crate) async fn pull(&mut self, wanted: &Listing, cursor: Option<&str>) -> Result<Page, SyncError> {
        self.begin();
        let page = self.connector.pull(&self.context, wanted, cursor).await;
        self.read(page)
    }

    /// How many records a listing has at most; none where the PSA cannot say.
    pub(crate) async fn count(&mut self, wanted: &Listing) -> Result<Option<u64>, SyncError> {
        self.begin();
        let count = self.connector.count(&self.context, wanted).await;
        self.read(count)
    }

    /// Single records by id: as many answers as ids, in their order. `parents` are the ids of what each stands under.
    pub(crate) async fn fetch(
        &mut self,
        kind: Kind,
        ids: &[SourceId],
        parents: &[Option<SourceId>],
    ) -> Result<Vec<Result<Pulled, Fault>>, SyncError> {
        self.begin();
        let found = self.connector.fetch(&self.context, kind, ids, parents).await;
        self.read(found)
    }

    /// Sends changes: as many answers as changes, in their order.
    pub(crate) async fn push(
        &mut self,
        changes: &[Change],
    ) -> Result<Vec<Result<PushOutcome, Fault>>, SyncError> {
        self.begin();
        let ended = self.connector.push(&self.context, changes).await;
        self.read(ended)
    }

    /// What a create whose answer was lost may have made.
    pub(crate) async fn seek(
        &mut self,
        change: &Change,
        since: Timestamp,
    ) -> Result<Vec<SourceRecord>, SyncError> {
        self.begin();
        let found = self.connector.seek(&self.context, change, since).await;
        self.read(found)
    }

    /// The options of a settings group.
    pub(crate) async fn options(&mut self, group: &str) -> Result<Vec<GroupOption>, SyncError> {
        self.begin();
        let options = self.connector.options(&self.context, group).await;
        self.read(options)
    }

    /// One page of licensed, active users.
    pub(crate) async fn members(&mut self, cursor: Option<&str>) -> Result<MemberPage, SyncError> {
        self.begin();
        let page = self.connector.members(&self.context, cursor).await;
        self.read(page)
    }

    /// The lines of a live check.
    pub(crate) async fn check(&mut self) -> Result<Vec<CheckLine>, SyncError> {
        self.begin();
        let lines = self.connector.check(&self.context).await;
        self.read(lines)
    }

    /// What failed and was got over earlier says nothing about the call that begins.
    fn begin(&self) {
        self.session.forget_failure();
    }

    fn read<T>(&self, answer: Result<T, CallError>) -> Result<T, SyncError> {
        answer.map_err(|error| from_call(error, &self.session))
    }
}
