//! A Windows guest: `cmd.exe`, PowerShell, and the few commands that tell of it.

mod cmd;
mod files;
mod ipconfig;
mod powershell;
mod words;

#[cfg(test)]
pub(super) use powershell::FACTS;

pub(super) use cmd::run;
