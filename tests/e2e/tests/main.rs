//! The binary against the simulator.

mod connect;
mod main_job;
