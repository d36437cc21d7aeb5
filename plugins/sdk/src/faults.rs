//! Short ways to a [`Fault`](crate::mapping::types::Fault) in both worlds: what kind of trouble it is, and words for
//! people.
//!
//! ```
//! use dovetail_sdk::mapping::types::{Cause, Fault};
//!
//! let fault = Fault::data("serial_number", "the serial number holds a line break");
//! assert!(matches!(fault.cause, Cause::Data(field) if field == "serial_number"));
//! ```

macro_rules! constructors {
    ($world:ident) => {
        impl crate::$world::types::Fault {
            /// This record's data is at fault. `field` is the standard field, or empty for the record as a whole.
            pub fn data(field: impl Into<String>, message: impl Into<String>) -> Self {
                Self {
                    cause: crate::$world::types::Cause::Data(field.into()),
                    message: message.into(),
                }
            }

            /// The plugin found a case it was not written for.
            pub fn bug(message: impl Into<String>) -> Self {
                Self {
                    cause: crate::$world::types::Cause::Bug,
                    message: message.into(),
                }
            }

            /// A setting does not make sense; a person has to change the one under `key`.
            pub fn invalid_config(key: impl Into<String>, message: impl Into<String>) -> Self {
                Self {
                    cause: crate::$world::types::Cause::InvalidConfig(key.into()),
                    message: message.into(),
                }
            }
        }
    };
}

constructors!(mapping);
constructors!(connector);
