//! Sources of a plugin to a checked component.
