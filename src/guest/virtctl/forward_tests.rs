//! Connections through fake virtctls, and what is left of them.

use super::super::testing::{Machine, TOKEN, nowhere, script};
use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CARRIES: &str = "echo '{\"msg\":\"handling tcp connection for 1\",\"pos\":\"tcp.go:47\"}' >&2";

/// The states of the processes of a group. Who only waits to be read by its parent (a zombie) runs no more.
fn running(group: i32) -> Vec<String> {
    let listed = std::process::Command::new("ps").args(["-A", "-o", "pgid=,stat=,args="]).output().unwrap();
    let lines = String::from_utf8_lossy(&listed.stdout).into_owned();
    let of_group = |line: &&str| {
        let mut words = line.split_whitespace();
        words.next() == Some(&group.to_string()) && words.next().is_some_and(|state| !state.starts_with('Z'))
    };
    lines.lines().filter(of_group).map(str::to_owned).collect()
}

/// Waits for what has been killed to be gone.
#[track_caller]
fn assert_gone(group: i32) {
    for _ in 0..1000 {
        if running(group).is_empty() {
            return;
        }
        std::thread::yield_now();
    }
    panic!("these still run: {:?}", running(group));
}

/// Dials through the machine's virtctl, whose port the test serves.
async fn dialled(machine: &Machine, virtctl: &Virtctl) -> io::Result<(Box<dyn ByteStream>, TcpStream)> {
    let accepted = async { machine.listen().await.accept().await.unwrap().0 };
    let (dialled, accepted) = tokio::join!(virtctl.dial("ns-1", "vm-1", 22), accepted);
    Ok((dialled?, accepted))
}

#[tokio::test]
async fn a_connection_is_a_process_that_ends_with_it() {
    // It ignores the polite signal, and has a child that does, too.
    let forward = format!("trap '' TERM\nsh -c 'trap \"\" TERM; sleep 600' &\n{CARRIES}\nwait\nsleep 600");
    let machine = Machine::new().with(&script("1.5.2", &forward));
    let virtctl = machine.obtain(&nowhere()).await.unwrap();
    let (mut near, mut far) = dialled(&machine, &virtctl).await.unwrap();
    let (group, arguments, variables) = machine.called().await;
    let kubeconfig = arguments.rsplit(' ').next().unwrap().to_owned();
    let (_, rest) = arguments.split_once(":22 ").unwrap();
    assert!(arguments.starts_with("port-forward vmi/vm-1 "), "{arguments}");
    assert_eq!(rest, format!("--namespace ns-1 --address 127.0.0.1 --kubeconfig {kubeconfig}"));
    assert!(!arguments.contains(TOKEN) && !variables.contains(TOKEN) && !variables.contains("hunter2"));
    assert!(std::fs::read_to_string(&kubeconfig).unwrap().contains(TOKEN));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kubeconfig).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    near.write_all(b"ping").await.unwrap();
    let mut four = [0; 4];
    far.read_exact(&mut four).await.unwrap();
    far.write_all(b"pong").await.unwrap();
    near.read_exact(&mut four).await.unwrap();
    assert_eq!(&four, b"pong");
    assert!(running(group).len() >= 2, "{:?}", running(group));
    drop(near);
    virtctl.close().await;
    assert_gone(group);
    drop(virtctl);
    assert!(!std::path::Path::new(&kubeconfig).exists());
}

#[tokio::test]
async fn megabytes_of_output_do_not_block_it() {
    let flood = "i=0; while [ $i -lt 64 ]; do head -c 65536 /dev/zero | tr '\\0' 'x'; echo; \
                 head -c 65536 /dev/zero >&2; i=$((i+1)); done; echo >&2";
    let machine = Machine::new().with(&script("1.5.2", &format!("{flood}\n{CARRIES}\nsleep 600")));
    let virtctl = machine.obtain(&nowhere()).await.unwrap();
    let (near, _far) = dialled(&machine, &virtctl).await.unwrap();
    drop(near);
    virtctl.close().await;
}

#[tokio::test]
async fn refusals_have_their_kind_and_no_token() {
    for (said, kind, words) in [
        ("can't access vm/vm-1.ns-1: virtualmachines is forbidden: no", ErrorKind::PermissionDenied, "is forbidden"),
        ("can't access vm/vm-1.ns-1: Virtual Machine not found.", ErrorKind::NotFound, "not found"),
        ("can't access vm/vm-1.ns-1: dialing VM: refused $token", ErrorKind::ConnectionRefused, "refused [secret]"),
    ] {
        let line =
            format!("token={TOKEN}; echo \"{{\\\"msg\\\":\\\"{said}\\\\n\\\",\\\"pos\\\":\\\"tcp.go:37\\\"}}\" >&2");
        let machine = Machine::new().with(&script("1.5.2", &format!("{line}\nsleep 600")));
        let virtctl = machine.obtain(&nowhere()).await.unwrap();
        let error = dialled(&machine, &virtctl).await.err().unwrap();
        let (group, ..) = machine.called().await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words) && !error.to_string().contains("pos"), "{error}");
        virtctl.close().await;
        assert_gone(group);
    }
}

#[tokio::test]
async fn a_virtctl_that_ends_tells_its_last_words() {
    let failing = format!("echo 'listen tcp: bind: address already in use {TOKEN}' >&2; exit 3");
    let machine = Machine::new().with(&script("1.5.2", &failing));
    let virtctl = machine.obtain(&nowhere()).await.unwrap();
    let error = virtctl.dial("ns-1", "vm-1", 22).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    let text = error.to_string();
    assert!(text.contains("ended with code 3, saying \"listen tcp: bind: address already in use [secret]\""), "{text}");
}

#[tokio::test]
async fn an_abandoned_dial_leaves_nothing() {
    let machine = Machine::new().with(&script("1.5.2", "sleep 600"));
    let virtctl = machine.obtain(&nowhere()).await.unwrap();
    let group = tokio::select! {
        _ = virtctl.dial("ns-1", "vm-1", 22) => panic!("it never listens"),
        (group, ..) = machine.called() => group,
    };
    virtctl.close().await;
    assert_gone(group);
}

#[test]
fn a_runtime_that_ends_takes_the_processes_along() {
    let machine = Machine::new().with(&script("1.5.2", &format!("{CARRIES}\nsleep 600 & wait")));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (group, near, _far, virtctl) = runtime.block_on(async {
        let virtctl = machine.obtain(&nowhere()).await.unwrap();
        let (near, far) = dialled(&machine, &virtctl).await.unwrap();
        (machine.called().await.0, near, far, virtctl)
    });
    drop(runtime);
    assert_gone(group);
    drop((near, virtctl));
}

#[test]
fn names_with_dots_are_told_from_namespaces() {
    assert_eq!(target("ns", "vm"), "vmi/vm");
    assert_eq!(target("ns", "vm.example.com"), "vmi/vm.example.com.ns");
}
