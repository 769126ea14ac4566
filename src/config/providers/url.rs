//! The address of a source, from its `api_url`.

use http::Uri;

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

/// The address of an NFS share, `server:/path`. Source: forklift-api.md section 2.
///
/// # Errors
/// What is wrong with the share.
pub(super) fn share_address(share: &str) -> Result<Address, &'static str> {
    const NFS_PORT: u16 = 2049;
    let (host, path) = share.split_once(":/").ok_or("is not an NFS share SERVER:/PATH")?;
    if host.is_empty() || host.contains(['/', '@']) || path.starts_with('/') {
        return Err("is not an NFS share SERVER:/PATH");
    }
    Ok(Address { host: host.trim_matches(['[', ']']).to_owned(), port: NFS_PORT })
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
    fn shares_give_their_server() {
        assert_eq!(share_address("nas.example.com:/ova"), Ok(Address { host: "nas.example.com".into(), port: 2049 }));
        for share in ["", "/ova", "nas", ":/x", "https://nas/x"] {
            assert!(share_address(share).is_err(), "{share}");
        }
    }
}
