//! The shells by what they print, and the doors by what they let through.

use super::windows::FACTS;
use super::{Guests, LoginRefused, Output};
use crate::lab::clock::Pace;
use crate::lab::world::{Boots, Commands, Language, NetworkTool, SshPort, VmSpec, World, WorldSpec};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::io::ErrorKind;

const RHEL: &str = "mtv-tests-rhel8";
const DUAL: &str = "mtv-tests-rhel9-dual-nic";
const WINDOWS: &str = "mtv-win2022-ip-3disks";

/// The guest of one VM of the embedded world, after a change.
struct Bench {
    world: World,
    guests: Guests,
    moref: String,
    login: (&'static str, &'static str),
}

impl Bench {
    fn new(name: &str, change: impl FnOnce(&mut VmSpec)) -> Self {
        let mut spec = WorldSpec::embedded().unwrap();
        let vms = spec.sources[0].vms_mut();
        let vm = vms.iter_mut().find(|vm| vm.name == name).unwrap();
        vm.power = crate::facts::Power::On;
        change(vm);
        let world = World::from_spec(spec, Pace::FULL).unwrap();
        let moref = world.sources[0].read().vms.iter().find(|vm| vm.name == name).unwrap().moref.clone();
        let login = if name.contains("win") { ("administrator", "lab-guest") } else { ("root", "lab-guest") };
        Self { guests: Guests::new(&world), world, moref, login }
    }

    fn run(&self, line: &str) -> Output {
        self.guests.run_on_source(&self.world.sources[0], &self.moref, self.login, line).unwrap()
    }

    /// What a command that ends well prints.
    fn text(&self, line: &str) -> String {
        let output = self.run(line);
        assert_eq!(output.status, 0, "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.text(line)).unwrap()
    }

    fn power(&self, power: crate::facts::Power) {
        self.world.sources[0].change(|inventory| inventory.vm_mut(&self.moref).unwrap().set_power(power));
    }
}

fn powershell(script: &str) -> String {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    format!("powershell -NoProfile -NonInteractive -EncodedCommand {}", BASE64_STANDARD.encode(bytes))
}

#[test]
fn a_linux_of_today_tells_its_addresses_as_json() {
    let bench = Bench::new(DUAL, |_| ());
    let nics = bench.json("ip -json addr");
    assert_eq!(
        (&nics[0]["ifname"], &nics[1]["ifname"], &nics[2]["ifname"]),
        (&json!("lo"), &json!("ens192"), &json!("ens224"))
    );
    let mac = bench.world.sources[0].read().vm(&bench.moref).unwrap().nics[0].mac.clone();
    assert_eq!(nics[1]["address"], json!(mac));
    let first = &nics[1]["addr_info"];
    assert_eq!((&first[0]["local"], &first[0]["prefixlen"]), (&json!("10.6.68.17"), &json!(24)));
    assert_eq!((&first[1]["local"], &first[1]["secondary"]), (&json!("10.6.68.29"), &json!(true)));
    assert_eq!(first[0]["valid_life_time"], json!(u32::MAX));
    assert!(first[2]["local"].as_str().unwrap().starts_with("fe80::250:56ff:fe"), "{first}");
    let routes = bench.json("ip -json route");
    assert_eq!((&routes[0]["dst"], &routes[0]["gateway"]), (&json!("default"), &json!("10.6.68.254")));
    let leased = Bench::new(RHEL, |_| ()).json("ip -json addr");
    assert_eq!(
        (&leased[1]["addr_info"][0]["dynamic"], &leased[1]["addr_info"][0]["valid_life_time"]),
        (&json!(true), &json!(2590))
    );
    assert_eq!(leased[3]["addr_info"].as_array().unwrap().len(), 1, "a NIC without a lease has its own address only");
    assert_eq!(bench.text("hostname"), "mtv-rhel9-dual\n");
    assert!(bench.text("cat /etc/os-release").contains("PRETTY_NAME=\"Red Hat Enterprise Linux 9.4 (Plow)\"\n"));
    assert_eq!(bench.text("cat /etc/redhat-release"), "Red Hat Enterprise Linux release 9.4 (Plow)\n");
    assert!(bench.text("cat /etc/resolv.conf").contains("nameserver 10.6.68.1\n"));
}

#[test]
fn older_linux_has_less() {
    let commands = |age| Bench::new(DUAL, |vm| vm.guest.commands = Some(age));
    let old = commands(Commands::Old);
    assert_eq!(
        (
            old.run("ip -json addr").status,
            old.run("lsblk --json --bytes --output NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT").status
        ),
        (255, 1)
    );
    let text = old.text("ip addr");
    assert!(
        text.contains("    inet 10.6.68.29/24 brd 10.6.68.255 scope global secondary noprefixroute ens192\n"),
        "{text}"
    );
    assert!(old.text("ip route").starts_with("default via 10.6.68.254 dev ens192 proto static metric 100"));
    assert!(old.text("lsblk --bytes --pairs --output NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT").starts_with(
        "NAME=\"sda\" TYPE=\"disk\" SIZE=\"10737418240\" FSTYPE=\"\" MOUNTPOINT=\"\"\nNAME=\"sda1\" TYPE=\"part\""
    ));
    let ancient = commands(Commands::Ancient);
    assert_eq!((ancient.run("ip addr").status, ancient.run("ip -json route").status), (127, 127));
    let text = ancient.text("ifconfig -a");
    assert!(text.contains("ens192    Link encap:Ethernet  HWaddr 00:50:56:"), "{text}");
    assert!(text.contains("inet addr:10.6.68.29  Bcast:10.6.68.255  Mask:255.255.255.0\n"), "{text}");
    let text = old.text("ifconfig -a");
    assert!(text.contains("ens192:1: flags") && text.contains("inet 10.6.68.29  netmask 255.255.255.0"), "{text}");
    assert!(ancient.text("route -n").contains("\n0.0.0.0         10.6.68.254     0.0.0.0         UG    100"));
    assert_eq!(Bench::new("mtv-feature-rhel7-xfs", |_| ()).run("ip -json addr").status, 255);
    for (id, says) in [("rhel5_64Guest", "Server release 5.11 (Tikanga)"), ("centos6_64Guest", "CentOS release 6.10")] {
        let by_id = Bench::new(DUAL, |vm| vm.guest.id = id.into());
        assert!(by_id.text("ifconfig -a").starts_with("eth0      Link encap:Ethernet"), "{id}");
        assert!(by_id.text("cat /etc/redhat-release").contains(says), "{id}");
        assert_eq!(by_id.run("test -e /etc/os-release").status, 1, "{id}");
        assert!(by_id.text("cat /etc/sysconfig/network-scripts/ifcfg-*").contains("DEVICE=eth0\n"), "{id}");
    }
}

#[test]
fn each_network_tool_has_its_own_form() {
    let managed = Bench::new(DUAL, |_| ());
    let active = managed.text("nmcli --terse --fields UUID,DEVICE connection show --active");
    let (uuid, device) = active.lines().next().unwrap().split_once(':').unwrap();
    assert_eq!((device, active.lines().last().unwrap().ends_with(":lo")), ("ens192", true));
    let ask = format!("nmcli --terse --fields ipv4.method,ipv4.addresses,ipv4.gateway,ipv4.dns connection show {uuid}");
    assert_eq!(
        managed.text(&ask),
        "ipv4.method:manual\nipv4.addresses:10.6.68.17/24, 10.6.68.29/24\nipv4.gateway:10.6.68.254\nipv4.dns:10.6.68.1\n"
    );
    assert_eq!(managed.run("cat /etc/netplan/*.yaml").status, 1);
    let with = |tool| Bench::new(DUAL, |vm| vm.guest.network = Some(tool));
    let netplan = with(NetworkTool::Netplan);
    let text = netplan.text("cat /etc/netplan/*.yaml");
    assert!(
        text.contains("    ens192:\n")
            && text.contains("        - 10.6.68.29/24\n")
            && text.contains("via: 10.6.68.254"),
        "{text}"
    );
    assert_eq!(netplan.run("nmcli --terse --fields UUID,DEVICE connection show --active").status, 127);
    let text = with(NetworkTool::Ifcfg).text("tail -n +1 /etc/sysconfig/network-scripts/ifcfg-*");
    assert!(text.starts_with("==> /etc/sysconfig/network-scripts/ifcfg-ens192 <==\nDEVICE=ens192\n"), "{text}");
    assert!(
        text.contains("BOOTPROTO=none\nIPADDR=10.6.68.17\nNETMASK=255.255.255.0\nIPADDR1=10.6.68.29\nPREFIX1=24\n"),
        "{text}"
    );
}

#[test]
fn disks_show_what_is_on_them() {
    let ask = "lsblk --json --bytes --output NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT";
    let luks = Bench::new("mtv-tests-rhel9-luks", |_| ()).json(ask);
    let part = &luks["blockdevices"][0]["children"][1];
    assert_eq!((&part["name"], &part["fstype"]), (&json!("sda2"), &json!("crypto_LUKS")));
    assert_eq!((&part["children"][0]["type"], &part["children"][0]["mountpoint"]), (&json!("crypt"), &json!("/")));
    let nvme = Bench::new(RHEL, |vm| vm.disks[0].bus = "nvme".into()).json(ask);
    assert_eq!(nvme["blockdevices"][0]["children"][0]["name"], "nvme0n1p1");
    let xfs = Bench::new("mtv-feature-rhel8-2xfs", |_| ());
    assert!(xfs.text("/usr/sbin/xfs_info /sdb1").contains("crc=0"));
    assert!(xfs.text("/usr/sbin/xfs_info /").contains("crc=1"));
    assert_eq!(xfs.run("/usr/sbin/xfs_info /nowhere").status, 1);
    assert!(Bench::new("mtv-feature-rhel7-xfs", |_| ()).text("/usr/sbin/xfs_info /").contains("crc=0"));
}

#[test]
fn files_can_be_written_hashed_and_read() {
    let bench = Bench::new(RHEL, |_| ());
    assert_eq!(bench.text("printf %s 'a'\\''b' > '/var/tmp/mtvtest-marker' && sync"), "");
    assert_eq!(bench.text("cat '/var/tmp/mtvtest-marker'"), "a'b");
    assert_eq!(bench.text("cat > /tmp/x <<'END'\none $two\nEND"), "");
    assert_eq!(bench.text("cat /tmp/x"), "one $two\n");
    let hashes = bench.text("find -H '/srv/data' -type f -exec sha256sum {} +");
    assert!(hashes.lines().count() == 2 && hashes.contains("  /srv/data/notes.txt\n"), "{hashes}");
    assert_eq!(bench.text("find -H '/tmp/x' -type f -exec sha256sum {} +").len(), 64 + 2 + "/tmp/x\n".len());
    let missing = bench.run("find -H '/nowhere' -type f -exec sha256sum {} +");
    assert!(missing.status == 1 && String::from_utf8_lossy(&missing.stderr).contains("No such file"), "{missing:?}");
    assert_eq!(bench.run("cat /nowhere/a > /nowhere/b").status, 1);
    assert_eq!((bench.run("test -e /tmp/x").status, bench.run("test -e /tmp/y").status), (0, 1));
    assert_eq!(bench.text("test -f /var/lib/cloud/instance/boot-finished && echo mtvtest"), "mtvtest\n");
    let unknown = bench.run("frobnicate --now");
    assert_eq!(
        (unknown.status, unknown.stderr.as_slice()),
        (127, &b"bash: line 1: frobnicate: command not found\n"[..])
    );
    bench.power(crate::facts::Power::Off);
    let refused = bench.guests.run_on_source(&bench.world.sources[0], &bench.moref, bench.login, "true");
    assert_eq!(refused, Err(LoginRefused::NoTools));
    bench.power(crate::facts::Power::On);
    assert_eq!(bench.text("cat /tmp/x"), "one $two\n", "files outlive a power cycle");
    let wrong = bench.guests.run_on_source(&bench.world.sources[0], &bench.moref, ("root", "no"), "true");
    assert_eq!(wrong, Err(LoginRefused::Credentials));
}

#[test]
fn every_boot_has_an_id_of_its_own() {
    let bench = Bench::new(RHEL, |_| ());
    let first = bench.text("cat /proc/sys/kernel/random/boot_id");
    assert_eq!(first, bench.text("cat /proc/sys/kernel/random/boot_id"));
    bench.power(crate::facts::Power::Off);
    bench.power(crate::facts::Power::On);
    assert_ne!(first, bench.text("cat /proc/sys/kernel/random/boot_id"));
}

#[test]
fn windows_of_today_answers_powershell() {
    let bench = Bench::new(WINDOWS, |_| ());
    let facts = bench.json(&powershell(FACTS));
    assert_eq!(facts["adapters"].as_array().unwrap().len(), 3);
    let of_first: Vec<&Value> = facts["addresses"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["InterfaceIndex"] == 4 && one["Family"] == 2)
        .collect();
    assert_eq!(
        (of_first.len(), &of_first[1]["IPAddress"], &of_first[1]["Origin"]),
        (2, &json!("10.6.68.16"), &json!(1))
    );
    assert_eq!(facts["routes"], json!([{"InterfaceIndex": 4, "NextHop": "10.6.68.254"}]));
    assert_eq!((&facts["disks"][1]["Size"], &facts["volumes"][1]["FileSystem"]), (&json!(6_u64 << 30), &json!("NTFS")));
    assert_eq!(facts["system"]["Caption"], "Microsoft Windows Server 2022 Datacenter");
    assert_eq!(bench.text("echo mtvtest"), "mtvtest\r\n");
    assert_eq!(bench.text(&powershell("echo mtvtest")), "mtvtest\r\n");
    bench.text(&powershell(
        "$f=[IO.File]::Create('C:\\Users\\Public\\mtvtest-marker');$b=[Text.Encoding]::ASCII.GetBytes('it''s here');\
         $f.Write($b,0,$b.Length);$f.Flush($true);$f.Close()",
    ));
    assert_eq!(bench.text(&powershell("[IO.File]::ReadAllText('C:\\Users\\Public\\mtvtest-marker')")), "it's here\r\n");
    let hash = |path: &str| {
        powershell(&format!(
            "$ErrorActionPreference='Stop';@(Get-ChildItem -LiteralPath '{path}' -Recurse -File -Force|\
             Get-FileHash -Algorithm SHA256|Select-Object Path,Hash)|ConvertTo-Json -Compress"
        ))
    };
    assert_eq!(bench.json(&hash("C:\\Data")).as_array().unwrap().len(), 2);
    assert_eq!(bench.json(&hash("c:\\data\\notes.txt"))["Path"], "C:\\Data\\notes.txt");
    assert_eq!(bench.text(&hash("C:\\Windows\\Temp")), "");
    assert_eq!(bench.run(&hash("C:\\Nowhere")).status, 1);
    let unknown = bench.run(&powershell("Get-Frobnicator"));
    assert!(unknown.status == 1 && unknown.stderr.starts_with(b"#< CLIXML"), "{unknown:?}");
}

#[test]
fn windows_speaks_its_language() {
    let speaking = |language| {
        Bench::new(WINDOWS, |vm| {
            (vm.guest.language, vm.guest.commands) = (language, Some(Commands::Old));
        })
    };
    for (language, words) in [
        (Language::En, "   IPv4 Address. . . . . . . . . . . : 10.6.68.16(Preferred)\r\n"),
        (Language::De, "   IPv4-Adresse  . . . . . . . . . . : 10.6.68.16(Bevorzugt)\r\n"),
        (Language::Fr, "   Adresse IPv4. . . . . . . . . . . . . .: 10.6.68.16(pr"),
        (Language::Ja, "   サブネット マスク . . . . . . . . . .: 255.255.255.0\r\n"),
    ] {
        let bench = speaking(language);
        assert_eq!(bench.run(&powershell(FACTS)).status, 1);
        let said = bench.run("ipconfig /all");
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(text.contains(words), "{text}");
        assert_eq!(text.contains('\u{fffd}'), matches!(language, Language::De | Language::Fr));
        let unknown = bench.run("frobnicate");
        assert!(unknown.status == 1 && String::from_utf8_lossy(&unknown.stderr).contains("frobnicate"), "{unknown:?}");
        assert!(bench.text("ver").contains("10.0.20348"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_guest_listens_when_it_has_booted() {
    let try_to = |bench: &Bench, port| bench.guests.accept_source("10.6.68.11", port, tokio::io::duplex(64).0);
    let dial = |bench: &Bench, port| try_to(bench, port).is_ok();
    let bench = Bench::new(RHEL, |_| ());
    assert!(dial(&bench, 22) && !dial(&bench, 23));
    assert!(bench.guests.accept_source("10.6.68.99", 22, tokio::io::duplex(64).0).is_err());
    bench.power(crate::facts::Power::Off);
    assert!(!dial(&bench, 22));
    let never = Bench::new(RHEL, |vm| vm.guest.ssh.boots = Boots::Never);
    assert_eq!(try_to(&never, 22).unwrap_err().kind(), ErrorKind::WouldBlock, "it hangs");
    let none = Bench::new(RHEL, |vm| vm.guest.ssh.port = SshPort::None);
    assert_eq!(try_to(&none, 22).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    let slow = Bench::new(RHEL, |vm| vm.guest.ssh.boots = Boots::Slow);
    assert!(!dial(&slow, 23), "another port uses no refusal up");
    assert_eq!([(); 5].map(|()| dial(&slow, 22)), [false, false, false, true, true]);
    slow.power(crate::facts::Power::Off);
    slow.power(crate::facts::Power::On);
    assert_eq!([(); 4].map(|()| dial(&slow, 22)), [false, false, false, true], "at each boot");
    let mut timed = Bench::new(RHEL, |_| ());
    timed.world.pace = Pace::divided_by(1.0);
    timed.guests = Guests::new(&timed.world);
    assert!(!dial(&timed, 22));
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    assert!(dial(&timed, 22));
}
