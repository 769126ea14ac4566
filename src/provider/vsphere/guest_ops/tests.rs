//! Guest operations against a scripted vCenter.

use super::super::script::{Reply, Script, object, reference, vcenter};
use crate::config::Secret;
use crate::facts::{GuestFamily, chain};
use crate::provider::{GuestAccount, GuestAnswer, ProviderError, SourceProvider, VmRef};
use crate::wait::Deadline;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn minute() -> Deadline {
    Deadline::after(Duration::from_secs(60), &CancellationToken::new())
}
const OUT: &str = "https://vc.test/guestFile?id=1&token=out";
const ERR: &str = "https://esxi-1.test:443/guestFile?id=2&token=err";

fn vm() -> VmRef {
    VmRef { id: "vm-1".into(), name: "rhel".into() }
}

fn account(password: &str) -> GuestAccount {
    GuestAccount { user: "root".into(), password: Secret::new(password), family: GuestFamily::Linux }
}

/// A guest in which everything works; standard output is served by the vCenter, standard error by an ESXi host.
fn guest() -> Arc<Script> {
    let script = Script::new();
    let managers = [
        ("fileManager", reference("GuestFileManager", "files")),
        ("processManager", reference("GuestProcessManager", "processes")),
    ];
    let managers = managers.each_ref().map(|(name, value)| (*name, value.as_str()));
    script.has("GuestOperationsManager", &[&object("GuestOperationsManager", "guestOperationsManager", &managers)]);
    let returned = |text: &str| [Reply::Ok(format!("<returnval>{text}</returnval>"))];
    script.on("CreateTemporaryDirectoryInGuest", "", returned("/tmp/mtvtest7"));
    script.on("StartProgramInGuest", "", returned("4711"));
    script.on("ListProcessesInGuest", "", [running(), running(), ended(3)]);
    let file = |url: &str, size: u64| {
        returned(&format!("<attributes/><size>{size}</size><url>{}</url>", url.replace('&', "&amp;")))
    };
    script.on("InitiateFileTransferFromGuest", "stdout", file("https://*:443/guestFile?id=1&token=out", 5));
    script.on("InitiateFileTransferFromGuest", "stderr", file(ERR, 4));
    script.on("DeleteDirectoryInGuest", "", [Reply::Ok(String::new())]);
    script.on("TerminateProcessInGuest", "", [Reply::Ok(String::new())]);
    script.serves(OUT, 200, "h\u{e9}llo");
    script.serves(ERR, 200, b"bad\xff".to_vec());
    script
}

fn process(rest: &str) -> Reply {
    Reply::Ok(format!("<returnval><name>sh</name><pid>4711</pid><owner>root</owner>{rest}</returnval>"))
}

fn running() -> Reply {
    process("<startTime>2026-01-01T00:00:00Z</startTime>")
}

fn ended(status: i32) -> Reply {
    process(&format!("<endTime>2026-01-01T00:00:01Z</endTime><exitCode>{status}</exitCode>"))
}

async fn run(script: &Arc<Script>, password: &str) -> Result<GuestAnswer, ProviderError> {
    vcenter(script).await.unwrap().run_in_guest(&vm(), &account(password), "echo 'a'", &minute()).await
}

#[tokio::test(start_paused = true)]
async fn a_line_runs_and_its_output_is_fetched_from_where_the_source_says() {
    let script = guest();
    let answer = run(&script, "pa<ss").await.unwrap();
    let (stdout, stderr) = ("h\u{e9}llo".to_owned(), "bad\u{fffd}".to_owned());
    assert_eq!(answer, GuestAnswer { status: Some(3), stdout, stderr, truncated: false });
    let auth = concat!(
        r#"<vm type="VirtualMachine">vm-1</vm><auth xsi:type="NamePasswordAuthentication">"#,
        "<interactiveSession>false</interactiveSession><username>root</username><password>pa&lt;ss</password></auth>"
    );
    assert_eq!(
        script.bodies("StartProgramInGuest"),
        [format!(
            r#"<StartProgramInGuest xmlns="urn:vim25"><_this type="GuestProcessManager">processes</_this>{auth}{}</StartProgramInGuest>"#,
            concat!(
                "<spec><programPath>/bin/sh</programPath><arguments>-c &apos;echo &apos;\\&apos;&apos;a&apos;\\&apos;&apos;&apos; ",
                "&gt;&apos;/tmp/mtvtest7/stdout&apos; 2&gt;&apos;/tmp/mtvtest7/stderr&apos; &lt;/dev/null</arguments></spec>"
            )
        )]
    );
    assert_eq!(
        script.bodies("DeleteDirectoryInGuest"),
        [format!(
            r#"<DeleteDirectoryInGuest xmlns="urn:vim25"><_this type="GuestFileManager">files</_this>{auth}<directoryPath>/tmp/mtvtest7</directoryPath><recursive>true</recursive></DeleteDirectoryInGuest>"#
        )]
    );
    assert_eq!(script.bodies("TerminateProcessInGuest"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn output_is_cut_at_a_mebibyte_and_nothing_is_fetched_of_an_empty_file_or_a_huge_one() {
    let script = guest();
    script.serves(OUT, 200, vec![b'x'; (1 << 20) + 1]);
    let empty = "<returnval><attributes/><size>0</size><url>https://nowhere.test/x</url></returnval>";
    script.on("InitiateFileTransferFromGuest", "stderr", [Reply::Ok(empty.into())]);
    let answer = run(&script, "p").await.unwrap();
    assert_eq!((answer.stdout.len(), answer.stderr.as_str(), answer.truncated), (1 << 20, "", true));
    let huge = "<returnval><attributes/><size>99999999999</size><url>https://nowhere.test/x</url></returnval>";
    script.on("InitiateFileTransferFromGuest", "stderr", [Reply::Ok(huge.into())]);
    let error = run(&script, "p").await.unwrap_err().to_string();
    assert!(error.contains("VM rhel (vm-1): the command wrote 99999999999 bytes"), "{error}");
    assert_eq!(script.bodies("DeleteDirectoryInGuest").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_the_guest_refuses_is_offered_once() {
    let script = guest();
    script.on("CreateTemporaryDirectoryInGuest", ">wrong<", [Reply::Fault("InvalidGuestLogin")]);
    let vcenter = vcenter(&script).await.unwrap();
    for _ in 0..3 {
        let error =
            vcenter.run_in_guest(&vm(), &account("wrong"), "hostname", &minute()).await.unwrap_err().to_string();
        assert!(
            error.contains("VM rhel (vm-1): InvalidGuestLogin") && error.contains("guest_vm_linux_user"),
            "{error}"
        );
        assert!(!error.contains("wrong"), "{error}");
    }
    assert_eq!(script.bodies("CreateTemporaryDirectoryInGuest").len(), 1);
    vcenter.run_in_guest(&vm(), &account("right"), "hostname", &minute()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn tools_that_do_not_answer_yet_are_waited_for_within_the_limit() {
    let script = guest();
    let folder = Reply::Ok("<returnval>/tmp/mtvtest7</returnval>".into());
    let absent = Reply::Fault("GuestOperationsUnavailable");
    script.on("CreateTemporaryDirectoryInGuest", "", [absent.clone(), absent.clone(), folder]);
    script.on("ListProcessesInGuest", "", [absent.clone(), running(), ended(0)]);
    assert_eq!(run(&script, "p").await.unwrap().status, Some(0));
    script.on("CreateTemporaryDirectoryInGuest", "", [absent]);
    let error = run(&script, "p").await.unwrap_err().to_string();
    assert!(error.contains("GuestOperationsUnavailable") && error.contains("VMware Tools (open-vm-tools)"), "{error}");
    assert!(script.bodies("CreateTemporaryDirectoryInGuest").len() > 20, "asked until the limit");
}

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_off_is_told_at_once() {
    let script = guest();
    script.on("CreateTemporaryDirectoryInGuest", "", [Reply::Fault("InvalidPowerState")]);
    let error = run(&script, "p").await.unwrap_err().to_string();
    assert!(error.contains("InvalidPowerState") && error.contains("switch the VM on"), "{error}");
    assert_eq!(script.bodies("CreateTemporaryDirectoryInGuest").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_does_not_end_is_ended_and_one_that_is_forgotten_is_no_answer() {
    let script = guest();
    script.on("ListProcessesInGuest", "", [running()]);
    let error = run(&script, "p").await.unwrap_err();
    assert!(matches!(error, ProviderError::Wait(_)), "{error}");
    let words = chain(&error);
    assert!(words.contains("command \"echo 'a'\" in VM rhel (vm-1)") && words.contains("process 4711 runs"), "{words}");
    assert_eq!(script.bodies("TerminateProcessInGuest").len(), 1);
    assert_eq!(script.bodies("DeleteDirectoryInGuest").len(), 1);
    script.on("ListProcessesInGuest", "", [running(), Reply::Ok(String::new())]);
    let error = run(&script, "p").await.unwrap_err().to_string();
    assert!(error.contains("no longer know process 4711"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_not_trusted_is_named_with_the_remedy() {
    let script = guest();
    let far = "<returnval><attributes/><size>4</size><url>https://esxi-9.test/guestFile?id=2&amp;token=hidden</url></returnval>";
    script.on("InitiateFileTransferFromGuest", "stderr", [Reply::Ok(far.into())]);
    let error = chain(&run(&script, "p").await.unwrap_err());
    assert!(error.contains("from esxi-9.test: no answer; see that this machine resolves"), "{error}");
    assert!(error.contains("certificate is not trusted") && !error.contains("hidden"), "{error}");
    script.serves(OUT, 403, "");
    let error = run(&script, "p").await.unwrap_err().to_string();
    assert!(error.contains("VM rhel (vm-1) from vc.test: HTTP 403"), "{error}");
    assert_eq!(script.bodies("DeleteDirectoryInGuest").len(), 2);
}
