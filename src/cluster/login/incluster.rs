//! Login as the service account of the pod one runs in.
//!
//! Source: cluster-api.md section 3.2.

use super::LoginError;
use super::transport::certificates;
use crate::config::Environment;
use kube::Config;
use kube::config::AuthInfo;
use std::path::Path;

/// Where Kubernetes mounts a service account.
pub(super) const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The pod's own access; `None` outside a cluster. The token is read again as it is renewed.
pub(super) fn load(env: &dyn Environment, mount: &Path) -> Result<Option<Config>, LoginError> {
    let (Some(host), Some(port)) = (filled(env, "KUBERNETES_SERVICE_HOST"), filled(env, "KUBERNETES_SERVICE_PORT"))
    else {
        return Ok(None);
    };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let url = format!("https://{host}:{port}");
    let read = |name: &str| {
        let path = mount.join(name);
        std::fs::read_to_string(&path)
            .map_err(|cause| LoginError::ServiceAccount { path: path.display().to_string(), cause })
    };
    read("token")?;
    let authority = mount.join("ca.crt");
    let mut config = Config::new(url.parse().map_err(|_| LoginError::BadUrl(url))?);
    config.root_cert = Some(certificates(&read("ca.crt")?));
    config.root_cert_file = Some(authority);
    config.default_namespace = read("namespace").map_or_else(|_| "default".to_owned(), |text| text.trim().to_owned());
    let token_file = mount.join("token").display().to_string();
    config.auth_info = AuthInfo { token_file: Some(token_file), ..AuthInfo::default() };
    Ok(Some(config))
}

fn filled(env: &dyn Environment, name: &str) -> Option<String> {
    env.get(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MapEnvironment;

    #[test]
    fn a_pod_finds_its_service_account() {
        let folder = tempfile::tempdir().unwrap();
        assert!(load(&MapEnvironment::default(), folder.path()).unwrap().is_none());
        let pairs = [("KUBERNETES_SERVICE_HOST", "fd00::1"), ("KUBERNETES_SERVICE_PORT", "443")];
        let env = MapEnvironment(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect());
        let error = load(&env, folder.path()).unwrap_err();
        assert!(error.to_string().contains("check that its token is mounted"), "{error}");
        std::fs::write(folder.path().join("token"), "t").unwrap();
        std::fs::write(folder.path().join("ca.crt"), "").unwrap();
        std::fs::write(folder.path().join("namespace"), "mine\n").unwrap();
        let config = load(&env, folder.path()).unwrap().unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://[fd00::1]:443/");
        assert_eq!(config.default_namespace, "mine");
    }
}
