//! Why there is no virtctl.

use super::archive::ArchiveError;
use std::io;
use std::path::PathBuf;

/// A virtctl that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VirtctlError {
    /// There is none on this machine, and the cluster offers none for it.
    #[error(
        "no virtctl for this cluster{}, and the cluster's ConsoleCLIDownload has none for this system; put one into \
         PATH, or set ssh.tunnel: native", in_brackets(.0)
    )]
    Nowhere(Vec<String>),
    /// It cannot be downloaded.
    #[error("download virtctl{}; put one into PATH, or set ssh.tunnel: native", in_brackets(.passed_over))]
    Download {
        /// Why what was found before was not used.
        passed_over: Vec<String>,
        /// What happened.
        #[source]
        source: DownloadError,
    },
    /// The archive is refused.
    #[error("unpack virtctl from {url}; put one into PATH, or set ssh.tunnel: native")]
    Archive {
        /// Where the archive came from.
        url: String,
        /// What is wrong with it.
        #[source]
        source: Refused,
    },
    /// The cluster's own virtctl is not what was expected.
    #[error("the virtctl of {url} is refused: {why}; put one into PATH, or set ssh.tunnel: native")]
    Unfit {
        /// Where it came from.
        url: String,
        /// Why it is not used.
        why: String,
    },
    /// Another process holds the cache and does not let go.
    #[error("wait for another download of virtctl into {folder}: {why}")]
    Held {
        /// The cache's folder.
        folder: String,
        /// What the wait ended with.
        why: String,
    },
    /// A file cannot be used.
    #[error("{operation} {}; choose another --data-collector-path", path.display())]
    File {
        /// What was done.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A download that did not come.
#[derive(Debug, thiserror::Error)]
#[error("{url}: {problem}")]
pub struct DownloadError {
    /// Where it was asked for last.
    pub url: String,
    /// What went wrong.
    pub problem: String,
    /// Whether it may come later.
    pub(super) transient: bool,
}

/// An archive that is not used, and why.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Refused(#[from] pub(super) ArchiveError);

fn in_brackets(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) }
}
