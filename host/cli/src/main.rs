//! The dovetail binary: argument types to request values, printing, progress.

fn main() {}
