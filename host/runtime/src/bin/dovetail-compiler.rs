//! The compiling child on its own, for this crate's tests; the program itself is its own child.

use std::process::ExitCode;

fn main() -> ExitCode {
    dovetail_runtime::compile_child_main(std::env::args_os().skip(1))
}
