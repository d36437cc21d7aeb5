//! What a person said a record of the PSA is. It goes before every rule, and stays until the person says otherwise.

use serde::{Deserialize, Serialize};

use crate::{AssetId, SourceId};

/// What a record of the PSA is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// This record of the documentation.
    Asset(AssetId),
    /// A record of its own, whatever in the documentation is like it.
    New,
    /// Not wanted: it does not come in, and what came in of it is an orphan.
    Ignored,
}

/// A choice with what a person needs to recognise it later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// What it is.
    pub choice: Choice,
    /// What a person calls the PSA's record.
    pub name: String,
    /// Why it was chosen, for people.
    pub why: String,
    /// The PSA's id of the organization it stands under, where known: single records of some kinds can only be asked for
    /// with it.
    pub parent: Option<SourceId>,
}
