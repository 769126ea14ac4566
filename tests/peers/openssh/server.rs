//! An OpenSSH server with an account of its own, on a machine that it does not change.
//!
//! `password` and `keyboard-interactive` need a real account, PAM and root. So the server gets namespaces of its own:
//! its accounts, PAM file, `/run` and `/var/log` are mounted for it alone, and its sessions, which leave its process
//! group, end with it. A test that crashes leaves nothing, because namespaces end with their last process.

use crate::bench::Bench;
use crate::part::{Part, on_path};
use crate::peer::{Launch, Peer, free_port};
use mtvtest::config::Secret;
use mtvtest::guest::ssh::{CommandOutput, Connection, HostKeyPolicy, Limits, Login, Method, SshError, Target};
use mtvtest::wait::pause;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::net::TcpStream;

/// What the tests need.
pub(super) const NEEDS: &[Part] = &[Part::Sshd, Part::Namespaces];

/// The account.
pub(super) const USER: &str = "tester";

/// Its password.
pub(super) const PASSWORD: &str = "correct horse battery";

/// crypt(3) of it.
const CRYPTED: &str =
    "$6$mtvtestpeer$uIwRuj3Y17lAT5ai2mNhaODbEgbymCbtCsVwaq/YSSohUK5yXWt3BKcP4oCKC4SUYO2toz48m5RjVeFtKWyCR/";

/// What each opening may take: more than a busy machine needs.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// Limits for commands that end.
pub(super) const LIMITS: Limits = Limits { time: LIMIT, output_bytes: 1 << 20 };

/// Puts the server's own files in the place of the machine's, for it and its children.
const STAGE: &str = r#"
    mount -t tmpfs tmpfs /run
    mkdir -m 755 /run/sshd
    mount -t tmpfs tmpfs /var/log
    for file in passwd shadow group pam.d/sshd; do mount --bind "$1/etc/$file" "/etc/$file"; done
    exec "$2" -D -e -f "$1/sshd_config"
"#;

/// A server's files and address; [`Server::launch`] may be called again after its end.
pub(super) struct Server {
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// Writes a server's files; `settings` win over the usual ones. It has an ed25519 host key.
    pub(super) fn new(bench: &Bench, settings: &str) -> Self {
        let folder = bench.folder().to_owned();
        let server = Self { folder, port: free_port() };
        server.write_accounts();
        server.make_key("host", &["-t", "ed25519"]);
        let folder = server.folder.display();
        let config = format!(
            "{settings}\nPort {}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM yes\n\
             StrictModes no\nAuthorizedKeysFile {folder}/authorized_keys\nLogLevel VERBOSE\n",
            server.port
        );
        server.write("sshd_config", &config);
        server
    }

    /// A server that runs until the test ends.
    pub(super) async fn start(bench: &Bench, settings: &str) -> (Self, Peer) {
        let server = Self::new(bench, settings);
        let peer = bench.start(server.launch()).await;
        (server, peer)
    }

    /// How it is started.
    pub(super) fn launch(&self) -> Launch {
        let unshare = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "/bin/sh", "-euc", STAGE, "stage"];
        let arguments = unshare.map(Into::into).into_iter();
        let arguments = arguments.chain([self.folder.clone().into_os_string(), Part::Sshd.path().into_os_string()]);
        Launch::new("sshd", &Part::Namespaces.path(), arguments).ready_when_logged("Server listening on")
    }

    fn write_accounts(&self) {
        std::fs::create_dir_all(self.folder.join("etc/pam.d")).unwrap();
        let open = self.folder.join("open");
        std::fs::create_dir_all(&open).unwrap();
        // The account must come through to what it may write and read.
        std::fs::set_permissions(&self.folder, PermissionsExt::from_mode(0o711)).unwrap();
        std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).unwrap();
        let accounts = "root:x:0:0::/:/bin/sh\nsshd:x:998:65534::/run/sshd:/usr/sbin/nologin\n";
        self.write("etc/passwd", &format!("{accounts}{USER}:x:61234:61234::/:/bin/sh\n"));
        self.write("etc/shadow", &format!("root:*:19000::::::\nsshd:*:19000::::::\n{USER}:{CRYPTED}:19000::::::\n"));
        self.write("etc/group", &format!("root:x:0:\ntty:x:5:\nnogroup:x:65534:\n{USER}:x:61234:\n"));
        let nologin = self.file("nologin").display().to_string();
        let pam = format!(
            "auth required pam_unix.so nodelay\naccount required pam_nologin.so file={nologin}\n\
             account required pam_unix.so\nsession required pam_permit.so\npassword required pam_deny.so\n"
        );
        self.write("etc/pam.d/sshd", &pam);
    }

    /// A file of the server's folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    /// Makes a key pair and gives its public line.
    pub(super) fn make_key(&self, name: &str, arguments: &[&str]) -> String {
        let file = self.file(name);
        std::fs::remove_file(&file).ok();
        let passphrase: &[&str] = if arguments.contains(&"-N") { &[] } else { &["-N", ""] };
        let made = Command::new(on_path("ssh-keygen").unwrap())
            .args(["-q", "-C", "peer"])
            .args(arguments)
            .args(passphrase)
            .arg("-f")
            .arg(&file)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        std::fs::read_to_string(file.with_extension("pub")).unwrap()
    }

    /// Makes a key pair that may log in.
    pub(super) fn make_login_key(&self, arguments: &[&str]) -> Method {
        let line = self.make_key("login", arguments);
        self.write("authorized_keys", &line);
        self.key("login", None)
    }

    /// A private key as a login's method.
    pub(super) fn key(&self, name: &str, passphrase: Option<&str>) -> Method {
        let text = std::fs::read_to_string(self.file(name)).unwrap();
        Method::Key { private_key: Secret::new(text), passphrase: passphrase.map(Secret::new) }
    }

    /// Opens a connection to a target at this server.
    pub(super) async fn open(&self, target: &Target) -> Result<Connection, SshError> {
        Connection::open(self.dial(), target, LIMIT).await
    }

    /// The TCP connection to it.
    pub(super) async fn dial(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await
    }

    /// A connection with the right password.
    pub(super) async fn connection(&self) -> Connection {
        self.open(&target(password(PASSWORD))).await.unwrap()
    }
}

/// The account, by this method, at a guest called `guest`.
pub(super) fn target(method: Method) -> Target {
    target_as(USER, method)
}

/// Another account.
pub(super) fn target_as(user: &str, method: Method) -> Target {
    let login = Login { user: user.to_owned(), method };
    Target { name: "guest".to_owned(), login, host_key: HostKeyPolicy::Record }
}

pub(super) fn password(text: &str) -> Method {
    Method::Password(Secret::new(text))
}

/// Runs a command that must end with status 0; gives its standard output.
pub(super) async fn output(connection: &Connection, command: &str) -> String {
    let CommandOutput { exit, stdout, stderr, .. } = connection.run(command, &LIMITS).await.unwrap();
    assert_eq!(exit, mtvtest::guest::ssh::Exit::Status(0), "{command}: {}", stderr.text());
    stdout.text().into_owned()
}

/// Waits for a condition; the test's own deadline ends it.
pub(super) async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        pause(Duration::from_millis(20)).await;
    }
}

/// Waits for a file that a command in the guest makes.
pub(super) async fn made(file: &Path) {
    until(|| file.exists()).await;
}
