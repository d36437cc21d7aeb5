//! Every command as a request value and the one function that executes it.
