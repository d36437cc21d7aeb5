//! The binary against the simulator.
