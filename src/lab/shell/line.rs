//! How a POSIX shell reads a line, as far as the lab needs it: quotes, lists of commands, redirections, here-documents.
//! There are no variables, pipes or substitutions; a line that has them is refused rather than misread.

/// A command of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::lab) struct Command {
    /// How it hangs together with the one before it.
    pub(in crate::lab) join: Join,
    /// Its words; of each, whether no part of it was quoted, so that it may be a pattern.
    pub(in crate::lab) words: Vec<(String, bool)>,
    /// Where its standard output goes.
    pub(in crate::lab) output: Option<Redirect>,
    /// The text of its here-document.
    pub(in crate::lab) input: Option<String>,
    /// Whether its standard error is dropped.
    pub(in crate::lab) is_quiet: bool,
}

/// How a command hangs together with the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::lab) enum Join {
    /// It runs in any case.
    #[default]
    Always,
    /// It runs if the one before ended well.
    And,
    /// It runs if not.
    Or,
}

/// A file that takes output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lab) struct Redirect {
    pub(in crate::lab) path: String,
    pub(in crate::lab) appends: bool,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Word(String, bool),
    Operator(&'static str),
}

/// Longer operators first.
const OPERATORS: [&str; 12] = ["2>&1", "2>", "&&", "||", ">>", "<<", ">", "<", ";", "|", "&", "\n"];

/// Reads a line; the error is what the shell complains about.
pub(in crate::lab) fn parse(text: &str) -> Result<Vec<Command>, String> {
    let (line, document) = split_document(text);
    let mut pieces = pieces(line)?.into_iter();
    let mut commands = vec![Command::default()];
    while let Some(piece) = pieces.next() {
        let mut target = || match pieces.next() {
            Some(Piece::Word(word, bare)) => Ok((word, bare)),
            _ => Err("syntax error near unexpected token `newline'".to_owned()),
        };
        let next = |join| Command { join, ..Command::default() };
        let last = commands.len() - 1;
        match piece {
            Piece::Word(word, bare) => commands[last].words.push((word, bare)),
            Piece::Operator("&&") => commands.push(next(Join::And)),
            Piece::Operator("||") => commands.push(next(Join::Or)),
            Piece::Operator(";" | "\n") => commands.push(next(Join::Always)),
            Piece::Operator(arrow @ (">" | ">>")) => {
                commands[last].output = Some(Redirect { path: target()?.0, appends: arrow == ">>" });
            }
            Piece::Operator("2>") => match target()?.0.as_str() {
                "/dev/null" => commands[last].is_quiet = true,
                _ => return Err("syntax error: the lab's shell sends errors to /dev/null only".to_owned()),
            },
            Piece::Operator("2>&1") => {}
            Piece::Operator("<<") => match target()? {
                (_, true) => return Err("syntax error: the lab knows quoted here-documents only".to_owned()),
                (mark, false) => commands[last].input = Some(here_document(&mark, document)),
            },
            Piece::Operator(other) => return Err(format!("syntax error: the lab's shell does not know `{other}'")),
        }
    }
    commands.retain(|command| !command.words.is_empty() || command.output.is_some());
    Ok(commands)
}

/// The first line and the rest, if the line begins a here-document; else everything is the line.
fn split_document(text: &str) -> (&str, &str) {
    match text.split_once('\n') {
        Some((line, rest)) if line.contains("<<") => (line, rest),
        _ => (text, ""),
    }
}

/// What stands before the line that is the mark.
fn here_document(mark: &str, text: &str) -> String {
    text.split_inclusive('\n').take_while(|line| line.trim_end_matches('\n') != mark).collect()
}

fn pieces(line: &str) -> Result<Vec<Piece>, String> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r']);
        if rest.is_empty() {
            return Ok(found);
        }
        if let Some(operator) = OPERATORS.iter().find(|operator| rest.starts_with(**operator)) {
            found.push(Piece::Operator(operator));
            rest = &rest[operator.len()..];
        } else {
            let (word, bare, after) = word(rest)?;
            found.push(Piece::Word(word, bare));
            rest = after;
        }
    }
}

fn unknown_to_the_lab(letter: char) -> String {
    format!("syntax error: the lab's shell does not know `{letter}'")
}

/// The word at the start of a text, whether it has no quotes, and what follows.
fn word(text: &str) -> Result<(String, bool, &str), String> {
    let (mut word, mut bare) = (String::new(), true);
    let mut letters = text.char_indices();
    let ends = |letter: char| letter.is_whitespace() || [';', '&', '|', '<', '>'].contains(&letter);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\'' | '"' => {
                bare = false;
                loop {
                    match letters.next() {
                        None => return Err(format!("unexpected EOF while looking for matching `{letter}'")),
                        Some((_, inner)) if inner == letter => break,
                        Some((_, '\\')) if letter == '"' => match letters.next() {
                            Some((_, '\n')) => {}
                            Some((_, escaped @ ('$' | '`' | '"' | '\\'))) => word.push(escaped),
                            // Before any other letter a backslash is one.
                            other => word.extend(std::iter::once('\\').chain(other.map(|(_, kept)| kept))),
                        },
                        Some((_, unknown @ ('$' | '`'))) if letter == '"' => return Err(unknown_to_the_lab(unknown)),
                        Some((_, inner)) => word.push(inner),
                    }
                }
            }
            '\\' => word.extend(letters.next().map(|(_, escaped)| escaped)),
            '$' | '`' | '(' | ')' => return Err(unknown_to_the_lab(letter)),
            _ if ends(letter) => return Ok((word, bare, &text[at..])),
            _ => word.push(letter),
        }
    }
    Ok((word, bare, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let commands = parse(text).unwrap();
        commands.into_iter().map(|command| command.words.into_iter().map(|(word, _)| word).collect()).collect()
    }

    #[test]
    fn quotes_lists_and_documents_are_read() {
        assert_eq!(words(r"find 'it'\''s here' -exec sha256sum {} +")[0][1], "it's here");
        assert_eq!(
            words("printf %s 'a b' > '/x' && sync; true"),
            [vec!["printf", "%s", "a b"], vec!["sync"], vec!["true"]]
        );
        let commands = parse("cat > /tmp/a <<'END'\none $two\nEND\nnot this").unwrap();
        assert_eq!(commands[0].input.as_deref(), Some("one $two\n"));
        assert_eq!(commands[0].output, Some(Redirect { path: "/tmp/a".into(), appends: false }));
        let quiet = parse("cat /a/*.yaml 2>/dev/null").unwrap();
        assert!(quiet[0].is_quiet && quiet[0].words[1].1);
        assert_eq!(words(r#"echo "a\b \"c\" \$d \\""#)[0][1], r#"a\b "c" $d \"#);
        for refused in [
            "a | b",
            "echo $HOME",
            "echo \"$HOME\"",
            "echo \"`id`\"",
            "a 2>/tmp/b",
            "echo 'open",
            "cat >",
            "cat <<A\nx\nA",
        ] {
            assert!(parse(refused).is_err(), "{refused}");
        }
    }
}
