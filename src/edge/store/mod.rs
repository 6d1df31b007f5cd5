//! What outlives memory: one file per table, and in them the only SQL.

pub mod sequence;
