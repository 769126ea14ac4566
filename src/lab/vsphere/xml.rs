//! Elements of SOAP messages: read from what clients send, written into answers. Knows nothing of vSphere's types.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};

/// An element with local names only; the two attributes that matter have fields of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node {
    /// Local name.
    pub(super) name: String,
    /// `xsi:type` without prefix.
    pub(super) kind: Option<String>,
    /// Attribute `type` of a reference.
    pub(super) reference: Option<String>,
    /// Character data.
    pub(super) text: String,
    /// Child elements.
    pub(super) children: Vec<Node>,
}

impl Node {
    /// An empty element.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// An element with text.
    pub(super) fn leaf(name: &str, text: impl std::fmt::Display) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), ..Self::default() }
    }

    /// Gives it an `xsi:type`.
    pub(super) fn of(mut self, kind: &str) -> Self {
        self.kind = Some(kind.to_owned());
        self
    }

    /// Adds children.
    pub(super) fn with(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Renames it.
    pub(super) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// Whether the first child of this name says `true`.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.text_of(name), Some("true" | "1"))
    }

    /// The first child of this name as a number.
    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text_of(name)?.parse().ok()
    }

    /// Writes it into `out`.
    pub(super) fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        if let Some(reference) = &self.reference {
            out.push_str(" type=\"");
            out.push_str(&escape(reference.as_str()));
            out.push('"');
        }
        if let Some(kind) = &self.kind {
            let prefix = if kind.starts_with(|first: char| first.is_ascii_lowercase()) { "xsd:" } else { "" };
            out.push_str(" xsi:type=\"");
            out.push_str(prefix);
            out.push_str(kind);
            out.push('"');
        }
        out.push('>');
        out.push_str(&escape(self.text.as_str()));
        for child in &self.children {
            child.write(out);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Reads a document into its root element; the error is the parser's own text.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Node> = vec![Node::default()];
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => close(&mut open, element(&start)?),
            Event::End(_) => {
                if let Some(node) = open.pop() {
                    close(&mut open, node);
                }
            }
            Event::Text(text) => append(&mut open, &text.decode().map_err(|error| error.to_string())?),
            Event::CData(text) => append(&mut open, &text.decode().map_err(|error| error.to_string())?),
            Event::GeneralRef(entity) => {
                let character = entity.resolve_char_ref().map_err(|error| error.to_string())?;
                let name = entity.decode().map_err(|error| error.to_string())?;
                match character {
                    Some(character) => append(&mut open, character.encode_utf8(&mut [0; 4])),
                    None => append(&mut open, predefined(&name)?),
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let mut top = open.pop().filter(|_| open.is_empty()).ok_or("an element is not closed")?;
    if top.children.len() == 1 { Ok(top.children.remove(0)) } else { Err("not one root element".to_owned()) }
}

fn predefined(name: &str) -> Result<&'static str, String> {
    match name {
        "lt" => Ok("<"),
        "gt" => Ok(">"),
        "amp" => Ok("&"),
        "quot" => Ok("\""),
        "apos" => Ok("'"),
        other => Err(format!("unknown entity &{other};")),
    }
}

fn append(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

fn close(open: &mut [Node], mut node: Node) {
    if !node.children.is_empty() && node.text.trim().is_empty() {
        node.text.clear();
    }
    if let Some(parent) = open.last_mut() {
        parent.children.push(node);
    }
}

fn element(start: &BytesStart<'_>) -> Result<Node, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut node = Node::new(&text(start.local_name().as_ref()));
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.local_name().as_ref() != b"type" {
            continue;
        }
        let value = text(&attribute.value);
        if attribute.key.prefix().is_some() {
            node.kind = Some(value.rsplit(':').next().unwrap_or_default().to_owned());
        } else {
            node.reference = Some(value);
        }
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_prefix_and_writes_its_own() {
        let node = parse(
            r#"<a:x xmlns:a="u" xmlns:i="s"><obj type="Folder">group&amp;1&#33;</obj><v i:type="z:string">t</v><e/></a:x>"#,
        )
        .unwrap();
        assert_eq!(node.child("obj").unwrap().reference.as_deref(), Some("Folder"));
        assert_eq!(node.text_of("obj"), Some("group&1!"));
        assert_eq!(node.child("v").unwrap().kind.as_deref(), Some("string"));
        let mut out = String::new();
        node.write(&mut out);
        assert_eq!(out, r#"<x><obj type="Folder">group&amp;1!</obj><v xsi:type="xsd:string">t</v><e></e></x>"#);
        assert!(parse("<a><b></a>").is_err());
    }
}
