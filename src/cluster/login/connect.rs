//! Choosing the credentials and proving that they work.
//!
//! What is set explicitly is used or fails; only the defaults give way to each other, so that a mistake cannot lead to
//! another cluster than the one that was meant.

use super::kubeconfig::Files;
use super::oauth::PasswordLogin;
use super::{LoginError, incluster, transport};
use crate::cluster::{Cluster, ClusterError, server_version, whoami};
use crate::config::{Environment, Secret, Settings};
use crate::http::{Network, RequestCounter, TlsPolicy, install_crypto};
use kube::Config;
use kube::config::AuthInfo;
use std::path::Path;

/// The settings that choose a cluster.
pub(super) struct Wanted<'a> {
    kubeconfig: Option<&'a Path>,
    context: Option<&'a str>,
    host: Option<&'a str>,
    username: Option<&'a str>,
    password: Option<&'a Secret>,
    pub(super) insecure: bool,
}

struct Found {
    config: Config,
    proxy: Option<String>,
}

/// Logs in to the cluster of the settings and asks its version and who one is, which proves address, certificate and
/// credentials.
///
/// `cluster_host`, `cluster_username` and `cluster_password` log in through OpenShift's OAuth server; else the
/// kubeconfig of the settings; else that of the environment; else the pod's service account. Needs a tokio runtime that
/// outlives the cluster.
///
/// # Errors
/// [`ClusterError::Login`] when there is no way in, else as any request.
pub async fn connect(
    settings: &Settings,
    env: &dyn Environment,
    network: &dyn Network,
) -> Result<Cluster, ClusterError> {
    log_in(&Wanted::of(settings), env, network).await
}

impl<'a> Wanted<'a> {
    pub(super) fn of(settings: &'a Settings) -> Self {
        Self {
            kubeconfig: settings.kubeconfig.as_deref(),
            context: settings.context.as_deref(),
            host: settings.cluster_host.as_deref(),
            username: settings.cluster_username.as_deref(),
            password: settings.cluster_password.as_ref(),
            insecure: settings.insecure_verify_skip,
        }
    }
}

async fn log_in(wanted: &Wanted<'_>, env: &dyn Environment, network: &dyn Network) -> Result<Cluster, ClusterError> {
    install_crypto();
    let counter = RequestCounter::default();
    let cluster = prepare(wanted, env, network, counter).await.map_err(Box::new)?;
    let version = server_version(&cluster).await?;
    // Some servers tell their version to anybody: only a question about oneself proves the credentials.
    let user = match whoami(&cluster).await {
        Err(error) if error.is_unauthorized() || error.is_transient() => return Err(error),
        answer => answer.unwrap_or_else(|_| "an unnamed user".to_owned()),
    };
    tracing::info!("connected to {} (Kubernetes {version}) as {user}", cluster.url());
    Ok(cluster)
}

async fn prepare(
    wanted: &Wanted<'_>,
    env: &dyn Environment,
    network: &dyn Network,
    counter: RequestCounter,
) -> Result<Cluster, LoginError> {
    let password_login = [wanted.host, wanted.username].iter().any(Option::is_some) || wanted.password.is_some();
    let mut found = if password_login {
        by_password(wanted, env, network, &counter).await?
    } else {
        by_file_or_pod(wanted, env, Path::new(incluster::MOUNT)).await?
    };
    found.config.accept_invalid_certs |= wanted.insecure;
    let proxy = transport::proxy_for(&found.config.cluster_url, found.proxy.as_deref(), env)?;
    transport::cluster(found.config, proxy, counter).await
}

async fn by_file_or_pod(wanted: &Wanted<'_>, env: &dyn Environment, mount: &Path) -> Result<Found, LoginError> {
    if let Some(files) = Files::find(wanted.kubeconfig, env)? {
        let entry = files.entry(wanted.context).await?;
        return Ok(Found { config: entry.config, proxy: entry.proxy });
    }
    if let Some(context) = wanted.context {
        let causes = format!("the context {context} is wanted, but there is no kubeconfig in KUBECONFIG or the home");
        return Err(LoginError::NoSource { causes });
    }
    if let Some(config) = incluster::load(env, mount)? {
        return Ok(Found { config, proxy: None });
    }
    let causes = "no kubeconfig in KUBECONFIG or the home, and this is no pod (KUBERNETES_SERVICE_HOST and _PORT are \
                  not set)";
    Err(LoginError::NoSource { causes: causes.to_owned() })
}

async fn by_password(
    wanted: &Wanted<'_>,
    env: &dyn Environment,
    network: &dyn Network,
    counter: &RequestCounter,
) -> Result<Found, LoginError> {
    let Some(host) = wanted.host else { return Err(incomplete(wanted)) };
    let url = normalized(host);
    let mut config = Config::new(url.parse().map_err(|_| LoginError::BadUrl(host.to_owned()))?);
    if config.cluster_url.host().is_none() {
        return Err(LoginError::BadUrl(host.to_owned()));
    }
    config.accept_invalid_certs = wanted.insecure;
    // A kubeconfig beside the password may know the authority of the API server's private certificate.
    if let Some(files) = Files::find(wanted.kubeconfig, env).ok().flatten() {
        config.root_cert = files.authority_of(&url).await;
    }
    let tls: TlsPolicy = transport::policy(&config);
    let (_, token) = password_token(wanted, &tls, network, counter).await?;
    config.auth_info = AuthInfo { token: Some(token.expose().to_owned().into()), ..AuthInfo::default() };
    Ok(Found { config, proxy: None })
}

/// The URL of the API server, and a token for the user.
pub(super) async fn password_token(
    wanted: &Wanted<'_>,
    tls: &TlsPolicy,
    network: &dyn Network,
    counter: &RequestCounter,
) -> Result<(String, Secret), LoginError> {
    let (Some(host), Some(username), Some(password)) = (wanted.host, wanted.username, wanted.password) else {
        return Err(incomplete(wanted));
    };
    let url = normalized(host);
    let token = PasswordLogin { url: &url, username, password, tls, network, counter }.token().await?;
    Ok((url, token))
}

fn incomplete(wanted: &Wanted<'_>) -> LoginError {
    let parts = [
        ("cluster_host", wanted.host.is_none()),
        ("cluster_username", wanted.username.is_none()),
        ("cluster_password", wanted.password.is_none()),
    ];
    let missing: Vec<&str> = parts.into_iter().filter(|(_, absent)| *absent).map(|(name, _)| name).collect();
    LoginError::Incomplete { host: wanted.host.unwrap_or("the cluster").to_owned(), missing: missing.join(", ") }
}

/// `api.example.com:6443` as people write it, and a trailing slash, are understood.
fn normalized(host: &str) -> String {
    let bare = host.trim().trim_end_matches('/');
    if bare.contains("://") { bare.to_owned() } else { format!("https://{bare}") }
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
