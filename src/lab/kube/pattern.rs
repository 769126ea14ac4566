//! Patterns of schemas: the part of regular expressions that definitions of kinds use.
//!
//! Anchors, classes, groups with alternatives, and repetition; what is written otherwise counts as matching, because a
//! value refused for a pattern that was not understood would be worse than one let through.

/// Whether a text contains a match of the pattern.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let letters: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let Some(tree) = alternatives(&letters, &mut at).filter(|_| at == letters.len()) else { return true };
    let text: Vec<char> = text.chars().collect();
    (0..=text.len()).any(|start| run(&tree, &text, start, &mut |_| true))
}

#[derive(Debug)]
enum Node {
    Start,
    End,
    Any,
    /// Ranges of letters, and whether they are excluded.
    Class(Vec<(char, char)>, bool),
    Group(Vec<Vec<Node>>),
    Repeat(Box<Node>, usize, usize),
}

fn alternatives(letters: &[char], at: &mut usize) -> Option<Node> {
    let mut options = vec![Vec::new()];
    while let Some(letter) = letters.get(*at) {
        match letter {
            ')' => break,
            '|' => {
                options.push(Vec::new());
                *at += 1;
            }
            _ => {
                let node = atom(letters, at)?;
                let node = repetition(letters, at, node)?;
                options.last_mut()?.push(node);
            }
        }
    }
    Some(Node::Group(options))
}

fn atom(letters: &[char], at: &mut usize) -> Option<Node> {
    let letter = *letters.get(*at)?;
    *at += 1;
    Some(match letter {
        '^' => Node::Start,
        '$' => Node::End,
        '.' => Node::Any,
        '[' => class(letters, at)?,
        '\\' => Node::Class(escape(letters, at)?, false),
        '(' => {
            if letters.get(*at) == Some(&'?') {
                // Only the group that is not captured.
                if letters.get(*at + 1) != Some(&':') {
                    return None;
                }
                *at += 2;
            }
            let group = alternatives(letters, at)?;
            (letters.get(*at) == Some(&')')).then_some(())?;
            *at += 1;
            group
        }
        '*' | '+' | '?' | '{' => return None,
        other => Node::Class(vec![(other, other)], false),
    })
}

fn escape(letters: &[char], at: &mut usize) -> Option<Vec<(char, char)>> {
    let letter = *letters.get(*at)?;
    *at += 1;
    Some(match letter {
        'd' => vec![('0', '9')],
        'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
        's' => vec![(' ', ' '), ('\t', '\r')],
        other if other.is_ascii_alphanumeric() => return None,
        other => vec![(other, other)],
    })
}

fn class(letters: &[char], at: &mut usize) -> Option<Node> {
    let excluded = letters.get(*at) == Some(&'^');
    *at += usize::from(excluded);
    let mut ranges = Vec::new();
    let mut first = true;
    loop {
        let letter = *letters.get(*at)?;
        *at += 1;
        match letter {
            ']' if !first => return Some(Node::Class(ranges, excluded)),
            '[' if letters.get(*at) == Some(&':') => return None,
            '\\' => ranges.extend(escape(letters, at)?),
            low if letters.get(*at) == Some(&'-') && letters.get(*at + 1).is_some_and(|high| *high != ']') => {
                ranges.push((low, *letters.get(*at + 1)?));
                *at += 2;
            }
            one => ranges.push((one, one)),
        }
        first = false;
    }
}

fn repetition(letters: &[char], at: &mut usize, node: Node) -> Option<Node> {
    let (least, most) = match letters.get(*at) {
        Some('*') => (0, usize::MAX),
        Some('+') => (1, usize::MAX),
        Some('?') => (0, 1),
        Some('{') => {
            let end = *at + letters.get(*at..)?.iter().position(|letter| *letter == '}')?;
            let text: String = letters.get(*at + 1..end)?.iter().collect();
            *at = end;
            match text.split_once(',') {
                None => (text.parse().ok()?, text.parse().ok()?),
                Some((least, "")) => (least.parse().ok()?, usize::MAX),
                Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
            }
        }
        _ => return Some(node),
    };
    *at += 1;
    if letters.get(*at) == Some(&'?') {
        // Whether something matches does not depend on greed.
        *at += 1;
    }
    Some(Node::Repeat(Box::new(node), least, most))
}

/// Whether the node matches from `at` on, and what follows from where it ends.
fn run(node: &Node, text: &[char], at: usize, then: &mut dyn FnMut(usize) -> bool) -> bool {
    match node {
        Node::Start => at == 0 && then(at),
        Node::End => at == text.len() && then(at),
        Node::Any => text.get(at).is_some_and(|letter| *letter != '\n') && then(at + 1),
        Node::Class(ranges, excluded) => {
            let fits = |letter: &char| ranges.iter().any(|(low, high)| low <= letter && letter <= high) != *excluded;
            text.get(at).is_some_and(fits) && then(at + 1)
        }
        Node::Group(options) => options.iter().any(|nodes| run_all(nodes, text, at, then)),
        Node::Repeat(node, least, most) => repeat(node, (*least, *most), text, at, then),
    }
}

fn run_all(nodes: &[Node], text: &[char], at: usize, then: &mut dyn FnMut(usize) -> bool) -> bool {
    match nodes.split_first() {
        None => then(at),
        Some((first, rest)) => run(first, text, at, &mut |next| run_all(rest, text, next, then)),
    }
}

fn repeat(
    node: &Node,
    (least, most): (usize, usize),
    text: &[char],
    at: usize,
    then: &mut dyn FnMut(usize) -> bool,
) -> bool {
    let more = most > 0
        && run(node, text, at, &mut |next| {
            // A round that takes nothing would go on for ever.
            next > at && repeat(node, (least.saturating_sub(1), most - 1), text, next, then)
        });
    more || (least == 0 && then(at))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_regular_expressions_do() {
        for (pattern, text, fits) in [
            ("^[a-z]+$", "abc", true),
            ("^[a-z]+$", "ABC", false),
            ("b", "abc", true),
            ("^$", "", true),
            ("^a{2,3}$", "aa", true),
            ("^a{2,3}$", "aaaa", false),
            ("^(a|bc)*d$", "abcad", true),
            ("^(a|bc)*d$", "abd", false),
            (r"^\d+(\.\d+)?$", "1.5", true),
            (r"^\d+(\.\d+)?$", "1.", false),
            ("^[^/]*$", "a/b", false),
            ("^[-a-z0-9]([-a-z0-9]*[a-z0-9])?$", "-a-b", true),
            // Not understood, so let through.
            (r"^\p{L}$", "1", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }
}
