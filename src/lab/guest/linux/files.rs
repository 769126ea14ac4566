//! The files of a Linux guest: those that somebody wrote, and the system's own, which follow from its state.

use super::config;
use crate::lab::guest::host::Host;
use crate::lab::guest::system::{is_ancient, system_name};
use std::collections::BTreeMap;
use std::time::Duration;

/// Folders that are always there, so that one may write into them.
const FOLDERS: [&str; 13] =
    ["/", "/tmp", "/var", "/var/tmp", "/etc", "/root", "/srv", "/opt", "/home", "/usr", "/var/lib", "/mnt", "/boot"];
/// What cloud-init leaves when it is done. Source: original-suite.md section 1.9 (`vmware_cloud_init_ready`).
const CLOUD_INIT_DONE: &str = "/var/lib/cloud/instance/boot-finished";
/// Not a file on a disk.
pub(super) const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Every file by path.
pub(super) fn all(host: &Host<'_>) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (path, text) in system_files(host).into_iter().chain(config::files(host)) {
        files.insert(path, text.into_bytes());
    }
    let own = host.inside().files.iter().filter(|(path, _)| !path.ends_with('/'));
    files.extend(own.map(|(path, bytes)| (path.clone(), bytes.clone())));
    files
}

fn system_files(host: &Host<'_>) -> Vec<(String, String)> {
    let system = system_name(host.vm);
    let mut files = vec![
        ("/etc/hostname".to_owned(), format!("{}\n", host.vm.hostname)),
        ("/etc/resolv.conf".to_owned(), config::resolv_conf(host)),
        ("/etc/fstab".to_owned(), fstab(host)),
        ("/etc/passwd".to_owned(), "root:x:0:0:root:/root:/bin/bash\n".to_owned()),
    ];
    if ["rhel", "centos", "fedora"].contains(&system.id) {
        files.push(("/etc/redhat-release".to_owned(), redhat_release(system.pretty)));
    }
    if !is_ancient(&host.vm.guest_id) {
        files.push(("/etc/os-release".to_owned(), os_release(host)));
    }
    if host.has_run_for(Duration::from_secs(host.inside().spec.cloud_init_seconds)) {
        files.push((CLOUD_INIT_DONE.to_owned(), "done - up 30.21 seconds\n".to_owned()));
    }
    files
}

fn redhat_release(pretty: &str) -> String {
    let (name, version) = pretty.split_once(|letter: char| letter.is_ascii_digit()).unwrap_or((pretty, ""));
    let digit = pretty.get(name.len()..=name.len()).unwrap_or_default();
    format!("{name}release {digit}{version}\n")
}

fn os_release(host: &Host<'_>) -> String {
    let system = system_name(host.vm);
    format!(
        "NAME=\"{}\"\nVERSION=\"{}\"\nID=\"{}\"\nVERSION_ID=\"{}\"\nPRETTY_NAME=\"{}\"\n",
        system.name, system.version, system.id, system.version, system.pretty
    )
}

fn fstab(host: &Host<'_>) -> String {
    let disks = host.disks();
    let partitions = disks.iter().flat_map(|disk| &disk.partitions).enumerate();
    let line = |(at, (_, _, one)): (usize, &(String, u64, crate::lab::world::Partition))| {
        let mount = one.mount.as_deref()?;
        Some(format!("UUID=3f2a11c0-0000-4000-8000-{at:012x} {mount} {} defaults 0 0\n", one.fs))
    };
    partitions.filter_map(line).collect()
}

/// The bytes of a file.
pub(super) fn read(host: &Host<'_>, path: &str) -> Option<Vec<u8>> {
    if path == BOOT_ID {
        return Some(format!("{}\n", host.boot_id()).into_bytes());
    }
    all(host).remove(path)
}

/// Whether a folder is there: some file is below it, or it always is.
pub(super) fn is_folder(host: &Host<'_>, path: &str) -> bool {
    let bare = path.trim_end_matches('/');
    let mounted =
        host.disks().iter().flat_map(|disk| &disk.partitions).any(|(_, _, one)| one.mount.as_deref() == Some(bare));
    let made = host.inside().files.keys().any(|folder| is_below(folder, bare));
    FOLDERS.contains(&path)
        || FOLDERS.contains(&bare)
        || bare.ends_with("/.ssh")
        || mounted
        || made
        || all(host).keys().any(|file| is_below(file, bare))
}

/// Whether a file is somewhere below a folder.
pub(super) fn is_below(file: &str, folder: &str) -> bool {
    file.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// Writes or appends to a file; the error is in the words of the C library.
pub(super) fn write(host: &mut Host<'_>, path: &str, bytes: Vec<u8>, appends: bool) -> Result<(), &'static str> {
    if path == "/dev/null" {
        return Ok(());
    }
    let (folder, _) = path.rsplit_once('/').unwrap_or(("/root", path));
    if is_folder(host, path) {
        return Err("Is a directory");
    }
    if !folder.is_empty() && !is_folder(host, folder) {
        return Err("No such file or directory");
    }
    let mut text = if appends { read(host, path).unwrap_or_default() } else { Vec::new() };
    text.extend(bytes);
    host.inside_mut().files.insert(path.to_owned(), text);
    Ok(())
}

/// The paths that a pattern with `*` in its last part matches.
pub(super) fn matching(host: &Host<'_>, pattern: &str) -> Vec<String> {
    let Some((folder, last)) = pattern.rsplit_once('/') else { return Vec::new() };
    let Some((start, end)) = last.split_once('*') else { return Vec::new() };
    let fits = |path: &String| {
        path.rsplit_once('/').is_some_and(|(own, name)| {
            own == folder && name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        })
    };
    all(host).into_keys().filter(fits).collect()
}
