//! Where everything lies: one table of spaces, a byte each, and how parts of a key become bytes.
//!
//! | space | key | value |
//! | --- | --- | --- |
//! | `r` [`Space::Record`] | kind, asset | envelope |
//! | `a` [`Space::Audit`] | run (0: outside of runs), sequence | what a step created, changed, removed |
//! | `h` [`Space::History`] | kind, asset, sequence | what a step changed in a record |
//! | `n` [`Space::Run`] | run | run document |
//! | `D` [`Space::Deleted`] | kind, asset | a record that was deleted, for as long as it can be brought back |
//! | `v` [`Space::Import`] | run | the name of the file that was imported |
//! | `q` [`Space::Quarantine`] | quarantine id | entry |
//! | `x` [`Space::QuarantineIndex`] | integration, kind, PSA id | quarantine id |
//! | `e` [`Space::LeftOut`] | integration, kind, PSA id | why it does not come in |
//! | `y` [`Space::Waiting`] | integration, kind, PSA id | what a person has to say |
//! | `l` [`Space::Leaving`] | integration, kind, PSA id | why it would be orphaned |
//! | `g` [`Space::Choice`] | integration, kind, PSA id | which record it is, as a person said, and why |
//! | `j` [`Space::Review`] | integration | the review that waits for a person |
//! | `d` [`Space::Reviewed`] | integration, kind, PSA id | what a review would make of it |
//! | `O` [`Space::Outbox`] | integration, kind, asset | that something of it is to be sent, and what is being sent |
//! | `C` [`Space::Conflict`] | integration, kind, asset | what a person has to choose |
//! | `P` [`Space::Policy`] | integration, organization or 0, kind, part | who wins, as a person said |
//! | `M` [`Space::Motion`] | integration, kind, asset | which side wrote which part of it lately |
//! | `L` [`Space::Law`] | integration | which parts did not survive there and back |
//! | `i` [`Space::Integration`] | integration | integration with its settings |
//! | `s` [`Space::Secret`] | integration, name | ciphertext |
//! | `o` [`Space::Options`] | integration, group | options as last read |
//! | `m` [`Space::Mapping`] | integration, organization or 0 | mapping layers |
//! | `p` [`Space::Plugin`] | name | what was installed |
//! | `z` [`Space::Grant`] | name | what an operator granted a plugin |
//! | `u` [`Space::Person`] | integration, PSA id | invitation |
//! | `f` [`Space::Config`] | name | value |
//! | `w` [`Space::Queue`] | integration | the run that is queued |
//! | `c` [`Space::Checkpoint`] | integration, stream | where a run goes on |
//! | `k` [`Space::Counts`] | | records by integration, kind and state |
//! | `t` [`Space::Sequence`] | sequence | the next number |
//!
//! There is no key from a PSA's id to a record: the index in memory knows that, and one key less a record halves the
//! pages the storage has to keep track of.
//!
//! Numbers are big-endian, so that keys sort as numbers do. A text is the last part of its key.

use dovetail_domain::{AssetId, IntegrationId, Kind, QuarantineId, RunId, SourceId};

macro_rules! spaces {
    ($($space:ident $byte:literal,)*) => {
        /// A part of the store, named by the first byte of its keys. The bytes are written to disk and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs, reason = "described in the table above")]
        pub enum Space {
            $($space = $byte,)*
        }

        impl Space {
            /// The space a key belongs to; none where this version knows none.
            pub fn of(key: &[u8]) -> Option<Space> {
                match key.first()? {
                    $($byte => Some(Space::$space),)*
                    _ => None,
                }
            }
        }
    };
}

spaces! {
    Record b'r',
    Audit b'a',
    History b'h',
    Run b'n',
    Deleted b'D',
    Import b'v',
    Quarantine b'q',
    QuarantineIndex b'x',
    LeftOut b'e',
    Waiting b'y',
    Leaving b'l',
    Choice b'g',
    Review b'j',
    Reviewed b'd',
    Outbox b'O',
    Conflict b'C',
    Policy b'P',
    Motion b'M',
    Law b'L',
    Integration b'i',
    Secret b's',
    Options b'o',
    Mapping b'm',
    Plugin b'p',
    Grant b'z',
    Person b'u',
    Config b'f',
    Queue b'w',
    Checkpoint b'c',
    Counts b'k',
    Sequence b't',
}

impl Space {
    /// The key of this space with these parts. Given only the first parts it is the prefix of all keys under them.
    pub fn key(self, parts: &impl Key) -> Vec<u8> {
        let mut key = vec![self as u8];
        parts.write(&mut key);
        key
    }

    /// The parts of a key of this space; none where it is not one.
    pub fn parts<K: Key>(self, key: &[u8]) -> Option<K> {
        let (space, mut rest) = key.split_first()?;
        let parts = K::read(&mut rest)?;
        (*space == self as u8 && rest.is_empty()).then_some(parts)
    }
}

/// Something that is part of a key.
pub trait Key: Sized {
    /// Adds its bytes.
    fn write(&self, key: &mut Vec<u8>);

    /// Takes it off the front; none where that is not one.
    fn read(rest: &mut &[u8]) -> Option<Self>;
}

impl Key for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(_: &mut &[u8]) -> Option<()> {
        Some(())
    }
}

macro_rules! number_keys {
    ($($type:ty, $number:ty, $out:expr, $make:expr;)*) => {
        $(impl Key for $type {
            fn write(&self, key: &mut Vec<u8>) {
                let number: $number = $out(self);
                key.extend(number.to_be_bytes());
            }

            fn read(rest: &mut &[u8]) -> Option<Self> {
                let (bytes, behind) = rest.split_first_chunk()?;
                *rest = behind;
                $make(<$number>::from_be_bytes(*bytes))
            }
        })*
    };
}

number_keys! {
    u64, u64, |number: &u64| *number, Some;
    u8, u8, |number: &u8| *number, Some;
    AssetId, u64, |id: &AssetId| id.0, |number| Some(AssetId(number));
    RunId, u64, |id: &RunId| id.0, |number| Some(RunId(number));
    QuarantineId, u64, |id: &QuarantineId| id.0, |number| Some(QuarantineId(number));
    IntegrationId, u32, |id: &IntegrationId| id.0, |number| Some(IntegrationId(number));
    Kind, u8, |kind: &Kind| kind.number(), Kind::from_number;
    Option<AssetId>, u64, |id: &Option<AssetId>| id.map_or(0, |id| id.0),
        |number| Some((number > 0).then_some(AssetId(number)));
}

impl Key for String {
    fn write(&self, key: &mut Vec<u8>) {
        key.extend(self.as_bytes());
    }

    fn read(rest: &mut &[u8]) -> Option<String> {
        String::from_utf8(std::mem::take(rest).to_vec()).ok()
    }
}

impl Key for SourceId {
    fn write(&self, key: &mut Vec<u8>) {
        key.extend(self.as_str().as_bytes());
    }

    fn read(rest: &mut &[u8]) -> Option<SourceId> {
        SourceId::new(String::read(rest)?)
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn write(&self, key: &mut Vec<u8>) {
        self.0.write(key);
        self.1.write(key);
    }

    fn read(rest: &mut &[u8]) -> Option<(A, B)> {
        Some((A::read(rest)?, B::read(rest)?))
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn write(&self, key: &mut Vec<u8>) {
        self.0.write(key);
        self.1.write(key);
        self.2.write(key);
    }

    fn read(rest: &mut &[u8]) -> Option<(A, B, C)> {
        Some((A::read(rest)?, B::read(rest)?, C::read(rest)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_their_parts_do_and_lead_back() {
        let source = |id: &str| SourceId::new(id).unwrap();
        let parts = [
            (IntegrationId(1), Kind::Ticket, source("9")),
            (IntegrationId(2), Kind::Organization, source("a")),
            (IntegrationId(2), Kind::Organization, source("ab")),
            (IntegrationId(256), Kind::Organization, source("1")),
        ];
        let keys: Vec<_> = parts.iter().map(|parts| Space::LeftOut.key(parts)).collect();
        assert!(keys.is_sorted());
        for (key, parts) in keys.iter().zip(&parts) {
            assert_eq!(Space::LeftOut.parts(key).as_ref(), Some(parts));
            assert!(key.starts_with(&Space::LeftOut.key(&parts.0)));
            assert_eq!(Space::Waiting.parts::<(IntegrationId, Kind, SourceId)>(key), None);
        }
    }

    #[test]
    fn short_and_long_keys_are_none() {
        let key = Space::Record.key(&(Kind::Contact, AssetId(7)));
        assert_eq!(
            Space::Record.parts::<(Kind, AssetId)>(&key),
            Some((Kind::Contact, AssetId(7)))
        );
        assert_eq!(Space::Record.parts::<(Kind, AssetId)>(&key[..9]), None);
        let longer = [&key[..], &[0]].concat();
        assert_eq!(Space::Record.parts::<(Kind, AssetId)>(&longer), None);
    }
}
