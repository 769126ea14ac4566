//! The program that runs a command line and leaves its output in files.

use crate::facts::{GuestFamily, sh_quoted};

/// What is started in a guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// Absolute path in the guest, as Tools want it.
    pub(super) path: &'static str,
    /// Its arguments as one text.
    pub(super) arguments: String,
}

/// Where a command's output goes inside a folder of the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutputFiles {
    /// Standard output.
    pub(super) stdout: String,
    /// Standard error.
    pub(super) stderr: String,
}

impl OutputFiles {
    /// Those in `folder`.
    pub(super) fn in_folder(family: GuestFamily, folder: &str) -> Self {
        let separator = match family {
            GuestFamily::Linux => '/',
            GuestFamily::Windows => '\\',
        };
        let file = |name: &str| format!("{}{separator}{name}", folder.trim_end_matches(separator));
        Self { stdout: file("stdout"), stderr: file("stderr") }
    }
}

impl Program {
    /// The one that runs `line`.
    ///
    /// Tools on Linux hand path and arguments to a shell, which takes the redirections; on Windows they start the path
    /// alone, so an outer `cmd.exe` takes them, and every letter of the line that means something to it is escaped:
    /// only the inner one reads the line.
    pub(super) fn of_line(family: GuestFamily, line: &str, files: &OutputFiles) -> Self {
        let OutputFiles { stdout, stderr } = files;
        match family {
            GuestFamily::Linux => Self {
                path: "/bin/sh",
                arguments: format!("-c {} >{} 2>{} </dev/null", sh_quoted(line), sh_quoted(stdout), sh_quoted(stderr)),
            },
            GuestFamily::Windows => Self {
                path: r"C:\Windows\System32\cmd.exe",
                arguments: format!(r#"/s /c "cmd.exe /s /c ^"{}^" >"{stdout}" 2>"{stderr}" <NUL""#, escaped(line)),
            },
        }
    }
}

/// The text behind carets, for a `cmd.exe` that only passes it on.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '&' | '|' | '<' | '>' | '(' | ')' | '^' | '"') {
            out.push('^');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_linux_is_one_word_of_the_outer_shell() {
        let files = OutputFiles::in_folder(GuestFamily::Linux, "/tmp/mtvtest1/");
        assert_eq!(
            Program::of_line(GuestFamily::Linux, "printf %s 'a b' > /x && sync", &files),
            Program {
                path: "/bin/sh",
                arguments: r"-c 'printf %s '\''a b'\'' > /x && sync' >'/tmp/mtvtest1/stdout' 2>'/tmp/mtvtest1/stderr' </dev/null"
                    .to_owned(),
            }
        );
    }

    #[test]
    fn a_line_for_windows_is_read_by_the_inner_cmd_alone() {
        let files = OutputFiles::in_folder(GuestFamily::Windows, r"C:\Temp\m 1");
        assert_eq!(
            Program::of_line(GuestFamily::Windows, r#"echo "a & b" (c)"#, &files).arguments,
            r#"/s /c "cmd.exe /s /c ^"echo ^"a ^& b^" ^(c^)^" >"C:\Temp\m 1\stdout" 2>"C:\Temp\m 1\stderr" <NUL""#
        );
    }
}
