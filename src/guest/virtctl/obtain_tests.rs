//! Where a virtctl comes from, and which are refused.

use super::super::testing::{Machine, URL, giving, install, nowhere, script, tar_gz};
use super::*;
use crate::http::HttpError;
use crate::http::testing::network;
use crate::undo::lock_file;
use http::Response;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn cached(machine: &Machine) -> PathBuf {
    machine.at("cache/virtctl").join(key(Some(&Version::new(1, 5, 0)), None)).join("virtctl")
}

/// What lies in the folder of the cached program, but the lock.
fn shelf(machine: &Machine) -> Vec<String> {
    let entries = std::fs::read_dir(cached(machine).parent().unwrap()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).filter(|name| name != "lock").collect()
}

#[tokio::test]
async fn path_comes_first_and_its_version_must_fit() {
    let machine = Machine::new().with(&script("1.5.2", ""));
    let found = machine.obtain(&nowhere()).await.unwrap();
    assert_eq!((found.program(), found.version()), (machine.at("bin/virtctl").as_path(), &Version::new(1, 5, 2)));
    assert!(found.passed_over().is_empty());
    drop(found);
    assert_eq!(std::fs::read_dir(machine.at("run")).unwrap().count(), 0, "the file with the token stays");

    let machine = Machine::new().with(&script("1.2.0", ""));
    // Any will do when the cluster does not tell.
    assert!(machine.obtain_for(&nowhere(), None, None).await.is_ok());
    let found = machine.obtain(&giving(tar_gz(script("1.5.3", "").as_bytes()))).await.unwrap();
    assert_eq!(found.program(), cached(&machine));
    let note = format!("{} is of KubeVirt 1.2.0, and the cluster's is 1.5.0", machine.at("bin/virtctl").display());
    assert_eq!(found.passed_over(), std::slice::from_ref(&note));
    // Kept: the next run needs no network.
    let again = machine.obtain(&nowhere()).await.unwrap();
    assert_eq!((again.program(), again.passed_over()), (cached(&machine).as_path(), [note].as_slice()));
    assert_eq!(shelf(&machine), ["virtctl"]);
}

#[tokio::test]
async fn what_cannot_be_run_is_passed_over_with_the_reason() {
    for (text, mode, words) in [
        (script("1.5.2", ""), 0o644, "is no executable file"),
        (
            "#!/bin/sh\necho virtctl of nobody knows; exit 2\n".to_owned(),
            0o755,
            "tells no version: `version --client` ended with code 2",
        ),
        ("#!/no/such/interpreter\n".to_owned(), 0o755, "cannot be run"),
    ] {
        let machine = Machine::new();
        install(&machine.at("bin/virtctl"), &text, mode);
        let error = machine.obtain_for(&nowhere(), None, None).await.unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("ssh.tunnel: native"), "{error}");
    }
}

#[tokio::test]
async fn two_at_once_download_once() {
    let machine = Machine::new();
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let (count, archive) = (asked.clone(), tar_gz(script("1.5.2", "").as_bytes()));
    let network = network(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(Response::new(archive.clone().into()))
    });
    let (one, two, three) = tokio::join!(machine.obtain(&network), machine.obtain(&network), machine.obtain(&network));
    for found in [one, two, three] {
        assert_eq!(found.unwrap().program(), cached(&machine));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn the_lock_is_waited_for_and_ends_with_its_holder() {
    let machine = Machine::new();
    let folder = cached(&machine).parent().unwrap().to_owned();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(".left.part"), "half").unwrap();
    let other = lock_file(&folder.join("lock")).unwrap().unwrap();
    let network = giving(tar_gz(script("1.5.2", "").as_bytes()));
    let mut obtained = std::pin::pin!(machine.obtain(&network));
    tokio::select! {
        _ = &mut obtained => panic!("the lock does not hold"),
        () = crate::wait::pause(Duration::from_millis(200)) => {}
    }
    assert!(folder.join(".left.part").exists());
    drop(other);
    obtained.await.unwrap();
    assert_eq!(shelf(&machine), ["virtctl"]);
}

#[tokio::test]
async fn a_download_that_is_not_what_it_should_be_is_refused() {
    let machine = Machine::new();
    let wrong = machine.obtain(&giving(tar_gz(script("1.6.0", "").as_bytes()))).await.unwrap_err().to_string();
    assert!(wrong.contains("is of KubeVirt 1.6.0, and the cluster's is 1.5.0") && wrong.contains(URL), "{wrong}");
    let error = machine.obtain(&giving(b"<html>Sign in</html>".to_vec())).await.unwrap_err();
    let text = crate::facts::chain(&error);
    assert!(text.contains(URL) && text.contains("neither a gzipped tar nor a zip"), "{text}");
    let error = machine.obtain(&network(|request| Err(HttpError::about(&request, "no trust", false)))).await;
    let text = crate::facts::chain(&error.unwrap_err());
    assert!(text.contains(&format!("{URL}: no trust")), "{text}");
    let none = machine.obtain_for(&nowhere(), Some(Version::new(1, 5, 0)), None).await.unwrap_err().to_string();
    assert!(none.contains("ConsoleCLIDownload has none for this system"), "{none}");
    assert_eq!(shelf(&machine), Vec::<String>::new(), "something refused was kept");
    assert_eq!(std::fs::read_dir(machine.at("run")).unwrap().count(), 0);
}

/// A kept program that is damaged is replaced.
#[tokio::test]
async fn a_kept_program_is_examined_again() {
    let machine = Machine::new();
    std::fs::create_dir_all(cached(&machine).parent().unwrap()).unwrap();
    install(&cached(&machine), "#!/bin/sh\nexit 1\n", 0o755);
    let found = machine.obtain(&giving(tar_gz(script("1.5.2", "").as_bytes()))).await.unwrap();
    assert!(found.passed_over()[0].contains("tells no version"));
    assert_eq!(found.version(), &Version::new(1, 5, 2));
}
