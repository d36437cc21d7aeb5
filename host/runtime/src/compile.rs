//! Compilation, in a child process of the same binary: a component made to exhaust a compiler exhausts the child, which
//! has a limit of memory, of processor time and of time. The child writes a file; the cache takes it over.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::PluginError;
use crate::checked::words;
use crate::engine::engine;
use crate::limits::{Limit, Limits};

/// Who compiles.
#[derive(Clone, Debug)]
pub enum Compiler {
    /// A child: `program` is called with `arguments` and then what [`compile_child_main`] takes.
    Child {
        /// The program; it calls [`compile_child_main`].
        program: PathBuf,
        /// What leads it there.
        arguments: Vec<OsString>,
    },
    /// This process. For tests of rooms above, whose components are their own.
    #[cfg(feature = "compile-in-process")]
    InProcess,
}

impl Compiler {
    /// A child of the running binary, which has to call [`compile_child_main`] with what follows the first argument
    /// where that is `__compile`.
    pub fn this_binary() -> std::io::Result<Compiler> {
        Ok(Compiler::Child {
            program: std::env::current_exe()?,
            arguments: vec![OsString::from(CHILD_ARGUMENT)],
        })
    }
}

/// The first argument that makes a binary the compiling child.
pub const CHILD_ARGUMENT: &str = "__compile";

/// What the child ends with where the component is at fault.
const REFUSED: u8 = 65;

/// The compiling child: limits itself, compiles a component, ends. `arguments` are the component's file, the file to
/// write, the bytes of address space and the seconds of processor time it may use.
///
/// Ends with 0 where `out` was written, with 65 where the component does not compile (the reason on stderr), with 70
/// where something else went wrong.
pub fn compile_child_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse::<u64>().ok());
    let [component, out, memory, seconds] = arguments.as_slice() else {
        return not_called_so();
    };
    let (Some(memory), Some(seconds)) = (number(memory), number(seconds)) else {
        return not_called_so();
    };
    match compile_limited(Path::new(component), Path::new(out), memory, seconds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Component(why)) => {
            eprintln!("{why}");
            ExitCode::from(REFUSED)
        }
        Err(Trouble::Host(why)) => {
            eprintln!("{why}");
            ExitCode::from(70)
        }
    }
}

enum Trouble {
    Component(String),
    Host(String),
}

fn not_called_so() -> ExitCode {
    eprintln!("this is the plugin compiler; it is started by the program itself");
    ExitCode::from(64)
}

fn compile_limited(component: &Path, out: &Path, memory: u64, seconds: u64) -> Result<(), Trouble> {
    let host = |why: &dyn std::fmt::Display| Trouble::Host(why.to_string());
    let both = |most: u64| Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(Resource::As, both(memory)).map_err(|why| host(&why))?;
    setrlimit(Resource::Cpu, both(seconds)).map_err(|why| host(&why))?;
    setrlimit(Resource::Core, both(0)).map_err(|why| host(&why))?;
    let bytes = std::fs::read(component).map_err(|why| host(&why))?;
    let code = compile(&bytes, &Limits::TABLE)?;
    std::fs::write(out, code).map_err(|why| host(&why))
}

fn compile(component: &[u8], limits: &Limits) -> Result<Vec<u8>, Trouble> {
    let engine = engine(limits).map_err(|why| Trouble::Host(format!("{why:#}")))?;
    engine
        .precompile_component(component)
        .map_err(|why| Trouble::Component(format!("{why:#}")))
}

/// Compiles `component` and leaves the code at `out`, both in `folder`. Whoever calls sees to it that one runs at a time.
pub(crate) fn run(
    compiler: &Compiler,
    plugin: &str,
    component: &Path,
    out: &Path,
    folder: &Path,
    limits: &Limits,
) -> Result<(), PluginError> {
    let not_ready = |why: &dyn std::fmt::Display| PluginError::NotReady {
        plugin: plugin.to_owned(),
        folder: folder.to_owned(),
        why: why.to_string(),
    };
    match compiler {
        Compiler::Child { program, arguments } => {
            child(program, arguments, plugin, component, out, limits, &not_ready)
        }
        #[cfg(feature = "compile-in-process")]
        Compiler::InProcess => {
            let bytes = std::fs::read(component).map_err(|why| not_ready(&why))?;
            let code = compile(&bytes, limits).map_err(|trouble| match trouble {
                Trouble::Component(why) => refused(plugin, &why),
                Trouble::Host(why) => not_ready(&why),
            })?;
            std::fs::write(out, code).map_err(|why| not_ready(&why))
        }
    }
}

fn child(
    program: &Path,
    arguments: &[OsString],
    plugin: &str,
    component: &Path,
    out: &Path,
    limits: &Limits,
    not_ready: &dyn Fn(&dyn std::fmt::Display) -> PluginError,
) -> Result<(), PluginError> {
    let over = |limit| PluginError::Over {
        plugin: plugin.to_owned(),
        function: "compile",
        limit,
    };
    let mut child = Command::new(program)
        .args(arguments)
        .arg(component)
        .arg(out)
        .arg(limits.compile_memory.to_string())
        .arg(limits.compile_cpu.as_secs().to_string())
        // Each thread reserves address space of its own, which counts: many cores would use it up.
        .env("RAYON_NUM_THREADS", "4")
        .env("MALLOC_ARENA_MAX", "2")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|why| not_ready(&format!("{} could not be started: {why}", program.display())))?;
    let said = child.stderr.take();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = said.map(|said| said.take(16 * 1024).read_to_end(&mut text));
        (text, read)
    });
    let end = Instant::now() + limits.compile_time;
    let status = loop {
        match child.try_wait().map_err(|why| not_ready(&why))? {
            Some(status) => break status,
            None if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            None => {
                child
                    .kill()
                    .and_then(|()| child.wait())
                    .map_err(|why| not_ready(&why))?;
                return Err(over(Limit::CompileTime(limits.compile_time)));
            }
        }
    };
    let said = reader
        .join()
        .map(|(text, _)| String::from_utf8_lossy(&text).trim().to_owned())
        .unwrap_or_default();
    if status.success() {
        return Ok(());
    }
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        // Rust ends with SIGABRT where an allocation fails; other parts say so in words.
        (_, Some(6)) => Err(over(Limit::CompileMemory(limits.compile_memory))),
        _ if out_of_memory(&said) => Err(over(Limit::CompileMemory(limits.compile_memory))),
        (Some(code), _) if code == i32::from(REFUSED) => Err(refused(plugin, &said)),
        // SIGXCPU, or SIGKILL at the hard limit.
        (_, Some(24 | 9)) => Err(over(Limit::CompileTime(limits.compile_cpu))),
        _ => Err(not_ready(&format!(
            "the compiler ended with {status}: {}",
            words(&said, 300)
        ))),
    }
}

fn out_of_memory(said: &str) -> bool {
    [
        "out of memory",
        "os error 12",
        "memory allocation",
        "Resource temporarily unavailable",
    ]
    .iter()
    .any(|sign| said.contains(sign))
}

fn refused(plugin: &str, why: &str) -> PluginError {
    PluginError::Refused {
        plugin: plugin.to_owned(),
        why: format!("it does not compile: {}", words(why, 300)),
        hint: "Build it again; `dovetail plugin build` makes a component out of its sources".to_owned(),
    }
}
