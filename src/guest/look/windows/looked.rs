//! What a Windows guest is asked.

use super::{ipconfig, report};
use crate::facts::{GuestFacts, GuestNic};
use crate::guest::look::ask::{Ask, Unread, Way};
use crate::guest::powershell;

/// Everything in one go. Enums are told by number, which no language changes.
const SCRIPT: &str = "$ErrorActionPreference='Stop';@{\
adapters=@(Get-NetAdapter|Select-Object Name,InterfaceIndex,MacAddress);\
addresses=@(Get-NetIPAddress|Select-Object InterfaceIndex,IPAddress,PrefixLength,\
@{n='Family';e={[int]$_.AddressFamily}},@{n='Origin';e={[int]$_.PrefixOrigin}});\
routes=@(Get-NetRoute -DestinationPrefix 0.0.0.0/0 -ErrorAction SilentlyContinue|Select-Object InterfaceIndex,NextHop);\
dns=@(Get-DnsClientServerAddress|Select-Object InterfaceIndex,ServerAddresses);\
disks=@(Get-Disk|Select-Object Number,Size);\
volumes=@(Get-Partition|ForEach-Object{@{Disk=$_.DiskNumber;FileSystem=($_|Get-Volume).FileSystem}});\
system=(Get-CimInstance Win32_OperatingSystem|Select-Object Caption,Version,CSName,\
@{n='Boot';e={$_.LastBootUpTime.ToUniversalTime().ToString('o')}})}|ConvertTo-Json -Depth 4 -Compress";

const NICS: [Way<Vec<GuestNic>>; 1] = [("ipconfig /all", ipconfig::nics)];
const HOSTNAME: [Way<String>; 1] = [("hostname", line)];
const VERSION: [Way<String>; 1] = [("ver", line)];

/// Looks into the guest. Windows before 2012 does not have the commands of the script; it has `ipconfig`.
pub(in crate::guest::look) async fn look(ask: &Ask<'_>) -> GuestFacts {
    let reason = match ask.first(&[(powershell::command(SCRIPT).as_str(), report::facts)]).await {
        Ok(facts) => return facts,
        Err(reason) => reason,
    };
    let (nics, hostname, version) = tokio::join!(ask.first(&NICS), ask.first(&HOSTNAME), ask.first(&VERSION));
    let mut unread = Unread::default();
    let nics = unread.sort(GuestFacts::ADDRESSES, nics.map_err(|other| format!("{reason}; {other}")));
    let (hostname, os) = (unread.sort("hostname", hostname.map(Some)), unread.sort("system", version.map(Some)));
    for what in [GuestFacts::DISKS, "boot id"] {
        unread.0.insert(what.to_owned(), reason.clone());
    }
    GuestFacts { hostname, os, nics, unread: unread.0, ..GuestFacts::default() }
}

fn line(output: &str) -> Option<String> {
    output.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::GuestFamily;
    use crate::guest::look;
    use crate::guest::scripted::Scripted;
    use std::time::Duration;

    #[tokio::test]
    async fn the_script_tells_all() {
        let answers = [(powershell::command(SCRIPT), report::tests::TWO_NICS)];
        let answers = answers.each_ref().map(|(line, output)| (line.as_str(), *output));
        let shell = Scripted::new(GuestFamily::Windows, &answers);
        let facts = look(&shell, Duration::from_secs(1)).await;
        assert_eq!((facts.nics.len(), facts.unread.len()), (2, 0));
        assert_eq!(shell.asked.lock().unwrap().len(), 1);
        // What cmd.exe takes at most.
        assert!(answers[0].0.len() < 8191, "{}", answers[0].0.len());
    }

    #[tokio::test]
    async fn an_old_windows_has_ipconfig() {
        let answers = [
            ("ipconfig /all", ipconfig::tests::ENGLISH),
            ("hostname", "WIN-OLD\r\n"),
            ("ver", "\r\nMicrosoft Windows [Version 6.1.7601]\r\n"),
        ];
        let facts = look(&Scripted::new(GuestFamily::Windows, &answers), Duration::from_secs(1)).await;
        assert_eq!(facts.nics.len(), 2);
        assert_eq!(facts.hostname.as_deref(), Some("WIN-OLD"));
        assert_eq!(facts.os.as_deref(), Some("Microsoft Windows [Version 6.1.7601]"));
        assert_eq!(facts.unread.keys().collect::<Vec<_>>(), ["boot id", "disks"]);
        assert!(facts.unread["disks"].len() < 300, "{}", facts.unread["disks"]);
    }

    #[tokio::test]
    async fn a_guest_that_says_nothing() {
        let facts = look(&Scripted::new(GuestFamily::Windows, &[]), Duration::from_secs(1)).await;
        assert_eq!(facts.nics.len(), 0);
        assert_eq!(facts.unread.len(), 5);
    }
}
