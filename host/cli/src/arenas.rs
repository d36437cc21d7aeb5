//! Few arenas. The GNU C library gives each thread an arena of its own, and what one thread frees another cannot use: a
//! sync hands pages of records from thread to thread and takes half as much memory again. How many arenas there may be
//! can only be said before a process starts, by its environment; so the program starts itself again with that said. The
//! process stays the same one. One arena takes a little less still and costs a quarter of the speed; another allocator
//! was measured and takes more.

/// The variable the C library reads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const VARIABLE: &str = "MALLOC_ARENA_MAX";

/// How many arenas there may be.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const ARENAS: &str = "2";

/// Starts the program again where the environment says nothing of arenas; returns where it does, and where that does not
/// work: the program then runs all the same.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn limit() {
    use std::os::unix::process::CommandExt;

    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let mut words = std::env::args_os();
    if let (Ok(program), Some(name)) = (std::env::current_exe(), words.next()) {
        let mut again = std::process::Command::new(program);
        // What comes back is why it could not be started again.
        let _ = again.arg0(name).args(words).env(VARIABLE, ARENAS).exec();
    }
}

/// Other C libraries have no arenas.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn limit() {}
