//! What a run does, one file a stage: pull, map, match, plan, apply, bind. It is where the runtime and the gate meet.
//!
//! - [`setup`]: what a run works with, and the connector's context drawn from an integration.
//! - [`outbound`]: the gate as the runtime's way out.
//! - [`check`]: the live check behind `integration connect`.
//! - [`ask`]: options of settings groups, and people.
//! - [`run`]: a full pass from the first page to the run's document.
//! - [`progress`]: what a run tells those who watch.
