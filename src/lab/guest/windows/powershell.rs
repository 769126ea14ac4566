//! PowerShell 5.1: the scripts that the lab knows, by their text; every other one fails as PowerShell does.

use super::files;
use super::ipconfig::index;
use crate::lab::guest::host::{Host, sha256_hex};
use crate::lab::guest::system::system_name;
use crate::lab::shell::Output;
use crate::lab::world::Commands;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// What tells of the guest as a whole.
pub(in crate::lab::guest) const FACTS: &str = "$ErrorActionPreference='Stop';\
    @{adapters=@(Get-NetAdapter|Select-Object Name,InterfaceIndex,MacAddress);\
    addresses=@(Get-NetIPAddress|Select-Object InterfaceIndex,IPAddress,PrefixLength,\
    @{n='Family';e={[int]$_.AddressFamily}},@{n='Origin';e={[int]$_.PrefixOrigin}});\
    routes=@(Get-NetRoute -DestinationPrefix 0.0.0.0/0 -ErrorAction SilentlyContinue|\
    Select-Object InterfaceIndex,NextHop);\
    dns=@(Get-DnsClientServerAddress|Select-Object InterfaceIndex,ServerAddresses);\
    disks=@(Get-Disk|Select-Object Number,Size);\
    volumes=@(Get-Partition|ForEach-Object{@{Disk=$_.DiskNumber;FileSystem=($_|Get-Volume).FileSystem}});\
    system=(Get-CimInstance Win32_OperatingSystem|Select-Object Caption,Version,CSName,\
    @{n='Boot';e={$_.LastBootUpTime.ToUniversalTime().ToString('o')}})}|ConvertTo-Json -Depth 4 -Compress";
/// Around the path in the script that hashes.
const WRITE: [&str; 3] = [
    "$f=[IO.File]::Create('",
    "');$b=[Text.Encoding]::ASCII.GetBytes('",
    "');$f.Write($b,0,$b.Length);$f.Flush($true);$f.Close()",
];
const HASHES: [&str; 2] = [
    "$ErrorActionPreference='Stop';@(Get-ChildItem -LiteralPath '",
    "' -Recurse -File -Force|Get-FileHash -Algorithm SHA256|Select-Object Path,Hash)|ConvertTo-Json -Compress",
];
/// Numbers of PrefixOrigin.
const MANUAL: u8 = 1;
const WELL_KNOWN: u8 = 2;
const DHCP: u8 = 3;

/// Runs `powershell` with these options.
pub(super) fn run(host: &mut Host<'_>, options: &[&str]) -> Output {
    let encoded = options.iter().position(|word| word.eq_ignore_ascii_case("-EncodedCommand"));
    let Some(text) = encoded.and_then(|at| options.get(at + 1)) else {
        return error("The lab's PowerShell takes -EncodedCommand only.");
    };
    match decoded(text) {
        Some(script) => script_output(host, script.trim()),
        None => error(
            "Cannot process the command because the value specified with -EncodedCommand is not properly encoded.",
        ),
    }
}

/// The script in base64 of UTF-16LE.
fn decoded(text: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(text.trim_matches('"')).ok()?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16(&units).ok().filter(|_| bytes.len() % 2 == 0)
}

fn script_output(host: &mut Host<'_>, script: &str) -> Output {
    if script == FACTS {
        return facts(host);
    }
    if let Some(rest) = script.strip_prefix(HASHES[0])
        && let Some(path) = rest.strip_suffix(HASHES[1])
    {
        return hashes(host, &unquoted(path));
    }
    if let Some(rest) = script.strip_prefix(WRITE[0])
        && let Some((path, text)) = rest.strip_suffix(WRITE[2]).and_then(|rest| rest.split_once(WRITE[1]))
    {
        let (path, text) = (unquoted(path), unquoted(text));
        if files::write(host, &path, text.into_bytes()) {
            return Output::default();
        }
        return error(&format!(
            "Exception calling \"Create\" with \"1\" argument(s): \"Could not find a part of the path '{path}'.\""
        ));
    }
    if let Some(path) = script.strip_prefix("[IO.File]::ReadAllText('").and_then(|rest| rest.strip_suffix("')")) {
        let path = unquoted(path);
        let missing = || {
            error(&format!(
                "Exception calling \"ReadAllText\" with \"1\" argument(s): \"Could not find file '{path}'.\""
            ))
        };
        return files::read(host, &path).map_or_else(missing, |bytes| {
            let mut stdout = bytes;
            stdout.extend(b"\r\n");
            Output::said(stdout)
        });
    }
    if let Some(text) = script.strip_prefix("echo ").filter(|text| !text.contains(['$', '|', ';', '(', '\''])) {
        return Output::said(format!("{}\r\n", text.split_whitespace().collect::<Vec<_>>().join("\r\n")));
    }
    let name = script.split_whitespace().next().unwrap_or_default();
    error(&unknown(name))
}

fn unknown(name: &str) -> String {
    format!(
        "{name} : The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable \
         program."
    )
}

/// A text in single quotes, in which they are doubled.
fn unquoted(text: &str) -> String {
    text.replace("''", "'")
}

/// Errors of an encoded script come as CLIXML.
fn error(text: &str) -> Output {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let stderr = format!(
        "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\
         <S S=\"Error\">{escaped}_x000D__x000A_</S></Objs>"
    );
    Output { stdout: Vec::new(), stderr: stderr.into_bytes(), status: 1 }
}

fn json_line(value: &Value) -> Output {
    Output::said(format!("{value}\r\n"))
}

/// Without network commands it fails at the first.
fn facts(host: &mut Host<'_>) -> Output {
    if host.commands() < Commands::Modern {
        return error(&unknown("Get-NetAdapter"));
    }
    let (mut adapters, mut routes, mut dns) = (Vec::new(), Vec::new(), Vec::new());
    let mut addresses = vec![address(1, "127.0.0.1", 8, WELL_KNOWN), address(1, "::1", 128, WELL_KNOWN)];
    for (at, nic) in host.look_at_nics().iter().enumerate() {
        let index = index(at);
        let mac = nic.mac.to_uppercase().replace(':', "-");
        adapters.push(json!({"Name": nic.name, "InterfaceIndex": index, "MacAddress": mac}));
        for one in &nic.addresses {
            addresses.push(address(index, &one.ip, one.prefix_length, if one.is_static { MANUAL } else { DHCP }));
        }
        if nic.is_connected {
            addresses.push(address(index, &format!("{}%{index}", nic.link_local), 64, WELL_KNOWN));
        }
        routes.extend(nic.gateway().map(|gateway| json!({"InterfaceIndex": index, "NextHop": gateway})));
        // Once for each family.
        dns.push(json!({"InterfaceIndex": index, "ServerAddresses": host.inside().spec.dns}));
        dns.push(json!({"InterfaceIndex": index, "ServerAddresses": []}));
    }
    let disks = host.disks();
    let numbered = || disks.iter().enumerate();
    let sizes: Vec<Value> = numbered().map(|(at, disk)| json!({"Number": at, "Size": disk.size_bytes})).collect();
    let volumes: Vec<Value> = numbered()
        .flat_map(|(at, disk)| disk.partitions.iter().map(move |(_, _, one)| json!({"Disk": at, "FileSystem": one.fs})))
        .collect();
    json_line(&json!({
        "adapters": adapters, "addresses": addresses, "routes": routes, "dns": dns, "disks": sizes, "volumes": volumes,
        "system": system(host),
    }))
}

fn address(index: usize, ip: &str, length: u8, origin: u8) -> Value {
    let family = if ip.contains(':') { 23 } else { 2 };
    json!({"InterfaceIndex": index, "IPAddress": ip, "PrefixLength": length, "Family": family, "Origin": origin})
}

fn system(host: &Host<'_>) -> Value {
    let system = system_name(host.vm);
    let at = host.inside().boot.as_ref().map(|boot| boot.at.strftime("%Y-%m-%dT%H:%M:%S.%6f0Z").to_string());
    json!({"Caption": system.pretty, "Version": system.kernel, "CSName": host.vm.hostname, "Boot": at})
}

/// A list of one is a plain object, and an empty one nothing.
fn hashes(host: &Host<'_>, path: &str) -> Output {
    if !files::exists(host, path) {
        return error(&format!("Get-ChildItem : Cannot find path '{path}' because it does not exist."));
    }
    let hash = |(path, bytes): (String, Vec<u8>)| json!({"Path": path, "Hash": sha256_hex(&bytes).to_uppercase()});
    let mut all: Vec<Value> = files::below(host, path).into_iter().map(hash).collect();
    match all.len() {
        0 => Output::default(),
        1 => json_line(&all.remove(0)),
        _ => json_line(&Value::Array(all)),
    }
}
