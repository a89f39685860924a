//! What the benches share: what is measured, how it is run, and how figures are printed.

pub(crate) mod cold_start;
pub(crate) mod figures;
pub(crate) mod ground;
pub(crate) mod python;
pub(crate) mod requests;
pub(crate) mod sizes;
