//! Numbers that are given out once. A number is only durable with the step that uses it: one that was given out and not
//! written is given out again after a restart, when nobody can have seen it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::StoreError;
use crate::bytes::{Batch, Store};
use crate::keys::Space;

/// What numbers are given out for. The numbers are written to disk and never change.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Sequence {
    Asset = 1,
    Run = 2,
    Quarantine = 3,
    Integration = 4,
    /// Steps, as audit and history number them.
    Step = 5,
}

impl Sequence {
    const ALL: [Sequence; 5] = [
        Sequence::Asset,
        Sequence::Run,
        Sequence::Quarantine,
        Sequence::Integration,
        Sequence::Step,
    ];

    fn key(self) -> Vec<u8> {
        Space::Sequence.key(&(self as u8))
    }
}

/// The next number of each sequence.
#[derive(Debug)]
pub(crate) struct Sequences {
    next: [AtomicU64; Sequence::ALL.len()],
}

/// The numbers on disk.
pub(crate) type Kept = [u64; Sequence::ALL.len()];

impl Sequences {
    pub(crate) fn read(store: &dyn Store) -> Result<(Sequences, Kept), StoreError> {
        let mut kept = [0; Sequence::ALL.len()];
        for (sequence, slot) in Sequence::ALL.into_iter().zip(&mut kept) {
            let key = sequence.key();
            if let Some(bytes) = store.get(&key)? {
                let bytes: [u8; 8] = bytes
                    .try_into()
                    .map_err(|_| StoreError::unreadable(&key, "a number of 8 bytes should stand here"))?;
                *slot = u64::from_be_bytes(bytes);
            }
        }
        let next = kept.map(|number| AtomicU64::new(number.max(1)));
        Ok((Sequences { next }, kept))
    }

    /// The next number, from 1.
    pub(crate) fn next(&self, sequence: Sequence) -> u64 {
        let [asset, run, quarantine, integration, step] = &self.next;
        let counter = match sequence {
            Sequence::Asset => asset,
            Sequence::Run => run,
            Sequence::Quarantine => quarantine,
            Sequence::Integration => integration,
            Sequence::Step => step,
        };
        counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Adds what changed since to a batch; what will then be on disk.
    pub(crate) fn keep(&self, batch: &mut Batch, kept: &Kept) -> Kept {
        let mut now = *kept;
        for ((sequence, next), slot) in Sequence::ALL.into_iter().zip(&self.next).zip(&mut now) {
            let next = next.load(Ordering::Relaxed);
            if next > *slot.max(&mut 1) {
                batch.put(sequence.key(), next.to_be_bytes());
                *slot = next;
            }
        }
        now
    }
}
