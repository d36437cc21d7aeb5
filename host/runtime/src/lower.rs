//! From the domain's types to the contract's, for what is handed to a guest.

pub(crate) mod connector;
pub(crate) mod mapping;
