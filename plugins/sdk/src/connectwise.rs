//! ConnectWise's records as types that take whatever the server sends: every property may be missing, a number may come
//! as text and a text as a number, a reference as `{}`. What does not fit reads as nothing and never as an error.
//!
//! ```
//! use dovetail_sdk::connectwise::Configuration;
//!
//! let device: Configuration = serde_json::from_str(
//!     r#"{"id": "17", "name": "DC-01", "company": {"id": 2, "name": "Acme"}, "type": {}, "activeFlag": "true",
//!         "customFields": [{"id": 3, "caption": "Rack", "value": 12}],
//!         "questions": [{"question": "Asset owner", "answer": "Ada"}]}"#,
//! ).unwrap();
//! assert_eq!(device.id, Some(17));
//! assert_eq!(device.company.name(), Some("Acme"));
//! assert_eq!(device.r#type.name(), None);
//! assert_eq!(device.active_flag, Some(true));
//! assert_eq!(device.custom_field("rack").as_deref(), Some("12"));
//! assert_eq!(device.question("Asset owner").as_deref(), Some("Ada"));
//! ```

mod loose;
mod shapes;

pub use loose::Loose;
pub use shapes::{Company, Configuration, Contact, CustomField, Question, Reference, Site, Ticket};
