//! Marks and hashes in guests that answer from a table.

use super::*;
use crate::guest::scripted::Scripted;

const LIMIT: Duration = Duration::from_secs(1);
const A: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const B: &str = "486ea46224d1bb4fb680f34f7c9ad96a8f24ec88be73ea8e5a6c65260e9cb8a7";

fn linux(answers: &[(&str, &str)]) -> Scripted {
    Scripted::new(GuestFamily::Linux, answers)
}

fn windows(answers: &[(&str, &str)]) -> Scripted {
    let answers: Vec<_> = answers.iter().map(|(script, output)| (powershell::command(script), *output)).collect();
    let answers: Vec<_> = answers.iter().map(|(line, output)| (line.as_str(), *output)).collect();
    Scripted::new(GuestFamily::Windows, &answers)
}

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[tokio::test]
async fn linux_before_and_after() {
    let hashes = format!("{A}  /data/a\n\\{B}  /data/b\\\\c\\nd\n");
    let shell = linux(&[
        ("printf %s 'it'\\''s vm_' > '/var/tmp/mtvtest-marker' && sync", ""),
        ("find -H '/data' -type f -exec sha256sum {} +", &hashes),
        ("cat '/var/tmp/mtvtest-marker'", "it's vm_"),
    ]);
    let manifest = paths(&["/data"]);
    let mut integrity = record(&shell, Some("it's vmé"), &manifest, LIMIT).await.unwrap();
    assert_eq!(integrity.marker, Some(("/var/tmp/mtvtest-marker".into(), "it's vm_".into())));
    let files = BTreeMap::from([("/data/a".to_owned(), A.to_owned()), ("/data/b\\c\nd".to_owned(), B.to_owned())]);
    assert_eq!(integrity.before, files);
    let after = verify(&shell, &integrity, &manifest, LIMIT).await.unwrap();
    assert_eq!(after, IntegrityAfter { marker: Some("it's vm_".into()), files, unread: BTreeMap::new() });
    integrity.marker = None;
    assert_eq!(verify(&linux(&[]), &integrity, &[], LIMIT).await.unwrap(), IntegrityAfter::default());
}

#[tokio::test]
async fn windows_before_and_after() {
    let hash = |path: &str| {
        format!(
            "$ErrorActionPreference='Stop';@(Get-ChildItem -LiteralPath '{path}' -Recurse -File -Force|Get-FileHash \
             -Algorithm SHA256|Select-Object Path,Hash)|ConvertTo-Json -Compress"
        )
    };
    let one = format!(r#"{{"Path":"C:\\it's\\a.txt","Hash":"{}"}}"#, A.to_uppercase()) + "\r\n";
    let two = format!(r#"[{{"Path":"D:\\b","Hash":"{A}"}},{{"Path":"D:\\c","Hash":"{B}"}}]"#);
    let shell = windows(&[
        (
            r"$f=[IO.File]::Create('C:\Users\Public\mtvtest-marker');$b=[Text.Encoding]::ASCII.GetBytes('auto-ab12 vm');$f.Write($b,0,$b.Length);$f.Flush($true);$f.Close()",
            "",
        ),
        (r"[IO.File]::ReadAllText('C:\Users\Public\mtvtest-marker')", "auto-ab12 vm\r\n"),
        (&hash(r"C:\it''s"), &one),
        (&hash("D:\\"), &two),
        (&hash("E:\\"), "\r\n"),
    ]);
    let manifest = paths(&[r"C:\it's", "D:\\"]);
    let integrity = record(&shell, Some("auto-ab12 vm"), &manifest, LIMIT).await.unwrap();
    assert_eq!(integrity.before.keys().collect::<Vec<_>>(), [r"C:\it's\a.txt", r"D:\b", r"D:\c"]);
    assert_eq!(integrity.before[r"C:\it's\a.txt"], A);
    let after = verify(&shell, &integrity, &manifest, LIMIT).await.unwrap();
    assert_eq!((after.marker.as_deref(), &after.files), (Some("auto-ab12 vm"), &integrity.before));
    let empty = record(&shell, None, &paths(&["E:\\"]), LIMIT).await.unwrap_err();
    assert_eq!(empty.to_string(), "hash E:\\: there is no file, so nothing would be proven");
}

#[tokio::test]
async fn what_cannot_be_hashed_is_named() {
    let mut shell = linux(&[
        ("find -H '/empty' -type f -exec sha256sum {} +", ""),
        ("find -H '/odd' -type f -exec sha256sum {} +", "what?\n"),
    ]);
    let line = "find -H '/gone' -type f -exec sha256sum {} +";
    shell.answers.insert(line.into(), (1, "find: ‘/gone’: No such file or directory\n".into()));
    for (path, reason) in [
        ("/empty", "hash /empty: there is no file, so nothing would be proven"),
        ("/odd", "hash /odd: the answer is no list of hashes"),
        ("/gone", "hash /gone: find: ‘/gone’: No such file or directory"),
    ] {
        assert_eq!(record(&shell, None, &paths(&[path]), LIMIT).await.unwrap_err().to_string(), reason);
    }
    let marked = record(&shell, Some("x"), &[], LIMIT).await.unwrap_err().to_string();
    assert!(marked.starts_with("write the marker /var/tmp/mtvtest-marker: "), "{marked}");
    let integrity = Integrity { marker: Some(("/m".into(), "x".into())), ..Integrity::default() };
    let after = verify(&shell, &integrity, &paths(&["/gone"]), LIMIT).await.unwrap();
    assert_eq!(after.marker, None);
    assert_eq!(after.unread.keys().collect::<Vec<_>>(), ["/gone", "/m"]);
}

#[tokio::test]
async fn names_that_cannot_be_told_apart_are_an_error() {
    let hashes = format!("{A}  /d/\u{fffd}\n{B}  /d/\u{fffd}\n");
    let shell = linux(&[("find -H '/d' -type f -exec sha256sum {} +", &hashes)]);
    let error = record(&shell, None, &paths(&["/d"]), LIMIT).await.unwrap_err();
    assert_eq!(error.to_string(), "hash /d: two files that look like /d/\u{fffd}, and differ");
    // The same file, named twice, is one file.
    let hashes = format!("{A}  /d/a\n");
    let shell = linux(&[
        ("find -H '/d' -type f -exec sha256sum {} +", &hashes),
        ("find -H '/d/a' -type f -exec sha256sum {} +", &hashes),
    ]);
    assert_eq!(record(&shell, None, &paths(&["/d", "/d/a"]), LIMIT).await.unwrap().before.len(), 1);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn any_output_is_taken(text in "(?s).{0,200}") {
        drop((sha256sum(&text), file_hashes(&text), unescaped(&text)));
    }

    #[test]
    fn a_quoted_word_is_one_word(text in "[a-z' $`\"\\\\]{0,20}") {
        let quoted = sh_quoted(&text);
        let output = std::process::Command::new("/bin/sh").arg("-c").arg(format!("printf %s {quoted}")).output().unwrap();
        proptest::prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
    }
}
