//! The project's own commands: demo, build, test, bench, lint, ci.

fn main() {}
