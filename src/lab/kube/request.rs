//! What a request asks for: its path, its parameters, the form of the answer, its body.

use super::failure::{Cause, Failure};
use super::kinds::Kind;
use axum::extract::Query;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Uri, header};
use serde_json::Value;
use std::sync::Arc;

/// How the refusal of a body's type begins; the types that are served follow.
pub(super) const UNKNOWN_FORMAT: &str =
    "the body of the request was in an unknown format - accepted media types include: ";

/// A path below `/api/v1` or `/apis/G/V`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ResourcePath {
    pub(super) group: String,
    pub(super) version: String,
    /// Empty for cluster scope and for all namespaces.
    pub(super) namespace: String,
    pub(super) plural: String,
    /// Empty for a collection.
    pub(super) name: String,
    /// `status`, `log`, `proxy/x`; empty for the object itself.
    pub(super) subresource: String,
}

impl ResourcePath {
    /// The parts of a path, unless it names no resource.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode_percent).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", version, rest),
            ["apis", group, version, rest @ ..] => (*group, version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            _ => ("", rest),
        };
        let (plural, rest) = rest.split_first()?;
        let (name, subresource) = match rest {
            [] => ("", String::new()),
            [name, rest @ ..] => (*name, rest.join("/")),
        };
        Some(Self {
            group: group.to_owned(),
            version: (*version).to_owned(),
            namespace: namespace.to_owned(),
            plural: (*plural).to_owned(),
            name: name.to_owned(),
            subresource,
        })
    }
}

fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The query parameters.
#[derive(Debug, Clone, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of(uri: &Uri) -> Self {
        Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| Self(pairs)).unwrap_or_default()
    }

    /// A parameter's text; empty if it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A switch: anything but `false` and `0` is on.
    pub(super) fn flag(&self, name: &str) -> bool {
        let value = self.0.iter().find(|(key, _)| key == name);
        value.is_some_and(|(_, value)| !value.eq_ignore_ascii_case("false") && value != "0")
    }

    /// A number; none if it is not there.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        match self.text(name) {
            "" => Ok(None),
            // A negative number asks for nothing in particular.
            text if text.strip_prefix('-').is_some_and(|digits| digits.parse::<u64>().is_ok()) => Ok(None),
            text => text
                .parse()
                .map(Some)
                .map_err(|_| Failure::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))),
        }
    }

    /// The resourceVersion; none if it is not there.
    pub(super) fn revision(&self) -> Result<Option<u64>, Failure> {
        let text = self.text("resourceVersion");
        let wrong =
            || format!("resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax");
        match text {
            "" => Ok(None),
            // The one who lists is told of a bad request, the one who watches of a mishap.
            _ if self.flag("watch") => text.parse().map(Some).map_err(|_| Failure::new(500, "", wrong())),
            _ => text
                .parse()
                .map(Some)
                .map_err(|_| Failure::bad_request(format!("invalid resource version: {}", wrong()))),
        }
    }

    /// Whether nothing is to be stored.
    pub(super) fn dry_run(&self) -> bool {
        self.text("dryRun") == "All"
    }
}

/// The form in which objects are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Whole objects.
    Plain,
    /// `meta.k8s.io/v1` Table.
    Table,
    /// `meta.k8s.io/v1` PartialObjectMetadata.
    Metadata,
}

impl Form {
    /// The first of the accepted forms that is served.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        for part in accept.split(',').filter(|part| !part.contains("protobuf") && !part.contains("v=v1beta1")) {
            if part.contains("as=Table") {
                return Self::Table;
            }
            if part.contains("as=PartialObjectMetadata") {
                return Self::Metadata;
            }
            if part.contains("json") || part.contains("*/*") {
                return Self::Plain;
            }
        }
        Self::Plain
    }
}

/// A request for objects of a kind.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) kind: Arc<Kind>,
    /// The version in the path.
    pub(super) version: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) subresource: String,
    pub(super) params: Params,
    pub(super) form: Form,
    pub(super) content_type: String,
    user_agent: String,
}

impl Call {
    pub(super) fn new(kind: Arc<Kind>, path: &ResourcePath, parts: &Parts) -> Self {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            kind,
            version: path.version.clone(),
            namespace: path.namespace.clone(),
            name: path.name.clone(),
            subresource: path.subresource.clone(),
            params: Params::of(&parts.uri),
            form: Form::accepted(&parts.headers),
            content_type: header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_owned(),
            user_agent: header(header::USER_AGENT).to_owned(),
        }
    }

    /// The apiVersion of this call's objects.
    pub(super) fn api_version(&self) -> String {
        self.kind.api_version(&self.version)
    }

    /// Who owns the fields that this call writes.
    pub(super) fn manager(&self) -> String {
        let given = self.params.text("fieldManager");
        if !given.is_empty() {
            return given.to_owned();
        }
        let agent = self.user_agent.split('/').next().unwrap_or_default();
        if agent.is_empty() { "unknown".to_owned() } else { agent.to_owned() }
    }

    /// Whether the call writes the status only.
    pub(super) fn on_status(&self) -> bool {
        self.subresource == "status"
    }

    /// The failure that the object is not there.
    pub(super) fn not_found(&self) -> Failure {
        Failure::not_found(&self.kind, &self.name)
    }

    /// The namespace of a list or watch, if it is of one.
    pub(super) fn scope(&self) -> Option<&str> {
        (!self.namespace.is_empty()).then_some(self.namespace.as_str())
    }
}

/// Refuses parameters of a write that are none.
pub(super) fn check_write(call: &Call, options: &str) -> Result<(), Failure> {
    let mut causes = Vec::new();
    if call.params.text("fieldManager").len() > 128 {
        let message = "Too long: may not be more than 128 bytes".to_owned();
        causes.push(Cause { reason: "FieldValueTooLong", message, field: "fieldManager".to_owned() });
    }
    let word = call.params.text("fieldValidation");
    if !matches!(word, "" | "Ignore" | "Strict" | "Warn") {
        let known = ["", "Ignore", "Strict", "Warn"];
        causes.push(Cause::unsupported("fieldValidation", &format!("{word:?}"), &known));
    }
    if !causes.is_empty() {
        return Err(Failure::options(options, &causes));
    }
    check_dry_run(call, &Value::Null, options)
}

/// Refuses a dry run of another kind than `All`, given as a parameter or in the options of a deletion.
pub(super) fn check_dry_run(call: &Call, body: &Value, options: &str) -> Result<(), Failure> {
    let given = body["dryRun"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let given: Vec<&str> = given.chain([call.params.text("dryRun")]).filter(|word| !word.is_empty()).collect();
    if given.iter().all(|word| *word == "All") {
        return Ok(());
    }
    let texts: Vec<String> = given.iter().map(|word| format!("{word:?}")).collect();
    let value = format!("[]string{{{}}}", texts.join(", "));
    Err(Failure::options(options, &[Cause::unsupported("dryRun", &value, &["All"])]))
}

/// A body as an object: JSON, YAML if its type says so, or one of the kinds that clients send as protobuf only.
pub(super) fn decode(content_type: &str, bytes: &Bytes) -> Result<Value, Failure> {
    if content_type.contains("protobuf")
        && let Some(value) = super::protobuf::decode(bytes)
    {
        return Ok(value);
    }
    if content_type.contains("protobuf") || content_type.contains("cbor") {
        let message = format!("{UNKNOWN_FORMAT}application/json, application/yaml; not {content_type}");
        return Err(Failure::new(415, "UnsupportedMediaType", message));
    }
    let type_is_known =
        ["", "application/json", "application/yaml"].contains(&content_type) || content_type.contains("patch");
    if !type_is_known {
        return Err(Failure::new(
            415,
            "UnsupportedMediaType",
            format!("{UNKNOWN_FORMAT}application/json, application/yaml, application/vnd.kubernetes.protobuf"),
        ));
    }
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if content_type.contains("yaml")
        && let Ok(value) = serde_yaml::from_str(text)
    {
        return Ok(value);
    }
    let start: String = text.chars().take(80).collect();
    Err(Failure::bad_request(format!("couldn't get version/kind; the body is not valid: {start}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_into_their_parts() {
        let path = |text: &str| {
            let path = ResourcePath::parse(text).unwrap();
            [path.group, path.version, path.namespace, path.plural, path.name, path.subresource].join("|")
        };
        assert_eq!(path("/api/v1/pods"), "|v1||pods||");
        assert_eq!(path("/api/v1/namespaces/n"), "|v1||namespaces|n|");
        assert_eq!(path("/api/v1/namespaces/n/status"), "|v1||namespaces|n|status");
        assert_eq!(path("/api/v1/namespaces/n/pods/p/log"), "|v1|n|pods|p|log");
        assert_eq!(path("/apis/g.io/v2/things/a%3Ab"), "g.io|v2||things|a:b|");
        assert_eq!(ResourcePath::parse("/api/v1"), None);
        assert_eq!(ResourcePath::parse("/version"), None);
    }

    #[test]
    fn switches_and_numbers_are_read_as_the_real_server_does() {
        let params = Params::of(&"/x?&watch=True&limit=500&a=false&b=0".parse().unwrap());
        assert!(params.flag("watch") && !params.flag("a") && !params.flag("b") && !params.flag("c"));
        assert_eq!(params.number("limit"), Ok(Some(500)));
        assert!(Params::of(&"/x?limit=z".parse().unwrap()).number("limit").is_err());
    }
}
