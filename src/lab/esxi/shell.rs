//! The commands of a host's shell, and the files that they see.

use crate::lab::shell::{Command, Output, parse};
use crate::lab::world::Source;
use std::collections::BTreeMap;

/// The file that says which keys may log in as root.
const KEYS: &str = "/etc/ssh/keys-root/authorized_keys";

/// The shell of one host: its authorized keys are in the world, its other files in `files`.
pub(super) struct Shell<'a> {
    pub(super) source: &'a Source,
    /// MoRef of the host.
    pub(super) host: &'a str,
    pub(super) files: &'a mut BTreeMap<String, String>,
}

impl Shell<'_> {
    /// Runs a command line: one command, with at most one here-document.
    pub(super) fn run(&mut self, line: &str) -> Output {
        let commands = match parse(line) {
            Ok(commands) => commands,
            Err(why) => return Output::failed(2, format!("sh: {why}")),
        };
        let Some(Command { words, output, input, .. }) = commands.into_iter().next() else { return Output::default() };
        let words: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        let done = match (words.as_slice(), output) {
            (["mkdir", "-p", _], None) => Ok(Output::default()),
            (["test", "-e", path], None) => Ok(Output::verdict(self.read(path).is_some())),
            (["cat"], Some(to)) => Ok(self.write(&to.path, &input.unwrap_or_default())),
            (["cat", path], None) => self.need("cat", path).map(Output::said),
            (["mv", from, to], None) => self.need("mv", from).map(|text| {
                self.files.remove(*from);
                self.write(to, &text)
            }),
            (["chmod", _, path], None) => self.need("chmod", path).map(|_| Output::default()),
            (["rm", "-f", path], None) => {
                self.forget(path);
                Ok(Output::default())
            }
            (words, _) => {
                let first = words.first().copied().unwrap_or_default();
                Err(Output::failed(127, format!("sh: {first}: not found")))
            }
        };
        done.unwrap_or_else(|failed| failed)
    }

    fn read(&self, path: &str) -> Option<String> {
        if path != KEYS {
            return self.files.get(path).cloned();
        }
        let inventory = self.source.read();
        inventory
            .authorized_keys
            .get(self.host)
            .map(|lines| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect())
    }

    fn need(&self, command: &str, path: &str) -> Result<String, Output> {
        let missing = || Output::failed(1, format!("{command}: can't open '{path}': No such file or directory"));
        self.read(path).ok_or_else(missing)
    }

    fn write(&mut self, path: &str, text: &str) -> Output {
        if path == KEYS {
            let lines = text.lines().map(str::to_owned).collect();
            self.source.change(|inventory| inventory.authorized_keys.insert(self.host.to_owned(), lines));
        } else {
            self.files.insert(path.to_owned(), text.to_owned());
        }
        Output::default()
    }

    fn forget(&mut self, path: &str) {
        if path == KEYS {
            self.source.change(|inventory| inventory.authorized_keys.remove(self.host));
        } else {
            self.files.remove(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::clock::Pace;
    use crate::lab::world::{World, WorldSpec};

    #[test]
    fn files_have_contents_and_unknown_commands_end_with_127() {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        let source = &world.sources[0];
        let mut files = BTreeMap::new();
        let mut run = |line: &str| {
            let output = Shell { source, host: "host-21", files: &mut files }.run(line);
            let text = |bytes| String::from_utf8(bytes).unwrap();
            (output.status, text(output.stdout), text(output.stderr))
        };
        let none = String::new;
        assert_eq!(run("mkdir -p /etc/ssh/keys-root"), (0, none(), none()));
        assert_eq!(run(&format!("test -e {KEYS}")).0, 1);
        let (status, _, stderr) = run(&format!("cat {KEYS}"));
        assert!(status == 1 && stderr.contains("No such file"), "{stderr}");
        assert_eq!(run("cat > /tmp/a <<'END'\none $two\nthree\nEND").0, 0);
        assert_eq!(run(&format!("mv /tmp/a {KEYS}")).0, 0);
        assert_eq!(run("cat /tmp/a").0, 1);
        assert_eq!(run(&format!("chmod 600 {KEYS}")).0, 0);
        assert_eq!(run(&format!("cat {KEYS}")), (0, "one $two\nthree\n".into(), none()));
        assert_eq!(source.read().authorized_keys["host-21"], ["one $two", "three"]);
        assert_eq!(run("esxcli network ip interface list").0, 127);
        assert_eq!(run("cat > /tmp/a <<'END").0, 2);
        assert_eq!(run(&format!("rm -f {KEYS}")).0, 0);
        assert_eq!(run(&format!("test -e {KEYS}")).0, 1);
    }
}
