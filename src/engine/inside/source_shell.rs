//! The way into a source guest: through the tools of its hypervisor, else over SSH to an address that it reports.
//!
//! Each login is offered once: a guest that counts wrong passwords locks the account.

use super::login::login;
use crate::config::ProviderEntry;
use crate::engine::walk::Walk;
use crate::facts::{GuestFamily, SourceVm, chain};
use crate::guest::ssh::{Connection, HostKeyPolicy, Method, SSH_PORT, SshError, Target};
use crate::guest::{GuestShell, SAY_THE_WORD, ShellError, ShellOutput, SshShell, look};
use crate::provider::{GuestAccount, ProviderError, SourceProvider, VmRef};
use crate::wait::Deadline;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longest time for one command that reads facts.
pub(super) const READ: Duration = Duration::from_secs(60);
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
            let cancel = walk.session.parts().cancel.clone();
            let shell = ToolsShell { sdk: Arc::clone(&walk.source.sdk), vm: vm.clone(), account, cancel };
            match shell.ask(SAY_THE_WORD, PROOF).await {
                Ok(_) => return Ok(Box::new(shell)),
                Err(error) => error,
            }
        }
        None => ProviderError::not_here("run commands in guests without a password".to_owned()),
    };
    let login = login(&walk.source.entry, family)?;
    let refused = tools.refuses_guest_login() && matches!(login.method, Method::Password(_));
    let words = tools_words(&tools);
    if refused {
        return Err(words);
    }
    let target = Target { name: vm.name.clone(), login, host_key: HostKeyPolicy::Record };
    let over_ssh = over_ssh(walk, &target, facts, family).await;
    over_ssh.map(|shell| Box::new(shell) as Box<dyn GuestShell>).map_err(|ssh| format!("{words}; {ssh}"))
}

fn account(entry: &ProviderEntry, family: GuestFamily) -> Option<GuestAccount> {
    let login = entry.guest.of(family)?;
    Some(GuestAccount { user: login.user.clone(), password: login.password.clone()?, family })
}

fn tools_words(error: &ProviderError) -> String {
    match error {
        ProviderError::Invalid { .. } => "the source runs no commands in guests with this login".to_owned(),
        other => chain(other),
    }
}

async fn over_ssh(walk: &Walk<'_>, target: &Target, facts: &SourceVm, family: GuestFamily) -> Result<SshShell, String> {
    let mut last = format!("{} reports no address", target.name);
    for address in facts.nics.iter().flat_map(|nic| &nic.addresses) {
        let dial = walk.session.parts().network.dial(&address.ip, SSH_PORT);
        match Connection::open(dial, target, TRY).await {
            Ok(connection) => {
                let shell = SshShell::over(connection, family);
                if is_guest_of(&shell, facts).await {
                    return Ok(shell);
                }
                last = format!("who answers at {} is not {}", address.ip, target.name);
            }
            Err(error @ SshError::Refused { .. }) => return Err(chain(&error)),
            Err(error) => last = chain(&error),
        }
    }
    Err(last)
}

/// A clone has the static addresses of what it was cloned from, which may run beside it; its MAC addresses are its own.
async fn is_guest_of(shell: &SshShell, facts: &SourceVm) -> bool {
    let inside = look(shell, TRY).await;
    let mut macs = inside.nics.iter().filter_map(|nic| nic.mac.as_ref());
    macs.any(|mac| facts.nics.iter().any(|own| own.mac.eq_ignore_ascii_case(mac)))
}

/// Commands through the tools.
struct ToolsShell {
    sdk: Arc<dyn SourceProvider>,
    vm: VmRef,
    account: GuestAccount,
    /// Ends the wait for a command when the run is interrupted; what it left in the guest is removed all the same.
    cancel: CancellationToken,
}

impl ToolsShell {
    async fn ask(&self, line: &str, limit: Duration) -> Result<ShellOutput, ProviderError> {
        let deadline = Deadline::after(limit, &self.cancel);
        let answer = self.sdk.run_in_guest(&self.vm, &self.account, line, &deadline).await?;
        Ok(ShellOutput {
            status: answer.status,
            stdout: answer.stdout,
            stderr: answer.stderr,
            truncated: answer.truncated,
        })
    }
}

#[async_trait]
impl GuestShell for ToolsShell {
    fn family(&self) -> GuestFamily {
        self.account.family
    }

    async fn run(&self, line: &str, limit: Duration) -> Result<ShellOutput, ShellError> {
        self.ask(line, limit).await.map_err(|error| ShellError(chain(&error)))
    }
}
