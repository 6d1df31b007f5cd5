//! Examples of what a relay decides. It must not know how effects are run.
