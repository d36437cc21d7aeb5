//! What an instance may allocate. A request over the limit ends the call there and then, so that the error names the
//! limit and the backtrace the place that asked.

use wasmtime::ResourceLimiter;

use crate::limits::{Limit, Limits, Over};

/// Counts one instance's memories and tables.
#[derive(Debug)]
pub(crate) struct Quota {
    allowed: usize,
    used: usize,
    table_elements: usize,
    instances: usize,
}

impl Quota {
    /// For `memory` bytes.
    pub(crate) fn new(memory: usize, limits: &Limits) -> Quota {
        Quota {
            allowed: memory,
            used: 0,
            table_elements: limits.table_elements,
            instances: limits.instances,
        }
    }

    /// Bytes of all linear memories: they never shrink, so this is the peak.
    pub(crate) fn used(&self) -> usize {
        self.used
    }
}

impl ResourceLimiter for Quota {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.allowed {
            return Err(Over(Limit::Memory(self.allowed)).into());
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_elements {
            return Err(Over(Limit::Table(self.table_elements)).into());
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        self.instances
    }

    fn memories(&self) -> usize {
        self.instances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_count_together() {
        let mut quota = Quota::new(100, &Limits::TABLE);
        assert!(quota.memory_growing(0, 60, None).is_ok());
        assert!(quota.memory_growing(0, 40, None).is_ok());
        assert!(quota.memory_growing(40, 41, None).is_err());
        assert_eq!(quota.used(), 100);
    }

    #[test]
    fn tables_are_capped() {
        let mut quota = Quota::new(100, &Limits::TABLE);
        assert!(quota.table_growing(0, Limits::TABLE.table_elements, None).is_ok());
        assert!(
            quota
                .table_growing(0, Limits::TABLE.table_elements + 1, None)
                .is_err()
        );
    }
}
