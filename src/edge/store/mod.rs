//! What outlives memory: one file per table, and in them the only SQL. It must not decide what is stored.

pub mod sequence;
