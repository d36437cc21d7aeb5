//! Lists that changed on both sides are merged by their elements: what one side added or took out is added or taken out,
//! whatever the other side did to the rest. The result has a fixed order: the PSA's, then what stands here only.

pub(crate) mod entries;
pub(crate) mod identity;
pub(crate) mod texts;
