//! Programs and data for each kind of user; see the folders beside this one.

pub mod corridor;
