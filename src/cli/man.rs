//! `man`: manual pages, from the same texts as the help.

use super::args::{Cli, ManArgs};
use super::{CliError, ExitCode, output};
use clap::CommandFactory;
use std::path::Path;

/// `mtvtest man`.
pub(super) fn man(args: &ManArgs) -> Result<ExitCode, CliError> {
    if let Some(directory) = &args.dir {
        write_pages(directory)?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(CliError::stdout)?;
        output::print(&String::from_utf8_lossy(&page)).map_err(CliError::stdout)?;
    }
    Ok(ExitCode::Success)
}

fn write_pages(directory: &Path) -> Result<(), CliError> {
    let fail = |cause| CliError::Write { path: directory.to_owned(), cause };
    std::fs::create_dir_all(directory).map_err(fail)?;
    clap_mangen::generate_to(Cli::command(), directory).map_err(fail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write_pages(folder.path()).unwrap();
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let page = folder.path().join(format!("mtvtest-{}.1", command.get_name()));
            assert!(page.is_file(), "{}", page.display());
        }
        let run = std::fs::read_to_string(folder.path().join("mtvtest-run.1")).unwrap();
        assert!(run.contains("skip\\-teardown"), "{run}");
    }
}
