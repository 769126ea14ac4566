//! Where lines for people go: straight to a stream, or above the live lines of a terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A stream of lines that the console and the log share, so that neither tears the other's. Clones share it.
#[derive(Clone)]
pub struct Screen(Target);

#[derive(Clone)]
enum Target {
    Live(MultiProgress),
    Plain(Arc<Mutex<dyn Write + Send>>),
}

impl fmt::Debug for Screen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Screen").field("live", &self.is_live()).finish()
    }
}

impl Screen {
    /// Standard error as a terminal, with live lines at its end.
    pub fn live() -> Self {
        Self(Target::Live(MultiProgress::with_draw_target(ProgressDrawTarget::stderr())))
    }

    /// Any stream, line after line.
    pub fn plain(out: impl Write + Send + 'static) -> Self {
        Self(Target::Plain(Arc::new(Mutex::new(out))))
    }

    /// Whether it has live lines. Nothing else may be written to the terminal meanwhile.
    pub fn is_live(&self) -> bool {
        matches!(self.0, Target::Live(_))
    }

    /// Writes `text` and a line break. A reader that went away (a closed pipe) is no error: the run goes on.
    ///
    /// # Errors
    /// The stream cannot be written.
    pub fn line(&self, text: &str) -> io::Result<()> {
        let written = match &self.0 {
            // indicatif leaves out the empty line.
            Target::Live(lines) => lines.println(if text.is_empty() { " " } else { text }),
            Target::Plain(out) => {
                let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
                writeln!(out, "{text}").and_then(|()| out.flush())
            }
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }

    /// Adds a live line at the end; `None` without live lines.
    pub(super) fn add(&self, line: ProgressBar) -> Option<ProgressBar> {
        match &self.0 {
            Target::Live(lines) => Some(lines.add(line)),
            Target::Plain(_) => None,
        }
    }
}

/// For the log: each write is one or more whole lines.
impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.line(text.strip_suffix('\n').unwrap_or(&text))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A stream that can be read back.
    #[derive(Clone, Default)]
    pub(in crate::report) struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Shared {
        pub(in crate::report) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_and_log_records_share_the_stream() {
        let out = Shared::default();
        let mut screen = Screen::plain(out.clone());
        screen.line("one").unwrap();
        screen.write_all(b"two\n").unwrap();
        assert_eq!(out.text(), "one\ntwo\n");
        assert!(screen.add(ProgressBar::hidden()).is_none());
    }

    #[test]
    fn a_closed_pipe_does_not_stop_the_run() {
        assert!(Screen::plain(Closed(io::ErrorKind::BrokenPipe)).line("x").is_ok());
        assert!(Screen::plain(Closed(io::ErrorKind::StorageFull)).line("x").is_err());
    }
}
