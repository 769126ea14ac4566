//! The address of a source, from its `api_url`.

use http::Uri;
use std::net::Ipv6Addr;

/// Host and port of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

/// The address behind an HTTP(S) URL.
///
/// # Errors
/// What is wrong with the URL. The URL itself is not repeated: it may hold a password.
pub(super) fn http_address(url: &str) -> Result<Address, &'static str> {
    let uri: Uri = url.parse().map_err(|_| "is not a URL")?;
    let port = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") => 80,
        _ => return Err("does not begin with https://"),
    };
    let authority = uri.authority().ok_or("names no host")?;
    if authority.as_str().contains('@') {
        return Err("holds a user or password");
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let given = authority.as_str()[authority.host().len()..].trim_start_matches(':');
    if host.is_empty() {
        return Err("names no host");
    }
    let port = if given.is_empty() { port } else { given.parse().map_err(|_| "has a port that is no port number")? };
    Ok(Address { host: host.to_owned(), port })
}

/// Host and port of `HOST`, `HOST:PORT` or `[IPv6]:PORT`.
///
/// # Errors
/// What is wrong with the text, which is not repeated: it may hold a password.
pub(super) fn host_and_port(text: &str) -> Result<(String, Option<u16>), &'static str> {
    if text.contains(['/', '@', '?', '#']) || text.contains(char::is_whitespace) {
        return Err("is not a host name");
    }
    // An IPv6 address without brackets has no port.
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text.to_owned(), None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = port.map(str::parse).transpose().map_err(|_| "has a port that is no port number")?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if is_host(host) { Ok((host.to_owned(), port)) } else { Err("is not a host name") }
}

/// Whether a text is a host name or an address, without brackets.
fn is_host(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let name =
        text.len() <= 253 && text.bytes().all(fits) && text.starts_with(|first: char| first.is_ascii_alphanumeric());
    name || text.parse::<Ipv6Addr>().is_ok()
}

/// The address of an NFS share, `server:/path`; an IPv6 address of a server is in brackets. Source: forklift-api.md
/// section 2.
///
/// # Errors
/// What is wrong with the share.
pub(super) fn share_address(share: &str) -> Result<Address, &'static str> {
    const NFS_PORT: u16 = 2049;
    if share.contains("://") {
        return Err("is a URL, not an NFS share");
    }
    let (host, path) = share.split_once(":/").ok_or("is not an NFS share")?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if !is_host(bare.unwrap_or(host)) || bare.is_none() && host.contains(':') {
        return Err("names no NFS server");
    }
    if path.starts_with('/') || path.contains(char::is_control) || path.trim_end() != path {
        return Err("has a path that no share can have");
    }
    if path.split('/').any(|part| part == "..") {
        return Err("has a path that leaves the share");
    }
    Ok(Address { host: bare.unwrap_or(host).to_owned(), port: NFS_PORT })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_give_host_and_port() {
        for (url, host, port) in [
            ("https://vc.example.com/sdk", "vc.example.com", 443),
            ("https://127.0.0.1:8989/sdk", "127.0.0.1", 8989),
            ("http://vc/sdk", "vc", 80),
            ("https://[fd00::1]:5000/v3", "fd00::1", 5000),
        ] {
            assert_eq!(http_address(url), Ok(Address { host: host.to_owned(), port }), "{url}");
        }
        for url in ["", "vc.example.com", "ftp://vc/", "https:///sdk", "https://u:p@vc/sdk", "https://vc:99999/"] {
            assert!(http_address(url).is_err(), "{url}");
        }
    }

    #[test]
    fn host_names_may_have_a_port() {
        for (text, host, port) in [
            ("vc.example.com", "vc.example.com", None),
            ("vc:8443", "vc", Some(8443)),
            ("10.0.0.5:443", "10.0.0.5", Some(443)),
            ("[fd00::1]:5000", "fd00::1", Some(5000)),
            ("[fd00::1]", "fd00::1", None),
            ("fd00::1", "fd00::1", None),
        ] {
            assert_eq!(host_and_port(text), Ok((host.to_owned(), port)), "{text}");
        }
        for text in ["https://vc", "vc/sdk", "u@vc", "vc:", "vc:x", "vc:70000", "two words", ":443", "[vc", "-vc"] {
            assert!(host_and_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_give_their_server() {
        for (share, host) in [
            ("nas.example.com:/ova", "nas.example.com"),
            ("10.0.0.5:/exports/ova", "10.0.0.5"),
            ("[fd00::1]:/ova", "fd00::1"),
            ("nas:/", "nas"),
            ("nas:/a b", "nas"),
        ] {
            assert_eq!(share_address(share), Ok(Address { host: host.into(), port: 2049 }), "{share}");
        }
        for (share, fault) in [
            ("", "is not an NFS share"),
            ("/ova", "is not an NFS share"),
            ("nas", "is not an NFS share"),
            ("nas:ova", "is not an NFS share"),
            (":/x", "names no NFS server"),
            ("fd00::1:/x", "names no NFS server"),
            ("u@nas:/x", "names no NFS server"),
            ("my nas:/x", "names no NFS server"),
            ("https://nas/x", "is a URL, not an NFS share"),
            ("nfs://nas:/x", "is a URL, not an NFS share"),
            ("nas://x", "is a URL, not an NFS share"),
            ("nas:/a ", "has a path that no share can have"),
            ("nas:/a/../../etc", "has a path that leaves the share"),
        ] {
            assert_eq!(share_address(share), Err(fault), "{share}");
        }
    }
}
