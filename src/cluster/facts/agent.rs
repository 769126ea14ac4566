//! A guest as its agent tells KubeVirt.

use crate::facts::AgentView;
use kube::core::DynamicObject;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the guest agent of an instance says; `None` when it says nothing.
///
/// An address that the agent did not tell is not taken: the pod NIC has the launcher pod's before the guest boots.
/// Source: cluster-api.md section 1.1 (VMI status).
pub fn agent_view(vmi: &DynamicObject) -> Option<AgentView> {
    let status = vmi.data.get("status")?;
    let os = status.get("guestOSInfo").and_then(system);
    let mut addresses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for interface in status.get("interfaces").and_then(Value::as_array).into_iter().flatten() {
        let told = text(interface, "infoSource").unwrap_or_default();
        let Some(mac) = text(interface, "mac").filter(|_| told.split(',').any(|one| one.trim() == "guest-agent"))
        else {
            continue;
        };
        let all = interface.get("ipAddresses").and_then(Value::as_array).into_iter().flatten();
        let known = addresses.entry(mac.to_lowercase()).or_default();
        for ip in all.filter_map(Value::as_str).chain(text(interface, "ipAddress")) {
            // A bond or bridge is told beside its NIC, with the same MAC address.
            if !known.iter().any(|other| other == ip) {
                known.push(ip.to_owned());
            }
        }
    }
    (os.is_some() || !addresses.is_empty()).then_some(AgentView { os, addresses })
}

fn system(info: &Value) -> Option<String> {
    let joined = || {
        let words: Vec<&str> = ["name", "version"].iter().filter_map(|key| text(info, key)).collect();
        Some(words.join(" ")).filter(|words| !words.is_empty())
    };
    text(info, "prettyName").map(str::to_owned).or_else(joined)
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view(status: Value) -> Option<AgentView> {
        let object = json!({
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "v"}, "status": status
        });
        agent_view(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn only_what_the_agent_told_counts() {
        let seen = view(json!({
            "guestOSInfo": {"id": "rhel", "name": "Red Hat Enterprise Linux", "prettyName": "Red Hat Enterprise Linux 8.10 (Ootpa)"},
            "interfaces": [
                {"name": "net-0", "mac": "00:50:56:AA:00:01", "ipAddress": "10.0.0.5", "infoSource": "domain, guest-agent",
                    "ipAddresses": ["10.0.0.5", "10.0.0.6", "fe80::1"], "interfaceName": "ens192"},
                {"mac": "00:50:56:aa:00:01", "ipAddress": "10.0.0.7", "infoSource": "guest-agent", "interfaceName": "br0"},
                {"name": "net-1", "mac": "00:50:56:aa:00:02", "ipAddress": "10.128.0.9", "infoSource": "domain"},
                {"name": "net-2", "mac": "00:50:56:aa:00:03", "infoSource": "domain, guest-agent, multus-status"},
            ],
        }))
        .unwrap();
        assert_eq!(seen.os.as_deref(), Some("Red Hat Enterprise Linux 8.10 (Ootpa)"));
        let rows: Vec<_> = seen.addresses.iter().map(|(mac, all)| (mac.as_str(), all.join(" "))).collect();
        assert_eq!(
            rows,
            [("00:50:56:aa:00:01", "10.0.0.5 10.0.0.6 fe80::1 10.0.0.7".into()), ("00:50:56:aa:00:03", String::new())]
        );
    }

    #[test]
    fn a_silent_agent_has_no_view() {
        for status in [
            Value::Null,
            json!({}),
            json!({"guestOSInfo": {}, "interfaces": null}),
            json!({"guestOSInfo": null, "interfaces": [{"mac": "m", "ipAddress": "10.0.0.5", "infoSource": "domain"}]}),
            json!({"guestOSInfo": 7, "interfaces": [7, {"infoSource": "guest-agent"}]}),
        ] {
            assert_eq!(view(status.clone()), None, "{status}");
        }
        let windows = view(json!({"guestOSInfo": {"name": "Microsoft Windows", "version": "10"}})).unwrap();
        assert_eq!(windows.os.as_deref(), Some("Microsoft Windows 10"));
    }
}
