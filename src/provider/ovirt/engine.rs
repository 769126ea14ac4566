//! The engine's API: one call each, and the names of what its objects refer to.

use super::json::list;
use super::sso::Sso;
use crate::http::HttpClient;
use crate::provider::ProviderError;
use crate::provider::rest::{Api, Call, query_value};
use serde_json::Value;

/// A connected engine. Clones share the session.
#[derive(Clone)]
pub(super) struct Engine {
    api: Api<Sso>,
    root: String,
}

impl Engine {
    /// Logs in.
    pub(super) async fn open(http: HttpClient, sso: Sso) -> Result<Self, ProviderError> {
        let root = sso.api_url();
        Ok(Self { api: Api::open(http, sso).await?, root })
    }

    /// The URL of the API.
    pub(super) fn url(&self) -> &str {
        &self.root
    }

    /// Reads `path` (`/vms/ID`); `about` names the object in errors.
    pub(super) async fn read(&self, path: &str, about: &str) -> Result<Value, ProviderError> {
        let call = Call::get(format!("{}{path}", self.root), format!("read {}", plain(path))).about(about);
        Ok(self.api.call(&call).await?.body)
    }

    /// Reads an object of a collection (`vms`).
    pub(super) async fn object(&self, collection: &str, id: &str, about: &str) -> Result<Value, ProviderError> {
        self.read(&format!("/{collection}/{}", query_value(id)), about).await
    }

    /// Reads a whole collection, or what a search finds in it.
    pub(super) async fn list(
        &self,
        (collection, singular): (&str, &str),
        search: Option<&str>,
    ) -> Result<Vec<Value>, ProviderError> {
        let query = search.map_or(String::new(), |search| format!("?search={}", query_value(search)));
        let answer = self.read(&format!("/{collection}{query}"), &self.root).await?;
        Ok(list(&answer, singular).to_vec())
    }

    /// Posts `body` to `path`; the operation is its last part.
    pub(super) async fn post(&self, path: &str, body: Value, about: &str) -> Result<Value, ProviderError> {
        let operation = plain(path).rsplit('/').next().unwrap_or_default();
        let operation = match operation {
            "vms" => "create VM",
            "snapshots" => "create snapshot",
            action => action,
        };
        let call = Call::post(format!("{}{path}", self.root), operation, body).about(about);
        Ok(self.api.call(&call).await?.body)
    }

    /// Deletes what is at `path`.
    pub(super) async fn delete(&self, path: &str, about: &str) -> Result<(), ProviderError> {
        let call = Call::delete(format!("{}{path}", self.root), "delete").about(about);
        self.api.call(&call).await.map(drop)
    }

    /// Logs out.
    pub(super) async fn close(&self) {
        self.api.close().await;
    }
}

/// An answer that lacks what the product must know.
pub(super) fn lacking(about: &str, member: &str) -> ProviderError {
    ProviderError::Malformed {
        operation: "read".to_owned(),
        object: about.to_owned(),
        problem: format!("it tells no {member}"),
        remedy: "look at it in the administration portal; the user may lack the right to see all of it",
    }
}

fn plain(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}
