//! `lsblk` and `xfs_info`.

use crate::lab::guest::host::{DiskView, Host};
use crate::lab::shell::Output;
use crate::lab::world::{Commands, Partition};
use serde_json::{Value, json};

/// Columns of the contract's question.
const COLUMNS: &str = "NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT";

/// A device of the tree.
struct Device {
    name: String,
    kind: &'static str,
    size: u64,
    fs: Option<String>,
    mount: Option<String>,
    children: Vec<Device>,
}

/// `lsblk`, in the forms of the contract and of the original suite (`-J -f`, original-suite.md section 3).
pub(super) fn lsblk(host: &Host<'_>, words: &[&str]) -> Output {
    let mut devices: Vec<Device> = host.disks().into_iter().map(disk).collect();
    devices.push(Device { name: "sr0".into(), kind: "rom", size: 1 << 30, fs: None, mount: None, children: vec![] });
    match words {
        ["--json" | "-J", ..] if host.commands() < Commands::Modern => {
            Output::failed(1, format!("lsblk: unrecognized option '{}'", words[0]))
        }
        ["--json", "--bytes", "--output", COLUMNS] | ["-J", "-f"] => {
            let all: Vec<Value> = devices.iter().map(as_json).collect();
            Output::said(format!("{:#}\n", json!({"blockdevices": all})))
        }
        ["--bytes", "--pairs", "--output", COLUMNS] => Output::said(devices.iter().map(as_pairs).collect::<String>()),
        _ => Output::failed(1, "lsblk: the lab knows the columns NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT only"),
    }
}

fn disk(disk: DiskView) -> Device {
    let children = disk.partitions.into_iter().map(|(name, size, one)| partition(name, size, one)).collect();
    Device { name: disk.name, kind: "disk", size: disk.size_bytes, fs: None, mount: None, children }
}

/// What is below LUKS is there while it is open, which it is while the guest runs.
fn partition(name: String, size: u64, one: Partition) -> Device {
    let Partition { fs, mount, luks, .. } = one;
    if !luks {
        return Device { name, kind: "part", size, fs: Some(fs), mount, children: Vec::new() };
    }
    // Its header takes 16 MiB.
    let open = Device {
        name: format!("luks-{name}"),
        kind: "crypt",
        size: size.saturating_sub(16 << 20),
        fs: Some(fs),
        mount,
        children: Vec::new(),
    };
    Device { name, kind: "part", size, fs: Some("crypto_LUKS".into()), mount: None, children: vec![open] }
}

fn as_json(device: &Device) -> Value {
    let mut value = json!({
        "name": device.name, "type": device.kind, "size": device.size, "fstype": device.fs, "mountpoint": device.mount,
    });
    if !device.children.is_empty() {
        value["children"] = device.children.iter().map(as_json).collect();
    }
    value
}

fn as_pairs(device: &Device) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let own = format!(
        "NAME=\"{}\" TYPE=\"{}\" SIZE=\"{}\" FSTYPE=\"{}\" MOUNTPOINT=\"{}\"\n",
        device.name,
        device.kind,
        device.size,
        text(&device.fs),
        text(&device.mount)
    );
    device.children.iter().fold(own, |all, child| all + &as_pairs(child))
}

/// `xfs_info MOUNT`.
pub(super) fn xfs_info(host: &Host<'_>, mount: &str) -> Output {
    let disks = host.disks();
    let mut partitions = disks.iter().flat_map(|disk| &disk.partitions);
    let found = partitions.find(|(_, _, one)| one.mount.as_deref() == Some(mount) && one.fs == "xfs");
    let Some((name, size, one)) = found else {
        return Output::failed(1, format!("xfs_info: {mount} is not a mounted XFS filesystem"));
    };
    let device = if one.luks { format!("mapper/luks-{name}") } else { name.clone() };
    let (crc, isize) = if one.crc { (1, 512) } else { (0, 256) };
    let blocks = size / 4096;
    Output::said(format!(
        "meta-data=/dev/{device:<16} isize={isize}    agcount=4, agsize={} blks\n         =                       \
         sectsz=512   attr=2, projid32bit=1\n         =                       crc={crc}        finobt={crc}, \
         sparse={crc}, rmapbt=0\ndata     =                       bsize=4096   blocks={blocks}, imaxpct=25\n         \
         =                       sunit=0      swidth=0 blks\nnaming   =version 2              bsize=4096   ascii-ci=0, \
         ftype={crc}\nlog      =internal log           bsize=4096   blocks=2560, version=2\n         \
         =                       sectsz=512   sunit=0 blks, lazy-count=1\nrealtime =none                   extsz=4096   \
         blocks=0, rtextents=0\n",
        blocks / 4
    ))
}
