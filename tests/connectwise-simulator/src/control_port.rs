//! The control interface over HTTP, for tests that run the simulator as a program. Loopback only, no password.
//!
//! Bodies are JSON objects; answers are JSON. A change that cannot be made answers 400 with `{"error": …}`.

use crate::control::{Control, Hold, Response};
use crate::faults::{Fault, FaultPlan};
use crate::habits::Habits;
use crate::kind::Kind;
use crate::role::Role;
use crate::shared::MySecurity;
use crate::write_plans::Writes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Clone)]
struct Port {
    control: Control,
    holds: Arc<Mutex<BTreeMap<u64, Arc<Hold>>>>,
    next: Arc<AtomicU64>,
}

type Answer = (StatusCode, Json<Value>);

#[derive(Deserialize)]
struct Change {
    kind: Kind,
    #[serde(default)]
    id: u64,
    #[serde(default)]
    fields: Value,
    #[serde(default)]
    silent: bool,
}

#[derive(Deserialize)]
struct Merge {
    from: u64,
    into: u64,
}

#[derive(Deserialize)]
struct Aim {
    pattern: String,
    #[serde(flatten)]
    fault: Fault,
    #[serde(default = "once")]
    times: u64,
}

#[derive(Deserialize)]
struct Plan {
    pattern: String,
    #[serde(default = "once")]
    times: u64,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
struct Broad {
    pattern: String,
    rows: u64,
}

#[derive(Deserialize)]
struct Matching {
    pattern: String,
    #[serde(default = "once")]
    least: u64,
}

#[derive(Deserialize)]
struct Codebase {
    codebase: String,
}

#[derive(Deserialize)]
struct Security {
    answers: MySecurity,
}

#[derive(Deserialize)]
struct WriteFault {
    #[serde(default)]
    writes: Writes,
    fault: Fault,
}

#[derive(Deserialize)]
struct RefusedField {
    #[serde(default)]
    writes: Writes,
    field: String,
}

#[derive(Deserialize)]
struct Seconds {
    seconds: u32,
}

const fn once() -> u64 {
    1
}

/// The routes of the control interface.
pub(crate) fn routes(control: Control) -> Router {
    let port = Port {
        control,
        holds: Arc::default(),
        next: Arc::new(AtomicU64::new(1)),
    };
    Router::new()
        .route("/edit", post(edit))
        .route("/add", post(add))
        .route("/delete", post(delete))
        .route("/soft-delete", post(soft_delete))
        .route("/merge", post(merge))
        .route("/record", get(record))
        .route("/role", get(role).post(set_role))
        .route("/my-security", post(my_security))
        .route("/codebase", post(codebase))
        .route("/advance", post(advance))
        .route("/clock-step", post(clock_step))
        .route("/habits", get(habits).post(set_habits))
        .route("/log", get(log).delete(reset_log))
        .route("/writes", get(writes))
        .route("/count", get(count))
        .route("/wait", get(wait))
        .route("/hold", post(hold))
        .route("/hold/{id}/wait", get(wait_held))
        .route("/hold/{id}/release", post(release))
        .route("/fail", post(fail))
        .route("/fail-writes", post(fail_writes))
        .route("/refuse-field", post(refuse_field))
        .route("/response", post(response))
        .route("/time-out-above", post(too_broad))
        .route("/faults", post(faults))
        .route("/clear", post(clear))
        .with_state(port)
}

fn done<T: Into<Value>, E: std::fmt::Display>(result: Result<T, E>) -> Answer {
    match result {
        Ok(value) => (StatusCode::OK, Json(json!({"ok": true, "value": value.into()}))),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"error": error.to_string()}))),
    }
}

fn fine() -> Answer {
    (StatusCode::OK, Json(json!({"ok": true})))
}

async fn edit(State(port): State<Port>, Json(change): Json<Change>) -> Answer {
    done(match change.silent {
        true => port.control.edit_silently(change.kind, change.id, change.fields),
        false => port.control.edit(change.kind, change.id, change.fields),
    })
}

async fn add(State(port): State<Port>, Json(change): Json<Change>) -> Answer {
    done(port.control.add(change.kind, change.fields))
}

async fn delete(State(port): State<Port>, Json(change): Json<Change>) -> Answer {
    done(port.control.delete(change.kind, change.id))
}

async fn soft_delete(State(port): State<Port>, Json(change): Json<Change>) -> Answer {
    done(port.control.soft_delete(change.kind, change.id))
}

async fn merge(State(port): State<Port>, Json(merge): Json<Merge>) -> Answer {
    done(port.control.merge_companies(merge.from, merge.into))
}

async fn record(State(port): State<Port>, Query(change): Query<Change>) -> Answer {
    done(
        port.control
            .record(change.kind, change.id)
            .ok_or("there is no such record"),
    )
}

async fn role(State(port): State<Port>) -> Json<Role> {
    Json(port.control.role())
}

async fn set_role(State(port): State<Port>, Json(role): Json<Role>) -> Answer {
    port.control.set_role(role);
    fine()
}

async fn my_security(State(port): State<Port>, Json(security): Json<Security>) -> Answer {
    port.control.set_my_security(security.answers);
    fine()
}

async fn codebase(State(port): State<Port>, Json(codebase): Json<Codebase>) -> Answer {
    port.control.set_codebase(&codebase.codebase);
    fine()
}

async fn advance(State(port): State<Port>, Json(seconds): Json<Seconds>) -> Answer {
    port.control.advance(seconds.seconds);
    fine()
}

async fn clock_step(State(port): State<Port>, Json(seconds): Json<Seconds>) -> Answer {
    port.control.set_clock_step(seconds.seconds);
    fine()
}

async fn habits(State(port): State<Port>) -> Json<Habits> {
    Json(port.control.habits())
}

async fn set_habits(State(port): State<Port>, Json(habits): Json<Habits>) -> Answer {
    port.control.set_habits(habits);
    fine()
}

async fn writes(State(port): State<Port>) -> Json<Value> {
    Json(json!(port.control.writes()))
}

async fn log(State(port): State<Port>) -> Json<Value> {
    Json(json!(port.control.log()))
}

async fn reset_log(State(port): State<Port>) -> Answer {
    port.control.reset_log();
    fine()
}

async fn count(State(port): State<Port>, Query(matching): Query<Matching>) -> Json<Value> {
    Json(json!({"count": port.control.count(&matching.pattern)}))
}

async fn wait(State(port): State<Port>, Query(matching): Query<Matching>) -> Answer {
    port.control
        .wait_for(
            &matching.pattern,
            usize::try_from(matching.least).unwrap_or(usize::MAX),
        )
        .await;
    fine()
}

async fn hold(State(port): State<Port>, Json(matching): Json<Matching>) -> Json<Value> {
    let id = port.next.fetch_add(1, Ordering::Relaxed);
    let hold = Arc::new(port.control.hold(&matching.pattern));
    port.holds
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id, hold);
    Json(json!({"hold": id}))
}

async fn wait_held(State(port): State<Port>, Path(id): Path<u64>) -> Answer {
    let hold = port
        .holds
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&id)
        .map(Arc::clone);
    match hold {
        Some(hold) => {
            hold.wait_until_held(1).await;
            done::<_, String>(Ok(hold.held()))
        }
        None => done(Err::<bool, _>("there is no such hold")),
    }
}

async fn release(State(port): State<Port>, Path(id): Path<u64>) -> Answer {
    let hold = port
        .holds
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&id);
    done(hold.map(|_| true).ok_or("there is no such hold"))
}

async fn fail(State(port): State<Port>, Json(aim): Json<Aim>) -> Answer {
    port.control.fail_next(&aim.pattern, aim.fault, aim.times);
    fine()
}

async fn fail_writes(State(port): State<Port>, Json(plan): Json<WriteFault>) -> Answer {
    port.control.fail_writes(plan.writes, plan.fault);
    fine()
}

async fn refuse_field(State(port): State<Port>, Json(plan): Json<RefusedField>) -> Answer {
    port.control.refuse_field(plan.writes, &plan.field);
    fine()
}

async fn response(State(port): State<Port>, Json(plan): Json<Plan>) -> Answer {
    let response = Response {
        status: plan.status,
        headers: plan.headers.into_iter().collect(),
        body: plan.body.into_bytes(),
    };
    port.control.plan_response(&plan.pattern, plan.times, response);
    fine()
}

async fn too_broad(State(port): State<Port>, Json(broad): Json<Broad>) -> Answer {
    port.control.time_out_above(&broad.pattern, broad.rows);
    fine()
}

async fn faults(State(port): State<Port>, Json(plan): Json<Option<FaultPlan>>) -> Answer {
    port.control.set_faults(plan);
    fine()
}

async fn clear(State(port): State<Port>) -> Answer {
    port.control.clear_plans();
    fine()
}
