//! An episode's means, its rounds, and its runs with everything that disturbs them.

use std::collections::BTreeSet;

use connectwise_simulator::{Config, Control, Fault, FaultPlan, Habits, Loss, Role, Simulator, Size, Writes};
use e2e::crash::Crash;
use e2e::{Home, Ran, Signal, Started};
use serde_json::Value;

use super::entered::{Entered, Seen, Side};
use super::parts::{PARTS, Part};
use super::there::all_of_it;
use crate::model::dice::Dice;
use crate::model::{Deeds, braked, outcome, words};

/// An episode's means.
pub(super) struct Stage {
    pub(super) simulator: Simulator,
    pub(super) control: Control,
    pub(super) home: Home,
    pub(super) dice: Dice,
    deeds: Deeds,
    pub(super) entered: Entered,
    /// Records that were made here: kind and id.
    pub(super) made: BTreeSet<(String, String)>,
    /// Conflicts that were settled.
    pub(super) choices: usize,
    /// Words entered so far.
    pub(super) words: u64,
    /// What was changed on each side, with the PSA's id of the record.
    pub(super) touched: Vec<(Side, Part, String)>,
}

impl Stage {
    /// A home in step with a simulator, two-way on, and nothing written so far.
    pub(super) async fn of(seed: u64, deeds: Deeds) -> Stage {
        let mut dice = Dice::new(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
        let habits = match dice.below(10) {
            0..6 => Habits::default(),
            6..9 => Habits::meddling(),
            _ => Habits {
                custom_fields_needed: false,
                quiet_children: true,
                line_breaks: true,
                ..Habits::default()
            },
        };
        let simulator = Simulator::start(Config {
            seed,
            loose: dice.chance(50),
            habits,
            size: Size {
                companies: 4 + dice.below(2),
                contacts: 10,
                configurations: 14,
                tickets: 4,
                members: 3,
            },
            ..Config::default()
        })
        .await
        .expect("the simulator starts");
        simulator.control().set_role(Role::writing());
        let home = Home::connected("acme", &simulator).await;
        home.run(&["sync", "acme"]).await.exits(0);
        let reread = dice.below(4).to_string();
        let words = ["settings", "set", "acme", "--two-way", "on", "--reread", &reread];
        home.run(&words).await.exits(0);
        Stage {
            control: simulator.control(),
            simulator,
            home,
            dice,
            deeds,
            entered: Entered::default(),
            made: BTreeSet::new(),
            choices: 0,
            words: 0,
            touched: Vec::new(),
        }
    }

    pub(super) fn note(&self, deed: &str) {
        self.deeds.note(deed);
    }

    /// Often it is just what the other side changed last that somebody changes too.
    pub(super) fn recent(&mut self, side: Side) -> Option<(Part, String)> {
        let theirs: Vec<(Part, String)> = self
            .touched
            .iter()
            .rev()
            .filter(|(of, ..)| *of == side)
            .take(3)
            .map(|(_, part, id)| (*part, id.clone()))
            .collect();
        self.dice.pick(&theirs).filter(|_| self.dice.chance(40))
    }

    /// People do something on both sides, then comes a run that may be disturbed.
    pub(super) async fn round(&mut self) {
        // What happened before lies behind the overlap of increments then.
        if self.dice.chance(50) {
            self.control.advance(3_600);
        }
        for _ in 0..2 + self.dice.below(5) {
            match self.dice.chance(58) {
                true => self.here().await,
                false => self.there(),
            }
        }
        self.trouble();
        let full = self.dice.chance(25);
        let ran = match self.dice.below(20) {
            0..9 => self.home.run(&words(full)).await,
            9..16 => self.disturbed(full).await,
            16..18 => self.crashed(full).await,
            _ => self.served().await,
        };
        self.note(&format!("sync, full: {full}: {}", outcome(&ran)));
        assert!([-1, 0, 4, 5, 6, 8].contains(&ran.code), "{ran:#?}");
        self.control.set_faults(None);
        if self.dice.chance(80) || self.is_stopped().await {
            self.control.clear_plans();
        }
        self.take_up().await;
        if braked(&ran) && self.dice.chance(70) {
            self.answer(&ran).await;
        }
        if self.dice.chance(20) {
            let ran = self.home.run(&["quarantine", "retry", "--all"]).await;
            self.note(&format!("quarantine retry --all: exit {}", ran.code));
        }
        self.look().await;
    }

    /// Whether the PSA refused a permission, so that nothing is done until a person has seen to it.
    async fn is_stopped(&self) -> bool {
        self.home.integration("acme").await["status"] == "error"
    }

    /// A person sees to it that the PSA gives the permission it refused, and takes the integration up again.
    pub(super) async fn take_up(&mut self) {
        if self.is_stopped().await {
            self.home.run(&["integration", "connect", "acme"]).await.exits(0);
            self.home.run(&["integration", "resume", "acme"]).await.exits(0);
            self.note("the integration is taken up again");
        }
    }

    /// A person's yes to what waits for one.
    pub(super) async fn answer(&mut self, ran: &Ran) {
        let run = ran.json()["run"].as_str().expect("an id").to_owned();
        let ran = self.home.run(&["run", "approve", &run, "--orphans"]).await;
        self.note(&format!("run approve {run} --orphans: {}", ran.code));
    }

    /// Something goes wrong on the way: any request may fail, or writes do, or a value is not accepted.
    fn trouble(&mut self) {
        if self.dice.chance(30) {
            let plan = FaultPlan {
                seed: self.dice.below(1_000),
                per_thousand: 150,
                most: 1 + self.dice.below(3),
                kinds: vec![
                    Fault::TooManyRequests { retry_after: 0 },
                    Fault::Timeout,
                    Fault::BadGateway,
                    Fault::Reset,
                    Fault::Truncated,
                ],
            };
            self.note(&format!("faults: {plan:?}"));
            self.control.set_faults(Some(plan));
        }
        if self.dice.chance(40) {
            const FAULTS: [Fault; 9] = [
                Fault::Forbidden,
                Fault::Lost { how: Loss::Reset },
                Fault::Lost { how: Loss::Timeout },
                Fault::Lost {
                    how: Loss::BadGateway,
                },
                Fault::Truncated,
                Fault::TooManyRequests { retry_after: 0 },
                Fault::Timeout,
                Fault::BadGateway,
                Fault::Reset,
            ];
            let fault = self.dice.pick(&FAULTS).expect("there are some");
            let mut writes = Writes::all().next(1 + self.dice.below(3));
            writes.pass = self.dice.below(3);
            self.note(&format!("writes fail: {writes:?} {fault:?}"));
            self.control.fail_writes(writes, fault);
        }
        if self.dice.chance(15) {
            let part = self.dice.pick(&PARTS).expect("there are parts");
            self.note(&format!("refused: {}", part.property));
            let writes = Writes::of(part.of).next(1 + self.dice.below(2));
            self.control.refuse_field(writes, part.property);
        }
    }

    /// A run that stands still at some request: people go on meanwhile, or it is asked to end, or it is killed.
    async fn disturbed(&mut self, full: bool) -> Ran {
        const PLACES: [&str; 6] = [
            "/company/contacts/*",
            "/company/configurations/*",
            "/company/companies*",
            "/company/configurations*",
            "*",
            "*",
        ];
        let place = self.dice.pick(&PLACES).unwrap_or("*");
        let (kind, changes) = (self.dice.below(4), 1 + self.dice.below(3));
        let pass = if place == "*" {
            self.dice.below(20)
        } else {
            self.dice.below(2)
        };
        let hold = self.control.hold_after(place, pass);
        let mut sync = self.home.start(&words(full));
        let is_held = sync.until(hold.wait_until_held(1)).await;
        self.note(&format!("{place} is held: {is_held}"));
        match kind {
            0 | 1 => {
                for _ in 0..changes {
                    match self.dice.chance(50) {
                        true => self.edit_here().await,
                        false => self.there(),
                    }
                }
            }
            2 if is_held => sync.signal(Signal::TERM),
            _ if is_held => sync.signal(Signal::KILL),
            _ => {}
        }
        if kind < 2 {
            hold.release();
            sync.ended().await
        } else {
            let ran = sync.ended().await;
            hold.release();
            ran
        }
    }

    /// A server sends what people edit at once, until it is asked to end or is killed.
    async fn served(&mut self) -> Ran {
        let server = self.home.serve().await;
        for _ in 0..1 + self.dice.below(3) {
            self.edit_here().await;
        }
        if self.dice.chance(30) {
            self.note("the server is killed");
            server.process.signal(Signal::KILL);
            return server.process.ended().await;
        }
        self.home.settled("acme").await;
        server.stop().await
    }

    /// A run that dies while it writes to its home.
    async fn crashed(&mut self, full: bool) -> Ran {
        let mut command = self.home.command(&words(full));
        let moment = 1 + self.dice.below(60);
        Crash::Dies(moment).befall(&mut command, self.home.around());
        self.note(&format!("it dies at moment {moment} of its writing"));
        Started::of(command).ended().await
    }

    /// Looks at both sides for what people entered.
    pub(super) async fn look(&mut self) {
        let here: Vec<String> = self
            .home
            .everything()
            .await
            .iter()
            .map(Value::to_string)
            .collect();
        let conflicts = Value::from(self.conflicts().await).to_string();
        self.entered.look(&Seen {
            there: all_of_it(&self.control),
            here: here.concat().to_lowercase(),
            conflicts: conflicts.to_lowercase(),
        });
    }
}

/// A record's own id.
pub(super) fn id(record: &Value) -> String {
    record["id"].as_str().unwrap_or_default().to_owned()
}

/// The PSA's id of a record; empty where it has none.
pub(super) fn source(record: &Value) -> String {
    record["source"]["id"].as_str().unwrap_or_default().to_owned()
}
