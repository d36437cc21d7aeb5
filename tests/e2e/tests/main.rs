//! The binary against the simulator.

mod addresses;
mod certificates;
mod connect;
mod faults;
mod main_job;
mod secrets;
