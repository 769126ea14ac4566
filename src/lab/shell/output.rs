//! How a command ended.

/// What a command wrote, and its status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Output {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Exit status.
    pub status: u32,
}

impl Output {
    /// It ended well and wrote `stdout`.
    pub(in crate::lab) fn said(stdout: impl Into<Vec<u8>>) -> Self {
        Self { stdout: stdout.into(), ..Self::default() }
    }

    /// It ended with this status and this line on standard error.
    pub(in crate::lab) fn failed(status: u32, stderr: impl AsRef<str>) -> Self {
        let mut stderr = stderr.as_ref().as_bytes().to_vec();
        stderr.push(b'\n');
        Self { stdout: Vec::new(), stderr, status }
    }

    /// It wrote nothing, and its status says whether `answer` holds.
    pub(in crate::lab) fn verdict(answer: bool) -> Self {
        Self { status: u32::from(!answer), ..Self::default() }
    }
}
