//! The user data of a source VM: who may log in to its guest.
//!
//! Source: original-suite.md section 1.2 (`create_source_cnv_vms`: cloud-init user).

use crate::config::GuestLogin;
use serde_json::{Map, Value, json};

/// The superuser, whom images of RHEL keep out of SSH.
const ROOT: &str = "root";
/// Lets the superuser in with a password.
const SSHD: (&str, &str) =
    ("/etc/ssh/sshd_config.d/01-mtvtest.conf", "PermitRootLogin yes\nPasswordAuthentication yes\n");

/// The user data. JSON is YAML, so that no name or password needs quoting of its own.
pub(super) fn user_data(login: Option<&GuestLogin>) -> String {
    let mut data = Map::new();
    if let Some(login) = login {
        let mut put = |key: &str, value: Value| drop(data.insert(key.to_owned(), value));
        put("user", json!(login.user));
        if let Some(password) = &login.password {
            put("password", json!(password.expose()));
            put("chpasswd", json!({ "expire": false }));
            put("ssh_pwauth", json!(true));
        }
        if login.user == ROOT {
            put("disable_root", json!(false));
            put("write_files", json!([{ "path": SSHD.0, "content": SSHD.1 }]));
        }
    }
    format!("#cloud-config\n{}\n", Value::Object(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn login(user: &str) -> GuestLogin {
        GuestLogin { user: user.into(), password: Some(Secret::new("a\"b: c")), key: None }
    }

    fn parsed(text: &str) -> Value {
        assert!(text.starts_with("#cloud-config\n"), "{text}");
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn any_password_survives_and_the_superuser_is_let_in() {
        let data = parsed(&user_data(Some(&login("cloud-user"))));
        assert_eq!((&data["user"], &data["password"]), (&json!("cloud-user"), &json!("a\"b: c")));
        assert_eq!(data["chpasswd"]["expire"], false);
        assert!(data.get("write_files").is_none());
        let root = parsed(&user_data(Some(&login("root"))));
        assert_eq!((&root["disable_root"], &root["write_files"][0]["path"]), (&json!(false), &json!(SSHD.0)));
        assert_eq!(parsed(&user_data(None)), json!({}));
    }
}
