//! An overlay: one customer's configurations renamed, a custom field copied into a field.
