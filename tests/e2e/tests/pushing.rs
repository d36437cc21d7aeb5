//! Edits on their way to the PSA: the connector and the standard mapping against the simulator, joined as a run joins
//! them, under the limits in force. What a person wants of a record is brought back by the mapping, sent by the
//! connector and looked for in what the simulator stored.

mod batches;
mod communications;
mod configurations;
mod contacts;
mod creates;
mod habits;
mod law;
mod locations;
mod lost;
mod moved;
mod organizations;
mod psa;
mod refusals;
mod stays;
