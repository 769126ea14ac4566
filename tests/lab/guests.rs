//! Guests of the lab through the program's own SSH client: logins, refusals, oddities; and what is written in a source's
//! guest is in its clones and in the migrated VM.

use crate::rig::Rig;
use mtvtest::config::Secret;
use mtvtest::guest::ssh::{CommandOutput, Connection, Exit, HostKeyPolicy, Limits, Login, Method, SshError, Target};
use mtvtest::lab::Lab;
use mtvtest::lab::world::{Says, SshMethod, SshSpec, SshStage};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
const ADDRESS: &str = "10.6.68.11";

const COLD: &str = "\
description: A guest with a file.
virtual_machines:
  - {name: mtv-tests-rhel8, source_vm_power: on, guest_agent: true}
target_power_state: on
";

fn target(password: &str) -> Target {
    let login = Login { user: "root".into(), method: Method::Password(Secret::new(password)) };
    Target { name: "guest".into(), login, host_key: HostKeyPolicy::Record }
}

/// A lab whose guests of RHEL 8 run and have this SSH server.
fn rig(ssh: SshSpec) -> Rig {
    Rig::with_vm("mtv-tests-rhel8", |vm| {
        vm.power = mtvtest::facts::Power::On;
        vm.guest.ssh = ssh;
    })
}

async fn source(lab: &Lab, password: &str) -> Result<Connection, SshError> {
    let network = lab.network();
    Connection::open(async { network.dial(ADDRESS, 22).await }, &target(password), LIMIT).await
}

async fn run(connection: &Connection, line: &str) -> Result<CommandOutput, SshError> {
    connection.run(line, &Limits { time: LIMIT, output_bytes: 1 << 20 }).await
}

async fn text(connection: &Connection, line: &str) -> String {
    let output = run(connection, line).await.unwrap();
    assert_eq!(output.exit, Exit::Status(0), "{line}: {}", output.stderr.text());
    output.stdout.text().into_owned()
}

#[tokio::test(start_paused = true)]
async fn every_method_lets_the_right_password_in_and_no_other() {
    for methods in [vec![], vec![SshMethod::Password], vec![SshMethod::KeyboardInteractive]] {
        let rig = rig(SshSpec { methods, ..SshSpec::default() });
        let connection = source(&rig.lab, "lab-guest").await.unwrap();
        assert_eq!(text(&connection, "echo mtvtest").await, "mtvtest\n");
        let key = connection.host_key().clone();
        assert_eq!(source(&rig.lab, "lab-guest").await.unwrap().host_key(), &key);
        let failed = run(&connection, "frobnicate").await.unwrap();
        assert_eq!(failed.exit, Exit::Status(127));
        assert!(failed.stderr.text().contains("command not found"));
        connection.close().await;
        assert!(matches!(source(&rig.lab, "wrong").await.err().unwrap(), SshError::Refused { .. }));
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn oddities_of_a_server_are_seen_by_a_client() {
    let odd = |closes_in, says| rig(SshSpec { closes_in, says, ..SshSpec::default() });
    for stage in [SshStage::Handshake, SshStage::Login] {
        let rig = odd(Some(stage), Says::Text);
        assert!(source(&rig.lab, "lab-guest").await.err().unwrap().transient(), "{stage:?}");
        rig.lab.stop().await;
    }
    let rig = odd(Some(SshStage::Command), Says::Text);
    let connection = source(&rig.lab, "lab-guest").await.unwrap();
    assert!(run(&connection, "echo mtvtest").await.is_err());
    rig.lab.stop().await;
    let rig = odd(None, Says::Binary);
    let connection = source(&rig.lab, "lab-guest").await.unwrap();
    assert!(text(&connection, "echo mtvtest").await.contains('\u{fffd}'));
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_written_on_the_source_is_in_the_migrated_guest() {
    let mut rig = rig(SshSpec::default());
    let connection = source(&rig.lab, "lab-guest").await.unwrap();
    text(&connection, "printf %s kept > /srv/data/late.txt").await;
    let boot = text(&connection, "cat /proc/sys/kernel/random/boot_id").await;
    connection.close().await;
    let mut answers = Vec::new();
    let ran = rig
        .run_and_look(COLD, |lab| {
            let objects = lab.api().objects();
            let vm = objects.iter().find(|object| object["kind"] == "VirtualMachine").unwrap();
            let (space, name) =
                (vm["metadata"]["namespace"].as_str().unwrap(), vm["metadata"]["name"].as_str().unwrap());
            for line in ["cat /srv/data/late.txt", "cat /proc/sys/kernel/random/boot_id", "lsblk -J -f"] {
                let output = lab.guests().run_in_cluster(space, name, line).unwrap();
                answers.push(String::from_utf8(output.stdout).unwrap());
            }
        })
        .await;
    assert_eq!(answers[0], "kept", "{:?}", ran.outcome);
    assert_ne!(answers[1], boot);
    assert!(answers[2].contains("\"vda\""), "{}", answers[2]);
    rig.lab.stop().await;
}
