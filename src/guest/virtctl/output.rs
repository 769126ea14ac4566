//! What a virtctl says: read to the last byte so that it never blocks, masked, logged, and its last lines kept.

use crate::config::Secret;
use std::collections::VecDeque;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of a line that are kept. What is longer is no line of virtctl's.
const LINE_BYTES: usize = 4096;
/// Lines that are kept for an error.
const LINES_KEPT: usize = 8;

/// What is known of a virtctl by what it said.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// Its last lines, masked.
    pub(super) last: VecDeque<String>,
    /// It has taken a connection and the cluster has taken the WebSocket.
    pub(super) carries: bool,
    /// The cluster has not, in its words. It stays alive then, and accepts nothing more.
    /// Source: cluster-api.md section 1.4 (TRAP).
    pub(super) refused: Option<String>,
    /// It has ended, and how.
    pub(super) ended: Option<String>,
}

impl Told {
    pub(super) fn hear(&mut self, line: String) {
        if line.contains("handling tcp connection") {
            self.carries = true;
        }
        if let Some(at) = line.find("can't access") {
            self.refused = Some(message(&line[at..]).to_owned());
        }
        if self.last.len() == LINES_KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// How it ended, and with which words.
    pub(super) fn ending(&self) -> String {
        format!("{}, saying {:?}", self.ended.as_deref().unwrap_or("runs"), self.last_words())
    }

    /// The last lines as one text.
    fn last_words(&self) -> String {
        self.last.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// virtctl logs JSON; the message ends with its quote.
fn message(text: &str) -> &str {
    text.split("\",\"pos\":").next().unwrap_or(text).trim_end_matches("\\n").trim()
}

/// Masks one secret.
#[derive(Clone)]
pub(super) struct Mask(pub(super) Option<Secret>);

impl Mask {
    fn clean(&self, text: &str) -> String {
        let secret = self.0.as_ref().map(Secret::expose).filter(|secret| !secret.is_empty());
        secret.map_or_else(|| text.to_owned(), |secret| text.replace(secret, "[secret]"))
    }

    fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |secret| secret.expose().len())
    }
}

/// Reads to the end; every line goes to `hear`, masked and cut to a length.
pub(super) async fn drain(mut from: impl AsyncRead + Unpin, mask: &Mask, mut hear: impl FnMut(String)) {
    // A secret that begins within what is kept of a line must be seen whole, or its beginning would not be masked.
    let room = LINE_BYTES + mask.bytes();
    let (mut line, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
    let mut say = |line: &mut Vec<u8>| {
        let mut text = mask.clean(&String::from_utf8_lossy(line));
        let whole = |at: &usize| text.is_char_boundary(*at);
        let end = (0..=LINE_BYTES.min(text.len())).rev().find(whole).unwrap_or_default();
        text.truncate(end);
        line.clear();
        hear(text);
    };
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        for piece in buffer[..read].split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n");
            let kept = text.unwrap_or(piece);
            line.extend_from_slice(&kept[..kept.len().min(room - line.len())]);
            if text.is_some() {
                say(&mut line);
            }
        }
    }
    if !line.is_empty() {
        say(&mut line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn drained(input: &str) -> Vec<String> {
        let mut lines = Vec::new();
        drain(input.as_bytes(), &Mask(Some(Secret::new("sha256~token"))), |line| lines.push(line)).await;
        lines
    }

    #[tokio::test]
    async fn lines_are_masked_cut_and_complete() {
        assert_eq!(drained("a sha256~token\n\nb\r\nc").await, ["a [secret]", "", "b\r", "c"]);
        // The secret lies across the cut.
        let long = format!("{}sha256~token{}", "x".repeat(LINE_BYTES - 3), "y".repeat(1 << 20));
        let lines = drained(&long).await;
        assert_eq!((lines.len(), lines[0].len()), (1, LINE_BYTES));
        assert!(lines[0].ends_with("x[se"), "{}", &lines[0][LINE_BYTES - 20..]);
    }

    #[test]
    fn the_lines_of_virtctl_are_understood() {
        let mut told = Told::default();
        for line in [
            r#"{"component":"portforward","level":"info","msg":"forwarding tcp 127.0.0.1:1 to 22","pos":"portforwarder.go:22"}"#,
            r#"{"component":"portforward","level":"info","msg":"opening new tcp tunnel to 22","pos":"tcp.go:34"}"#,
        ] {
            told.hear(line.to_owned());
        }
        assert!(!told.carries && told.refused.is_none());
        told.hear(r#"{"level":"error","msg":"can't access vm/x.ns: Can't connect to websocket: bad handshake\n","pos":"tcp.go:37"}"#.to_owned());
        assert_eq!(told.refused.as_deref(), Some("can't access vm/x.ns: Can't connect to websocket: bad handshake"));
        told.hear(r#"{"level":"info","msg":"handling tcp connection for 1","pos":"tcp.go:47"}"#.to_owned());
        assert!(told.carries);
        for number in 0..20 {
            told.hear(number.to_string());
        }
        assert_eq!(told.last_words(), "12; 13; 14; 15; 16; 17; 18; 19");
    }
}
