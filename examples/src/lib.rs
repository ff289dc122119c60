//! Programs and data for each kind of user.
//!
//! - `corridor/`, `dfars-2027/`, `mofcom-suspended/`, `recycled/`: mine-to-magnet chains as data, each with a story, a bundle
//!   and the reports on it. `bin/demo.rs` issues the first over HTTP and verifies it.
//! - `bin/refiner.rs`: a refiner's issue call. `bin/buyer.rs`: a buyer's check of a folder.
//!   `bin/erp.rs`: embedding the library, with a key of one's own.
//!
//! These are programs at the outer edge: they read the clock and print.
#![expect(
    clippy::disallowed_methods,
    reason = "an example is the outermost program: clock and randomness are its own"
)]

pub mod client;
pub mod corridor;
pub mod erp;
