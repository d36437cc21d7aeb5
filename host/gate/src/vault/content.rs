//! What a sealed stream holds: its first bytes say so, and one sort is never read as another.

use std::fmt;

/// What a stream holds, told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A home's backup.
    Backup,
    /// An integration on its way to another home.
    Integration,
}

impl Content {
    pub(super) const ALL: [Content; 2] = [Content::Backup, Content::Integration];

    pub(super) fn magic(self) -> &'static [u8; 16] {
        match self {
            Content::Backup => b"dovetail-backup\n",
            Content::Integration => b"dovetail-export\n",
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Content::Backup => "backup",
            Content::Integration => "exported integration",
        })
    }
}
