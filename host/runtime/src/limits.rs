//! Every limit a plugin is held to, in one table, with the reason for each number. What a plugin runs into is named by
//! [`Limit`], so that an error can say which line of this table it was.

use std::fmt;
use std::time::Duration;

/// How long a tick of the guests' clock is. Guests are looked at once a tick, so it is also the longest a guest holds
/// a thread before others have their turn; shorter ticks cost more than they give.
pub const TICK: Duration = Duration::from_millis(10);

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// What differs between the two kinds of plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Bytes of linear memory, all memories of an instance together.
    pub memory: usize,
    /// Ticks of guest time a call has, whatever it is about.
    pub ticks: u64,
    /// Ticks of guest time for each record or item on top.
    pub ticks_a_record: u64,
    /// Time a call has from its beginning to its end, waiting in the host included.
    pub elapsed: Duration,
    /// Time for each record or item on top.
    pub elapsed_a_record: Duration,
    /// Calls into the host during one call.
    pub host_calls: u32,
    /// Calls into the host for each record or item on top.
    pub host_calls_a_record: u32,
    /// Calls after which an instance is replaced: what a guest leaks does not add up without end.
    pub calls_an_instance: u32,
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A component's size. The stock ones have under 1 MiB, one that carries Python about 20.
    pub component: usize,
    /// Time the compiler has. The stock plugins take under 3 s on a slow machine.
    pub compile_time: Duration,
    /// Processor time the compiler has in all its threads.
    pub compile_cpu: Duration,
    /// Address space the compiler has, this program itself included.
    pub compile_memory: u64,
    /// Bytes of native stack a guest may use. Plugins recurse over JSON of depth 128 at most.
    pub stack: usize,
    /// Tables and memories and instances within one plugin: a Rust plugin has 3 instances, one with Python about 30.
    pub instances: usize,
    /// Elements of one table: one for each function whose address is taken.
    pub table_elements: usize,
    /// Bytes that cross from the guest in one answer or one call into the host.
    pub crossing: usize,
    /// Handles of resources alive at once; the contract has none, so these are the guest's own.
    pub handles: usize,
    /// Mappings compute only. 1,000 records of 3 KB take a compiled mapping 5 ticks and one in Python about 100; the
    /// base is small because a batch that runs out of it is halved ten times.
    pub mapping: GuestLimits,
    /// Connectors read answers of 24 MiB and wait for the network, up to `Retry-After` of several minutes.
    pub connector: GuestLimits,
    /// Requests in one session. 1,000,000 records are about 2,000 pages, and a call per company for sites.
    pub requests: u64,
    /// Records of a run that may be isolated by halving before the plugin is at fault and not the records.
    pub isolated: u32,
    /// Time a run may spend halving before the plugin is at fault.
    pub halving: Duration,
}

impl Limits {
    /// The numbers in force.
    pub const TABLE: Limits = Limits {
        component: 32 * MIB,
        compile_time: Duration::from_secs(60),
        compile_cpu: Duration::from_secs(120),
        compile_memory: 1024 * MIB as u64,
        stack: 512 * KIB,
        instances: 100,
        table_elements: 100_000,
        crossing: 32 * MIB,
        handles: 1_000,
        mapping: GuestLimits {
            memory: 128 * MIB,
            ticks: 100,
            ticks_a_record: 1,
            elapsed: Duration::from_secs(30),
            elapsed_a_record: Duration::from_millis(100),
            host_calls: 1_000,
            host_calls_a_record: 20,
            calls_an_instance: 2_000,
        },
        connector: GuestLimits {
            memory: 256 * MIB,
            ticks: 3_000,
            ticks_a_record: 10,
            elapsed: Duration::from_secs(30 * 60),
            elapsed_a_record: Duration::from_secs(10),
            host_calls: 20_000,
            host_calls_a_record: 20,
            calls_an_instance: u32::MAX,
        },
        requests: 1_000_000,
        isolated: 20,
        halving: Duration::from_secs(60),
    };
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::TABLE
    }
}

/// One line of a plugin's words.
pub const LOG_LINE: usize = KIB;
/// Lines a call may write; the rest is counted.
pub const LOG_LINES: u32 = 200;
/// Headers of a request.
pub const HEADERS: usize = 64;
/// A URL.
pub const URL: usize = 8 * KIB;
/// The body of a request.
pub const REQUEST_BODY: usize = 4 * MIB;
/// The body of an answer.
pub const RESPONSE_BODY: usize = 24 * MIB;
/// Requests of one `send-each`.
pub const REQUESTS_AT_ONCE: usize = 1_000;
/// The answers of one `send-each` together.
pub const RESPONSES_AT_ONCE: usize = 64 * MIB;

/// Items of a page, an option list, a list of ids. The largest page of a PSA has 1,000 records.
pub const ITEMS: usize = 10_000;
/// A field's text.
pub const TEXT: usize = 64 * KIB;
/// Texts of a set, entries of a list.
pub const VALUES: usize = 200;
/// An entry's value, a name, a label.
pub const LABEL: usize = 1_000;
/// A trait's name.
pub const TRAIT_NAME: usize = 200;
/// Traits of a record: custom fields and questions.
pub const TRAITS: usize = 1_000;
/// A trait's JSON.
pub const TRAIT_JSON: usize = 16 * KIB;
/// How deep a trait's JSON is nested.
pub const TRAIT_DEPTH: usize = 8;
/// A source record's JSON.
pub const SOURCE_JSON: usize = MIB;
/// A cursor.
pub const CURSOR: usize = 4 * KIB;
/// A fault's message.
pub const MESSAGE: usize = 2 * KIB;
/// Items of each list in a description.
pub const DESCRIPTION_ITEMS: usize = 500;
/// A text in a description.
pub const DESCRIPTION_TEXT: usize = 8 * KIB;

/// A limit that was run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Guest time, in ticks.
    GuestTime(u64),
    /// Time of a call.
    Elapsed(Duration),
    /// Linear memory, in bytes.
    Memory(usize),
    /// Instances, or tables, or memories.
    Instances(usize),
    /// Elements of a table.
    Table(usize),
    /// Handles of resources.
    Handles(usize),
    /// The stack, in bytes.
    Stack(usize),
    /// Calls into the host.
    HostCalls(u32),
    /// Bytes that cross at once.
    Crossing(usize),
    /// Time to compile.
    CompileTime(Duration),
    /// Memory to compile.
    CompileMemory(u64),
    /// Size of a component.
    Component(usize),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::GuestTime(ticks) => {
                let time = TICK.saturating_mul(u32::try_from(*ticks).unwrap_or(u32::MAX));
                write!(f, "{} ms of computing in one call", time.as_millis())
            }
            Limit::Elapsed(time) => write!(f, "{} s for one call", time.as_secs()),
            Limit::Memory(bytes) => write!(f, "{} MiB of memory", bytes / MIB),
            Limit::Instances(count) => write!(f, "{count} instances, tables or memories"),
            Limit::Handles(count) => write!(f, "{count} handles of resources at once"),
            Limit::Table(elements) => write!(f, "{elements} elements of a table"),
            Limit::Stack(bytes) => write!(f, "{} KiB of stack", bytes / KIB),
            Limit::HostCalls(calls) => write!(f, "{calls} calls into the host in one call"),
            Limit::Crossing(bytes) => write!(f, "{} MiB in one answer", bytes / MIB),
            Limit::CompileTime(time) => write!(f, "{} s to compile it", time.as_secs()),
            Limit::CompileMemory(bytes) => write!(f, "{} MiB of memory to compile it", bytes / MIB as u64),
            Limit::Component(bytes) => write!(f, "{} MiB for a component", bytes / MIB),
        }
    }
}

/// What host code raises inside a call; it travels through wasmtime's error and is found again at the call's end.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("over the limit of {0}")]
pub(crate) struct Over(pub(crate) Limit);
