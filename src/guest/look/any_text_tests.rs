//! No text that a guest may answer with does harm: every parser takes any of it.

use super::linux::{ifcfg, ifconfig, ip_addr, ip_json, lsblk, netplan, nmcli, release, routes};
use super::windows::{ipconfig, report};
use proptest::prelude::*;

/// Real outputs, to be cut and mixed.
fn outputs() -> Vec<&'static str> {
    vec![
        ip_json::tests::ADDR,
        ip_json::tests::ROUTE,
        ip_addr::tests::ADDR,
        ifconfig::tests::NEW,
        ifconfig::tests::OLD,
        ifconfig::tests::GERMAN,
        routes::tests::IP_ROUTE,
        routes::tests::ROUTE_N,
        nmcli::tests::ACTIVE,
        nmcli::tests::MANUAL,
        netplan::tests::FILES,
        ifcfg::tests::FILES,
        lsblk::tests::JSON,
        lsblk::tests::PAIRS,
        report::tests::TWO_NICS,
        ipconfig::tests::ENGLISH,
        ipconfig::tests::FRENCH,
        ipconfig::tests::JAPANESE,
    ]
}

fn read(text: &str) {
    drop((ip_json::links(text), ip_json::routes(text), ip_addr::links(text), ifconfig::links(text)));
    drop((routes::ip_route(text), routes::route_n(text), nmcli::active(text), nmcli::connection("a", text)));
    drop((netplan::configs(text), ifcfg::configs(text), lsblk::json(text), lsblk::pairs(text)));
    drop((release::os_release(text), release::line(text), release::name_servers(text)));
    drop((ipconfig::nics(text), report::facts(text)));
}

/// A real output of which a part is replaced by something.
fn harmed() -> impl Strategy<Value = String> {
    let output = proptest::sample::select(outputs());
    let something = prop_oneof![
        "\\PC{0,12}",
        any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        Just("99999999999999999999".to_owned()),
        Just("\r\n".to_owned()),
        Just("255.255.255.255".to_owned()),
    ];
    (output, any::<prop::sample::Index>(), 0_usize..40, something).prop_map(|(output, at, length, something)| {
        let letters: Vec<char> = output.chars().collect();
        let at = at.index(letters.len());
        let end = (at + length).min(letters.len());
        letters[..at].iter().copied().chain(something.chars()).chain(letters[end..].iter().copied()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_taken(text in "(?s).{0,200}") {
        read(&text);
    }

    #[test]
    fn harmed_outputs_are_taken(text in harmed()) {
        read(&text);
    }
}

#[test]
fn depth_and_length_are_taken() {
    for text in ["[", "{\"a\":", "a: [", "- ", "==> ifcfg-", "'", "\\", "   a : "] {
        read(&text.repeat(20_000));
        read(&format!("network:\n  ethernets: {}", text.repeat(20_000)));
    }
}
