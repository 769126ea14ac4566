//! Whether the blocks of a template are closed.
//!
//! Reads the source as Go's lexer does as far as it must: actions, their first word, texts and comments inside. The
//! engine's parser takes a stray `{{end}}` for the end of the template, and the end of the text for a missing one.

/// Checks that every block has its end, and every end, else, break and continue its block.
///
/// # Errors
/// The first fault, in words.
pub(super) fn check(source: &str) -> Result<(), String> {
    let mut open: Vec<Open> = Vec::new();
    let mut rest = source;
    while let Some((_, after)) = rest.split_once("{{") {
        let (action, tail) = action(after)?;
        step(&mut open, action)?;
        rest = tail;
    }
    match open.last() {
        None => Ok(()),
        Some(block) => Err(format!("the {{{{{}}}}} has no {{{{end}}}}", block.word)),
    }
}

/// A block that is not closed yet.
struct Open {
    word: String,
    /// Its else was seen.
    otherwise: bool,
}

fn step(open: &mut Vec<Open>, action: &str) -> Result<(), String> {
    let mut words =
        action.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|one| !one.is_empty());
    let begins_with_word = action.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    let Some(word) = words.next().filter(|_| begins_with_word) else { return Ok(()) };
    match word {
        "define" if !open.is_empty() => return Err("unexpected {{define}}: it may not stand in a block".to_owned()),
        "if" | "range" | "with" | "block" | "define" => open.push(Open { word: word.to_owned(), otherwise: false }),
        "end" => {
            open.pop().ok_or("unexpected {{end}}")?;
        }
        "else" => otherwise(open, words.next().unwrap_or_default())?,
        "break" | "continue" if !in_range(open) => return Err(format!("{{{{{word}}}}} outside {{{{range}}}}")),
        _ => {}
    }
    Ok(())
}

/// `{{else}}` ends a block's first part; `{{else if}}` and `{{else with}}` go on with another of the same end.
fn otherwise(open: &mut [Open], next: &str) -> Result<(), String> {
    let block = open.last_mut().filter(|block| ["if", "with", "range"].contains(&block.word.as_str()));
    let block = block.filter(|block| !block.otherwise).ok_or("unexpected {{else}}")?;
    match next {
        "if" | "with" if block.word != next => Err(format!("unexpected {{{{else {next}}}}} in {{{{{}}}}}", block.word)),
        "if" | "with" => Ok(()),
        _ => {
            block.otherwise = true;
            Ok(())
        }
    }
}

/// Whether the innermost template has a range around this place; a range's else is outside of it.
fn in_range(open: &[Open]) -> bool {
    let inner = open.iter().rev().take_while(|block| !["define", "block"].contains(&block.word.as_str()));
    inner.into_iter().any(|block| block.word == "range" && !block.otherwise)
}

/// The action's text from its first word, and what follows the action.
fn action(text: &str) -> Result<(&str, &str), String> {
    let inner = text.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(text);
    let inner = inner.trim_start();
    if let Some(comment) = inner.strip_prefix("/*") {
        let (_, after) = comment.split_once("*/").ok_or("unclosed comment")?;
        let after = after.split_once("}}").map(|(_, after)| after).ok_or("comment ends before closing delimiter")?;
        return Ok(("", after));
    }
    let mut at = 0;
    while let Some(letter) = inner[at..].chars().next() {
        if inner[at..].starts_with("}}") {
            return Ok((&inner[..at], &inner[at + 2..]));
        }
        at += match letter {
            '"' | '\'' | '`' => quoted(&inner[at..], letter)?,
            other => other.len_utf8(),
        };
    }
    Err("unclosed action".to_owned())
}

/// The length of a quoted text with its quotes.
fn quoted(text: &str, quote: char) -> Result<usize, String> {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if letter == '\\' && quote != '`' {
            escaped = true;
        } else if letter == quote {
            return Ok(at + 1);
        }
    }
    Err(format!("a text that begins with {quote} has no end"))
}
