//! Forms of names: Kubernetes labels and namespaces.

/// Why a text is no DNS-1123 label, if it is none.
pub(super) fn namespace_fault(name: &str) -> Option<String> {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() > 63 {
        return Some(format!("the name has {} characters; a namespace may have 63", name.len()));
    }
    let fits = !name.is_empty() && name.bytes().all(letters) && !name.starts_with('-') && !name.ends_with('-');
    (!fits).then(|| format!("`{name}` is no namespace: use lower-case letters, digits and inner dashes"))
}

/// Why a text is no label key, if it is none: an optional DNS prefix, a slash, and a name of up to 63 characters.
pub(super) fn label_key_fault(key: &str) -> Option<String> {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let prefix_fits = prefix.is_none_or(|prefix| {
        prefix.len() <= 253 && !prefix.is_empty() && prefix.split('.').all(|part| namespace_fault(part).is_none())
    });
    let fits = prefix_fits && !name.is_empty() && label_text(name);
    (!fits).then(|| format!("`{key}` is no label key"))
}

/// Why a text is no label value, if it is none.
pub(super) fn label_value_fault(value: &str) -> Option<String> {
    (!label_text(value)).then(|| {
        format!("`{value}` is no label value: at most 63 letters, digits, `-`, `_` and `.`, no sign at either end")
    })
}

fn label_text(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric();
    text.len() <= 63
        && text.chars().all(|letter| plain(letter) || "-_.".contains(letter))
        && (text.is_empty() || (text.starts_with(plain) && text.ends_with(plain)))
}

#[cfg(test)]
mod tests {
    use super::{label_key_fault, label_value_fault, namespace_fault};

    #[test]
    fn names_follow_kubernetes() {
        for good in ["default", "a-1", &"x".repeat(63)] {
            assert_eq!(namespace_fault(good), None, "{good}");
        }
        for bad in ["", "A", "-a", "a-", "a.b", &"x".repeat(64)] {
            assert!(namespace_fault(bad).is_some(), "{bad}");
        }
        for good in ["app", "kubernetes.io/hostname", "a_B.c"] {
            assert_eq!(label_key_fault(good), None, "{good}");
        }
        for bad in ["", "/a", "a/", "A.io/x", "-a", "a b"] {
            assert!(label_key_fault(bad).is_some(), "{bad}");
        }
        assert_eq!(label_value_fault(""), None);
        assert!(label_value_fault("a b").is_some());
        assert!(label_value_fault(&"v".repeat(64)).is_some());
    }
}
