//! Marks in a guest: a file that only this run can know, and hashes of files that must stay as they are.
//!
//! Nothing is compared here: [`record`] says what was there before the migration, [`verify`] what is there after it.

use super::powershell;
use super::{GuestShell, ShellError, ShellOutput};
use crate::facts::{GuestFamily, Integrity, IntegrityAfter, sh_quoted};
use futures::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest part of a guest's own words in a reason, in characters.
const WORDS_MAX: usize = 300;
const MARKER_LINUX: &str = "/var/tmp/mtvtest-marker";
const MARKER_WINDOWS: &str = r"C:\Users\Public\mtvtest-marker";

/// Writes a marker with this text, if there is one, and hashes the files at and below the paths of the manifest. Each
/// command gets `limit`. Letters of the text that a guest's code page might change are replaced; what was written stands
/// in the answer.
///
/// # Errors
/// The way to the guest broke, the marker cannot be written, or a path has no file or one that cannot be read.
pub async fn record(
    shell: &dyn GuestShell,
    marker: Option<&str>,
    manifest: &[String],
    limit: Duration,
) -> Result<Integrity, ShellError> {
    let marker = match marker {
        Some(text) => Some(write_marker(shell, text, limit).await?),
        None => None,
    };
    let mut before = BTreeMap::new();
    let hashed = join_all(manifest.iter().map(|path| hashes(shell, path, limit))).await;
    for (path, found) in manifest.iter().zip(hashed) {
        let (files, reason) = found?;
        if let Some(reason) = reason {
            return Err(ShellError(format!("hash {path}: {reason}")));
        }
        for (file, hash) in files {
            if before.insert(file.clone(), hash.clone()).is_some_and(|other| other != hash) {
                return Err(ShellError(format!("hash {path}: two files that look like {file}, and differ")));
            }
        }
    }
    Ok(Integrity { marker, before, after: None })
}

/// Reads the marker and hashes the files anew. What the guest does not show any more stands in `unread`, with its words.
///
/// # Errors
/// The way to the guest broke, which says nothing of the files.
pub async fn verify(
    shell: &dyn GuestShell,
    integrity: &Integrity,
    manifest: &[String],
    limit: Duration,
) -> Result<IntegrityAfter, ShellError> {
    let mut after = IntegrityAfter::default();
    if let Some((path, _)) = &integrity.marker {
        let line = match shell.family() {
            GuestFamily::Linux => format!("cat {}", sh_quoted(path)),
            GuestFamily::Windows => {
                powershell::command(&format!("[IO.File]::ReadAllText({})", powershell::quoted(path)))
            }
        };
        match answer(&shell.run(&line, limit).await?) {
            Ok(text) => after.marker = Some(as_written(shell.family(), text)),
            Err(reason) => drop(after.unread.insert(path.clone(), reason)),
        }
    }
    let hashed = join_all(manifest.iter().map(|path| hashes(shell, path, limit))).await;
    for (path, found) in manifest.iter().zip(hashed) {
        let (files, reason) = found?;
        after.files.extend(files);
        after.unread.extend(reason.map(|reason| (path.clone(), reason)));
    }
    Ok(after)
}

/// PowerShell ends what it prints with a line break; `cat` adds nothing.
fn as_written(family: GuestFamily, text: &str) -> String {
    let text = match family {
        GuestFamily::Linux => text,
        GuestFamily::Windows => text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text),
    };
    text.to_owned()
}

async fn write_marker(shell: &dyn GuestShell, text: &str, limit: Duration) -> Result<(String, String), ShellError> {
    let plain = |letter: char| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '_' };
    let text: String = text.chars().map(plain).collect();
    let (path, line) = match shell.family() {
        GuestFamily::Linux => {
            (MARKER_LINUX, format!("printf %s {} > {} && sync", sh_quoted(&text), sh_quoted(MARKER_LINUX)))
        }
        GuestFamily::Windows => {
            let (path, text) = (powershell::quoted(MARKER_WINDOWS), powershell::quoted(&text));
            (MARKER_WINDOWS, powershell::command(&windows_marker(&path, &text)))
        }
    };
    let output = shell.run(&line, limit).await?;
    answer(&output).map_err(|reason| ShellError(format!("write the marker {path}: {reason}")))?;
    Ok((path.to_owned(), text))
}

/// Written through to the disk: the VM may be switched off hard soon after.
fn windows_marker(path: &str, text: &str) -> String {
    format!(
        "$f=[IO.File]::Create({path});$b=[Text.Encoding]::ASCII.GetBytes({text});$f.Write($b,0,$b.Length);\
         $f.Flush($true);$f.Close()"
    )
}

/// Files with their hashes, and why there may be more.
type Hashed = (Vec<(String, String)>, Option<String>);

/// The hashes of the files at and below a path, also when the guest does not show all of them.
async fn hashes(shell: &dyn GuestShell, path: &str, limit: Duration) -> Result<Hashed, ShellError> {
    let line = match shell.family() {
        // A path that is a link is followed, links below it are not.
        GuestFamily::Linux => format!("find -H {} -type f -exec sha256sum {{}} +", sh_quoted(path)),
        GuestFamily::Windows => powershell::command(&format!(
            "$ErrorActionPreference='Stop';@(Get-ChildItem -LiteralPath {} -Recurse -File -Force|\
             Get-FileHash -Algorithm SHA256|Select-Object Path,Hash)|ConvertTo-Json -Compress",
            powershell::quoted(path)
        )),
    };
    let output = shell.run(&line, limit).await?;
    let reason = answer(&output).err();
    let files = match shell.family() {
        // One file that cannot be read, or more than is kept, takes nothing from the others.
        GuestFamily::Linux if reason.is_some() => Some(output.stdout.lines().filter_map(sha256sum).collect()),
        GuestFamily::Linux => output.stdout.lines().map(sha256sum).collect::<Option<Vec<_>>>(),
        GuestFamily::Windows => file_hashes(&output.stdout),
    };
    Ok(match (files, reason) {
        (files, Some(reason)) => (files.unwrap_or_default(), Some(reason)),
        (None, None) => (Vec::new(), Some("the answer is no list of hashes".to_owned())),
        (Some(files), None) if files.is_empty() => {
            (files, Some("there is no file, so nothing would be proven".to_owned()))
        }
        (Some(files), None) => (files, None),
    })
}

/// The whole output of a command that went well; else what the guest says.
fn answer(output: &ShellOutput) -> Result<&str, String> {
    let said = || {
        let said = [powershell::said(&output.stderr), output.stdout.clone()].join("\n");
        said.lines().map(str::trim).find(|line| !line.is_empty()).map(|line| line.chars().take(WORDS_MAX).collect())
    };
    match output.status {
        Some(0) if output.truncated => Err("more output than is kept; name fewer files".to_owned()),
        Some(0) => Ok(&output.stdout),
        Some(code) => Err(said().unwrap_or_else(|| format!("status {code}"))),
        None => Err("the command was ended by a signal".to_owned()),
    }
}

/// A line of `sha256sum`. A name with a line break or a backslash is escaped, and a backslash in front of the hash says so.
fn sha256sum(line: &str) -> Option<(String, String)> {
    let (escaped, line) = line.strip_prefix('\\').map_or((false, line), |rest| (true, rest));
    let (hash, name) = line.split_at_checked(64)?;
    let name = name.strip_prefix("  ").or_else(|| name.strip_prefix(" *"))?;
    let name = if escaped { unescaped(name) } else { name.to_owned() };
    Some((name, sha256(hash)?))
}

fn unescaped(name: &str) -> String {
    let mut plain = String::new();
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        plain.extend(match letter {
            '\\' => letters.next().map(|code| match code {
                'n' => '\n',
                'r' => '\r',
                other => other,
            }),
            other => Some(other),
        });
    }
    plain
}

fn sha256(text: &str) -> Option<String> {
    let known = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    known.then(|| text.to_lowercase())
}

/// The list that PowerShell writes: of one as its element, of none as nothing.
fn file_hashes(output: &str) -> Option<Vec<(String, String)>> {
    let output = output.trim_start_matches('\u{feff}').trim();
    if output.is_empty() || output == "null" {
        return Some(Vec::new());
    }
    let rows = match serde_json::from_str(output).ok()? {
        serde_json::Value::Array(rows) => rows,
        row => vec![row],
    };
    rows.iter().map(|row| Some((row.get("Path")?.as_str()?.to_owned(), sha256(row.get("Hash")?.as_str()?)?))).collect()
}

#[cfg(test)]
#[path = "integrity_tests.rs"]
mod tests;
