//! What a request asks for besides its path, and how it is refused.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::Value;
use std::collections::BTreeMap;

/// An answer without body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    header: Option<(&'static str, String)>,
}

impl Refusal {
    /// A bare status.
    pub(super) fn of(status: StatusCode) -> Self {
        Self { status, header: None }
    }

    /// With a header that explains it.
    pub(super) fn with(self, name: &'static str, value: &str) -> Self {
        Self { header: Some((name, value.to_owned())), ..self }
    }

    /// As a response.
    pub(super) fn respond(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
        response
    }
}

/// The query of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListQuery {
    /// Level of detail; `all` is the highest.
    pub(super) detail: u32,
    name: Option<String>,
    /// Namespace, for provider lists and OpenShift collections.
    pub(super) namespace: Option<String>,
    limit: usize,
    offset: usize,
}

impl ListQuery {
    /// Reads the parameters; 400 for numbers that are none.
    pub(super) fn read(parameters: &BTreeMap<String, String>) -> Result<Self, Refusal> {
        let bad = |_| Refusal::of(StatusCode::BAD_REQUEST);
        let number = |name: &str, unset: usize| {
            parameters.get(name).map_or(Ok(unset), |text| text.parse::<usize>().map_err(bad))
        };
        let detail = match parameters.get("detail").map(String::as_str) {
            None => 0,
            Some("all") => u32::MAX,
            Some(text) => text.parse().map_err(bad)?,
        };
        Ok(Self {
            detail,
            name: parameters.get("name").cloned().filter(|name| !name.is_empty()),
            namespace: parameters.get("namespace").cloned().filter(|name| !name.is_empty()),
            limit: number("limit", usize::MAX)?,
            offset: number("offset", 0)?,
        })
    }

    /// A query for everything, in full.
    pub(super) fn everything() -> Self {
        Self { detail: u32::MAX, name: None, namespace: None, limit: usize::MAX, offset: 0 }
    }

    /// The items that the query lets through. A name with slashes is compared by its last part; several hits are
    /// narrowed by the whole suffix of the path for VMs, by the first part (the datacenter) for other things.
    pub(super) fn select(&self, mut items: Vec<Value>, whole_suffix: bool) -> Vec<Value> {
        if let Some(name) = &self.name {
            let last = name.rsplit('/').next().unwrap_or(name);
            items.retain(|item| item["name"] == last);
            if name.contains('/') && items.len() > 1 {
                let first = name.split('/').find(|part| !part.is_empty()).unwrap_or_default();
                items.retain(|item| {
                    let path = item["path"].as_str().unwrap_or_default();
                    if whole_suffix {
                        path.ends_with(name.as_str())
                    } else {
                        path.trim_start_matches('/').split('/').next() == Some(first)
                    }
                });
            }
        }
        items.into_iter().skip(self.offset).take(self.limit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn query(pairs: &[(&str, &str)]) -> Result<ListQuery, Refusal> {
        ListQuery::read(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn names_are_narrowed_by_path_only_if_several_fit() {
        let items = vec![
            json!({"name": "net", "path": "/DC1/network/net"}),
            json!({"name": "net", "path": "/DC2/network/net"}),
            json!({"name": "other", "path": "/DC1/network/other"}),
        ];
        let select = |name: &str, suffix| query(&[("name", name)]).unwrap().select(items.clone(), suffix).len();
        assert_eq!(select("net", false), 2);
        assert_eq!(select("DC2/net", false), 1);
        assert_eq!(select("/DC1/network/net", true), 1);
        assert_eq!(select("nope", false), 0);
        assert_eq!(query(&[("limit", "1"), ("offset", "1")]).unwrap().select(items, false).len(), 1);
    }

    #[test]
    fn bad_numbers_are_refused() {
        assert_eq!(query(&[("detail", "much")]), Err(Refusal::of(StatusCode::BAD_REQUEST)));
        assert_eq!(query(&[("detail", "all")]).unwrap().detail, u32::MAX);
    }
}
