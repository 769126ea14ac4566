//! The way into a source guest: through the tools of its hypervisor, else over SSH to an address that it reports.

use super::login::login;
use crate::config::ProviderEntry;
use crate::engine::walk::Walk;
use crate::facts::{GuestFamily, SourceVm, chain};
use crate::guest::ssh::{Connection, HostKeyPolicy, Target};
use crate::guest::{GuestShell, ShellError, ShellOutput, SshShell};
use crate::provider::{GuestAccount, ProviderError, SourceProvider, VmRef};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

const SSH_PORT: u16 = 22;
/// Longest try of one address.
const TRY: Duration = Duration::from_secs(30);
/// Longest wait for the first answer through the tools.
const PROOF: Duration = Duration::from_secs(60);

/// A shell in the guest of a running source VM.
///
/// # Errors
/// No way leads there; what each said.
pub(super) async fn source_shell(
    walk: &Walk<'_>,
    vm: &VmRef,
    facts: &SourceVm,
    family: GuestFamily,
) -> Result<Box<dyn GuestShell>, String> {
    let tools = match account(&walk.source.entry, family) {
        Some(account) => {
            let shell = ToolsShell { sdk: Arc::clone(&walk.source.sdk), vm: vm.clone(), account };
            match shell.sdk.run_in_guest(vm, &shell.account, "echo mtvtest", PROOF).await {
                Ok(_) => return Ok(Box::new(shell)),
                Err(error) => tools_words(&error),
            }
        }
        None => "its tools take a password only".to_owned(),
    };
    let over_ssh = over_ssh(walk, vm, facts, family).await;
    over_ssh.map(|shell| Box::new(shell) as Box<dyn GuestShell>).map_err(|ssh| format!("{tools}; {ssh}"))
}

fn account(entry: &ProviderEntry, family: GuestFamily) -> Option<GuestAccount> {
    let login = entry.guest.of(family)?;
    Some(GuestAccount { user: login.user.clone(), password: login.password.clone()?, family })
}

fn tools_words(error: &ProviderError) -> String {
    match error {
        ProviderError::Invalid { .. } => "the source runs no commands in guests".to_owned(),
        other => chain(other),
    }
}

async fn over_ssh(walk: &Walk<'_>, vm: &VmRef, facts: &SourceVm, family: GuestFamily) -> Result<SshShell, String> {
    let login = login(&walk.source.entry, family)?;
    let target = Target { name: vm.name.clone(), login, host_key: HostKeyPolicy::Record };
    let mut last = format!("{vm} reports no address");
    for address in facts.nics.iter().flat_map(|nic| &nic.addresses) {
        let dial = walk.session.parts().network.dial(&address.ip, SSH_PORT);
        match Connection::open(dial, &target, TRY).await {
            Ok(connection) => return Ok(SshShell::over(connection, family)),
            Err(error) => last = chain(&error),
        }
    }
    Err(last)
}

/// Commands through the tools.
struct ToolsShell {
    sdk: Arc<dyn SourceProvider>,
    vm: VmRef,
    account: GuestAccount,
}

#[async_trait]
impl GuestShell for ToolsShell {
    fn family(&self) -> GuestFamily {
        self.account.family
    }

    async fn run(&self, line: &str, limit: Duration) -> Result<ShellOutput, ShellError> {
        let answer = self.sdk.run_in_guest(&self.vm, &self.account, line, limit).await;
        let answer = answer.map_err(|error| ShellError(chain(&error)))?;
        Ok(ShellOutput {
            status: answer.status,
            stdout: answer.stdout,
            stderr: answer.stderr,
            truncated: answer.truncated,
        })
    }
}
