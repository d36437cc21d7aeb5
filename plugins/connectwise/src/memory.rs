//! What an instance remembers within its one run: answers that would otherwise be asked for again and again. Losing it
//! costs requests, never correctness.

use std::collections::{BTreeMap, BTreeSet};

use crate::loose::Reference;
use crate::push::CommunicationTypes;

/// What is remembered.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The base address with the codebase.
    pub(crate) base: Option<String>,
    /// Whether the keys were accepted for anything.
    pub(crate) keys_work: Option<bool>,
    /// The types of each company by the company's id, from the flat list of associations.
    pub(crate) company_types: Option<BTreeMap<u64, Vec<Reference>>>,
    /// The types of companies that were written meanwhile, which a list read before does not know.
    pub(crate) brought_types: BTreeMap<u64, Vec<Reference>>,
    /// The ids of all contact types.
    pub(crate) contact_types: Option<BTreeSet<u64>>,
    /// The types of companies or contacts there are, by the group of settings.
    pub(crate) types: BTreeMap<&'static str, Vec<Reference>>,
    /// What addresses and numbers of contacts are called.
    pub(crate) communication_types: Option<CommunicationTypes>,
    /// What was already told to the operator.
    pub(crate) said: BTreeSet<&'static str>,
}
