//! The login: one credential, offered once.

use super::witness::{CLOSED, Ended, Porter, Witness, words};
use super::{Method, SshError, Target};
use crate::config::Secret;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Reply};
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, decode_secret_key};
use russh::{MethodKind, MethodSet};
use std::sync::Arc;

/// One login in progress.
pub(super) struct Attempt<'a> {
    pub(super) handle: &'a mut Handle<Porter>,
    pub(super) target: &'a Target,
    pub(super) witness: &'a Witness,
}

/// A private key that was read, or nothing for a password.
pub(super) type Key = Option<Arc<PrivateKey>>;

/// Reads the key of a login, before anything is connected.
pub(super) async fn read_key(target: &Target) -> Result<Key, SshError> {
    let Method::Key { private_key, passphrase } = target.login.method.clone() else { return Ok(None) };
    let fault = |why: String| SshError::PrivateKey { to: target.label(), why };
    let encrypted = passphrase.is_some();
    // An encrypted key is slow to open on purpose.
    let read = tokio::task::spawn_blocking(move || {
        decode_secret_key(private_key.expose(), passphrase.as_ref().map(Secret::expose))
    });
    match read.await {
        Ok(Ok(key)) => Ok(Some(Arc::new(key))),
        Ok(Err(russh::keys::Error::KeyIsEncrypted)) => Err(fault("it is encrypted; give its passphrase".to_owned())),
        Ok(Err(_)) if encrypted => Err(fault("wrong passphrase, or not the whole text of a private key".to_owned())),
        Ok(Err(why)) => Err(fault(format!("{why}; give the whole text of an OpenSSH or PEM private key"))),
        Err(why) => Err(fault(why.to_string())),
    }
}

impl Attempt<'_> {
    /// Logs in.
    pub(super) async fn login(&mut self, key: Key) -> Result<(), SshError> {
        match (&self.target.login.method, key) {
            (Method::Password(password), _) => self.password(password).await,
            (Method::Key { .. }, Some(key)) => self.key(key).await,
            (Method::Key { .. }, None) => Err(self.refused("no key")),
        }
    }

    /// One way for one password: a server that refuses it by `password` would be asked a second time, and count it, by
    /// `keyboard-interactive`. So what it offers is asked first, with `none`, which does not count.
    async fn password(&mut self, password: &Secret) -> Result<(), SshError> {
        let offered = match self.handle.authenticate_none(&self.target.login.user).await {
            Ok(AuthResult::Success) => return Ok(()),
            Ok(AuthResult::Failure { remaining_methods, .. }) if !remaining_methods.is_empty() => remaining_methods,
            Ok(AuthResult::Failure { .. }) => return Err(self.witness.lost(&self.target.label(), CLOSED)),
            Err(why) => return Err(self.lost(&why)),
        };
        if offered.contains(&MethodKind::Password) {
            let user = &self.target.login.user;
            let answer = self.handle.authenticate_password(user, password.expose()).await;
            self.conclude("the password (by method password)", answer)
        } else if offered.contains(&MethodKind::KeyboardInteractive) {
            self.keyboard(password).await
        } else {
            Err(self.refused(&format!("the server takes no passwords, only {}", names(&offered))))
        }
    }

    async fn keyboard(&mut self, password: &Secret) -> Result<(), SshError> {
        let what = "the password (by method keyboard-interactive)";
        let mut told = false;
        let mut reply = self.handle.authenticate_keyboard_interactive_start(&self.target.login.user, None).await;
        loop {
            let prompts = match reply {
                Ok(Reply::Success) => return Ok(()),
                Ok(Reply::Failure { remaining_methods, partial_success }) => {
                    return self.conclude(what, Ok(AuthResult::Failure { remaining_methods, partial_success }));
                }
                Ok(Reply::InfoRequest { prompts, .. }) => prompts,
                Err(_) => return self.conclude(what, Ok(nothing())),
            };
            let question = prompts.iter().find(|prompt| prompt.echo || told);
            if let Some(question) = question {
                let again = if told { ", after the password was given" } else { "" };
                let asked = question.prompt.split_whitespace().collect::<Vec<_>>().join(" ");
                return Err(self.refused(&format!("the server asks {asked:?}{again}")));
            }
            told |= !prompts.is_empty();
            let answers = prompts.iter().map(|_| password.expose().to_owned()).collect();
            reply = self.handle.authenticate_keyboard_interactive_respond(answers).await;
        }
    }

    async fn key(&mut self, key: Arc<PrivateKey>) -> Result<(), SshError> {
        // Without a hash, an RSA key signs with SHA-1, which servers of today refuse; one that announces nothing is too
        // old for another.
        let hash = if key.algorithm().is_rsa() {
            self.handle.best_supported_rsa_hash().await.map_err(|why| self.lost(&why))?.flatten()
        } else {
            None
        };
        let what = format!("the key {}", key.fingerprint(russh::keys::HashAlg::Sha256));
        let key = PrivateKeyWithHashAlg::new(key, hash);
        let answer = self.handle.authenticate_publickey(&self.target.login.user, key).await;
        self.conclude(&what, answer)
    }

    /// Judges the answer to a credential.
    fn conclude(&self, what: &str, answer: Result<AuthResult, russh::Error>) -> Result<(), SshError> {
        let (offered, partial) = match answer {
            Ok(AuthResult::Success) => return Ok(()),
            Ok(AuthResult::Failure { remaining_methods, partial_success }) => (remaining_methods, partial_success),
            Err(why) => return Err(self.lost(&why)),
        };
        if partial {
            return Err(self.refused(&format!("{what} is not enough, the server also wants {}", names(&offered))));
        }
        // A lost connection reads as a failure without methods. A server that takes leave with words has judged; one that
        // breaks off (an account that may not log in while the system boots) has not.
        match self.witness.ended() {
            Some(Ended::Fault(why)) if offered.is_empty() => Err(self.witness.lost(&self.target.label(), &why)),
            Some(Ended::Leave(words)) if offered.is_empty() => Err(self.refused(&format!("{what}; {words:?}"))),
            _ => Err(self.refused(what)),
        }
    }

    fn refused(&self, why: &str) -> SshError {
        SshError::Refused { to: self.target.label(), why: why.to_owned() }
    }

    fn lost(&self, why: &russh::Error) -> SshError {
        self.witness.lost(&self.target.label(), &words(why))
    }
}

/// The answer of a server that is gone.
fn nothing() -> AuthResult {
    AuthResult::Failure { remaining_methods: MethodSet::empty(), partial_success: false }
}

/// The methods' names, for people.
fn names(methods: &MethodSet) -> String {
    methods.iter().map(<&str>::from).collect::<Vec<_>>().join(", ")
}
