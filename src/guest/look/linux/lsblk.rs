//! `lsblk`, as JSON and as pairs.

use crate::facts::GuestDisk;
use serde_json::Value;
use std::collections::BTreeSet;

/// Memory that looks like disks, and drives without one.
const NO_DISKS: [&str; 3] = ["zram", "ram", "fd"];

struct Row {
    name: String,
    kind: String,
    size: u64,
    content: String,
}

/// The disks of the JSON form; releases before 2.33 write sizes as strings.
pub(in crate::guest::look) fn json(output: &str) -> Option<Vec<GuestDisk>> {
    let value: Value = serde_json::from_str(output.trim()).ok()?;
    let mut disks = Vec::new();
    for device in value.get("blockdevices")?.as_array()? {
        let mut contents = BTreeSet::new();
        gather(device, &mut contents);
        let row = row(device);
        disks.extend(disk(&row, contents));
    }
    Some(disks)
}

fn row(device: &Value) -> Row {
    let text = |key: &str| device.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let size = device.get("size");
    let size = size.and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok()));
    Row { name: text("name"), kind: text("type"), size: size.unwrap_or(0), content: text("fstype") }
}

/// What is on a device and on what is made of it.
fn gather(device: &Value, contents: &mut BTreeSet<String>) {
    let mut open = vec![device];
    while let Some(device) = open.pop() {
        contents.insert(row(device).content);
        open.extend(device.get("children").and_then(Value::as_array).into_iter().flatten());
    }
}

fn disk(row: &Row, mut contents: BTreeSet<String>) -> Option<GuestDisk> {
    let real = !NO_DISKS.iter().any(|name| row.name.starts_with(name)) && row.size > 0;
    contents.remove("");
    (row.kind == "disk" && real).then(|| GuestDisk {
        name: row.name.clone(),
        size_bytes: row.size,
        contents: contents.into_iter().collect(),
    })
}

/// The disks of the form with pairs, in which what a device is made of stands above it.
pub(in crate::guest::look) fn pairs(output: &str) -> Option<Vec<GuestDisk>> {
    let mut disks: Vec<(Row, BTreeSet<String>)> = Vec::new();
    for line in output.lines() {
        let Some(row) = pair_row(line) else { continue };
        let content = row.content.clone();
        if row.kind == "disk" {
            disks.push((row, BTreeSet::new()));
        } else if row.kind == "rom" || row.kind == "loop" {
            continue;
        }
        if let Some((_, contents)) = disks.last_mut() {
            contents.insert(content);
        }
    }
    let found: Vec<GuestDisk> = disks.into_iter().filter_map(|(row, contents)| disk(&row, contents)).collect();
    if found.is_empty() { None } else { Some(found) }
}

/// `NAME="sda" TYPE="disk" SIZE="17179869184" FSTYPE="" MOUNTPOINT=""`
fn pair_row(line: &str) -> Option<Row> {
    let value = |key: &str| {
        let (_, rest) = line.split_once(&format!("{key}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let size = value("SIZE")?.parse().ok()?;
    Some(Row { name: value("NAME")?, kind: value("TYPE")?, size, content: value("FSTYPE").unwrap_or_default() })
}

#[cfg(test)]
pub(in crate::guest::look) mod tests {
    use super::*;

    pub(in crate::guest::look) const JSON: &str = r#"{
   "blockdevices": [
      {"name":"sda", "type":"disk", "size":17179869184, "fstype":null, "mountpoint":null,
         "children": [
            {"name":"sda1", "type":"part", "size":1073741824, "fstype":"xfs", "mountpoint":"/boot"},
            {"name":"sda2", "type":"part", "size":16105078784, "fstype":"crypto_LUKS", "mountpoint":null,
               "children": [
                  {"name":"luks-1", "type":"crypt", "size":16088301568, "fstype":"LVM2_member", "mountpoint":null,
                     "children": [
                        {"name":"rhel-root", "type":"lvm", "size":14474543104, "fstype":"xfs", "mountpoint":"/"},
                        {"name":"rhel-swap", "type":"lvm", "size":1610612736, "fstype":"swap", "mountpoint":"[SWAP]"}
                     ]
                  }
               ]
            }
         ]
      },
      {"name":"sdb", "type":"disk", "size":"1073741824", "fstype":null, "mountpoint":null},
      {"name":"sr0", "type":"rom", "size":1073741312, "fstype":null, "mountpoint":null},
      {"name":"zram0", "type":"disk", "size":4060086272, "fstype":null, "mountpoint":"[SWAP]"}
   ]
}
"#;
    pub(in crate::guest::look) const PAIRS: &str = r#"NAME="sda" TYPE="disk" SIZE="17179869184" FSTYPE="" MOUNTPOINT=""
NAME="sda1" TYPE="part" SIZE="1073741824" FSTYPE="xfs" MOUNTPOINT="/boot"
NAME="sda2" TYPE="part" SIZE="16105078784" FSTYPE="crypto_LUKS" MOUNTPOINT=""
NAME="luks-1" TYPE="crypt" SIZE="16088301568" FSTYPE="LVM2_member" MOUNTPOINT=""
NAME="rhel-root" TYPE="lvm" SIZE="14474543104" FSTYPE="xfs" MOUNTPOINT="/"
NAME="rhel-swap" TYPE="lvm" SIZE="1610612736" FSTYPE="swap" MOUNTPOINT="[SWAP]"
NAME="sdb" TYPE="disk" SIZE="1073741824" FSTYPE="" MOUNTPOINT=""
NAME="sr0" TYPE="rom" SIZE="1073741312" FSTYPE="iso9660" MOUNTPOINT=""
"#;

    #[test]
    fn both_forms_tell_the_same() {
        let disks = json(JSON).unwrap();
        assert_eq!(pairs(PAIRS).as_ref(), Some(&disks));
        assert_eq!(disks.len(), 2);
        assert_eq!((disks[0].name.as_str(), disks[0].size_bytes), ("sda", 16 << 30));
        assert_eq!(disks[0].contents, ["LVM2_member", "crypto_LUKS", "swap", "xfs"]);
        assert_eq!((disks[1].size_bytes, disks[1].contents.len()), (1 << 30, 0));
    }

    #[test]
    fn other_texts() {
        assert_eq!(json("lsblk: unrecognized option '--json'"), None);
        assert_eq!(json("{}"), None);
        assert_eq!(json(r#"{"blockdevices": []}"#), Some(vec![]));
        assert_eq!(pairs("NAME TYPE SIZE\nsda disk 5\n"), None);
    }
}
