//! Protobuf bodies, for the few kinds that kubectl sends in no other form (`create namespace|secret|configmap|role`,
//! `auth can-i|whoami`). Answers are always JSON, which every client accepts.
//!
//! A body is the magic `k8s\0` and an envelope of apiVersion, kind and the encoded object; field numbers are those of
//! the published `generated.proto` files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

const MAGIC: &[u8] = b"k8s\0";

/// A field of a message: its number, its name in JSON, its form.
struct Field(u64, &'static str, Form);

#[derive(Clone, Copy)]
enum Form {
    Text,
    Texts,
    Bool,
    Number,
    Map,
    BytesMap,
    Part(&'static [Field]),
    Parts(&'static [Field]),
}

use Form::{Bool, BytesMap, Number, Part, Parts, Text, Texts};

const OWNER: &[Field] = &[
    Field(1, "kind", Text),
    Field(3, "name", Text),
    Field(4, "uid", Text),
    Field(5, "apiVersion", Text),
    Field(6, "controller", Bool),
    Field(7, "blockOwnerDeletion", Bool),
];
const META: &[Field] = &[
    Field(1, "name", Text),
    Field(2, "generateName", Text),
    Field(3, "namespace", Text),
    Field(5, "uid", Text),
    Field(6, "resourceVersion", Text),
    Field(11, "labels", Form::Map),
    Field(12, "annotations", Form::Map),
    Field(13, "ownerReferences", Parts(OWNER)),
    Field(14, "finalizers", Texts),
];
const RESOURCE: &[Field] = &[
    Field(1, "namespace", Text),
    Field(2, "verb", Text),
    Field(3, "group", Text),
    Field(4, "version", Text),
    Field(5, "resource", Text),
    Field(6, "subresource", Text),
    Field(7, "name", Text),
];
const OTHER: &[Field] = &[Field(1, "path", Text), Field(2, "verb", Text)];
const ACCESS: &[Field] =
    &[Field(1, "resourceAttributes", Part(RESOURCE)), Field(2, "nonResourceAttributes", Part(OTHER))];
const RULE: &[Field] = &[
    Field(1, "verbs", Texts),
    Field(2, "apiGroups", Texts),
    Field(3, "resources", Texts),
    Field(4, "resourceNames", Texts),
    Field(5, "nonResourceURLs", Texts),
];
const SUBJECT: &[Field] =
    &[Field(1, "kind", Text), Field(2, "apiGroup", Text), Field(3, "name", Text), Field(4, "namespace", Text)];
const ROLE_REF: &[Field] = &[Field(1, "apiGroup", Text), Field(2, "kind", Text), Field(3, "name", Text)];
const PRECONDITIONS: &[Field] = &[Field(1, "uid", Text), Field(2, "resourceVersion", Text)];
const BARE: &[Field] = &[Field(1, "metadata", Part(META))];
const ROLE: &[Field] = &[Field(1, "metadata", Part(META)), Field(2, "rules", Parts(RULE))];
const BINDING: &[Field] =
    &[Field(1, "metadata", Part(META)), Field(2, "subjects", Parts(SUBJECT)), Field(3, "roleRef", Part(ROLE_REF))];

/// The messages that are read, by kind.
const MESSAGES: &[(&str, &[Field])] = &[
    ("Namespace", BARE),
    ("ServiceAccount", BARE),
    ("SelfSubjectReview", BARE),
    (
        "ConfigMap",
        &[
            Field(1, "metadata", Part(META)),
            Field(2, "data", Form::Map),
            Field(3, "binaryData", BytesMap),
            Field(4, "immutable", Bool),
        ],
    ),
    (
        "Secret",
        &[
            Field(1, "metadata", Part(META)),
            Field(2, "data", BytesMap),
            Field(3, "type", Text),
            Field(4, "stringData", Form::Map),
            Field(5, "immutable", Bool),
        ],
    ),
    ("SelfSubjectAccessReview", &[Field(1, "metadata", Part(META)), Field(2, "spec", Part(ACCESS))]),
    (
        "SelfSubjectRulesReview",
        &[Field(1, "metadata", Part(META)), Field(2, "spec", Part(&[Field(1, "namespace", Text)]))],
    ),
    ("Role", ROLE),
    ("ClusterRole", ROLE),
    ("RoleBinding", BINDING),
    ("ClusterRoleBinding", BINDING),
    (
        "TokenRequest",
        &[
            Field(1, "metadata", Part(META)),
            Field(2, "spec", Part(&[Field(1, "audiences", Texts), Field(4, "expirationSeconds", Number)])),
        ],
    ),
    (
        "DeleteOptions",
        &[
            Field(1, "gracePeriodSeconds", Number),
            Field(2, "preconditions", Part(PRECONDITIONS)),
            Field(3, "orphanDependents", Bool),
            Field(4, "propagationPolicy", Text),
            Field(5, "dryRun", Texts),
        ],
    ),
];

/// The object of a body; none if it is damaged or of a kind that is not read.
pub(super) fn decode(body: &[u8]) -> Option<Value> {
    let mut wire = Wire(body.strip_prefix(MAGIC)?);
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    while let Some((number, item)) = wire.next()? {
        match (number, item) {
            (1, Item::Bytes(bytes)) => {
                let mut types = Wire(bytes);
                while let Some((number, item)) = types.next()? {
                    match number {
                        1 => api_version = item.text()?,
                        2 => kind = item.text()?,
                        _ => {}
                    }
                }
            }
            (2, Item::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let (_, fields) = MESSAGES.iter().find(|(name, _)| *name == kind)?;
    let mut object = message(fields, raw)?;
    object.insert("apiVersion".into(), api_version.into());
    object.insert("kind".into(), kind.into());
    Some(Value::Object(object))
}

/// A field's content on the wire.
enum Item<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl Item<'_> {
    fn text(&self) -> Option<String> {
        match self {
            Self::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            Self::Number(_) => None,
        }
    }
}

struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    /// The next field; `Some(None)` at the end, none if the bytes are damaged.
    #[expect(clippy::option_option, reason = "the end and a damaged body are two things")]
    fn next(&mut self) -> Option<Option<(u64, Item<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.varint()?;
        let item = match key & 7 {
            0 => Item::Number(self.varint()?),
            1 => Item::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Item::Bytes(self.take(length)?)
            }
            5 => Item::Bytes(self.take(4)?),
            _ => return None,
        };
        Some(Some((key >> 3, item)))
    }
}

fn message(fields: &[Field], bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    let mut wire = Wire(bytes);
    while let Some((number, item)) = wire.next()? {
        let Some(Field(_, name, form)) = fields.iter().find(|field| field.0 == number) else { continue };
        match (form, &item) {
            (Form::Text, _) => {
                let text = item.text()?;
                // Go writes empty texts too; in JSON they are left out.
                if !text.is_empty() {
                    object.insert((*name).to_owned(), text.into());
                }
            }
            (Form::Bool, Item::Number(value)) => {
                object.insert((*name).to_owned(), (*value != 0).into());
            }
            (Form::Number, Item::Number(value)) => {
                object.insert((*name).to_owned(), value.cast_signed().into());
            }
            (Form::Part(part), Item::Bytes(bytes)) => {
                object.insert((*name).to_owned(), message(part, bytes)?.into());
            }
            (Form::Texts, _) => push(&mut object, name, item.text()?.into()),
            (Form::Parts(part), Item::Bytes(bytes)) => push(&mut object, name, message(part, bytes)?.into()),
            (Form::Map | Form::BytesMap, Item::Bytes(bytes)) => {
                let (key, value) = entry(bytes, matches!(form, Form::BytesMap))?;
                let map = object.entry(*name).or_insert_with(|| Value::Object(Map::new()));
                map[key] = value.into();
            }
            _ => return None,
        }
    }
    Some(object)
}

fn push(object: &mut Map<String, Value>, name: &str, value: Value) {
    if let Value::Array(list) = object.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        list.push(value);
    }
}

fn entry(bytes: &[u8], binary: bool) -> Option<(String, String)> {
    let (mut key, mut value) = (String::new(), String::new());
    let mut wire = Wire(bytes);
    while let Some((number, item)) = wire.next()? {
        match (number, &item) {
            (1, _) => key = item.text()?,
            (2, Item::Bytes(bytes)) if binary => value = STANDARD.encode(bytes),
            (2, _) => value = item.text()?,
            _ => {}
        }
    }
    Some((key, value))
}

#[cfg(test)]
mod tests {
    use super::decode;
    use serde_json::json;

    fn part(number: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![number << 3 | 2, u8::try_from(content.len()).unwrap()];
        bytes.extend_from_slice(content);
        bytes
    }

    #[test]
    fn a_secret_is_read() {
        let meta = [part(1, b"s"), part(2, b""), part(3, b"n"), part(8, b"")].concat();
        let entry = [part(1, b"k"), part(2, b"\xff")].concat();
        let secret = [part(1, &meta), part(2, &entry), part(3, b"Opaque")].concat();
        let types = [part(1, b"v1"), part(2, b"Secret")].concat();
        let body = [b"k8s\0".to_vec(), part(1, &types), part(2, &secret)].concat();
        assert_eq!(
            decode(&body),
            Some(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"},
                "data": {"k": "/w=="}, "type": "Opaque"}))
        );
        assert_eq!(decode(&body[..body.len() - 1]), None);
        assert_eq!(decode(b"{}"), None);
    }
}
