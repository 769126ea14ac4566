//! A Windows guest: one script of PowerShell, else what every Windows has.

pub(super) mod ipconfig;
mod looked;
pub(super) mod report;

pub(super) use looked::look;
