//! Finding VMs, and their facts beside what govmomi's client reads.

use super::simulator::{ALONE, CLUSTERED, NEEDS, Simulator};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::{Firmware, GuestAddress, Power};
use mtvtest::provider::ProviderError;
use mtvtest::wait::Deadline;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::a_vm_is_found_by_its_exact_name_or_near_names_are_told", NEEDS, find),
        trial("vcsim::vms_with_a_prefix_come_by_name", NEEDS, prefix),
        trial("vcsim::a_list_that_is_longer_than_a_page_is_whole", NEEDS, pages),
        trial("vcsim::facts_are_what_govmomi_reads", NEEDS, facts),
        trial("vcsim::guest_addresses_come_with_gateway_and_origin", NEEDS, addresses),
        trial("vcsim::guest_information_is_waited_for", NEEDS, guest_information),
    ]
}

async fn find(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    assert_eq!((vm.id.as_str(), vm.name.as_str()), (simulator.vm(ALONE).await["ID"].as_str().unwrap(), ALONE));
    for wrong in ["DC0_H0_VMO", "dc0_h0_vm0", "DC0_H0_VM"] {
        match provider.find_vm(wrong).await.unwrap_err() {
            ProviderError::NotFound { name, near } => {
                assert_eq!(name, wrong);
                assert_eq!(near.first().map(String::as_str), Some(ALONE), "{near:?}");
            }
            error => panic!("{error}"),
        }
    }
    // A vCenter stores some characters escaped.
    simulator.ask("rename", &[ALONE, "a%2fb %25 c"]).await;
    let renamed = provider.find_vm("a/b % c").await.unwrap();
    assert_eq!(renamed.id, vm.id);
    assert_eq!(provider.vm_facts(&vm).await.unwrap().name, "a/b % c");
}

async fn prefix(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-vm", "3", "-folder", "1"]).await;
    let provider = simulator.connect().await;
    let names = |prefix: &'static str| {
        let provider = provider.clone();
        async move {
            let found = provider.vms_with_prefix(prefix).await.unwrap();
            found.into_iter().map(|vm| vm.name).collect::<Vec<_>>()
        }
    };
    assert_eq!(names("DC0_H0").await, ["DC0_H0_VM0", "DC0_H0_VM1", "DC0_H0_VM2"], "datacenters in folders too");
    assert_eq!(names("dc0").await, [""; 0]);
    assert_eq!(names("").await.len(), 6);
}

async fn pages(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-vm", "300"]).await;
    let provider = simulator.connect().await;
    let before = provider.requests();
    let vms = provider.vms_with_prefix("DC0_").await.unwrap();
    assert_eq!(provider.requests() - before, 4, "view, page, page, view destroyed");
    let ids: std::collections::BTreeSet<_> = vms.iter().map(|vm| &vm.id).collect();
    assert_eq!((vms.len(), ids.len()), (600, 600));
    assert_eq!(provider.find_vm("DC0_C0_RP0_VM299").await.unwrap().name, "DC0_C0_RP0_VM299");
}

async fn facts(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(CLUSTERED).await.unwrap();
    let plain = provider.vm_facts(&vm).await.unwrap();
    assert_eq!((plain.power, plain.windows, plain.guest_agent, plain.template), (Power::Off, false, false, false));
    assert_eq!((plain.cpu.sockets, plain.cpu.cores, plain.memory_bytes), (1, 1, 32 << 20));
    let settings = json!({
        "GuestID": "windows9Server64Guest", "Firmware": "efi", "SecureBoot": true, "CPUs": 4, "CoresEach": 2,
        "MemoryMB": 2048, "Network": "VM Network", "Tools": "toolsOk"
    });
    simulator.configure(CLUSTERED, &settings).await;
    provider.set_power(&vm, Power::On).await.unwrap();
    let facts = provider.vm_facts(&vm).await.unwrap();
    let seen = simulator.vm(CLUSTERED).await;
    assert_eq!((facts.id.as_str(), facts.uuid.as_deref()), (seen["ID"].as_str().unwrap(), seen["UUID"].as_str()));
    assert_eq!((facts.power, facts.windows, facts.guest_agent), (Power::On, true, true));
    assert_eq!((facts.cpu.sockets, facts.cpu.cores, facts.memory_bytes), (2, 2, 2 << 30));
    assert_eq!((facts.firmware, facts.secure_boot), (Some(Firmware::Efi), Some(true)));
    let nics: Vec<_> = facts.nics.iter().map(|nic| json!([nic.mac, nic.network])).collect();
    let mac = |at: usize| seen["NICs"][at]["MAC"].clone();
    assert_eq!(nics, [json!([mac(0), "DC0_DVPG0"]), json!([mac(1), "VM Network"])]);
    let disk = &facts.disks[0];
    let own = &seen["Disks"][0];
    assert_eq!(disk.id, own["Key"].to_string());
    assert_eq!((disk.name.as_str(), disk.storage.as_str()), (own["Label"].as_str().unwrap(), "LocalDS_0"));
    assert_eq!(
        json!([disk.size_bytes, disk.controller, disk.unit]),
        json!([own["Bytes"], own["Controller"], own["Unit"]])
    );
    simulator.ask("template", &[ALONE]).await;
    let template = provider.find_vm(ALONE).await.unwrap();
    assert!(provider.vm_facts(&template).await.unwrap().template);
}

fn address(ip: &str, prefix: u8, origin: &str) -> Value {
    json!({ "ipAddress": ip, "prefixLength": prefix, "origin": origin })
}

fn default_route(gateway: &str, device: &str) -> Value {
    json!({ "network": "0.0.0.0", "prefixLength": 0, "gateway": { "ipAddress": gateway, "device": device } })
}

async fn addresses(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    simulator.configure(ALONE, &json!({ "Network": "VM Network" })).await;
    let nics = simulator.vm(ALONE).await["NICs"].clone();
    let second = nics[1]["Key"].as_i64().unwrap() - 4000;
    let guest = json!([
        {
            // Guests write MAC addresses as they like.
            "MAC": nics[0]["MAC"].as_str().unwrap().to_uppercase(),
            "Addresses": [
                address("192.0.2.10", 24, "manual"), address("192.0.2.11", 25, "dhcp"), address("169.254.1.1", 16, "linklayer"),
                address("fe80::1", 64, "linklayer"), { "ipAddress": "192.0.2.12", "prefixLength": 32 }
            ]
        },
        { "MAC": nics[1]["MAC"], "Addresses": [address("198.51.100.7", 30, "manual")] }
    ]);
    let routes = json!([
        { "network": "192.0.2.0", "prefixLength": 24, "gateway": { "ipAddress": "192.0.2.254", "device": "0" } },
        default_route("192.0.2.1", "0"), default_route("198.51.100.5", &second.to_string())
    ]);
    simulator.configure(ALONE, &json!({ "Guest": guest, "Routes": routes, "DNS": ["192.0.2.53"] })).await;
    let off = provider.vm_facts(&vm).await.unwrap();
    assert!(off.nics.iter().all(|nic| nic.addresses.is_empty()), "stale while it is off: {:?}", off.nics);
    provider.set_power(&vm, Power::On).await.unwrap();
    let on = provider.vm_facts(&vm).await.unwrap();
    let told = |ip: &str, prefix_length, gateway: &str, is_static| GuestAddress {
        ip: ip.to_owned(),
        prefix_length,
        gateway: Some(gateway.to_owned()),
        is_static,
    };
    assert_eq!(
        on.nics[0].addresses,
        [
            told("192.0.2.10", 24, "192.0.2.1", Some(true)),
            told("192.0.2.11", 25, "192.0.2.1", Some(false)),
            told("192.0.2.12", 32, "192.0.2.1", None)
        ]
    );
    assert_eq!(on.nics[1].addresses, [told("198.51.100.7", 30, "198.51.100.5", Some(true))]);
}

async fn guest_information(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    let within = |seconds| Deadline::after(Duration::from_secs(seconds), &CancellationToken::new());
    provider.set_power(&vm, Power::On).await.unwrap();
    assert!(!provider.wait_guest_info(&vm, &within(1)).await.unwrap(), "there are no Tools");
    let deadline = within(120);
    let (waited, ()) = tokio::join!(provider.wait_guest_info(&vm, &deadline), async {
        simulator.configure(ALONE, &json!({ "Tools": "toolsOld" })).await;
    });
    assert!(waited.unwrap());
    provider.set_power(&vm, Power::Off).await.unwrap();
    assert!(!provider.wait_guest_info(&vm, &within(1)).await.unwrap(), "it is off");
}
