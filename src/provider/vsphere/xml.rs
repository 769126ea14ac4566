//! The small element tree that is written to vSphere and read from it.
//!
//! Order is kept in both directions, so a subtree that was read can be sent back. Prefixes are not kept: names are
//! local, and types of XML Schema are told from those of vSphere by their first letter.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesRef, BytesStart, Event};

/// A reference to a managed object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MoRef {
    /// Type (`VirtualMachine`).
    pub(crate) kind: String,
    /// Value (`vm-12`).
    pub(crate) id: String,
}

impl MoRef {
    pub(crate) fn new(kind: &str, id: &str) -> Self {
        Self { kind: kind.to_owned(), id: id.to_owned() }
    }
}

impl std::fmt::Display for MoRef {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.kind, self.id)
    }
}

/// An answer that is no XML.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct XmlError(String);

/// An element: local name, type, text of a leaf, children in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// Local name.
    pub(crate) name: String,
    /// Attribute `type`: the type of a managed object reference.
    pub(crate) reference: Option<String>,
    /// Attribute `xsi:type`, local part.
    pub(crate) class: Option<String>,
    /// Text; empty if there are children.
    pub(crate) text: String,
    /// Children in order.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// An empty element.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// A leaf.
    pub(crate) fn leaf(name: &str, text: impl std::fmt::Display + Copy) -> Self {
        Self { name: name.to_owned(), text: text.to_string(), ..Self::default() }
    }

    /// A reference.
    pub(crate) fn moref(name: &str, target: &MoRef) -> Self {
        Self { reference: Some(target.kind.clone()), ..Self::leaf(name, &target.id) }
    }

    /// With `xsi:type`.
    #[must_use]
    pub(crate) fn of(mut self, class: &str) -> Self {
        self.class = Some(class.to_owned());
        self
    }

    /// With one more child at the end.
    #[must_use]
    pub(crate) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With more children at the end; an `Option` is none or one.
    #[must_use]
    pub(crate) fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child of that name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element at a path of names separated by `/`.
    pub(crate) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.child(name))
    }

    /// The text at a path; an empty element counts as absent (vcsim sends unset enums so).
    pub(crate) fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| element.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The number (or other parsable value) at a path.
    pub(crate) fn value_at<T: std::str::FromStr>(&self, path: &str) -> Option<T> {
        self.text_at(path).and_then(|text| text.trim().parse().ok())
    }

    /// The reference that this element holds.
    pub(crate) fn to_moref(&self) -> Option<MoRef> {
        let kind = self.reference.as_deref()?;
        (!self.text.is_empty()).then(|| MoRef::new(kind, self.text.trim()))
    }

    /// The reference at a path.
    pub(crate) fn moref_at(&self, path: &str) -> Option<MoRef> {
        self.at(path).and_then(Self::to_moref)
    }

    /// All text below, parts separated by blanks.
    pub(crate) fn words(&self) -> String {
        let mut words = vec![self.text.trim().to_owned()];
        words.extend(self.children.iter().map(Self::words));
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }

    /// The element as XML without declarations.
    #[cfg(test)]
    pub(crate) fn to_xml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, "");
        out
    }

    /// Appends the element as XML, with `attributes` (verbatim) on it. `xsi` and `xsd` must be declared around it.
    pub(crate) fn write(&self, out: &mut String, attributes: &str) {
        out.push('<');
        out.push_str(&self.name);
        out.push_str(attributes);
        if let Some(reference) = &self.reference {
            out.push_str(" type=\"");
            out.push_str(&escape(reference.as_str()));
            out.push('"');
        }
        if let Some(class) = &self.class {
            out.push_str(" xsi:type=\"");
            out.push_str(if class.starts_with(char::is_lowercase) { "xsd:" } else { "" });
            out.push_str(&escape(class.as_str()));
            out.push('"');
        }
        out.push('>');
        out.push_str(&escape(self.text.as_str()));
        for child in &self.children {
            child.write(out, "");
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Reads a document into its root element.
///
/// # Errors
/// The text is no well-formed XML.
pub(crate) fn parse(text: &str) -> Result<Element, XmlError> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| XmlError(error.to_string()))? {
            Event::Start(tag) => open.push(begin(&tag)?),
            Event::Empty(tag) => close(&mut open, Some(begin(&tag)?)),
            Event::End(_) => {
                let done = open.pop();
                close(&mut open, done);
            }
            Event::Text(part) => {
                add_text(&mut open, &part.xml10_content().map_err(|error| XmlError(error.to_string()))?);
            }
            Event::CData(part) => {
                add_text(&mut open, &part.xml10_content().map_err(|error| XmlError(error.to_string()))?);
            }
            Event::GeneralRef(part) => add_text(&mut open, &resolve(&part)?),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Comment(_) => {}
        }
    }
    let mut outermost = open.pop().filter(|_| open.is_empty()).map(|holder| holder.children).unwrap_or_default();
    if outermost.len() == 1 { Ok(outermost.remove(0)) } else { Err(XmlError("the document is cut off".to_owned())) }
}

fn begin(tag: &BytesStart<'_>) -> Result<Element, XmlError> {
    let local = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut element = Element::new(&local(tag.local_name().as_ref()));
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| XmlError(error.to_string()))?;
        if attribute.key.local_name().as_ref() != b"type" {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| XmlError(error.to_string()))?
            .into_owned();
        // The only attribute `type` with a prefix is that of XML Schema's instances, whatever its prefix is called.
        if attribute.key.prefix().is_some() {
            element.class = Some(value.rsplit(':').next().unwrap_or(&value).to_owned());
        } else {
            element.reference = Some(value);
        }
    }
    Ok(element)
}

fn close(open: &mut [Element], done: Option<Element>) {
    if let (Some(parent), Some(mut done)) = (open.last_mut(), done) {
        if !done.children.is_empty() {
            done.text.clear();
        }
        parent.children.push(done);
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn resolve(part: &BytesRef<'_>) -> Result<String, XmlError> {
    if let Some(letter) = part.resolve_char_ref().map_err(|error| XmlError(error.to_string()))? {
        return Ok(letter.to_string());
    }
    let name = part.decode().map_err(|error| XmlError(error.to_string()))?;
    resolve_predefined_entity(&name)
        .map(str::to_owned)
        .ok_or_else(|| XmlError(format!("the entity &{name}; is not known")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_prefix_and_writes_its_own() {
        let default = r#"<?xml version="1.0"?><returnval xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
            <val xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualDisk"><key>2000</key></VirtualDevice></val>
        </returnval>"#;
        let vcsim = r#"<v:returnval xmlns:v="urn:vim25"><v:val xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance" _XMLSchema-instance:type="v:ArrayOfVirtualDevice"><VirtualDevice xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance" _XMLSchema-instance:type="VirtualDisk"><key>2000</key></VirtualDevice></v:val></v:returnval>"#;
        let (left, right) = (parse(default).unwrap(), parse(vcsim).unwrap());
        assert_eq!(left, right);
        assert_eq!(left.value_at::<i32>("val/VirtualDevice/key"), Some(2000));
        assert_eq!(
            left.to_xml(),
            r#"<returnval><val xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualDisk"><key>2000</key></VirtualDevice></val></returnval>"#
        );
    }

    #[test]
    fn text_references_and_escapes_survive() {
        let element =
            parse(r#"<a><obj type="VirtualMachine">vm-1</obj><name>R&amp;D &lt;x&gt; &#228;</name><none/></a>"#)
                .unwrap();
        assert_eq!(element.moref_at("obj"), Some(MoRef::new("VirtualMachine", "vm-1")));
        assert_eq!(element.text_at("name"), Some("R&D <x> ä"));
        assert_eq!(element.text_at("none"), None);
        assert_eq!(element.words(), "vm-1 R&D <x> ä");
        assert_eq!(parse(&element.to_xml()), Ok(element));
        let value = Element::leaf("value", "true").of("string");
        assert_eq!(value.to_xml(), r#"<value xsi:type="xsd:string">true</value>"#);
    }

    #[test]
    fn broken_documents_are_errors() {
        for text in ["", "<a><b></a>", "<a>", "<a>&nbsp;</a>", "no xml"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
