//! Guest operations by literal SOAP.

use super::super::tests::Client;
use super::super::xml::Node;
use crate::facts::Power;

struct Asker {
    client: Client,
    vm: String,
}

impl Asker {
    async fn new() -> Self {
        let client = Client::logged_in().await;
        let vm = client.vm("mtv-tests-rhel8");
        let asker = Self { client, vm };
        asker.change(|vm| vm.set_power(Power::On));
        asker
    }

    fn change(&self, act: impl FnOnce(&mut crate::lab::world::Vm)) {
        self.client.world.sources[0].change(|inventory| inventory.vm_mut(&self.vm).map(act)).unwrap();
    }

    async fn ask(&mut self, method: &str, rest: &str) -> Result<Node, String> {
        self.ask_as("lab-guest", method, rest).await
    }

    async fn ask_as(&mut self, password: &str, method: &str, rest: &str) -> Result<Node, String> {
        let (kind, value) = match method {
            "ValidateCredentialsInGuest" => ("GuestAuthManager", "guestOperationsAuthManager"),
            method if ["File", "Directory"].iter().any(|word| method.contains(word)) => {
                ("GuestFileManager", "guestOperationsFileManager")
            }
            _ => ("GuestProcessManager", "guestOperationsProcessManager"),
        };
        let vm = &self.vm;
        let body = format!(
            r#"<{method}><_this type="{kind}">{value}</_this><vm type="VirtualMachine">{vm}</vm>
            <auth xsi:type="NamePasswordAuthentication"><interactiveSession>false</interactiveSession>
            <username>root</username><password>{password}</password></auth>{rest}</{method}>"#
        );
        self.client.call(&body).await
    }

    async fn start(&mut self, arguments: &str) -> String {
        let spec = format!("<spec><programPath>/bin/sh</programPath><arguments>{arguments}</arguments></spec>");
        self.ask("StartProgramInGuest", &spec).await.unwrap().text_of("returnval").unwrap().to_owned()
    }

    async fn process(&mut self, pid: &str) -> Node {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let answer = self.ask("ListProcessesInGuest", &format!("<pids>{pid}</pids>")).await.unwrap();
        answer.child("returnval").unwrap().clone()
    }

    async fn fetch(&mut self, path: &str) -> Result<String, String> {
        let rest = format!("<guestFilePath>{path}</guestFilePath>");
        let answer = self.ask("InitiateFileTransferFromGuest", &rest).await?;
        let info = answer.child("returnval").unwrap();
        let url = info.text_of("url").unwrap().strip_prefix("https://*:443").unwrap().to_owned();
        let content = self.client.download(&url).await.unwrap();
        assert_eq!(info.number::<usize>("size"), Some(content.len()));
        assert_eq!(self.client.download(&url).await, None, "a ticket counts once");
        Ok(content)
    }
}

#[tokio::test]
async fn the_managers_are_found_from_the_service_content() {
    let mut asker = Asker::new().await;
    let get = asker.client.get("GuestOperationsManager", "guestOperationsManager", "processManager");
    assert_eq!(get.await.unwrap().unwrap().text, "guestOperationsProcessManager");
}

#[tokio::test]
async fn a_program_writes_files_that_are_fetched_and_removed() {
    let mut asker = Asker::new().await;
    let made = asker.ask("CreateTemporaryDirectoryInGuest", "<prefix>m</prefix><suffix>x</suffix>").await.unwrap();
    let folder = made.text_of("returnval").unwrap().to_owned();
    assert!(folder.starts_with("/tmp/m") && folder.ends_with('x'), "{folder}");
    let pid = asker.start(&format!("-c 'echo hi' >{folder}/o 2>{folder}/e")).await;
    let ended = asker.process(&pid).await;
    assert_eq!((ended.text_of("exitCode"), ended.text_of("owner")), (Some("0"), Some("root")));
    assert!(ended.text_of("endTime").is_some());
    assert_eq!(asker.fetch(&format!("{folder}/o")).await.unwrap(), "hi\n");
    let pid = asker.start(&format!("-c 'cat /none' >{folder}/o2 2>{folder}/e")).await;
    assert_eq!(asker.process(&pid).await.text_of("exitCode"), Some("1"));
    assert!(asker.fetch(&format!("{folder}/e")).await.unwrap().contains("/none"));
    assert_eq!(asker.fetch("/etc/hostname").await.unwrap().trim(), "mtv-tests-rhel8");
    assert!(asker.fetch("/etc/none").await.unwrap_err().starts_with("FileNotFound"));
    let remove = |recursive| format!("<directoryPath>{folder}</directoryPath><recursive>{recursive}</recursive>");
    let full = asker.ask("DeleteDirectoryInGuest", &remove(false)).await.unwrap_err();
    assert!(full.starts_with("DirectoryNotEmpty"), "{full}");
    asker.ask("DeleteDirectoryInGuest", &remove(true)).await.unwrap();
    assert!(asker.fetch(&format!("{folder}/o")).await.unwrap_err().starts_with("FileNotFound"));
    let made = asker.ask("CreateTemporaryFileInGuest", "<prefix>m</prefix><suffix></suffix>").await.unwrap();
    let rest = format!("<filePath>{}</filePath>", made.text_of("returnval").unwrap());
    asker.ask("DeleteFileInGuest", &rest).await.unwrap();
    assert!(asker.ask("DeleteFileInGuest", &rest).await.unwrap_err().starts_with("FileNotFound"));
}

#[tokio::test]
async fn programs_run_until_they_end_are_ended_or_the_guest_goes_down() {
    let mut asker = Asker::new().await;
    let pid = asker.start("-c 'sleep infinity'").await;
    assert_eq!(asker.process(&pid).await.text_of("endTime"), None);
    asker.ask("TerminateProcessInGuest", &format!("<pid>{pid}</pid>")).await.unwrap();
    assert_eq!(asker.process(&pid).await.text_of("exitCode"), Some("143"));
    let unknown = asker.ask("TerminateProcessInGuest", "<pid>7</pid>").await.unwrap_err();
    assert!(unknown.starts_with("GuestProcessNotFound"), "{unknown}");
    asker.change(|vm| vm.set_power(Power::Off));
    let off = asker.ask("ListProcessesInGuest", "").await.unwrap_err();
    assert!(off.starts_with("InvalidPowerState"), "{off}");
    asker.change(|vm| vm.set_power(Power::On));
    assert_eq!(asker.ask("ListProcessesInGuest", "").await.unwrap().children, []);
}

#[tokio::test]
async fn a_boot_takes_processes_and_temporary_files_with_it() {
    let mut asker = Asker::new().await;
    let pid = asker.start("-c 'sleep infinity'").await;
    assert_eq!(asker.process(&pid).await.text_of("endTime"), None);
    let made = asker.ask("CreateTemporaryFileInGuest", "<prefix>m</prefix><suffix></suffix>").await.unwrap();
    // Nobody asks while it is off.
    asker.change(|vm| vm.set_power(Power::Off));
    asker.change(|vm| vm.set_power(Power::On));
    assert_eq!(asker.ask("ListProcessesInGuest", "").await.unwrap().children, []);
    assert!(asker.fetch(made.text_of("returnval").unwrap()).await.unwrap_err().starts_with("FileNotFound"));
}

#[tokio::test]
async fn a_program_that_could_not_run_has_not_ended() {
    let mut asker = Asker::new().await;
    let pid = asker.start("-c 'echo hi'").await;
    // Before its task has had a turn.
    asker.change(|vm| drop(std::sync::Arc::make_mut(&mut vm.inside).users.insert("root".into(), "other".into())));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let answer = asker.ask_as("other", "ListProcessesInGuest", &format!("<pids>{pid}</pids>")).await.unwrap();
    assert_eq!(answer.child("returnval").unwrap().text_of("endTime"), None);
}

#[tokio::test]
async fn a_manager_takes_its_own_methods_only() {
    let mut asker = Asker::new().await;
    let vm = asker.vm.clone();
    let body = format!(
        r#"<ListProcessesInGuest><_this type="GuestFileManager">guestOperationsFileManager</_this>
        <vm type="VirtualMachine">{vm}</vm><auth xsi:type="NamePasswordAuthentication">
        <interactiveSession>false</interactiveSession><username>root</username><password>lab-guest</password></auth>
        </ListProcessesInGuest>"#
    );
    let refused = asker.client.call(&body).await.unwrap_err();
    assert!(refused.contains("ListProcessesInGuest is no method of"), "{refused}");
}

#[tokio::test]
async fn tools_and_logins_are_checked() {
    let mut asker = Asker::new().await;
    asker.ask("ValidateCredentialsInGuest", "").await.unwrap();
    let wrong = asker.ask_as("x", "ValidateCredentialsInGuest", "").await.unwrap_err();
    assert!(wrong.starts_with("InvalidGuestLogin"), "{wrong}");
    let told = asker.ask("ReadEnvironmentVariableInGuest", "<names>USER</names>").await.unwrap();
    assert_eq!(told.text_of("returnval"), Some("USER=root"));
    let spec = "<spec><programPath>cmd.exe</programPath><arguments/></spec>";
    assert!(asker.ask("StartProgramInGuest", spec).await.unwrap_err().starts_with("FileNotFound"));
    asker.change(|vm| vm.tools = false);
    let none = asker.ask("ValidateCredentialsInGuest", "").await.unwrap_err();
    assert!(none.starts_with("GuestOperationsUnavailable"), "{none}");
}
