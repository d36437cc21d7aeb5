//! What a connector can do, and what it is told.

use std::sync::Arc;

use dovetail_domain::connector::{Change, ConnectorContext, IncomingEvent, Listing};
use dovetail_domain::{Cause, Kind, SourceId};
use dovetail_runtime::{CallError, ConnectorSession, Limits, Outbound, PluginError};
use insta::assert_snapshot;

use crate::support::{Canned, hostile_connector, runtime_with, shown};

async fn session(limits: Limits, outbound: Arc<dyn Outbound>) -> ConnectorSession {
    runtime_with(limits)
        .load_connector(hostile_connector())
        .await
        .unwrap()
        .session(outbound)
}

fn told(deed: &str) -> ConnectorContext {
    ConnectorContext {
        settings: vec![("do".to_owned(), deed.to_owned())],
        ..ConnectorContext::default()
    }
}

fn listing() -> Listing {
    Listing {
        kind: Kind::Ticket,
        since: None,
        parents: vec![],
    }
}

fn plugin_error<T: std::fmt::Debug>(answer: Result<T, CallError>) -> PluginError {
    match answer.unwrap_err() {
        CallError::Plugin(error) => error,
        CallError::Fault(fault) => panic!("{fault:?}"),
    }
}

#[tokio::test]
async fn a_page_comes_in_through_the_outbound() {
    let outbound = Canned::with_records(&["7", "8"]);
    let mut session = session(Limits::TABLE, outbound.clone()).await;
    let page = session.pull(&told(""), &listing(), None).await.unwrap();
    assert_eq!(page.items.len(), 6);
    assert_eq!((page.next.as_deref(), page.refused.len()), (Some("2"), 0));
    assert_eq!(outbound.count(), 3);
    let last = session.pull(&told(""), &listing(), Some("2")).await.unwrap();
    assert_eq!(last.next, None);
    assert_eq!(session.count(&told(""), &listing()).await.unwrap(), Some(3));
}

#[tokio::test]
async fn a_panic_costs_the_instance_and_nothing_else() {
    let mut session = session(Limits::TABLE, Canned::with_records(&["7"])).await;
    let error = plugin_error(session.pull(&told("panic"), &listing(), None).await);
    assert_snapshot!(shown(&error), @r#"
    plugin-trapped: plugin hostile-connector 1.0.0 trapped in `pull`: wasm `unreachable` instruction executed, at `…`. It said: panicked at …: the page is torn
    Tell the plugin's makers; another version may do
    "#);
    assert_eq!(
        session
            .pull(&told(""), &listing(), None)
            .await
            .unwrap()
            .items
            .len(),
        3
    );
}

#[tokio::test]
async fn a_loop_over_requests_ends_after_its_calls() {
    let mut limits = Limits::TABLE;
    limits.connector.host_calls = 100;
    let outbound = Canned::with_records(&[]);
    let mut session = session(limits, outbound.clone()).await;
    let error = plugin_error(session.pull(&told("requests"), &listing(), None).await);
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `pull`; it may use 100 calls into the host in one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_eq!(outbound.count(), 100);
}

#[tokio::test]
async fn the_requests_of_a_session_are_counted() {
    let mut limits = Limits::TABLE;
    limits.requests = 4;
    let outbound = Canned::with_records(&["7"]);
    let mut session = session(limits, outbound.clone()).await;
    assert_eq!(
        session
            .pull(&told(""), &listing(), None)
            .await
            .unwrap()
            .items
            .len(),
        3
    );
    assert_eq!(
        session
            .pull(&told(""), &listing(), None)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
    assert_eq!(outbound.count(), 4);
    let checks = session.check(&told("")).await.unwrap();
    assert_eq!(checks[0].detail, "stopped: the run's requests are used up");
}

/// A plugin that fails does not begin its requests anew.
#[tokio::test]
async fn the_requests_of_a_session_are_counted_over_its_instances() {
    let mut limits = Limits::TABLE;
    limits.requests = 4;
    let outbound = Canned::with_records(&["7"]);
    let mut session = session(limits, outbound.clone()).await;
    let page = session.pull(&told(""), &listing(), None).await.unwrap();
    assert_eq!((page.items.len(), outbound.count()), (3, 3));
    session.check(&told("abort")).await.unwrap_err();
    let page = session.pull(&told(""), &listing(), None).await.unwrap();
    assert_eq!((page.items.len(), outbound.count()), (1, 4));
}

#[tokio::test]
async fn requests_that_break_a_limit_are_denied_unsent() {
    let outbound = Canned::with_records(&[]);
    let mut session = session(Limits::TABLE, outbound.clone()).await;
    let mut lines = Vec::new();
    for deed in ["long-url", "many-headers", "big-body"] {
        lines.push(session.check(&told(deed)).await.unwrap()[0].detail.clone());
    }
    assert_snapshot!(lines.join("\n"), @r#"
    denied: a URL of 8209 bytes; 8192 are allowed
    denied: 65 headers; 64 are allowed
    denied: a body of 4194305 bytes; 4194304 are allowed
    "#);
    assert_eq!(outbound.count(), 0);
    let error = plugin_error(session.check(&told("huge-body")).await);
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 32 MiB in one answer
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_eq!(outbound.count(), 0);
}

#[tokio::test]
async fn an_answer_over_the_cap_does_not_reach_the_guest() {
    let outbound = Arc::new(Canned {
        body: 24 * 1024 * 1024 + 1,
        ..Canned::default()
    });
    let mut session = session(Limits::TABLE, outbound).await;
    assert_eq!(
        session.check(&told("")).await.unwrap()[0].detail,
        "too large: 25165825"
    );
}

#[tokio::test]
async fn so_many_requests_go_out_at_once_and_no_more() {
    let outbound = Canned::with_records(&[]);
    let mut session = session(Limits::TABLE, outbound.clone()).await;
    let lines = session.check(&told("1001-at-once")).await.unwrap();
    assert_eq!(lines.len(), 1_001);
    assert!(
        lines
            .iter()
            .all(|line| line.detail == "denied: 1001 requests at once; 1000 are allowed"),
        "{lines:?}"
    );
    assert_eq!(outbound.count(), 0);
    let lines = session.check(&told("1000-at-once")).await.unwrap();
    assert!(lines.iter().all(|line| line.detail == "0 bytes"), "{lines:?}");
    assert_eq!(outbound.count(), 1_000);
}

#[tokio::test]
async fn answers_that_come_at_once_have_64_mib_together() {
    let outbound = Arc::new(Canned {
        body: 16 * 1024 * 1024,
        ..Canned::default()
    });
    let mut session = session(Limits::TABLE, outbound).await;
    let lines = session.check(&told("5-at-once")).await.unwrap();
    let details: Vec<&str> = lines.iter().map(|line| line.detail.as_str()).collect();
    assert_snapshot!(details.join("\n"), @r#"
    16777216 bytes
    16777216 bytes
    16777216 bytes
    16777216 bytes
    too large: 16777216
    "#);
}

/// An outbound that takes longer for one answer than the guest may compute in a call.
struct Slow;

#[async_trait::async_trait]
impl Outbound for Slow {
    async fn send(&self, _: dovetail_runtime::OutboundRequest) -> dovetail_runtime::OutboundAnswer {
        let rest = dovetail_runtime::TICK * 30;
        tokio::time::sleep(rest).await;
        Ok(dovetail_runtime::OutboundResponse {
            status: 200,
            headers: vec![],
            body: vec![],
        })
    }

    async fn send_each(
        &self,
        requests: Vec<dovetail_runtime::OutboundRequest>,
    ) -> Vec<dovetail_runtime::OutboundAnswer> {
        let mut answers = Vec::new();
        for request in requests {
            answers.push(self.send(request).await);
        }
        answers
    }
}

#[tokio::test]
async fn waiting_in_the_host_costs_no_guest_time() {
    let mut limits = Limits::TABLE;
    limits.connector.ticks = 25;
    let mut session = session(limits, Arc::new(Slow)).await;
    assert!(session.check(&told("")).await.is_ok());
    assert!(session.pull(&told(""), &listing(), None).await.is_ok());
    assert!(session.usage().ticks <= 25, "{:?}", session.usage());
}

/// An outbound that never answers.
struct Silent;

#[async_trait::async_trait]
impl Outbound for Silent {
    async fn send(&self, _: dovetail_runtime::OutboundRequest) -> dovetail_runtime::OutboundAnswer {
        std::future::pending().await
    }

    async fn send_each(
        &self,
        _: Vec<dovetail_runtime::OutboundRequest>,
    ) -> Vec<dovetail_runtime::OutboundAnswer> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_call_does_not_wait_for_ever() {
    let mut limits = Limits::TABLE;
    limits.connector.elapsed = std::time::Duration::from_secs(2);
    let mut session = session(limits, Arc::new(Silent)).await;
    let error = plugin_error(session.check(&told("")).await);
    assert_snapshot!(shown(&error), @r#"
    plugin-limit: plugin hostile-connector 1.0.0 ran over a limit in `check`; it may use 2 s for one call
    Tell the plugin's makers: it computes, allocates or calls more than its task needs
    "#);
    assert_eq!(
        session.count(&told(""), &listing()).await.unwrap(),
        Some(3),
        "a fresh instance goes on"
    );
}

#[tokio::test]
async fn single_records_are_those_asked_for() {
    let mut session = session(Limits::TABLE, Canned::with_records(&[])).await;
    let ids = [SourceId::new("1").unwrap(), SourceId::new("2").unwrap()];
    let found = session.fetch(&told(""), Kind::Ticket, &ids, &[]).await.unwrap();
    assert!(found.iter().all(Result::is_ok));
    let found = session
        .fetch(&told("another-record"), Kind::Ticket, &ids, &[])
        .await
        .unwrap();
    let fault = found[0].as_ref().unwrap_err();
    assert_eq!(
        (fault.cause.clone(), fault.message.as_str()),
        (Cause::Bug, "record 999 where 1 was asked for")
    );
    let error = plugin_error(session.fetch(&told("one-too-few"), Kind::Ticket, &ids, &[]).await);
    assert_snapshot!(shown(&error), @r#"
    plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `fetch` that is not acceptable: 1 answers where 2 were asked for
    Tell the plugin's makers; another version may do
    "#);
}

#[tokio::test]
async fn a_listing_of_ids_with_a_hole_is_refused_whole() {
    let mut session = session(Limits::TABLE, Canned::with_records(&[])).await;
    let error = plugin_error(session.list_ids(&told(""), &listing(), None).await);
    assert_snapshot!(shown(&error), @r#"
    plugin-answer: plugin hostile-connector 1.0.0 gave an answer in `list-ids` that is not acceptable: ids, number 2: `` is no id: 1 to 100 bytes without control characters
    Tell the plugin's makers; another version may do
    "#);
}

#[tokio::test]
async fn faults_pushes_members_and_events_cross() {
    let mut session = session(Limits::TABLE, Canned::with_records(&[])).await;
    let Err(CallError::Fault(fault)) = session.options(&told(""), "boards").await else {
        panic!("a fault")
    };
    assert_eq!(
        (fault.cause, fault.message.as_str()),
        (Cause::Permission("boards".to_owned()), "refused  [31m")
    );
    assert!(session.members(&told(""), None).await.unwrap().members.is_empty());
    let change = Change {
        kind: Kind::Contact,
        id: None,
        parent: None,
        expected: "{}".to_owned(),
        desired: "{}".to_owned(),
    };
    assert_eq!(session.push(&told(""), &[change]).await.unwrap().len(), 1);
    let event = IncomingEvent {
        headers: vec![],
        body: "41".to_owned(),
    };
    let subjects = session.parse_event(&told(""), &event).await.unwrap();
    assert!(subjects[0].deleted && subjects[0].id.as_str() == "41");
}
