//! A look into the guests of the lab, and marks in them, in every manner that their commands have.

use crate::rig::Rig;
use async_trait::async_trait;
use mtvtest::facts::{GuestFacts, GuestFamily, Power};
use mtvtest::guest::{GuestShell, ShellError, ShellOutput, integrity, look};
use mtvtest::lab::Lab;
use mtvtest::lab::world::{Commands, Language, NetworkTool, Vm, VmSpec};
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const DUAL: &str = "mtv-tests-rhel9-dual-nic";
const LEASED: &str = "mtv-tests-rhel8";
const WINDOWS: &str = "mtv-win2022-ip-3disks";

/// The guest of a source VM, by the tools of its hypervisor.
struct Tools {
    lab: Lab,
    vm: Vm,
    family: GuestFamily,
}

impl Tools {
    fn new(name: &str, change: impl FnOnce(&mut VmSpec)) -> Self {
        let rig = Rig::with_vm(name, |vm| {
            vm.power = Power::On;
            change(vm);
        });
        let vm = rig.lab.world().sources[0].read().vms.iter().find(|vm| vm.name == name).unwrap().clone();
        let family = if name.contains("win") { GuestFamily::Windows } else { GuestFamily::Linux };
        Self { lab: rig.lab, vm, family }
    }

    async fn facts(&self) -> GuestFacts {
        look(self, LIMIT).await
    }
}

#[async_trait]
impl GuestShell for Tools {
    fn family(&self) -> GuestFamily {
        self.family
    }

    async fn run(&self, line: &str, _: Duration) -> Result<ShellOutput, ShellError> {
        let login = match self.family {
            GuestFamily::Linux => ("root", "lab-guest"),
            GuestFamily::Windows => ("Administrator", "lab-guest"),
        };
        let source = &self.lab.world().sources[0];
        let output = self.lab.guests().run_on_source(source, &self.vm.moref, login, line).unwrap();
        Ok(ShellOutput {
            status: Some(output.status.into()),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            truncated: false,
        })
    }
}

/// MAC, address, gateway and origin of everything: as the world has it, and as the look found it.
fn addresses_of(tools: &Tools, facts: &GuestFacts) -> [BTreeSet<String>; 2] {
    let nics = tools.vm.nics.iter().filter(|nic| nic.connected);
    let world = nics.flat_map(|nic| {
        let gateway = nic.guest.iter().find_map(|one| one.gateway.clone());
        nic.guest
            .iter()
            .map(move |one| format!("{} {}/{} {gateway:?} {}", nic.mac, one.ip, one.prefix_length, one.is_static))
    });
    let found = facts.nics.iter().flat_map(|nic| {
        nic.addresses.iter().map(move |one| {
            let (mac, by_hand) =
                (nic.mac.as_deref().unwrap_or("?"), one.is_static.map_or("?".into(), |it| it.to_string()));
            format!("{mac} {}/{} {:?} {by_hand}", one.ip, one.prefix_length, one.gateway)
        })
    });
    [world.collect(), found.collect()]
}

#[tokio::test(start_paused = true)]
async fn linux_tells_its_addresses_in_every_manner() {
    for name in [DUAL, LEASED] {
        for commands in [Commands::Modern, Commands::Old, Commands::Ancient] {
            for network in [NetworkTool::NetworkManager, NetworkTool::Netplan, NetworkTool::Ifcfg] {
                let tools = Tools::new(name, |vm| {
                    (vm.guest.commands, vm.guest.network) = (Some(commands), Some(network));
                });
                let facts = tools.facts().await;
                let [world, found] = addresses_of(&tools, &facts);
                assert!(!world.is_empty());
                assert_eq!(found, world, "{name} {commands:?} {network:?}");
                assert!(facts.hostname.is_some() && facts.os.is_some() && facts.boot_id.is_some(), "{facts:?}");
                assert_eq!(facts.disks.len(), tools.vm.disks.len());
                assert_eq!(facts.disks[0].size_bytes, tools.vm.disks[0].size_bytes);
                assert_eq!(facts.unread.len(), 0, "{facts:?}");
                assert_eq!(facts.nics[0].dns.len(), 1, "{facts:?}");
                tools.lab.stop().await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn windows_tells_its_addresses_in_every_language() {
    for language in [Language::En, Language::De, Language::Fr, Language::Ja] {
        for commands in [Commands::Modern, Commands::Old] {
            let tools = Tools::new(WINDOWS, |vm| {
                (vm.guest.commands, vm.guest.language) = (Some(commands), language);
            });
            let facts = tools.facts().await;
            let [world, found] = addresses_of(&tools, &facts);
            assert_eq!(world.len(), 3);
            assert_eq!(found, world, "{language:?} {commands:?}: {facts:?}");
            let all = commands == Commands::Modern;
            assert_eq!((facts.disks.len(), facts.unread.is_empty()), (if all { 3 } else { 0 }, all), "{facts:?}");
            assert!(facts.hostname.is_some() && facts.os.is_some(), "{facts:?}");
            tools.lab.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn encrypted_disks_are_seen() {
    let tools = Tools::new("mtv-tests-rhel9-luks", |_| ());
    let facts = tools.facts().await;
    assert!(facts.disks[0].contents.contains(&"crypto_LUKS".to_owned()), "{facts:?}");
    tools.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn marks_are_written_and_found_again() {
    for (name, folder, missing) in [(LEASED, "/srv/data", "/nowhere"), (WINDOWS, "C:\\Data", "C:\\Nowhere")] {
        let tools = Tools::new(name, |_| ());
        let manifest = [folder.to_owned()];
        let marks = integrity::record(&tools, Some("auto-ab12 it's me"), &manifest, LIMIT).await.unwrap();
        assert_eq!(marks.before.len(), 2);
        let after = integrity::verify(&tools, &marks, &manifest, LIMIT).await.unwrap();
        assert_eq!((after.marker.as_deref(), &after.files), (Some("auto-ab12 it's me"), &marks.before));
        let error = integrity::record(&tools, None, &[missing.to_owned()], LIMIT).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("hash {missing}: ")) && !error.contains("CLIXML"), "{error}");
        tools.lab.stop().await;
    }
}
