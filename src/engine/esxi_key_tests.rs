use super::*;

const KEY: &str = "ssh-ed25519 AAAA forklift";

fn ours() -> String {
    line("ds 1", KEY).unwrap()
}

#[test]
fn the_line_binds_the_key_to_one_command() {
    assert_eq!(
        ours(),
        "command=\"python /vmfs/volumes/ds 1/secure-vmkfstools-wrapper.py\",no-port-forwarding,no-agent-forwarding,\
         no-X11-forwarding ssh-ed25519 AAAA forklift"
    );
    for (store, key) in [("d\"s", KEY), ("ds", "ssh-ed25519"), ("ds", "ssh-ed25519 AAAA\nssh-rsa BBBB"), ("d's", KEY)] {
        assert!(line(store, key).is_err(), "{store} {key}");
    }
}

#[test]
fn it_is_added_once_and_nothing_else_is_touched() {
    assert_eq!(with("", &ours(), KEY), Some(format!("{}\n", ours())));
    // A file whose last line is open stays two lines.
    assert_eq!(with("other", &ours(), KEY), Some(format!("other\n{}\n", ours())));
    assert_eq!(with(&format!("a\n{KEY}\n"), &ours(), KEY), None);
    let file = format!("# mine\n\n{}\nother\n", ours());
    assert_eq!(without(&file, &ours()), Some("# mine\n\nother\n".to_owned()));
    assert_eq!(without("# mine\nother", &ours()), None);
    assert_eq!(without(&ours(), &ours()), Some(String::new()));
    // The same key in another line is somebody else's.
    assert_eq!(without(&format!("{KEY}\n"), &ours()), None);
}
