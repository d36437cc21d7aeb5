//! Edits travel each way, conflicts are settled, nothing is lost and nothing is sent that nobody asked for: the binary
//! against a simulator that takes writes.

use connectwise_simulator::{Control, Fault, Habits, Kind, Loss, Role, Simulator, Writes};
use e2e::{Home, field_row, simulator};
use serde_json::{Value, json};

mod changing;
mod loops;
mod making;
mod overlays;
mod refused;

/// A home in step with a simulator that takes writes, two-way on, and nothing left to be done.
async fn in_step() -> (Simulator, Home) {
    let simulator = simulator().await;
    simulator.control().set_role(Role::writing());
    let home = Home::connected("acme", &simulator).await;
    home.run(&["sync", "acme"]).await.exits(0);
    home.run(&["settings", "set", "acme", "--two-way", "on"])
        .await
        .exits(0);
    home.run(&["sync", "acme"]).await.exits(0);
    assert_eq!(
        simulator.control().writes().len(),
        0,
        "switching it on sends nothing"
    );
    (simulator, home)
}

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

fn number(record: &Value) -> u64 {
    record["source"]["id"].as_str().unwrap().parse().unwrap()
}

impl Edited<'_> {
    async fn set(&self, home: &Home, words: &str) -> Value {
        home.json(&["asset", "edit", self.kind, self.id, "--set", words])
            .await
    }

    async fn shown(&self, home: &Home) -> Value {
        home.json(&["asset", "show", self.kind, self.id]).await
    }
}

/// A record that is edited.
struct Edited<'a> {
    kind: &'a str,
    id: &'a str,
}

fn edited<'a>(kind: &'a str, record: &'a Value) -> Edited<'a> {
    Edited { kind, id: id(record) }
}

/// The fields of a kind in a run's `pushed`: sent, confirmed, conflicts, failed.
fn pushed(run: &Value, kind: &str) -> [u64; 4] {
    ["sent", "confirmed", "conflicts", "failed"].map(|name| run["pushed"][kind][name].as_u64().unwrap())
}

/// Writes since the last look.
fn writes(control: &Control) -> usize {
    let writes = control.writes().len();
    control.reset_log();
    writes
}

/// A run that writes nothing in the PSA.
async fn quiet(home: &Home, control: &Control) {
    control.reset_log();
    home.json(&["sync", "acme", "--full"]).await;
    assert_eq!(control.writes(), [], "nothing is left to be sent");
}

fn habits(habits: Habits, control: &Control) {
    control.set_habits(habits);
}
