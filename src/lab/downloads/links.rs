//! The object by which the cluster offers virtctl: seven archives.
//!
//! Source: cluster-api.md section 3.3.

use serde_json::{Value, json};

/// Host of the downloads inside the lab.
pub(in crate::lab) const DOWNLOADS_HOST: &str = "hyperconverged-cluster-cli-download-openshift-cnv.apps.lab.mtvtest";

/// Name of the object.
pub(in crate::lab) const OBJECT: &str = "virtctl-clidownloads-kubevirt-hyperconverged";

const ARCHIVES: [(&str, &str); 7] = [
    ("Linux for x86_64", "amd64/linux/virtctl.tar.gz"),
    ("Linux for ARM 64", "arm64/linux/virtctl.tar.gz"),
    ("Linux for IBM Z", "s390x/linux/virtctl.tar.gz"),
    ("Mac for x86_64", "amd64/mac/virtctl.zip"),
    ("Mac for ARM 64", "arm64/mac/virtctl.zip"),
    ("Windows for x86_64", "amd64/windows/virtctl.zip"),
    ("Windows for ARM 64", "arm64/windows/virtctl.zip"),
];

/// The links to a host, perhaps with its port.
pub(in crate::lab) fn links(host: &str) -> Vec<Value> {
    let link = |(system, path): &(&str, &str)| json!({"text": format!("Download virtctl for {system}"), "href": format!("https://{host}/{path}")});
    ARCHIVES.iter().map(link).collect()
}

/// The object, with links to the host inside the lab.
pub(in crate::lab) fn console_cli_download() -> Value {
    json!({
        "apiVersion": "console.openshift.io/v1", "kind": "ConsoleCLIDownload", "metadata": {"name": OBJECT},
        "spec": {"displayName": "virtctl", "description": "The virtctl client.", "links": links(DOWNLOADS_HOST)},
    })
}
