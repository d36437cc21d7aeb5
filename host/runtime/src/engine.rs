//! The one engine and the clock its guests are measured with. Every engine is made here, by the compiling child too:
//! code compiled under other settings would not load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::{Config, Engine, OptLevel, WasmFeatures};

use crate::limits::{Limits, TICK};

/// Proposals that no plugin needs: each is surface, and several are young.
const OFF: WasmFeatures = WasmFeatures::GC
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::SHARED_EVERYTHING_THREADS)
    .union(WasmFeatures::MEMORY64)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::LEGACY_EXCEPTIONS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::CM_ASYNC)
    .union(WasmFeatures::CM_ERROR_CONTEXT)
    .union(WasmFeatures::CM_GC);

/// Makes an engine.
pub(crate) fn engine(limits: &Limits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.wasm_features(OFF, false);
    config.epoch_interruption(true);
    config.max_wasm_stack(limits.stack);
    // The host's own frames stand on the same stack while the guest calls into it.
    config.async_stack_size(limits.stack + 1024 * 1024);
    config.cranelift_opt_level(OptLevel::Speed);
    config.memory_init_cow(true);
    // A NaN's bits differ between machines: without this, so could a mapping's answer.
    config.cranelift_nan_canonicalization(true);
    Engine::new(&config)
}

/// Counts ticks since it was started. A thread of its own moves it and the engine's epoch; the thread ends when the
/// engine is gone.
#[derive(Debug)]
pub(crate) struct Clock {
    ticks: AtomicU64,
}

impl Clock {
    /// Starts the clock of an engine.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Arc<Clock>> {
        let clock = Arc::new(Clock {
            ticks: AtomicU64::new(0),
        });
        let (weak, moved) = (engine.weak(), Arc::downgrade(&clock));
        std::thread::Builder::new()
            .name("guest-clock".to_owned())
            .spawn(move || {
                while let (Some(engine), Some(clock)) = (weak.upgrade(), moved.upgrade()) {
                    clock.ticks.fetch_add(1, Ordering::Relaxed);
                    engine.increment_epoch();
                    drop((engine, clock));
                    std::thread::sleep(TICK);
                }
            })?;
        Ok(clock)
    }

    /// Ticks so far.
    pub(crate) fn now(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
impl Clock {
    /// A clock that only moves when told to.
    pub(crate) fn standing() -> Clock {
        Clock {
            ticks: AtomicU64::new(0),
        }
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, ticks: u64) {
        self.ticks.fetch_add(ticks, Ordering::Relaxed);
    }
}
