//! A file of a guest, fetched from wherever the source serves it: usually the ESXi host that runs the VM.

use super::super::properties::malformed;
use super::super::request::Call;
use super::super::session::Session;
use super::super::xml::Element;
use crate::provider::{ProviderError, VmRef};
use http::{StatusCode, Uri};

/// At most so many bytes of a file are kept.
pub(super) const KEPT: usize = 1 << 20;
/// A larger file is not fetched: the answer is held in memory as a whole.
const LARGEST: u64 = 64 << 20;
const REMEDY: &str = "see that this machine resolves and reaches the host on port 443; if its certificate is not \
                      trusted, let the vCenter's CA sign it and give that CA, or skip verification of sources by name \
                      in the settings";

/// A fetched file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Fetched {
    /// As text; what is not UTF-8 is replaced.
    pub(super) text: String,
    /// Whether some of it was dropped.
    pub(super) truncated: bool,
}

/// Fetches what `answer`, an `InitiateFileTransferFromGuest`'s, describes.
pub(super) async fn file(
    session: &Session,
    vm: &VmRef,
    call: &Call,
    answer: &Element,
) -> Result<Fetched, ProviderError> {
    let described = answer.child("returnval");
    let size: u64 =
        described.and_then(|info| info.value_at("size")).ok_or_else(|| malformed(call, "no size of the file"))?;
    if size == 0 {
        return Ok(Fetched::default());
    }
    if size > LARGEST {
        return Err(ProviderError::Unhealthy {
            vm: vm.to_string(),
            problem: format!("the command wrote {size} bytes, more than the {LARGEST} that are fetched"),
            remedy: "take a command that writes less",
        });
    }
    let url = described.and_then(|info| info.text_at("url")).ok_or_else(|| malformed(call, "no URL of the file"))?;
    let url = absolute(url, session.url()).ok_or_else(|| malformed(call, "a URL that cannot be read"))?;
    let host = url.authority().map(ToString::to_string).unwrap_or_default();
    let answer = session.get(&url).await.map_err(|source| ProviderError::Transfer {
        vm: vm.to_string(),
        host: host.clone(),
        remedy: REMEDY,
        source: Box::new(source),
    })?;
    if answer.status() != StatusCode::OK {
        return Err(ProviderError::Malformed {
            operation: "fetch the output of a command".to_owned(),
            object: format!("{vm} from {host}"),
            problem: format!("HTTP {}", answer.status()),
            remedy: "see that no proxy stands between this machine and the host, and run again",
        });
    }
    let bytes = answer.body();
    let kept = &bytes[..bytes.len().min(KEPT)];
    Ok(Fetched { text: String::from_utf8_lossy(kept).into_owned(), truncated: bytes.len() > KEPT })
}

/// The URL with a host: `*` stands for the one that was asked.
fn absolute(url: &str, asked: &str) -> Option<Uri> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.find('/').map(|at| rest.split_at(at))?;
    if authority != "*" && !authority.starts_with("*:") {
        return format!("{scheme}://{authority}{path}").parse().ok();
    }
    let asked: Uri = asked.parse().ok()?;
    format!("{}://{}{path}", asked.scheme_str()?, asked.authority()?).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn a_star_is_the_host_that_was_asked() {
        let asked = "https://vc.test:8443/sdk";
        for (given, meant) in [
            ("https://*:443/guestFile?id=1&token=a", Some("https://vc.test:8443/guestFile?id=1&token=a")),
            ("https://*/guestFile?id=1", Some("https://vc.test:8443/guestFile?id=1")),
            ("https://esxi-1.test:443/guestFile?id=1", Some("https://esxi-1.test:443/guestFile?id=1")),
            ("/guestFile", None),
        ] {
            assert_eq!(absolute(given, asked).map(|url| url.to_string()).as_deref(), meant, "{given}");
        }
    }
}
