//! The only owner of standard output and standard error. Data goes to the first, words for people to the second.

use super::args::ColourChoice;
use crate::config::Environment;
use crate::report::{Paint, Screen};
use std::io::{self, IsTerminal, Write};

/// Writes `text` to standard output. A reader that went away (`| head`) is no error.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn print(text: &str) -> io::Result<()> {
    write_all(&mut io::stdout().lock(), text)
}

/// Writes a line for people to standard error. Nothing can be done if that fails.
pub(super) fn say(line: &str) {
    write_all(&mut io::stderr().lock(), &format!("{line}\n")).ok();
}

fn write_all(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The colour of texts on standard output.
pub(super) fn stdout_paint(choice: ColourChoice, environment: &dyn Environment) -> Paint {
    paint(choice, environment, io::stdout().is_terminal())
}

/// The colour of texts on standard error.
pub(super) fn stderr_paint(choice: ColourChoice, environment: &dyn Environment) -> Paint {
    paint(choice, environment, io::stderr().is_terminal())
}

/// Whether standard output goes to a terminal.
pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Standard error as a screen: live if it is a terminal that can move its cursor and `progress` is wanted.
pub(super) fn stderr_screen(progress: bool, environment: &dyn Environment) -> Screen {
    let able = io::stderr().is_terminal() && environment.get("TERM").is_none_or(|terminal| terminal != "dumb");
    if progress && able { Screen::live() } else { Screen::plain(io::stderr()) }
}

/// Source: <https://no-color.org>: NO_COLOR counts when it is set and not empty.
fn paint(choice: ColourChoice, environment: &dyn Environment, terminal: bool) -> Paint {
    let refused = environment.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    Paint::new(match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto => terminal && !refused,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MapEnvironment;

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        assert!(write_all(&mut Failing(io::ErrorKind::BrokenPipe), "x").is_ok());
        assert!(write_all(&mut Failing(io::ErrorKind::StorageFull), "x").is_err());
    }

    #[test]
    fn colour_needs_a_terminal_and_consent() {
        let environment = |value: Option<&str>| {
            MapEnvironment(value.map(|text| ("NO_COLOR".to_owned(), text.to_owned())).into_iter().collect())
        };
        for (choice, no_color, terminal, colour) in [
            (ColourChoice::Auto, None, true, true),
            (ColourChoice::Auto, Some(""), true, true),
            (ColourChoice::Auto, Some("1"), true, false),
            (ColourChoice::Auto, None, false, false),
            (ColourChoice::Always, Some("1"), false, true),
            (ColourChoice::Never, None, true, false),
        ] {
            let seen = paint(choice, &environment(no_color), terminal);
            assert_eq!(seen, Paint::new(colour), "{choice:?} {no_color:?} {terminal}");
        }
    }
}
