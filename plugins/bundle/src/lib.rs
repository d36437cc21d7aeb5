//! The stock components as bytes inside the binary.
