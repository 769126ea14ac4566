//! `ip route` and `route -n`.

use crate::guest::look::network::DefaultRoute;

/// Words of which every route has one.
const OF_ROUTES: [&str; 6] = ["dev", "via", "unreachable", "blackhole", "prohibit", "throw"];

/// The default routes that `ip route` lists; no output is no route, and another text is none of its.
pub(in crate::guest::look) fn ip_route(output: &str) -> Option<Vec<DefaultRoute>> {
    let is_route = |line: &str| line.split_whitespace().any(|word| OF_ROUTES.contains(&word));
    if !output.trim().is_empty() && !output.lines().any(is_route) {
        return None;
    }
    let mut found = Vec::new();
    // The next hops of a route with several stand below it, each with its own device.
    let mut metric_above = None;
    for line in output.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |key: &str| words.windows(2).find(|pair| pair[0] == key).map(|pair| pair[1]);
        let metric = match words.first() {
            Some(&("default" | "0.0.0.0/0")) => {
                metric_above = Some(after("metric").and_then(|text| text.parse().ok()).unwrap_or(0));
                metric_above
            }
            Some(&"nexthop") => metric_above,
            _ => {
                metric_above = None;
                None
            }
        };
        let hop = (metric, after("dev"), after("via").and_then(|text| text.parse().ok()));
        if let (Some(metric), Some(device), Some(gateway)) = hop {
            found.push(DefaultRoute { device: device.to_owned(), gateway, metric });
        }
    }
    Some(found)
}

/// The default routes that `route -n` lists; `None` when it is no such list.
pub(in crate::guest::look) fn route_n(output: &str) -> Option<Vec<DefaultRoute>> {
    let mut found = Vec::new();
    let mut rows = 0;
    for line in output.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [destination, gateway, mask, flags, metric, .., device] = words.as_slice() else { continue };
        if mask.parse::<std::net::Ipv4Addr>().is_err() {
            continue;
        }
        rows += 1;
        let leads = *destination == "0.0.0.0" && *mask == "0.0.0.0" && flags.contains('G');
        if let Some(gateway) = gateway.parse().ok().filter(|_| leads) {
            let metric = metric.parse().unwrap_or(0);
            found.push(DefaultRoute { device: (*device).to_owned(), gateway, metric });
        }
    }
    if rows == 0 && !output.contains("Iface") { None } else { Some(found) }
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;

    pub(in crate::guest::look) const IP_ROUTE: &str = "\
default via 10.0.0.1 dev ens192 proto static metric 100
default proto static metric 101
\tnexthop via 192.168.7.1 dev ens224 weight 1
\tnexthop via 192.168.7.2 dev ens224 weight 1
default dev tun0 scope link
10.0.0.0/24 dev ens192 proto kernel scope link src 10.0.0.5 metric 100
10.9.0.0/16 via 10.0.0.9 dev ens192
";
    pub(in crate::guest::look) const ROUTE_N: &str = "\
Kernel IP routing table
Destination     Gateway         Genmask         Flags Metric Ref    Use Iface
0.0.0.0         10.0.0.1        0.0.0.0         UG    100    0        0 ens192
0.0.0.0         0.0.0.0         0.0.0.0         U     900    0        0 tun0
10.0.0.0        0.0.0.0         255.255.255.0   U     100    0        0 ens192
10.9.0.0        10.0.0.9        255.255.0.0     UG    0      0        0 ens192
";

    fn brief(routes: &[DefaultRoute]) -> Vec<String> {
        routes.iter().map(|one| format!("{} {} {}", one.device, one.gateway, one.metric)).collect()
    }

    #[test]
    fn only_default_routes_through_a_gateway_count() {
        let found = ip_route(IP_ROUTE).unwrap();
        assert_eq!(brief(&found), ["ens192 10.0.0.1 100", "ens224 192.168.7.1 101", "ens224 192.168.7.2 101"]);
        assert_eq!(brief(&route_n(ROUTE_N).unwrap()), ["ens192 10.0.0.1 100"]);
    }

    #[test]
    fn no_route_is_an_answer_and_another_text_is_none() {
        assert_eq!(ip_route(""), Some(vec![]));
        assert_eq!(
            route_n("Kernel IP routing table\nDestination Gateway Genmask Flags Metric Ref Use Iface\n"),
            Some(vec![])
        );
        assert_eq!(ip_route("\u{fffd}\u{fffd}"), None);
        assert_eq!(route_n("sh: route: not found"), None);
    }
}
