//! `ipconfig /all` in the language of Windows.

use super::words::{Words, of};
use crate::lab::guest::host::{Host, NicView, mask};

/// What it prints.
pub(super) fn all(host: &mut Host<'_>) -> String {
    let words = of(host.inside().spec.language);
    let mut text = format!("\n{}\n\n", words.title);
    let mut line = |label: &str, value: &str| text.push_str(&row(label, value));
    line(words.host, &host.vm.hostname);
    line(words.suffix, "");
    line(words.node[0], words.node[1]);
    line(words.routing, words.no);
    line(words.proxy, words.no);
    for (at, nic) in host.look_at_nics().iter().enumerate() {
        text.push_str(&adapter(words, at, nic, &host.inside().spec.dns));
    }
    text
}

fn adapter(words: &Words, at: usize, nic: &NicView, dns: &[String]) -> String {
    let mut text = format!("\n{}{}{}\n\n", words.adapter[0], nic.name, words.adapter[1]);
    let mut line = |label: &str, value: &str| text.push_str(&row(label, value));
    if !nic.is_connected {
        line(words.media[0], words.media[1]);
    }
    let number = if at == 0 { String::new() } else { format!(" #{}", at + 1) };
    line(words.own_suffix, "");
    line(words.description, &format!("vmxnet3 Ethernet Adapter{number}"));
    line(words.physical, &nic.mac.to_uppercase().replace(':', "-"));
    line(words.dhcp, if nic.is_static() { words.no } else { words.yes });
    line(words.automatic, words.yes);
    if !nic.is_connected {
        return text;
    }
    line(words.link_local, &format!("{}%{}{}", nic.link_local, index(at), words.preferred));
    for one in &nic.addresses {
        line(words.address, &format!("{}{}", one.ip, words.preferred));
        line(words.mask, &mask(one.prefix_length).to_string());
    }
    let leased = !nic.is_static() && !nic.addresses.is_empty();
    if leased {
        line(words.lease[0], "Monday, January 5, 2026 8:00:00 AM");
        line(words.lease[1], "Tuesday, January 6, 2026 8:00:00 AM");
    }
    line(words.gateway, nic.gateway().unwrap_or_default());
    if leased {
        line(words.dhcp_server, "10.6.68.2");
    }
    for (at, server) in dns.iter().enumerate() {
        // Further values stand below the first, without a label.
        let blank = " ".repeat(words.dns.chars().count());
        line(if at == 0 { words.dns } else { &blank }, server);
    }
    line(words.netbios[0], words.netbios[1]);
    text
}

fn row(label: &str, value: &str) -> String {
    format!("   {label} {value}\n")
}

/// The index of the interface of a NIC.
pub(super) fn index(at: usize) -> usize {
    at + 4
}
