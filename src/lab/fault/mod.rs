//! Faults as data: what the lab does wrong, on purpose.
//!
//! `table` has a row for each fault of the product that says Succeeded all the same, with the one check that must catch
//! it; `open` has what fails openly. How an object is harmed is the controllers' module `harm`.

mod open;
mod product;
mod switched;
mod table;

pub use open::{Failure, TransportEffect, TransportFault};
pub use product::{FaultRow, Need, product_fault};
pub use switched::Faults;
pub use table::{HARMLESS, NO_CHECK, PRODUCT_FAULTS, ProductFault};
