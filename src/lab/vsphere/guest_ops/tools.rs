//! What the tools of all guests of a source hold: processes, temporary files, and tickets for files.

use super::program::Program;
use crate::lab::guest::Output;
use std::collections::BTreeMap;
use tokio::task::AbortHandle;

/// Status of a program that was ended from outside.
pub(super) const TERMINATED: u32 = 143;

/// A program that was started.
#[derive(Debug)]
pub(super) struct Process {
    /// Name of its file.
    pub(super) name: String,
    /// Who started it.
    pub(super) owner: String,
    /// Path and arguments.
    pub(super) line: String,
    /// When it began, RFC 3339.
    pub(super) began: String,
    /// When and how it ended.
    pub(super) ended: Option<(String, u32)>,
    /// What ends it early.
    pub(super) handle: Option<AbortHandle>,
}

/// What the tools inside one guest hold.
#[derive(Debug, Default)]
pub(super) struct Tools {
    /// The boot of the guest in which they hold it.
    boot: String,
    /// By process id.
    pub(super) processes: BTreeMap<i64, Process>,
    /// Contents by path.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// Temporary folders.
    pub(super) folders: Vec<String>,
}

/// The tools of all guests.
#[derive(Debug, Default)]
pub(super) struct AllTools {
    /// By MoRef value of the VM.
    of: BTreeMap<String, Tools>,
    /// What is fetched by a ticket, once.
    pub(super) tickets: BTreeMap<String, Vec<u8>>,
    next: i64,
}

impl AllTools {
    /// The tools of a guest in its present boot: what an earlier one held is gone.
    pub(super) fn of(&mut self, (moref, boot): (&str, &str)) -> &mut Tools {
        let tools = self.of.entry(moref.to_owned()).or_default();
        if tools.boot != boot {
            tools.stop();
            boot.clone_into(&mut tools.boot);
        }
        tools
    }

    /// The tools of a guest, if they are still those of this boot.
    pub(super) fn still(&mut self, (moref, boot): (&str, &str)) -> Option<&mut Tools> {
        self.of.get_mut(moref).filter(|tools| tools.boot == boot)
    }

    /// The guest went down.
    pub(super) fn stop(&mut self, moref: &str) {
        self.of.remove(moref).into_iter().for_each(|mut tools| tools.stop());
    }

    /// A number for a process, a file or a ticket.
    pub(super) fn number(&mut self) -> i64 {
        self.next += 1;
        1000 + self.next
    }
}

impl Tools {
    /// A program has ended: its files are written.
    pub(super) fn finish(&mut self, pid: i64, program: &Program, output: Output, at: String) {
        let Some(process) = self.processes.get_mut(&pid).filter(|process| process.ended.is_none()) else { return };
        process.ended = Some((at, output.status));
        process.handle = None;
        for (file, content) in [(&program.stdout, output.stdout), (&program.stderr, output.stderr)] {
            if let Some(file) = file {
                self.files.entry(file.clone()).or_default().extend(content);
            }
        }
    }

    /// Ends a program; `false` when there is none of this number.
    pub(super) fn terminate(&mut self, pid: i64, at: String) -> bool {
        let Some(process) = self.processes.get_mut(&pid) else { return false };
        if let Some(handle) = process.handle.take() {
            handle.abort();
        }
        process.ended.get_or_insert((at, TERMINATED));
        true
    }

    /// Removes a file; `false` when there is none.
    pub(super) fn remove_file(&mut self, path: &str) -> bool {
        self.files.remove(path).is_some()
    }

    /// What is in a folder; `None` when there is no such folder.
    pub(super) fn inside(&self, folder: &str) -> Option<usize> {
        let is_there = self.folders.iter().any(|known| known == folder);
        is_there.then(|| self.files.keys().filter(|file| is_inside(file, folder)).count())
    }

    /// Removes a folder with everything in it.
    pub(super) fn remove_folder(&mut self, folder: &str) {
        self.folders.retain(|known| known != folder);
        self.files.retain(|file, _| !is_inside(file, folder));
    }

    /// The guest went down: nothing runs any more, and what was temporary is gone.
    fn stop(&mut self) {
        for process in self.processes.values() {
            if let Some(handle) = &process.handle {
                handle.abort();
            }
        }
        *self = Self::default();
    }
}

fn is_inside(file: &str, folder: &str) -> bool {
    file.strip_prefix(folder).is_some_and(|rest| rest.starts_with(['/', '\\']))
}
