//! OpenAPI v2, for clients that know no other (kubectl before 1.27): which kinds can be patched, and by which
//! parameters.
//!
//! They ask for it as protobuf. There are no schemas in it: such clients check nothing then, and the server does.

use super::present;
use super::store::State;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Response, header};
use serde_json::json;

const PATH: &str = "/openapi/v2";
/// Clients ask for `v2@v1.0`, which is no valid media type; the answer's is.
const PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const GROUP_VERSION_KIND: &str = "x-kubernetes-group-version-kind";

/// The document, if it is asked for.
pub(super) fn answer(state: &State, path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    (path.trim_end_matches('/') == PATH).then(|| {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let paths = paths(state);
        if !accept.contains("protobuf") {
            let document = json!({
                "swagger": "2.0", "info": {"title": "Kubernetes", "version": "unversioned"},
                "paths": paths.iter().map(Path::json).collect::<serde_json::Map<_, _>>(), "definitions": {},
            });
            return present::json_value(200, &document);
        }
        let info = [text(1, "Kubernetes"), text(2, "unversioned")].concat();
        let paths: Vec<u8> = paths.iter().flat_map(|path| part(2, &path.protobuf())).collect();
        let mut response = Response::new(Body::from([text(1, "2.0"), part(2, &info), part(8, &paths)].concat()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
        response
    })
}

/// Where objects of a kind are.
struct Path {
    template: String,
    group: String,
    version: String,
    kind: String,
}

fn paths(state: &State) -> Vec<Path> {
    let versions = state.registry.iter().flat_map(|kind| kind.versions.iter().map(move |version| (kind, version)));
    versions
        .map(|(kind, version)| {
            let base = super::openapi::base(&kind.group, &version.name);
            let scope = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
            Path {
                template: format!("/{base}/{scope}{}/{{name}}", kind.plural),
                group: kind.group.clone(),
                version: version.name.clone(),
                kind: kind.kind.clone(),
            }
        })
        .collect()
}

/// Parameters of a patch that clients look for.
const PARAMETERS: [&str; 3] = ["dryRun", "fieldManager", "force"];

impl Path {
    fn json(&self) -> (String, serde_json::Value) {
        let parameters = PARAMETERS.map(|name| json!({"name": name, "in": "query", "type": "string"}));
        let patch = json!({
            "parameters": parameters, "responses": {"200": {"description": "OK"}},
            GROUP_VERSION_KIND: {"group": self.group, "version": self.version, "kind": self.kind},
        });
        (self.template.clone(), json!({"patch": patch}))
    }

    /// A `NamedPathItem`; the numbers of its fields are those of the published `OpenAPIv2.proto`.
    fn protobuf(&self) -> Vec<u8> {
        let parameters = PARAMETERS.iter().flat_map(|name| {
            let query = [text(2, "query"), text(4, name), text(6, "string")].concat();
            part(8, &part(1, &part(2, &part(3, &query))))
        });
        let of = format!("group: {:?}\nkind: {:?}\nversion: {:?}\n", self.group, self.kind, self.version);
        let extension = [text(1, GROUP_VERSION_KIND), part(2, &text(2, &of))].concat();
        let patch: Vec<u8> = parameters.chain(part(13, &extension)).collect();
        [text(1, &self.template), part(2, &part(8, &patch))].concat()
    }
}

fn text(number: u8, text: &str) -> Vec<u8> {
    part(number, text.as_bytes())
}

/// A field that has a length: its number, the length, the content.
fn part(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut rest = content.len();
    loop {
        let [low, ..] = (rest & 0x7f).to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            bytes.push(low);
            break;
        }
        bytes.push(low | 0x80);
    }
    bytes.extend_from_slice(content);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_as_many_bytes_as_they_need() {
        assert_eq!(part(1, b"ab"), [0x0a, 2, b'a', b'b']);
        let long = part(13, &[0; 300]);
        assert_eq!((&long[..3], long.len()), (&[0x6a, 0xac, 0x02][..], 303));
    }
}
