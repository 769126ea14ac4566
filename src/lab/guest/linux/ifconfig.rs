//! `ifconfig -a` of net-tools, in the form before 2.0 and in the one since. Addresses after the first have aliases.

use crate::lab::guest::host::{Host, NicView, mask, network};
use crate::lab::shell::Output;
use crate::lab::world::{Commands, GuestNet};

/// `ifconfig -a` of this guest.
pub(super) fn ifconfig(host: &mut Host<'_>) -> Output {
    let nics = host.look_at_nics();
    Output::said(if host.commands() == Commands::Ancient { old_form(&nics) } else { new_form(&nics) })
}

fn old_form(nics: &[NicView]) -> String {
    let mut text = String::new();
    for nic in nics {
        let mut line = |line: String| text.push_str(&(line + "\n"));
        let header = |name: &str| format!("{name:<9} Link encap:Ethernet  HWaddr {}  ", nic.mac.to_uppercase());
        let flags = if nic.is_connected { "UP BROADCAST RUNNING MULTICAST" } else { "UP BROADCAST MULTICAST" };
        let flags = format!("          {flags}  MTU:1500  Metric:1");
        let inet = |one: &GuestNet| {
            let (mask, brd) = (mask(one.prefix_length), network(one).1);
            format!("          inet addr:{}  Bcast:{brd}  Mask:{mask}", one.ip)
        };
        line(header(&nic.name));
        nic.addresses.iter().take(1).for_each(|one| line(inet(one)));
        if nic.is_connected {
            line(format!("          inet6 addr: {}/64 Scope:Link", nic.link_local));
        }
        line(flags.clone());
        line("          RX packets:4711 errors:0 dropped:0 overruns:0 frame:0".to_owned());
        line("          TX packets:815 errors:0 dropped:0 overruns:0 carrier:0".to_owned());
        line("          collisions:0 txqueuelen:1000 ".to_owned());
        line("          RX bytes:1048576 (1.0 MiB)  TX bytes:65536 (64.0 KiB)\n".to_owned());
        for (at, one) in nic.addresses.iter().enumerate().skip(1) {
            line(header(&format!("{}:{at}", nic.name)));
            line(inet(one));
            line(format!("{flags}\n"));
        }
    }
    text.push_str(
        "lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          \
         inet6 addr: ::1/128 Scope:Host\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n\n",
    );
    text
}

fn new_form(nics: &[NicView]) -> String {
    let mut text = String::new();
    for nic in nics {
        let flags =
            if nic.is_connected { "4163<UP,BROADCAST,RUNNING,MULTICAST>" } else { "4099<UP,BROADCAST,MULTICAST>" };
        let mut line = |line: String| text.push_str(&(line + "\n"));
        let inet = |one: &GuestNet| {
            let (mask, brd) = (mask(one.prefix_length), network(one).1);
            format!("        inet {}  netmask {mask}  broadcast {brd}", one.ip)
        };
        line(format!("{}: flags={flags}  mtu 1500", nic.name));
        nic.addresses.iter().take(1).for_each(|one| line(inet(one)));
        if nic.is_connected {
            line(format!("        inet6 {}  prefixlen 64  scopeid 0x20<link>", nic.link_local));
        }
        line(format!("        ether {}  txqueuelen 1000  (Ethernet)", nic.mac));
        line("        RX packets 4711  bytes 1048576 (1.0 MiB)".to_owned());
        line("        RX errors 0  dropped 0  overruns 0  frame 0".to_owned());
        line("        TX packets 815  bytes 65536 (64.0 KiB)".to_owned());
        line("        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n".to_owned());
        for (at, one) in nic.addresses.iter().enumerate().skip(1) {
            line(format!("{}:{at}: flags={flags}  mtu 1500", nic.name));
            line(inet(one));
            line(format!("        ether {}  txqueuelen 1000  (Ethernet)\n", nic.mac));
        }
    }
    text.push_str(
        "lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        \
         inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n\n",
    );
    text
}
