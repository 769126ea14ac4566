//! What a program with arguments means: a command line and where its output goes. Tools on Linux give both to a shell;
//! on Windows the program itself, often `cmd.exe`, reads its arguments.

/// A program, understood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Program {
    /// The command line for the guest.
    pub(super) line: String,
    /// File for its standard output.
    pub(super) stdout: Option<String>,
    /// File for its standard error.
    pub(super) stderr: Option<String>,
}

impl Program {
    /// The one at `path`; `None` when no program can be there.
    pub(super) fn read(windows: bool, path: &str, arguments: &str) -> Option<Self> {
        if windows { Self::of_windows(path, arguments) } else { Self::of_linux(path, arguments) }
    }

    fn of_linux(path: &str, arguments: &str) -> Option<Self> {
        let name = path.strip_prefix('/').and_then(|rest| rest.rsplit('/').next()).filter(|name| !name.is_empty())?;
        let mut program = Self::default();
        let words = program.take_redirections(lex(arguments, Quoting::Posix));
        let is_script = matches!(name, "sh" | "bash" | "dash") && words.first().is_some_and(|word| word == "-c");
        program.line = match words.get(1) {
            Some(script) if is_script => script.clone(),
            _ => std::iter::once(name.to_owned()).chain(words).collect::<Vec<_>>().join(" "),
        };
        Some(program)
    }

    fn of_windows(path: &str, arguments: &str) -> Option<Self> {
        let mut letters = path.chars();
        let has_drive = letters.next().is_some_and(|drive| drive.is_ascii_alphabetic()) && letters.next() == Some(':');
        let name = path.rsplit(['\\', '/']).next().filter(|name| has_drive && !name.is_empty())?;
        let mut program = Self::default();
        let Some(line) = command_of_cmd(name, arguments) else {
            let name = name.strip_suffix(".exe").unwrap_or(name);
            return Some(Self { line: format!("{name} {arguments}").trim().to_owned(), ..program });
        };
        let line = program.take_redirections(lex(&line, Quoting::Cmd)).join(" ");
        // Another one inside, to whose line the redirections of the outer one belong.
        let inner = line.split_once(' ').and_then(|(name, arguments)| command_of_cmd(name, arguments));
        program.line = inner.unwrap_or(line);
        Some(program)
    }

    fn take_redirections(&mut self, tokens: Vec<Token>) -> Vec<String> {
        let mut words = Vec::new();
        let mut into = None;
        for token in tokens {
            match (token, into.take()) {
                (Token::Redirection(stream), _) => into = Some(stream),
                (Token::Word(file), Some(Stream::Output)) => self.stdout = Some(file),
                (Token::Word(file), Some(Stream::Error)) => {
                    self.stderr = if file == "&1" { self.stdout.clone() } else { Some(file) };
                }
                (Token::Word(_), Some(Stream::Input)) => {}
                (Token::Word(word), None) => words.push(word),
            }
        }
        words
    }
}

/// What stands behind `/c`, without the quotes that `cmd.exe` takes off; `None` for another program.
fn command_of_cmd(name: &str, arguments: &str) -> Option<String> {
    let name = name.to_lowercase();
    let arguments = arguments.trim();
    let rest = arguments.strip_prefix("/s ").unwrap_or(arguments).trim_start();
    let rest = rest.strip_prefix("/c").filter(|_| name == "cmd.exe" || name == "cmd")?.trim();
    let bare = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Some(bare.unwrap_or(rest).to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// Quotes and backslashes are taken off.
    Posix,
    /// Carets are taken off, quotes stay, since the program itself reads them; the target of a redirection loses them.
    Cmd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Input,
    Output,
    Error,
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Redirection(Stream),
}

/// Words and redirections, as a shell finds them.
fn lex(text: &str, quoting: Quoting) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => {
                quote = None;
                push(&mut word, (quoting == Quoting::Cmd).then_some(letter));
            }
            ('\\', Some('"') | None) if quoting == Quoting::Posix => push(&mut word, letters.next()),
            ('^', None) if quoting == Quoting::Cmd => push(&mut word, letters.next()),
            ('\'', None) if quoting == Quoting::Posix => {
                quote = Some(letter);
                push(&mut word, None);
            }
            ('"', None) => {
                quote = Some(letter);
                push(&mut word, (quoting == Quoting::Cmd).then_some(letter));
            }
            ('>' | '<', None) => {
                let stream = stream(letter, &mut word);
                end(&mut tokens, &mut word);
                letters.next_if(|next| *next == '>');
                tokens.push(Token::Redirection(stream));
            }
            (' ' | '\t' | '\n', None) => end(&mut tokens, &mut word),
            _ => push(&mut word, Some(letter)),
        }
    }
    end(&mut tokens, &mut word);
    if quoting == Quoting::Cmd { without_quotes_of_files(tokens) } else { tokens }
}

fn push(word: &mut Option<String>, letter: Option<char>) {
    word.get_or_insert_default().extend(letter);
}

fn end(tokens: &mut Vec<Token>, word: &mut Option<String>) {
    tokens.extend(word.take().map(Token::Word));
}

/// The stream that an arrow directs; a number before it is part of it.
fn stream(arrow: char, word: &mut Option<String>) -> Stream {
    let number = word.as_deref().filter(|word| matches!(*word, "0" | "1" | "2")).map(str::to_owned);
    if number.is_some() {
        *word = None;
    }
    match (arrow, number.as_deref()) {
        ('<', _) => Stream::Input,
        (_, Some("2")) => Stream::Error,
        _ => Stream::Output,
    }
}

fn without_quotes_of_files(tokens: Vec<Token>) -> Vec<Token> {
    let mut is_file = false;
    let unquoted = |token, is_file: bool| match token {
        Token::Word(word) if is_file => Token::Word(word.trim_matches('"').to_owned()),
        other => other,
    };
    tokens
        .into_iter()
        .map(|token| {
            let next = matches!(token, Token::Redirection(_));
            unquoted(token, std::mem::replace(&mut is_file, next))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Program;

    fn of(windows: bool, path: &str, arguments: &str) -> (String, Option<String>, Option<String>) {
        let Program { line, stdout, stderr } = Program::read(windows, path, arguments).unwrap();
        (line, stdout, stderr)
    }

    #[test]
    fn a_shell_takes_the_redirections_and_passes_the_line_on() {
        let file = |name: &str| Some(name.to_owned());
        for (path, arguments, line, stdout, stderr) in [
            (
                "/bin/sh",
                r"-c 'printf %s '\''a  b'\'' > /x && sync' >'/t/o' 2>'/t/e' </dev/null",
                "printf %s 'a  b' > /x && sync",
                file("/t/o"),
                file("/t/e"),
            ),
            ("/bin/bash", "-c \"echo \\\"a\\\"\" 1> /t/o 2>&1", "echo \"a\"", file("/t/o"), file("/t/o")),
            ("/usr/bin/cat", "/etc/os-release > /t/o", "cat /etc/os-release", file("/t/o"), None),
            ("/bin/echo", "2 >/t/o", "echo 2", file("/t/o"), None),
        ] {
            assert_eq!(of(false, path, arguments), (line.to_owned(), stdout, stderr), "{arguments}");
        }
        assert_eq!(Program::read(false, "sh", "-c x"), None);
    }

    #[test]
    fn an_outer_cmd_takes_carets_and_redirections() {
        let cmd = r"C:\Windows\System32\cmd.exe";
        let (line, stdout, stderr) =
            of(true, cmd, r#"/s /c "cmd.exe /s /c ^"echo ^"a ^& b^" ^(c^)^" >"C:\T\m 1\o" 2>"C:\T\m 1\e" <NUL""#);
        assert_eq!(line, r#"echo "a & b" (c)"#);
        assert_eq!((stdout.as_deref(), stderr.as_deref()), (Some(r"C:\T\m 1\o"), Some(r"C:\T\m 1\e")));
        assert_eq!(of(true, cmd, r"/c hostname > C:\o").0, "hostname");
        assert_eq!(of(true, r"C:\Windows\System32\hostname.exe", "").0, "hostname");
        assert_eq!(Program::read(true, "/bin/sh", "-c x"), None);
    }
}
