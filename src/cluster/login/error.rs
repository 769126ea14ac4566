//! Why a login failed, and what to do about it.

use crate::http::HttpError;
use kube::config::KubeconfigError;
use std::io;

/// A login that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Nothing says which cluster to use.
    #[error(
        "no cluster to log in to: {causes}; set kubeconfig, or cluster_host, cluster_username and cluster_password"
    )]
    NoSource {
        /// Why each source was of no use.
        causes: String,
    },
    /// Password login with a part missing.
    #[error("log in to {host} with a password: {missing} is not set; set it, or clear the other cluster_ settings")]
    Incomplete {
        /// The host, or `the cluster`.
        host: String,
        /// The settings that are missing.
        missing: String,
    },
    /// A kubeconfig that cannot be used.
    #[error(
        "use the kubeconfig {path}; check the file and its current context, or name another with kubeconfig, context"
    )]
    Kubeconfig {
        /// The files, as given.
        path: String,
        /// The cause.
        #[source]
        cause: Box<KubeconfigError>,
    },
    /// A service account's file that cannot be read.
    #[error("log in with the pod's service account: read {path}; check that its token is mounted")]
    ServiceAccount {
        /// The file.
        path: String,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// An address that is no URL.
    #[error("the cluster's address {0:?} is not a URL such as https://api.example.com:6443")]
    BadUrl(String),
    /// A proxy that cannot be used.
    #[error(
        "use the proxy {proxy}: only http:// proxies are supported; change HTTPS_PROXY or the kubeconfig's proxy-url"
    )]
    Proxy {
        /// The proxy, without credentials.
        proxy: String,
    },
    /// The client cannot be built from the credentials (an unreadable key, no trusted roots).
    #[error("prepare the connection to {url}; check the certificates and keys of its kubeconfig entry")]
    Client {
        /// The API server.
        url: String,
        /// The cause.
        #[source]
        cause: Box<kube::Error>,
    },
    /// The API server or its OAuth server did not answer.
    #[error("log in to {url} with a password")]
    Http {
        /// The API server.
        url: String,
        /// The cause.
        #[source]
        cause: HttpError,
    },
    /// The cluster has no OAuth server of its own.
    #[error(
        "log in to {url} with a password: the cluster has no integrated OAuth server (its well-known page answered \
         {status}); use a kubeconfig"
    )]
    NoOAuth {
        /// The API server.
        url: String,
        /// HTTP status of the well-known page; 200 when the page made no sense.
        status: u16,
    },
    /// 401.
    #[error("log in to {url} as {username}: the user name or password is wrong")]
    WrongPassword {
        /// The API server.
        url: String,
        /// The user.
        username: String,
    },
    /// The identity provider has no password challenge.
    #[error(
        "log in to {url} as {username}: the OAuth server answered {status} to a password; its identity provider may \
         only know browser logins: use a kubeconfig with a token"
    )]
    NoPasswordLogin {
        /// The API server.
        url: String,
        /// The user.
        username: String,
        /// HTTP status.
        status: u16,
    },
    /// The OAuth server redirected with an error.
    #[error("log in to {url}: the OAuth server refuses: {code} {description}")]
    OAuth {
        /// The API server.
        url: String,
        /// OAuth's `error`.
        code: String,
        /// OAuth's `error_description`; may be empty.
        description: String,
    },
    /// Redirects without end, or to where nothing may be sent.
    #[error("log in to {url}: the OAuth server's redirects {why} at {hop}; check the proxy in front of it")]
    Redirect {
        /// The API server.
        url: String,
        /// The address it stopped at, without query.
        hop: String,
        /// What is wrong with them.
        why: &'static str,
    },
    /// A user name that Basic authentication cannot carry.
    #[error("log in as {0:?}: a user name must not be empty or contain a colon")]
    BadUsername(String),
}
