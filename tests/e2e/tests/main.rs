//! The binary against the simulator.

mod addresses;
mod certificates;
mod connect;
mod documents;
mod faults;
mod main_job;
mod promises;
mod secrets;
