//! Loaded before the C library into the binary under test: counts what is written to files below a folder and, at the
//! n-th moment, ends the process, or lets the disk be full from then on. A write has two moments, before it and in the
//! middle of it; making, syncing, moving and removing a file have one. It can also tell another time of day. No part
//! of the product knows of it. `tests/e2e/src/crash.rs` compiles it and says what the variables mean.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn readlink(path: *const c_char, into: *mut c_char, size: usize) -> isize;
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn getpid() -> c_int;
    fn __errno_location() -> *mut c_int;
}

const NEXT: *mut c_void = -1isize as *mut c_void;
const SIGKILL: c_int = 9;
const ENOSPC: c_int = 28;
const REALTIME: c_int = 0;
const CREATES: c_int = 0o100;
const EMPTIES: c_int = 0o1000;

/// What is to happen, and when.
struct Plan {
    folder: Vec<u8>,
    at: u64,
    full: bool,
}

static MOMENTS: AtomicU64 = AtomicU64::new(0);
static PLAN: OnceLock<Option<Plan>> = OnceLock::new();

fn plan() -> Option<&'static Plan> {
    let read = || {
        let folder = std::env::var_os("CRASH_UNDER")?.as_bytes().to_vec();
        let at = std::env::var("CRASH_AT").ok()?.parse().ok()?;
        let full = std::env::var("CRASH_HOW").ok()? == "full";
        Some(Plan { folder, at, full })
    };
    PLAN.get_or_init(read).as_ref()
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.first() == Some(&b'/'))
}

fn file_is_meant(plan: &Plan, file: c_int) -> bool {
    let Ok(link) = CString::new(format!("/proc/self/fd/{file}")) else { return false };
    let mut path = [0u8; 4096];
    let length = unsafe { readlink(link.as_ptr(), path.as_mut_ptr().cast(), path.len()) };
    usize::try_from(length).is_ok_and(|length| is_below(&path[..length], &plan.folder))
}

fn path_is_meant(plan: &Plan, path: *const c_char) -> bool {
    is_below(unsafe { CStr::from_ptr(path) }.to_bytes(), &plan.folder)
}

/// What becomes of a write that is meant.
enum Fate {
    Goes,
    Dies,
    DiesHalfway,
    Fails,
}

/// The fate of something that takes so many moments.
fn fate(plan: &Plan, moments: u64) -> Fate {
    let passed = MOMENTS.fetch_add(moments, SeqCst);
    if plan.full {
        return if passed + moments >= plan.at { Fate::Fails } else { Fate::Goes };
    }
    match plan.at.checked_sub(passed) {
        Some(1) => Fate::Dies,
        Some(2) if moments == 2 => Fate::DiesHalfway,
        _ => Fate::Goes,
    }
}

fn die() {
    unsafe { kill(getpid(), SIGKILL) };
}

fn full() {
    unsafe { *__errno_location() = ENOSPC };
}

macro_rules! real {
    ($name:literal as $type:ty) => {{
        static REAL: OnceLock<usize> = OnceLock::new();
        let found = *REAL.get_or_init(|| unsafe { dlsym(NEXT, concat!($name, "\0").as_ptr().cast()) } as usize);
        unsafe { std::mem::transmute::<usize, $type>(found) }
    }};
}

type Pwrite = extern "C" fn(c_int, *const c_void, usize, i64) -> isize;
type Write = extern "C" fn(c_int, *const c_void, usize) -> isize;
type OfFile = extern "C" fn(c_int) -> c_int;
type Truncate = extern "C" fn(c_int, i64) -> c_int;
type Rename = extern "C" fn(*const c_char, *const c_char) -> c_int;
type Open = extern "C" fn(*const c_char, c_int, c_int) -> c_int;
type ClockGettime = extern "C" fn(c_int, *mut [i64; 2]) -> c_int;
type Unlink = extern "C" fn(*const c_char) -> c_int;

/// Writes, or does not, or not all.
fn written(file: c_int, count: usize, real: impl Fn(usize) -> isize) -> isize {
    let Some(plan) = plan().filter(|plan| file_is_meant(plan, file)) else {
        return real(count);
    };
    match fate(plan, 2) {
        Fate::Goes => real(count),
        Fate::Dies => {
            die();
            -1
        }
        Fate::DiesHalfway => {
            real(count / 2);
            die();
            -1
        }
        Fate::Fails => {
            full();
            -1
        }
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn pwrite64(file: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    let real = real!("pwrite64" as Pwrite);
    written(file, count, |count| real(file, bytes, count, offset))
}

#[unsafe(no_mangle)]
pub extern "C" fn pwrite(file: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    let real = real!("pwrite" as Pwrite);
    written(file, count, |count| real(file, bytes, count, offset))
}

#[unsafe(no_mangle)]
pub extern "C" fn write(file: c_int, bytes: *const c_void, count: usize) -> isize {
    let real = real!("write" as Write);
    written(file, count, |count| real(file, bytes, count))
}

/// What writes no bytes: it is counted, and dies before it is done. A full disk lets it be.
fn counted(meant: impl FnOnce(&Plan) -> bool) {
    let plan = plan().filter(|plan| !plan.full).filter(|plan| meant(plan));
    if plan.is_some_and(|plan| matches!(fate(plan, 1), Fate::Dies)) {
        die();
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn fsync(file: c_int) -> c_int {
    counted(|plan| file_is_meant(plan, file));
    real!("fsync" as OfFile)(file)
}

#[unsafe(no_mangle)]
pub extern "C" fn fdatasync(file: c_int) -> c_int {
    counted(|plan| file_is_meant(plan, file));
    real!("fdatasync" as OfFile)(file)
}

#[unsafe(no_mangle)]
pub extern "C" fn ftruncate64(file: c_int, length: i64) -> c_int {
    counted(|plan| file_is_meant(plan, file));
    real!("ftruncate64" as Truncate)(file, length)
}

#[unsafe(no_mangle)]
pub extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    counted(|plan| path_is_meant(plan, to));
    real!("rename" as Rename)(from, to)
}

#[unsafe(no_mangle)]
pub extern "C" fn unlink(path: *const c_char) -> c_int {
    counted(|plan| path_is_meant(plan, path));
    real!("unlink" as Unlink)(path)
}

/// A file is made or emptied; its moment comes after that.
fn opened(path: *const c_char, flags: c_int, file: c_int) -> c_int {
    if flags & (CREATES | EMPTIES) != 0 && file >= 0 {
        counted(|plan| path_is_meant(plan, path));
    }
    file
}

#[unsafe(no_mangle)]
pub extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    opened(path, flags, real!("open64" as Open)(path, flags, mode))
}

#[unsafe(no_mangle)]
pub extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    opened(path, flags, real!("open" as Open)(path, flags, mode))
}

/// How many seconds the machine's clock is ahead for the process.
fn ahead() -> i64 {
    static AHEAD: OnceLock<i64> = OnceLock::new();
    let read = || std::env::var("CRASH_CLOCK").ok()?.parse().ok();
    *AHEAD.get_or_init(|| read().unwrap_or(0))
}

#[unsafe(no_mangle)]
pub extern "C" fn clock_gettime(clock: c_int, time: *mut [i64; 2]) -> c_int {
    let told = real!("clock_gettime" as ClockGettime)(clock, time);
    if clock == REALTIME && told == 0 {
        unsafe { (*time)[0] += ahead() };
    }
    told
}
