//! The binary against the simulator.

mod addresses;
mod adopt;
mod certificates;
mod connect;
mod documents;
mod errors;
mod faults;
mod kill;
mod main_job;
mod overlay;
mod people;
mod promises;
mod quarantine;
mod secrets;
mod serve;
