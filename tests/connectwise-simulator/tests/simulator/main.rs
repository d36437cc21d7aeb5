//! The simulator over real sockets: what it refuses, what it serves, how it fails, and who can read it.

// Marked as tests so that the lints know: the functions here may panic.
#[cfg(test)]
mod clients;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod http;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod lost;
#[cfg(test)]
mod parts;
#[cfg(test)]
mod patch;
#[cfg(test)]
mod patch_lists;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod program;
#[cfg(test)]
mod records;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod spec;
#[cfg(test)]
mod values;
#[cfg(test)]
mod writers;
